"""Stock of a vendor over HTTP."""

from __future__ import annotations

from tests.api.people import Client, People

LOCATIONS = "/api/v1/vendor/locations"
STOCK = "/api/v1/vendor/stock"
MOVEMENTS = "/api/v1/vendor/stock/movements"


def test_a_location_is_opened_once(client: Client, people: People) -> None:
    """Coordinates come back exactly; the key makes it once, and one that is not on Earth is 422."""
    seller = people.vendor(units=0)
    keyed = seller.headers | {"Idempotency-Key": "depot"}
    asked = {"name": "Depot", "priority": 2, "coordinates": {"latitude": "-33.868820", "longitude": "151.209290"}}
    made = client.post(LOCATIONS, json=asked, headers=keyed)
    assert (201, asked) == (made.status_code, {name: made.json()[name] for name in asked})
    assert made.json() == client.post(LOCATIONS, json=asked, headers=keyed).json()
    assert 409 == client.post(LOCATIONS, json=asked | {"name": "Other"}, headers=keyed).status_code
    nowhere = asked | {"coordinates": {"latitude": "90.000001", "longitude": "0"}}
    assert 422 == client.post(LOCATIONS, json=nowhere, headers=seller.headers | {"Idempotency-Key": "x"}).status_code
    listed = client.get(LOCATIONS, headers=seller.headers).json()["items"]
    assert {made.json()["id"], str(seller.location_id)} == {each["id"] for each in listed}


def test_stock_is_received_and_counted(client: Client, people: People) -> None:
    """A receipt adds, an adjustment takes, each once under its key; what is not there cannot go."""
    seller = people.vendor(units=10)
    asked = {"sku": seller.sku, "locationId": str(seller.location_id), "quantity": 5}
    keyed = seller.headers | {"Idempotency-Key": "truck"}
    assert (201, 15) == ((got := client.post(MOVEMENTS, json=asked, headers=keyed)).status_code, got.json()["onHand"])
    assert 15 == client.post(MOVEMENTS, json=asked, headers=keyed).json()["available"]
    assert 409 == client.post(MOVEMENTS, json=asked | {"quantity": 6}, headers=keyed).status_code
    counted = asked | {"quantity": -3, "kind": "adjustment", "reason": "counted"}
    assert 12 == client.post(MOVEMENTS, json=counted, headers=seller.headers | {"Idempotency-Key": "count"}).json()["onHand"]
    gone = counted | {"quantity": -13}
    short = client.post(MOVEMENTS, json=gone, headers=seller.headers | {"Idempotency-Key": "gone"})
    assert (409, "stock_short") == (short.status_code, short.json()["code"])
    (level,) = client.get(STOCK, headers=seller.headers).json()["items"]
    assert (seller.sku, 12, 0, 12) == (level["sku"], level["onHand"], level["reserved"], level["available"])
    told = client.get(MOVEMENTS, params={"sku": seller.sku}, headers=seller.headers).json()["items"]
    assert [10, 5, -3] == [each["quantity"] for each in told]


def test_stock_of_another_vendor_is_out_of_reach(client: Client, people: People) -> None:
    """Neither the SKU nor the place of somebody else can be used, and nothing of them is shown."""
    seller, other = people.vendor(), people.vendor(units=0)
    keyed = other.headers | {"Idempotency-Key": "theft"}
    asked = {"sku": seller.sku, "locationId": str(seller.location_id), "quantity": 1}
    assert 404 == client.post(MOVEMENTS, json=asked, headers=keyed).status_code
    mine = asked | {"sku": other.sku}
    assert 404 == client.post(MOVEMENTS, json=mine, headers=keyed).status_code
    assert [] == client.get(STOCK, headers=other.headers).json()["items"]
    assert 404 == client.get(MOVEMENTS, params={"sku": seller.sku}, headers=other.headers).status_code

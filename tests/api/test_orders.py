"""Orders over HTTP: placed, listed, read, cancelled, sent back, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.api.bought import bought, ordered
from tests.api.people import Client, People, keyed

from quarterturn_adapters.clock import ManualClock
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import OrderId, ShipmentId, VendorId
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder


def test_an_order_takes_goods_of_two_vendors(client: Client, people: People) -> None:
    """One total, one part for each vendor; the units are held from then on."""
    one, other, buyer = people.vendor(units=3), people.vendor(price="10.00"), people.client()
    lines = [{"sku": one.sku, "quantity": 2}, {"sku": other.sku, "quantity": 1}]
    total = {"amount": "109.80", "currency": "EUR"}

    placed = client.post("/api/v1/orders", json={"lines": lines, "expectedTotal": total}, headers=keyed(buyer.headers))
    short = client.post("/api/v1/orders", json={"lines": lines}, headers=keyed(buyer.headers))

    assert (201, "awaiting_payment", total) == (placed.status_code, placed.json()["status"], placed.json()["total"])
    assert {str(one.vendor_id), str(other.vendor_id)} == {part["vendorId"] for part in placed.json()["vendorOrders"]}
    assert (409, "stock_short", 1) == (short.status_code, short.json()["code"], short.json()["details"]["available"])


def test_buyers_hear_of_the_last_units_only(client: Client, people: People) -> None:
    """As in the shop window: of many units only that there are many; the vendor hears of its own stock exactly."""
    seller, buyer = people.vendor(units=137), people.client()
    lines = [{"sku": seller.sku, "quantity": 500}]
    gone = {"sku": seller.sku, "locationId": str(seller.location_id), "quantity": -500, "kind": "adjustment"}

    short = client.post("/api/v1/orders", json={"lines": lines}, headers=keyed(buyer.headers)).json()
    own = client.post("/api/v1/vendor/stock/movements", json=gone, headers=seller.headers).json()

    said = (short["code"], short["message"], short["details"])
    assert ("stock_short", f"Fewer than 500 of {seller.sku} are available") == said[:2]
    assert {"sku": seller.sku, "wanted": 500, "available": 10} == said[2]
    assert "137" not in str(said)
    assert ("stock_short", 137) == (own["code"], own["details"]["available"]), own


def test_an_order_that_is_asked_for_again_is_one_order(client: Client, people: People) -> None:
    """The same key and body answer the same; the same key and another body are refused; another's key is another's order."""
    seller, buyer, stranger = people.vendor(), people.client(), people.client()
    body = {"lines": [{"sku": seller.sku, "quantity": 1}]}

    first, again, theirs = (
        client.post("/api/v1/orders", json=body, headers=keyed(each.headers, "one")) for each in (buyer, buyer, stranger)
    )
    other = client.post("/api/v1/orders", json={"lines": [{"sku": seller.sku, "quantity": 2}]}, headers=keyed(buyer.headers, "one"))

    assert first.content == again.content
    assert first.json()["id"] != theirs.json()["id"]
    assert (409, "conflict") == (other.status_code, other.json()["code"])
    assert 422 == client.post("/api/v1/orders", json=body, headers=buyer.headers).status_code


def test_my_orders_are_listed_the_latest_first(client: Client, people: People, service: Service, clock: ManualClock) -> None:
    """Each once on as many pages as it takes, of one state if asked; none of anybody else."""
    seller, buyer = people.vendor(), people.client()
    expected: list[str] = []
    for number in range(5):
        order = (bought if number == 2 else ordered)(service, buyer, seller, quantity=1)
        expected.insert(0, str(order.id))
        clock.advance(timedelta(seconds=1))
    bought(service, people.client(), seller)

    for path in ("/api/v1/orders", "/api/v1/users/me/orders"):
        seen: list[str] = []
        after = ""
        while True:
            page = client.get(f"{path}?limit=2{after}", headers=buyer.headers).json()
            seen += [each["id"] for each in page["items"]]
            if page["nextCursor"] is None:
                break
            after = f"&cursor={page['nextCursor']}"
        assert expected == seen
        paid = client.get(f"{path}?state=paid", headers=buyer.headers).json()["items"]
        assert [expected[2]] == [each["id"] for each in paid]
    assert 422 == client.get("/api/v1/orders?state=lost", headers=buyer.headers).status_code


def test_an_order_of_somebody_else_is_not_there(client: Client, people: People, service: Service) -> None:
    """Whatever is asked of it: to read it, its payments, refunds, returns, to cancel it, to send it back."""
    seller, buyer, stranger = people.vendor(), people.client(), people.client()
    order = bought(service, buyer, seller)
    path = f"/api/v1/orders/{order.id}"
    back = {"vendorId": str(seller.vendor_id), "reason": "too small"}

    for headers, status in ((stranger.headers, 404), (seller.headers, 404), ({}, 401)):
        answers = [client.get(f"{path}{part}", headers=headers) for part in ("", "/payments", "/refunds", "/returns")]
        answers.append(client.post(f"{path}/cancel", json={"reason": "mine"}, headers=keyed(headers)))
        answers.append(client.post(f"{path}/returns", json=back, headers=keyed(headers)))
        assert [status] * 6 == [each.status_code for each in answers]
    assert 200 == client.get(path, headers=buyer.headers).status_code
    assert 404 == client.get(f"/api/v1/orders/{uuid4()}", headers=buyer.headers).status_code


def test_an_unpaid_order_is_cancelled_as_a_whole(client: Client, people: People, service: Service) -> None:
    """Its units are free again; cancelling it again under the same key answers the same."""
    seller, buyer = people.vendor(units=2), people.client()
    order = ordered(service, buyer, seller)
    headers = keyed(buyer.headers, "one")

    answers = [client.post(f"/api/v1/orders/{order.id}/cancel", json={"reason": "no"}, headers=headers) for _ in range(2)]

    assert [(200, "cancelled")] * 2 == [(each.status_code, each.json()["status"]) for each in answers]
    assert 2 == ordered(service, buyer, seller).units[seller.sku]


def test_what_was_paid_and_cancelled_is_refunded(client: Client, people: People, service: Service) -> None:
    """The payment and the refund are read beside the order; the buyer sees nothing of the provider's fees."""
    seller, buyer = people.vendor(), people.client()
    order = bought(service, buyer, seller)
    path = f"/api/v1/orders/{order.id}"
    assert 200 == client.post(f"{path}/cancel", json={"reason": "no"}, headers=keyed(buyer.headers)).status_code
    service.application.relay.drain()

    (payment,) = client.get(f"{path}/payments", headers=buyer.headers).json()["items"]
    (refund,) = client.get(f"{path}/refunds", headers=buyer.headers).json()["items"]
    assert ("99.80", "99.80", "refunded") == (payment["captured"]["amount"], payment["refunded"]["amount"], payment["status"])
    assert ("99.80", "succeeded") == (refund["amount"]["amount"], refund["status"])
    assert {"fee", "reference", "charge"}.isdisjoint(payment)


def test_units_that_were_delivered_go_back(client: Client, people: People, service: Service) -> None:
    """Before that they cannot; a request that is repeated is one return."""
    seller, buyer = people.vendor(), people.client()
    order = bought(service, buyer, seller)
    path = f"/api/v1/orders/{order.id}/returns"
    body = {"vendorId": str(seller.vendor_id), "reason": "too small", "units": [{"line": 1, "quantity": 1}]}
    assert 409 == client.post(path, json=body, headers=keyed(buyer.headers)).status_code
    _deliver(service, order.id, seller.vendor_id)

    first, again = (client.post(path, json=body, headers=keyed(buyer.headers, "one")) for _ in range(2))
    other = client.post(path, json={**body, "units": [{"line": 1, "quantity": 2}]}, headers=keyed(buyer.headers, "one"))

    assert (201, {"1": 1}, "requested") == (first.status_code, first.json()["units"], first.json()["status"])
    assert (first.content, 409) == (again.content, other.status_code)
    assert [first.json()] == client.get(path, headers=buyer.headers).json()["items"]


DOOR: dict[str, Any] = {
    "name": "Ada Lovelace",
    "lines": ["12 Analytical Row"],
    "city": "London",
    "postalCode": "N1 1AA",
    "country": "GB",
}


def test_an_order_says_where_it_goes(client: Client, people: People, service: Service) -> None:
    """Its buyer reads it at once, its vendors once it is paid, and no other vendor ever; without one it goes nowhere."""
    seller, other, buyer = people.vendor(), people.vendor(), people.client()
    body = {"lines": [{"sku": seller.sku, "quantity": 1}], "delivery": DOOR}
    placed = client.post("/api/v1/orders", json=body, headers=keyed(buyer.headers, "one")).json()
    path = f"/api/v1/vendor/orders/{placed['id']}/delivery"
    moved = client.post("/api/v1/orders", json={**body, "delivery": {**DOOR, "city": "Leeds"}}, headers=keyed(buyer.headers, "one"))

    assert {**DOOR, "region": "", "phone": ""} == placed["delivery"]
    assert 409 == moved.status_code
    assert 404 == client.get(path, headers=seller.headers).status_code
    paid = {"orderId": placed["id"], "method": "card_approved"}
    assert 201 == client.post("/api/v1/payments/intent", json=paid, headers=keyed(buyer.headers)).status_code
    assert placed["delivery"] == client.get(path, headers=seller.headers).json()
    assert placed["delivery"] == client.get(path, headers=people.staff(seller.vendor_id).headers).json()
    assert [404, 403, 401] == [client.get(path, headers=each).status_code for each in (other.headers, buyer.headers, {})]
    nowhere = bought(service, buyer, seller)
    assert None is client.get(f"/api/v1/orders/{nowhere.id}", headers=buyer.headers).json()["delivery"]
    assert 404 == client.get(f"/api/v1/vendor/orders/{nowhere.id}/delivery", headers=seller.headers).status_code


def _to(**other: object) -> dict[str, object]:
    return {"lines": [{"sku": "A", "quantity": 1}], "delivery": {**DOOR, **other}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"lines": []}, id="nothing"),
        pytest.param({"lines": [{"sku": "A", "quantity": 0}]}, id="none of something"),
        pytest.param({"lines": [{"sku": "A", "quantity": 10_001}]}, id="too many of something"),
        pytest.param({"lines": [{"sku": "A", "quantity": 1}] * 101}, id="too much"),
        pytest.param({"lines": [{"sku": "A", "quantity": 1}], "expectedTotal": {"amount": 1.5, "currency": "EUR"}}, id="a float"),
        pytest.param({"lines": [{"sku": "A", "quantity": 1}], "buyerId": str(uuid4())}, id="for somebody else"),
        pytest.param({"lines": [{"sku": "A", "quantity": 1}], "destination": {"country": "de"}}, id="no country"),
        pytest.param(_to(lines=[]), id="to no door"),
        pytest.param(_to(lines=[" "]), id="to an empty line"),
        pytest.param(_to(name=" "), id="to nobody"),
        pytest.param(
            {"lines": [{"sku": "A", "quantity": 1}], "delivery": DOOR, "destination": {"country": "DE"}}, id="taxed elsewhere"
        ),
    ],
)
def test_baskets_that_make_no_sense(client: Client, people: People, body: dict[str, object]) -> None:
    """Each is refused with 422, before anybody looks at stock."""
    assert 422 == client.post("/api/v1/orders", json=body, headers=keyed(people.client().headers)).status_code


def _deliver(service: Service, order_id: OrderId, vendor_id: VendorId) -> None:
    now, parcel = service.clock.now(), ShipmentId(uuid4())
    for command in (
        StartVendorOrder(order_id=order_id, vendor_id=vendor_id, at=now),
        SendShipment(order_id=order_id, vendor_id=vendor_id, shipment_id=parcel, carrier="DHL", at=now),
        ConfirmDelivery(order_id=order_id, vendor_id=vendor_id, at=now),
    ):
        granted(service.application.fulfil_vendor_orders([command])[0])

"""Products and offers of a vendor over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.api.people import Client, People, Seller

PRODUCTS = "/api/v1/vendor/products"
OFFERS = "/api/v1/vendor/offers"


def drafted(seller: Seller, key: str = "bench", **changes: object) -> dict[str, object]:
    """What is said of a product."""
    return {
        "title": "Weight bench",
        "description": "It tilts.",
        "categoryId": str(seller.category_id),
        "variants": [{"title": "black", "options": {"colour": "black"}, "weightGrams": 21_000}],
        **changes,
    }


def test_a_product_is_drafted_described_and_published(client: Client, people: People) -> None:
    """The whole life of a product; the key makes it once, and other content under it is 409."""
    seller = people.vendor()
    keyed = seller.headers | {"Idempotency-Key": "bench"}
    made = client.post(PRODUCTS, json=drafted(seller), headers=keyed)
    assert (201, "draft") == (made.status_code, made.json()["status"])
    assert made.json() == client.post(PRODUCTS, json=drafted(seller), headers=keyed).json()
    assert 409 == client.post(PRODUCTS, json=drafted(seller, title="Other"), headers=keyed).status_code
    own = f"{PRODUCTS}/{made.json()['id']}"
    said = client.put(own, json=drafted(seller, title="Bench"), headers=seller.headers)
    assert (200, "Bench") == (said.status_code, said.json()["title"])
    assert made.json()["variants"] == said.json()["variants"]
    for act, status in (("publish", "published"), ("withdraw", "draft"), ("archive", "archived")):
        moved = client.post(f"{own}/{act}", headers=seller.headers)
        assert (200, status) == (moved.status_code, moved.json()["status"])
    assert 409 == client.post(f"{own}/publish", headers=seller.headers).status_code
    listed = client.get(PRODUCTS, headers=seller.headers).json()["items"]
    assert {str(seller.product_id), made.json()["id"]} == {each["id"] for each in listed}


@pytest.mark.parametrize(
    ("case", "method", "tail"),
    [
        ("read", "GET", ""),
        ("describe", "PUT", ""),
        ("publish", "POST", "/publish"),
        ("withdraw", "POST", "/withdraw"),
        ("archive", "POST", "/archive"),
    ],
)
def test_another_vendors_product_is_none(client: Client, people: People, case: str, method: str, tail: str) -> None:
    """Whatever is done to a product of somebody else, it is not there."""
    seller, other = people.vendor(), people.vendor()
    body = drafted(other) if method == "PUT" else None
    answer = client.request(method, f"{PRODUCTS}/{seller.product_id}{tail}", json=body, headers=other.headers)
    assert (case, 404) == (case, answer.status_code)


def test_pages_of_products_come_one_after_the_other(client: Client, people: People) -> None:
    """The cursor leads through all products, each once."""
    seller = people.vendor()
    for number in range(3):
        client.post(PRODUCTS, json=drafted(seller), headers=seller.headers | {"Idempotency-Key": f"p{number}"})
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        found = client.get(PRODUCTS, params=query, headers=seller.headers).json()
        seen += [each["id"] for each in found["items"]]
        cursor = found.get("nextCursor")
        if cursor is None:
            break
    assert 4 == len(seen) == len(set(seen))
    assert sorted(seen) == seen


def test_an_offer_is_made_repriced_and_moved(client: Client, people: People) -> None:
    """The SKU names the offer; a `/` in it is written `~` in paths."""
    seller = people.vendor()
    asked = {
        "sku": "BENCH/01",
        "productId": str(seller.product_id),
        "variantId": str(seller.variant_id),
        "price": {"amount": "99.00", "currency": "EUR"},
    }
    made = client.post(OFFERS, json=asked, headers=seller.headers)
    assert (201, "live", "0.00") == (made.status_code, made.json()["status"], made.json()["shipping"]["amount"])
    assert made.json() == client.post(OFFERS, json=asked, headers=seller.headers).json()
    dearer = asked | {"price": {"amount": "100.00", "currency": "EUR"}}
    assert 409 == client.post(OFFERS, json=dearer, headers=seller.headers).status_code
    own = f"{OFFERS}/BENCH~01"
    price = {"price": {"amount": "89.00", "currency": "EUR"}, "shipping": {"amount": "4.90", "currency": "EUR"}}
    changed = client.put(own, json=price, headers=seller.headers)
    assert (200, price) == (changed.status_code, {name: changed.json()[name] for name in price})
    assert changed.json() == client.get(own, headers=seller.headers).json()
    for act, status in (("pause", "paused"), ("resume", "live"), ("withdraw", "withdrawn")):
        assert status == client.post(f"{own}/{act}", headers=seller.headers).json()["status"]
    assert 409 == client.post(f"{own}/resume", headers=seller.headers).status_code
    assert ["BENCH/01", seller.sku] == [each["sku"] for each in client.get(OFFERS, headers=seller.headers).json()["items"]]


def test_another_vendors_offer_is_none(client: Client, people: People) -> None:
    """It can neither be read nor repriced nor moved."""
    seller, other = people.vendor(), people.vendor()
    own = f"{OFFERS}/{seller.sku}"
    price = {"price": {"amount": "1.00", "currency": "EUR"}}
    assert 404 == client.get(own, headers=other.headers).status_code
    assert 404 == client.put(own, json=price, headers=other.headers).status_code
    assert 404 == client.post(f"{own}/withdraw", headers=other.headers).status_code
    assert 404 == client.get(f"{OFFERS}/{uuid4()}", headers=other.headers).status_code
    assert 422 == client.get(f"{OFFERS}/no sku", headers=other.headers).status_code


def test_long_answers_lose_fields_and_have_etags_before_they_are_compressed(client: Client, people: People) -> None:
    """What is longer than a kilobyte is compressed last, so that its fields and its ETag are those of its text."""
    seller = people.vendor()
    for number in range(4):
        client.post(
            PRODUCTS, json=drafted(seller, description="long " * 100), headers=seller.headers | {"Idempotency-Key": f"p{number}"}
        )
    whole = client.get(PRODUCTS, headers=seller.headers)
    assert "br" == whole.headers["content-encoding"]
    plain = client.get(PRODUCTS, headers=seller.headers | {"Accept-Encoding": "identity"})
    assert (whole.headers["etag"], whole.json()) == (plain.headers["etag"], plain.json())
    again = client.get(PRODUCTS, headers=seller.headers | {"If-None-Match": whole.headers["etag"]})
    assert (304, b"") == (again.status_code, again.content)
    some = client.get(PRODUCTS, params={"fields": "id,description"}, headers=seller.headers).json()["items"]
    assert [{"id", "description"}] * 5 == [set(each) for each in some]

"""A vendor's part of orders over HTTP: packing, sending, delivering, cancelling, giving back."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response
from tests.api.bought import bought, ordered
from tests.api.people import Client, People, Seller, keyed

from quarterturn_api.edge.answering import Service
from quarterturn_domain.ordering.order import Order

ORDERS = "/api/v1/vendor/orders"


def put(client: Client, seller: Seller, order: Order, key: str | None = None, **said: Any) -> Response:
    """Say how far the seller's part has come."""
    headers = seller.headers if key is None else keyed(seller.headers, key)
    return client.put(f"{ORDERS}/{order.id}/status", json=said, headers=headers)


def test_a_vendor_sees_its_own_part_only(client: Client, service: Service, people: People) -> None:
    """Of an order with two vendors each sees its own lines, and who has none sees nothing."""
    one, other, third = people.vendor(), people.vendor(price="10.00"), people.vendor()
    order = bought(service, people.client(), one, other)
    for seller in (one, other):
        (listed,) = client.get(ORDERS, headers=seller.headers).json()["items"]
        assert [seller.sku] == [line["sku"] for line in listed["lines"]]
        assert listed == client.get(f"{ORDERS}/{order.id}", headers=seller.headers).json()
    assert [] == client.get(ORDERS, headers=third.headers).json()["items"]
    assert 404 == client.get(f"{ORDERS}/{order.id}", headers=third.headers).status_code
    assert 404 == put(client, third, order, status="processing").status_code
    part = client.get(f"{ORDERS}/{order.id}", headers=other.headers).json()
    assert ("20.00", "18.00", "2.00") == (part["total"]["amount"], part["earning"]["amount"], part["commission"]["amount"])


def test_parts_are_listed_by_status(client: Client, service: Service, people: People) -> None:
    """The filter shows those of one status, the latest first."""
    seller, buyer = people.vendor(), people.client()
    paid, open_ = bought(service, buyer, seller), ordered(service, buyer, seller)
    for status, order in (("confirmed", paid), ("pending", open_)):
        found = client.get(ORDERS, params={"status": status}, headers=seller.headers).json()["items"]
        assert (status, [str(order.id)]) == (status, [each["orderId"] for each in found])
    assert 422 == client.get(ORDERS, params={"status": "lost"}, headers=seller.headers).status_code


def test_a_part_is_packed_sent_and_delivered(client: Client, service: Service, people: People) -> None:
    """Each step once, however often it is said; a parcel with a tracking number can be told from another one."""
    seller = people.vendor()
    order = bought(service, people.client(), seller, quantity=3)
    line = order.vendor_orders[0].lines[0].number
    assert 409 == put(client, seller, order, status="shipped").status_code
    for _ in range(2):
        assert "processing" == put(client, seller, order, status="processing").json()["status"]
    parcel: dict[str, Any] = {"status": "shipped", "units": [{"line": line, "quantity": 2}], "carrier": "DHL", "tracking": "JD014"}
    for _ in range(2):
        sent = put(client, seller, order, **parcel).json()
        assert (2, 1) == (sent["lines"][0]["shipped"], len(sent["shipments"]))
    assert 409 == put(client, seller, order, "parcel-2", **parcel).status_code
    rest, again = (
        put(client, seller, order, "parcel-2", status="shipped", carrier="DHL", tracking="JD015").json() for _ in range(2)
    )
    assert ("shipped", 2) == (rest["status"], len(rest["shipments"]))
    assert rest == again
    first, second = (each["id"] for each in rest["shipments"])
    half = put(client, seller, order, status="delivered", shipmentId=first).json()
    assert ("shipped", 2) == (half["status"], half["lines"][0]["delivered"])
    for _ in range(2):
        assert "delivered" == put(client, seller, order, status="delivered").json()["status"]
    assert first != second


def test_units_are_cancelled_and_given_back(client: Client, service: Service, people: People) -> None:
    """What will never be sent is refunded by itself, once."""
    seller = people.vendor(price="10.00")
    order = bought(service, people.client(), seller, quantity=3)
    line = order.vendor_orders[0].lines[0].number
    gone: dict[str, Any] = {"status": "cancelled", "units": [{"line": line, "quantity": 1}], "reason": "broken"}
    for _ in range(2):
        after = put(client, seller, order, **gone).json()
        assert (1, "10.00") == (after["lines"][0]["cancelled"], after["lines"][0]["refunded"]["amount"])
    assert 409 == put(client, seller, order, status="cancelled", units=[{"line": line, "quantity": 9}]).status_code
    assert "cancelled" == put(client, seller, order, status="cancelled").json()["status"]


@pytest.mark.parametrize(
    ("case", "line", "amount"),
    [
        ("by units", {"units": 1}, "10.00"),
        ("by an amount of goods", {"goods": {"amount": "3.33", "currency": "EUR"}}, "3.33"),
    ],
)
def test_a_vendor_gives_back_of_its_own_lines(
    client: Client, service: Service, people: People, case: str, line: dict[str, Any], amount: str
) -> None:
    """The key makes it once; another body under it is 409; more than is left is 409."""
    seller, other = people.vendor(price="10.00"), people.vendor(price="7.00")
    order = bought(service, people.client(), seller, other)
    mine = order.vendor_order(seller.vendor_id).lines[0].number
    refunds = f"{ORDERS}/{order.id}/refunds"
    asked = {"lines": [{"line": mine} | line], "reason": "scratched"}
    made = client.post(refunds, json=asked, headers=keyed(seller.headers, "one"))
    assert (case, 201, amount) == (case, made.status_code, made.json()["amount"]["amount"])
    assert made.json() == client.post(refunds, json=asked, headers=keyed(seller.headers, "one")).json()
    assert 409 == client.post(refunds, json=asked | {"reason": "late"}, headers=keyed(seller.headers, "one")).status_code
    more = {"lines": [{"line": mine, "goods": {"amount": "99.00", "currency": "EUR"}}], "reason": "all"}
    assert 409 == client.post(refunds, json=more, headers=keyed(seller.headers, "two")).status_code
    (listed,) = client.get("/api/v1/vendor/refunds", headers=seller.headers).json()["items"]
    assert made.json()["id"] == listed["id"]
    assert [] == client.get("/api/v1/vendor/refunds", headers=other.headers).json()["items"]


def test_a_vendor_cannot_give_back_for_others(client: Client, service: Service, people: People) -> None:
    """A line of another vendor is none, staff may not refund, and a line is named once in its currency."""
    seller, other = people.vendor(), people.vendor()
    order = bought(service, people.client(), seller, other)
    mine, theirs = (order.vendor_order(each.vendor_id).lines[0].number for each in (seller, other))
    refunds = f"{ORDERS}/{order.id}/refunds"

    def status(*lines: dict[str, Any], headers: dict[str, str] = seller.headers) -> int:
        return client.post(refunds, json={"lines": list(lines), "reason": "no"}, headers=keyed(headers, "x")).status_code

    assert 404 == status({"line": theirs, "units": 1})
    assert 404 == status({"line": mine, "units": 1}, {"line": theirs, "units": 1})
    assert 422 == status({"line": mine, "units": 1}, {"line": mine, "units": 1})
    assert 422 == status({"line": mine, "goods": {"amount": "1.00", "currency": "USD"}})
    assert 422 == status()
    assert 403 == status({"line": mine, "units": 1}, headers=people.staff(seller.vendor_id).headers)

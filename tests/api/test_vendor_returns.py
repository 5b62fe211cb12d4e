"""Returns to a vendor over HTTP."""

from __future__ import annotations

from uuid import uuid4

from tests.api.bought import bought
from tests.api.people import Client, People, Seller

from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import ReturnId, ShipmentId
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder
from quarterturn_domain.ordering.return_ import Return
from quarterturn_domain.ordering.returning import RequestReturn

RETURNS = "/api/v1/vendor/returns"


def asked_back(service: Service, people: People, seller: Seller) -> Return:
    """A return of everything of an order that was delivered."""
    app, now, vendor_id = service.application, service.clock.now(), seller.vendor_id
    order = bought(service, people.client(), seller)
    for command in (
        StartVendorOrder(order_id=order.id, vendor_id=vendor_id, at=now),
        SendShipment(order_id=order.id, vendor_id=vendor_id, shipment_id=ShipmentId(uuid4()), at=now),
        ConfirmDelivery(order_id=order.id, vendor_id=vendor_id, at=now),
    ):
        granted(app.fulfil_vendor_orders([command])[0])
    return app.request_returns(
        RequestReturn(return_id=ReturnId(uuid4()), order_id=order.id, vendor_id=vendor_id, reason="too small", at=now)
    )


def test_a_return_is_approved_and_received(client: Client, service: Service, people: People) -> None:
    """What was paid for the units is owed from then on; how it was received is not changed later."""
    seller = people.vendor(price="10.00")
    made = asked_back(service, people, seller)
    own = f"{RETURNS}/{made.id}"
    (listed,) = client.get(RETURNS, params={"status": "requested"}, headers=seller.headers).json()["items"]
    assert str(made.id) == listed["id"]
    assert 409 == client.post(f"{own}/receive", json={}, headers=seller.headers).status_code
    for _ in range(2):
        assert "approved" == client.post(f"{own}/approve", headers=seller.headers).json()["status"]
    for _ in range(2):
        received = client.post(f"{own}/receive", json={"restock": False}, headers=seller.headers)
        assert (200, "received") == (received.status_code, received.json()["status"])
    assert 409 == client.post(f"{own}/receive", json={"restock": True}, headers=seller.headers).status_code
    (refund,) = client.get("/api/v1/vendor/refunds", headers=seller.headers).json()["items"]
    assert "20.00" == refund["amount"]["amount"]


def test_a_return_is_rejected(client: Client, service: Service, people: People) -> None:
    """A rejected return cannot be approved any more."""
    seller = people.vendor()
    own = f"{RETURNS}/{asked_back(service, people, seller).id}"
    assert "rejected" == client.post(f"{own}/reject", headers=seller.headers).json()["status"]
    assert 409 == client.post(f"{own}/approve", headers=seller.headers).status_code


def test_a_return_to_another_vendor_is_none(client: Client, service: Service, people: People) -> None:
    """It is not listed, and cannot be decided about."""
    seller, other = people.vendor(), people.vendor()
    own = f"{RETURNS}/{asked_back(service, people, seller).id}"
    assert [] == client.get(RETURNS, headers=other.headers).json()["items"]
    for act in ("approve", "reject"):
        assert (act, 404) == (act, client.post(f"{own}/{act}", headers=other.headers).status_code)
    assert 404 == client.post(f"{own}/receive", json={}, headers=other.headers).status_code

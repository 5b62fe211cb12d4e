"""A shop that captures for each parcel, over HTTP, in memory and PostgreSQL: what leaves is paid; what is cancelled never was."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from litestar.testing import TestClient
from tests.api.bought import later, ordered
from tests.api.people import START, Client, People, Seller, keyed, serving
from tests.databases import EMBEDDED, running

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.postgres.doctor import examine
from quarterturn_adapters.sandbox import Fault
from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import ShipmentId
from quarterturn_domain.ordering.fulfilling import SendShipment, StartVendorOrder
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payouts.reconciling import ReconcilePeriod

A_DAY: Final = timedelta(days=1)


class Story:
    """One shop, its clock and its front door; after each step the outbox is delivered and everything is examined."""

    def __init__(self, service: Service, clock: ManualClock, client: Client) -> None:
        self.service = service
        self.clock = clock
        self.client = client
        self.people = People(service)

    def begin(self, *sellers: Seller, quantity: int, **said: str) -> Order:
        """An order of so many units of each seller, whose buyer pays with a card that works."""
        buyer = self.people.client()
        order = ordered(self.service, buyer, *sellers, quantity=quantity)
        asked = {"orderId": str(order.id), "method": "card_approved", **said}
        answer = self.client.post("/api/v1/payments/intent", json=asked, headers=keyed(buyer.headers))
        assert 201 == answer.status_code, answer.text
        self.payment: dict[str, Any] = answer.json()["payment"]
        return order

    def put(self, seller: Seller, order: Order, key: str, headers: dict[str, str] | None = None, **said: Any) -> None:
        """The seller says how far it has come; whatever follows from that is done."""
        path = f"/api/v1/vendor/orders/{order.id}/status"
        answer = self.client.put(path, json=said, headers=keyed(headers or seller.headers, key))
        assert 200 == answer.status_code, answer.text
        self.service.application.relay.drain()

    def paid(self, order: Order) -> tuple[str, str, str, str]:
        """The order's payment: its status, what was captured and refunded of it, and what is only held; and all is well."""
        with self.service.application.begin() as work:
            (payment,) = work.payments.of_order(order.id)
        self.all_is_well()
        assert payment.in_parts == bool(payment.held)
        return payment.status.value, payment.captured.amount, payment.refunded.amount, payment.held.amount

    def all_is_well(self) -> None:
        """Orders, journal and the provider's statement agree, and so do all tables."""
        found = self.service.application.reconcile(ReconcilePeriod(until=self.clock.now() + A_DAY))
        assert () == tuple(found.unexplained)
        if self.service.database.url is not None:
            assert [] == list(examine(self.service.database.url).findings)


@pytest.fixture(params=["memory", "postgres"])
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    """A shop that is set to capture for each parcel."""
    clock = ManualClock(START)
    url = "memory" if request.param == "memory" else running(EMBEDDED).migrated()
    with serving(clock, url, QUARTERTURN_CAPTURE="per-parcel") as service, TestClient(create_app(service)) as client:
        yield Story(service, clock, client)
    if url != "memory":
        running(EMBEDDED).drop(url)


def test_each_parcel_is_paid_when_it_leaves(story: Story) -> None:
    """Two vendors, three parcels and a cancellation: what the customer pays is what was sent, and the vendors earn just that."""
    one, other = story.people.vendor(), story.people.vendor(price="10.00")
    order = story.begin(one, other, quantity=2)
    line = order.vendor_order(one.vendor_id).lines[0].number
    assert ("authorized", "per_parcel") == (story.payment["status"], story.payment["captureMethod"])
    story.put(one, order, "pack", status="processing")
    assert ("authorized", "0.00", "0.00", "119.80") == story.paid(order)

    story.put(one, order, "first", status="shipped", units=[{"line": line, "quantity": 1}])
    assert ("captured", "49.90", "0.00", "69.90") == story.paid(order)
    story.put(other, order, "gone", status="cancelled", units=[], reason="broken")
    assert ("captured", "49.90", "0.00", "49.90") == story.paid(order)
    story.put(one, order, "second", status="shipped")
    assert ("captured", "99.80", "0.00", "0.00") == story.paid(order)

    parts = story.client.get(f"/api/v1/vendor/orders/{order.id}", headers=one.headers).json()
    assert ("99.80", "89.82") == (parts["total"]["amount"], parts["earning"]["amount"])
    assert story.service.provider.sandbox is not None
    charged = [line.amount.amount for line in story.service.provider.sandbox._books.ledger.lines if line.kind == "charge"]
    assert ["49.90", "49.90"] == charged


def test_an_authorisation_that_ends_takes_the_rest_of_the_order_with_it(story: Story) -> None:
    """After eight days nothing more can be captured: what was not sent is cancelled by itself, and nobody is refunded anything."""
    seller = story.people.vendor()
    order = story.begin(seller, quantity=3)
    line = order.vendor_orders[0].lines[0].number
    story.put(seller, order, "pack", status="processing")
    story.put(seller, order, "first", status="shipped", units=[{"line": line, "quantity": 1}])
    headers = later(story.service, story.clock, seller, 8)
    story.service.application.catch_up()
    story.service.application.relay.drain()
    assert ("captured", "49.90", "0.00", "0.00") == story.paid(order)
    part = story.client.get(f"/api/v1/vendor/orders/{order.id}", headers=headers).json()
    assert ("shipped", 1, 2) == (part["status"], part["lines"][0]["shipped"], part["lines"][0]["cancelled"])
    assert 0 == story.service.metrics.registry.get_sample_value("quarterturn_captures_failed_total")


def test_goods_that_nobody_pays_for_wake_somebody(story: Story) -> None:
    """A parcel left while the provider was away, and the authorisation ended before it was back."""
    seller, sandbox = story.people.vendor(), story.service.provider.sandbox
    assert sandbox is not None
    order = story.begin(seller, quantity=2)
    line = order.vendor_orders[0].lines[0].number
    story.put(seller, order, "pack", status="processing")
    story.put(seller, order, "first", status="shipped", units=[{"line": line, "quantity": 1}])
    sandbox.faults.next("capture_payment", Fault.UNAVAILABLE)
    story.put(seller, order, "second", status="shipped")
    assert ("captured", "49.90", "0.00", "49.90") == story.paid(order)
    story.clock.advance(8 * A_DAY)
    story.service.application.catch_up()
    story.service.application.relay.drain()
    assert ("captured", "49.90", "0.00", "0.00") == story.paid(order)
    assert 1 == story.service.metrics.registry.get_sample_value("quarterturn_captures_failed_total")


def test_many_who_capture_at_once_capture_once(story: Story) -> None:
    """Whoever delivers the outbox may be many, and each of them asks about the same parcels."""
    sellers = [story.people.vendor() for _ in range(3)]
    order = story.begin(*sellers, quantity=1)
    app = story.service.application
    for seller in sellers:
        whose: dict[str, Any] = {"order_id": order.id, "vendor_id": seller.vendor_id, "at": story.clock.now()}
        app.fulfil_vendor_orders([StartVendorOrder(**whose), SendShipment(shipment_id=ShipmentId(seller.account_id), **whose)])
        with ThreadPoolExecutor(4) as many:
            for outcomes in many.map(app.capture_shipped, [[order.id]] * 8):
                assert not [each for each in outcomes if isinstance(each, DomainError)]
    assert ("captured", "149.70", "0.00", "0.00") == story.paid(order)
    sandbox = story.service.provider.sandbox
    assert sandbox is not None
    assert ["49.90"] * 3 == [each.amount.amount for each in sandbox._books.ledger.lines if each.kind == "charge"]


def test_a_payment_may_say_itself_how_it_is_captured(story: Story) -> None:
    """The setting is for those that do not."""
    seller = story.people.vendor()
    order = story.begin(seller, quantity=1, captureMethod="automatic")
    assert ("captured", "automatic") == (story.payment["status"], story.payment["captureMethod"])
    assert ("captured", "49.90", "0.00", "0.00") == story.paid(order)
    with story.service.application.begin() as work:
        (payment,) = work.payments.of_order(order.id)
    assert UUID(story.payment["id"]) == payment.id

"""Figures: what fails on the way of money is counted, once its event is handled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.api.people import People

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.schedules import Calendar
from quarterturn_api.assembly import scheduler
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.payments.taking import StartPayment
from quarterturn_domain.payouts.events import PayoutMoved


def counted(service: Service, what: str) -> float:
    """How often it has failed, as Prometheus reads it."""
    value = service.metrics.registry.get_sample_value(f"quarterturn_{what}_failed_total")
    assert value is not None
    return value


@pytest.mark.parametrize(("method", "failed"), [("card_approved", 0), ("card_declined", 1)])
def test_a_payment_that_fails_is_counted(service: Service, people: People, method: str, failed: int) -> None:
    """By the event that says so; one that succeeds is not."""
    order_id, now = OrderId(uuid4()), service.clock.now()
    line = BasketLine(people.vendor().sku, 1)
    buyer = people.client().account_id
    granted(service.application.place_orders([PlaceOrder(order_id=order_id, lines=(line,), buyer_id=buyer, at=now)])[0])
    payment = StartPayment(payment_id=PaymentId(uuid4()), order_id=order_id, method=method, at=now)
    granted(service.application.start_payments([payment])[0])
    service.application.relay.drain().sure()
    assert failed == counted(service, "payments")
    assert 0 == counted(service, "refunds")


@pytest.mark.parametrize(("status", "failed"), [("paid", 0), ("failed", 1), ("returned", 1)])
def test_a_payout_that_fails_is_counted(service: Service, status: str, failed: int) -> None:
    """Also one that comes back; one that arrives is not."""
    moved = PayoutMoved(
        payout_id=PayoutId(uuid4()),
        vendor_id=VendorId(uuid4()),
        amount=Money.of("10.00", "EUR"),
        act="settle",
        status=status,
        reason="",
        at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    with service.application.begin() as work:
        work.outbox.append([moved])
    service.application.relay.drain().sure()
    assert failed == counted(service, "payouts")


def test_what_is_overdue_is_told(service: Service, clock: ManualClock) -> None:
    """Nothing right after it was heard of; once its time has come and gone, for how long."""
    made = scheduler(service)
    daily = made.schedules["reconcile"]
    name = "quarterturn_schedule_overdue_seconds"

    def late() -> float | None:
        return service.metrics.registry.get_sample_value(name, {"schedule": "reconcile"})

    assert late() is None
    assert 0 == made.catch_up(daily)
    assert 0 == late()
    assert isinstance(daily.when, Calendar)
    clock.advance(daily.when.following(clock.now()) - clock.now() + timedelta(hours=2))
    assert 7_200 == late()
    assert 1 == made.catch_up(daily)
    assert 0 == late()

"""Keeping: a running service finishes by itself what was begun, and a job that fails keeps no other from its turn."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from structlog.testing import CapturingLogger
from tests.api.people import People

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import Fault
from quarterturn_adapters.sandbox.faults import ANY
from quarterturn_api.edge.answering import Service
from quarterturn_api.keeping import KEPT_EVENTS, schedules
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import OrderId, PaymentId
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.payments.taking import StartPayment


def keep(service: Service) -> None:
    """Every event handled, and every schedule once."""
    service.application.relay.drain()
    for schedule in schedules(service):
        schedule.act(service.clock.now())


def placed(service: Service, people: People) -> OrderId:
    """An order of one unit that nobody has paid yet."""
    seller = people.vendor()
    order_id = OrderId(uuid4())
    command = PlaceOrder(
        order_id=order_id, lines=(BasketLine(seller.sku, 1),), buyer_id=people.client().account_id, at=service.clock.now()
    )
    granted(service.application.place_orders([command])[0])
    return order_id


def state(service: Service, order_id: OrderId) -> OrderState:
    """What the order is now."""
    return service.application.read_orders.order(order_id).state


def test_a_late_success_is_heard_without_anybody_asking(service: Service, clock: ManualClock, people: People) -> None:
    """A payment that the provider finishes later pays its order, though no browser and no webhook route ever told of it."""
    order_id = placed(service, people)
    payment = StartPayment(payment_id=PaymentId(uuid4()), order_id=order_id, method="card_late_success", at=clock.now())
    granted(service.application.start_payments([payment])[0])
    assert OrderState.PLACED is state(service, order_id)
    clock.advance(timedelta(minutes=10))
    keep(service)
    keep(service)
    assert OrderState.PAID is state(service, order_id)


def test_only_what_was_refused_is_warned_of(
    service: Service, clock: ManualClock, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round in which all is well says nothing; one without the provider names the kind that waits for it, and no other."""
    log = CapturingLogger()
    monkeypatch.setattr("quarterturn_api.keeping._log", log)
    order_id = placed(service, people)
    payment = StartPayment(payment_id=PaymentId(uuid4()), order_id=order_id, method="card_late_success", at=clock.now())
    granted(service.application.start_payments([payment])[0])
    (catch_up,) = [each for each in schedules(service) if each.name == "catch-up"]
    catch_up.act(clock.now())
    assert [] == log.calls
    clock.advance(timedelta(minutes=11))
    assert service.provider.sandbox is not None
    service.provider.sandbox.faults.chance(ANY, Fault.UNAVAILABLE, Rate(1, 1))
    catch_up.act(clock.now())
    assert [("warning", {"refused": {"payments": 1}})] == [(each.method_name, each.kwargs) for each in log.calls]


def test_what_nobody_pays_is_free_again(service: Service, clock: ManualClock, people: People) -> None:
    """After its deadline an order that is not paid expires by itself."""
    order_id = placed(service, people)
    clock.advance(timedelta(hours=1))
    keep(service)
    assert OrderState.EXPIRED is state(service, order_id)


def test_what_was_delivered_long_ago_is_put_away(service: Service, clock: ManualClock, people: People) -> None:
    """The outbox does not grow for ever, and what is booked is sealed."""
    placed(service, people)
    keep(service)
    clock.advance(KEPT_EVENTS + timedelta(days=1))
    with service.application.begin() as work:
        assert 0 == work.outbox.archive(clock.now() - KEPT_EVENTS - timedelta(days=2), 10)
    keep(service)
    with service.application.begin() as work:
        assert 0 == work.outbox.archive(clock.now() - KEPT_EVENTS, 10)
        assert not work.journal.unsealed(10)

"""What was authorised is captured when the first parcel leaves, if the shop is set so, and no more than once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.ordering.shops import BASKET, TWO_VENDORS, SandboxWorld, euro, nothing_was_done_twice, shop_on

from quarterturn_adapters.sandbox import Fault
from quarterturn_domain.payments.payment import PaymentStatus
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import OrderLife
from quarterturn_domain.testing.strategies.lives import Cancel, Onward, Pass, Ship, Start, Step, Work


def shop_that_captures(*steps: Step, when_shipped: bool = True) -> LivingShop:
    """A shop after these steps, set to capture when something is sent."""
    world = SandboxWorld()
    living = LivingShop(OrderLife(TWO_VENDORS, ()), shop_on(world, capture_when_shipped=when_shipped), world)
    for step in steps:
        living.take(step)
    assert not living.refusals, living.refusals
    return living


def payment(living: LivingShop) -> Any:  # noqa: ANN401
    """The one payment."""
    with living.shop.begin() as work:
        return work.payments.find(living.payments)[living.payments[0]]


AUTHORIZED: tuple[Step, ...] = (BASKET, Start(0, Means.APPROVED, manual=True))


def test_the_first_parcel_captures_what_is_still_wanted() -> None:
    """What was cancelled before is released; the second parcel captures nothing more."""
    living = shop_that_captures(*AUTHORIZED, Cancel(0, 1), Ship(0, 0, ((0, 1),)))
    assert PaymentStatus.AUTHORIZED is payment(living).status
    living.relay()
    assert (PaymentStatus.CAPTURED, euro("129.80")) == (payment(living).status, payment(living).captured)
    living.take(Ship(0, 0, ((0, 1),)))
    living.relay()
    living.take(Work("quiet"))
    prove(living)
    world = living.outside
    assert isinstance(world, SandboxWorld)
    nothing_was_done_twice(world)


def test_a_provider_that_is_away_is_asked_again() -> None:
    """The event of the parcel waits for the provider."""
    living = shop_that_captures(*AUTHORIZED, Ship(0, 0, ()))
    living.outside.fail("capture_payment", Fault.UNAVAILABLE.value)
    living.relay()
    assert PaymentStatus.AUTHORIZED is payment(living).status
    living.relay()
    assert PaymentStatus.CAPTURED is payment(living).status


def test_unless_it_is_set_nobody_captures() -> None:
    """Then a person or a program settles authorisations."""
    living = shop_that_captures(*AUTHORIZED, Ship(0, 0, ()), when_shipped=False)
    living.relay()
    assert PaymentStatus.AUTHORIZED is payment(living).status


def test_an_order_that_was_paid_at_once_has_nothing_to_capture() -> None:
    """Its parcels change nothing about its payment."""
    living = shop_that_captures(BASKET, *[Onward(0)] * 5, Pass(timedelta(days=1)))
    before = payment(living)
    living.relay()
    assert before == payment(living)

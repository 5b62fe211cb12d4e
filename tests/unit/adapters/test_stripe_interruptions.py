"""Crashes and broken requests at every point, with Stripe: nobody is charged, refunded or paid twice, and nothing is forgotten.

The cases are those of the sandbox; the points are counted as they are passed, so that a new step or request is one by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

import attrs
import pytest
from tests.chaos.shop import FULL
from tests.doubles.stripe.driver import StripeDriver, stripe_world
from tests.doubles.stripe.faults import Fault
from tests.doubles.stripe.outside import StripeOutside
from tests.unit.payments.test_interruptions import (
    CASES,
    GOODS,
    LATER,
    Case,
    Crash,
    Fuse,
    _in_debt,
    _pay_out,
    _released,
)

from quarterturn_adapters.bootstrap import application
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.payouts.recovery import Recovery
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import OrderLife
from quarterturn_domain.testing.strategies.lives import Pass, Refund, Work

SLOW: Final = {Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER}
FAULTS: Final = [fault for fault in Fault if fault not in SLOW]

# `nox -s chaos` takes every fault of every request, at once and a day later; every other run takes them in turns, at once.
MOMENTS: Final = LATER if FULL else dict(list(LATER.items())[:1])
IN_TURNS: Final = len(FAULTS) if FULL else 2


def in_debt(living: LivingShop) -> None:
    """Paid out whole; then everything goes back to the customer, and money of other orders is on the vendors' accounts."""
    _released(living)
    _pay_out(living)
    living.take(Pass(timedelta(days=3)))
    living.take(Work("confirm"))
    living.take(Refund(0))
    living.take(Work("quiet"))
    assert isinstance(living.outside, StripeOutside)
    for payout in living.payouts():
        living.outside.world.double.books.post(payout.account, "payment", "py_elsewhere", payout.amount.minor, "eur")


STRIPE: Final = {name: attrs.evolve(case, before=in_debt) if case.before is _in_debt else case for name, case in CASES.items()}
"""The cases, with vendors whose money is at Stripe."""


@contextmanager
def lived(case: Case, fuse: Fuse) -> Iterator[tuple[LivingShop, StripeDriver]]:
    """The shop at the moment before the act."""
    with stripe_world() as world:
        outside = StripeOutside(world)
        shop = application(
            fuse.begin(MemoryDatabase(SeededIds(9, world.clock)).begin),
            payments=fuse.guard(world.payments),
            transfers=fuse.guard(world.transfers),
            clock=world.clock,
            ids=SeededIds(5, world.clock),
        )
        terms = PayoutTerms(recovery=Recovery(patience=timedelta(0)))
        living = LivingShop(OrderLife(GOODS, (), (), terms, (case.bank,) * 3), shop, outside)
        for step in case.steps:
            living.take(step)
        assert not living.refusals
        case.before(living)
        yield living, world


def outcome(living: LivingShop) -> object:
    """What it all came to: money at Stripe and in the books, and how far everything is."""
    with living.shop.begin() as work:
        totals = {f"{kind} {money}" for (kind, _), money in work.journal.totals().items() if money}
        payments = [payment for each in work.payments.of_orders(living.orders).values() for payment in each]
        refunds = [refund for order_id in living.orders for refund in work.refunds.of_order(order_id)]
    orders = [(order.status, order.split) for order in living.found()]
    payouts = sorted((payout.status, str(payout.amount), str(payout.recalled)) for payout in living.payouts())
    states = [(payment.status, payment.quarantine) for payment in payments], sorted((each.status, each.amount) for each in refunds)
    return living.outside.balance(EUR), totals, orders, payouts, states


def finish(living: LivingShop, case: Case, later: timedelta) -> object:
    """Run again after a while, and come to rest; every law holds and nothing was done twice."""
    living.outside.advance(later)
    # It may be done already, or not be possible any more: what matters is what it all came to.
    with suppress(DomainError):
        (case.again or case.act)(living)
    living.take(Work("quiet"))
    if case.before is not in_debt:
        prove(living)
        assert isinstance(living.outside, StripeOutside)
        living.outside.nothing_was_done_twice()
    return outcome(living)


def undisturbed(case: Case, later: timedelta) -> tuple[object, list[str], list[tuple[str, str]]]:
    """What it comes to when nothing happens; the points that were passed, and the requests that were made, by the act."""
    fuse = Fuse()
    with lived(case, fuse) as (living, world):
        fuse.start(None)
        world.double.asked.clear()
        case.act(living)
        points, asked = list(fuse.points), list(world.double.asked)
        fuse.start(None)
        return finish(living, case, later), points, asked


@pytest.mark.slow
@pytest.mark.parametrize("later", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("case", STRIPE.values(), ids=STRIPE)
def test_after_a_crash_anywhere_it_comes_to_the_same(case: Case, later: timedelta) -> None:
    """The process dies after a call of Stripe, before a commit or after one; whoever runs it again gets what was due."""
    expected, points, _ = undisturbed(case, later)
    for number, point in enumerate(points, start=1):
        fuse = Fuse()
        with lived(case, fuse) as (living, _world):
            fuse.start(number)
            with pytest.raises(Crash, match=point):
                case.act(living)
            fuse.start(None)
            came_to = finish(living, case, later)
            # What was not even intended before the crash is not done by something else afterwards.
            assert case.again is not None or expected == came_to, f"after a crash {number}, {point}"


@pytest.mark.slow
@pytest.mark.parametrize("later", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("case", STRIPE.values(), ids=STRIPE)
def test_after_a_request_that_went_wrong_it_comes_to_the_same(case: Case, later: timedelta) -> None:
    """Every request that the act makes goes wrong, before the work and after it: run again, what was due was done."""
    expected, _, asked = undisturbed(case, later)
    for number, (verb, path) in enumerate(asked):
        for fault in (FAULTS[(number * IN_TURNS + turn) % len(FAULTS)] for turn in range(IN_TURNS)):
            if fault is Fault.ERROR_INSTEAD and not later:
                # It is given again under its key, and got over when that is forgotten.
                continue
            with lived(case, Fuse()) as (living, world):
                world.double.faults.after(number, fault, 2 if verb == "GET" and fault.breaks_off else 1)
                with suppress(DomainError):
                    case.act(living)
                living.outside.heal()
                came_to = finish(living, case, later)
                assert case.again is not None or expected == came_to, f"after {fault} of {verb} {path}"

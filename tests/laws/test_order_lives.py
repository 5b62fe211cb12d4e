"""Whatever happens to orders, and in whatever order: the customer's money is with somebody, to the minor unit, at every step."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from tests.unit.ordering.shops import lived, nothing_was_done_twice

from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.owing import NothingToRefund
from quarterturn_domain.payments.refund import RefundStatus
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.testing.lives import prove
from quarterturn_domain.testing.strategies.lives import Judge, OrderLife, Pass, Work, order_lives

LIVES: Final = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


@LIVES
@given(order_lives())
def test_every_law_holds_at_every_step(life: OrderLife) -> None:
    """Split, counters, status, stock, books and payouts; and at rest the books agree with the provider."""
    living, world = lived(life)
    living.take(Work("quiet"))
    prove(living)
    nothing_was_done_twice(world)


@LIVES
@given(order_lives(failing=True))
def test_every_law_holds_when_the_provider_fails(life: OrderLife) -> None:
    """Requests and answers are lost, and the provider is away: once it answers again, everything was done, and once."""
    living, world = lived(life)
    living.take(Work("quiet"))
    prove(living)
    nothing_was_done_twice(world)
    assert not [payout for payout in living.payouts() if payout.status in {PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN}]


@LIVES
@given(order_lives())
def test_when_everything_went_back_nobody_has_anything(life: OrderLife) -> None:
    """After any life: what has arrived of every order is refunded, and no cent of it stays with any party, in orders and books.

    What is only authorised, and waits for its parcel, is nobody's yet.
    """
    living, _ = lived(life, check=lambda _: None)
    for number in range(len(living.disputes)):
        living.take(Judge(number, won=True))
    living.take(Work("quiet"))
    refunded = []
    for order in living.found():
        if not order.split.paid:
            continue
        try:
            living.give_back(order)
        except NothingToRefund:
            # Not paid, authorised only, disputed and lost, or left to a person.
            continue
        refunded.append(order.id)
    living.take(Work("quiet"))
    with living.shop.begin() as work:
        failed = [each for order_id in refunded for each in work.refunds.of_order(order_id) if each.status is RefundStatus.FAILED]
    for refund in failed:
        # It was refused while nobody here knew of the dispute; that is over now.
        living.shop.retry_refunds(refund.id)
    for step in (Work("quiet"), Pass(timedelta(days=6)), Work("quiet")):
        living.take(step)
    prove(living)
    for order in living.found():
        if order.id in refunded:
            nothing = Money.zero(order.total.currency)
            with living.shop.begin() as work:
                taken = [payment for payment in work.payments.of_order(order.id) if payment.in_parts and payment.captured]
            waiting = {each.line: each.amount for payment in taken for each in payment.waiting}
            for line in (line for part in order.vendor_orders for line in part.lines):
                assert line.refunded + waiting.get(line.number, nothing) == line.paid
                if line.number not in waiting and (line.price.goods.paid or not line.price.goods):
                    assert Split.nothing(order.total.currency) == line.split
            with living.shop.begin() as work:
                assert all(refund.status is RefundStatus.SUCCEEDED for refund in work.refunds.of_order(order.id))


@pytest.mark.slow
@settings(LIVES, max_examples=300)
@given(order_lives(max_steps=60, failing=True))
def test_every_law_holds_in_long_lives(life: OrderLife) -> None:
    """The same for long lives, and more of them."""
    living, world = lived(life)
    living.take(Work("quiet"))
    prove(living)
    nothing_was_done_twice(world)

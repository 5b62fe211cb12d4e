"""Whatever happens to orders that are paid by Stripe: all laws hold at each moment, and at rest the books agree with Stripe's."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from tests.chaos.shop import FULL
from tests.doubles.stripe.outside import stripe_shop

from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.payouts.reconciling import ReconcilePeriod
from quarterturn_domain.testing.lives import live, prove
from quarterturn_domain.testing.strategies.lives import OrderLife, Work, order_lives

LIVES: Final = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=25)


def lived(life: OrderLife) -> None:
    """Live it over HTTP and prove every law after every step; when all is quiet nothing is at Stripe twice, and nothing differs."""
    with stripe_shop() as (shop, outside):
        living = live(life, shop, outside, after=prove)
        living.take(Work("quiet"))
        prove(living)
        outside.nothing_was_done_twice()
        # What was lived is on Stripe's statement, line by line, and nothing else but what the platform brought.
        assert [] == list(shop.reconcile(ReconcilePeriod(until=living.now + timedelta(days=1))).unexplained)
        assert not [payout for payout in living.payouts() if payout.status in {PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN}]


@LIVES
@given(order_lives())
def test_every_law_holds_at_every_step(life: OrderLife) -> None:
    """Orders, partial captures and refunds, disputes and payouts in any order."""
    lived(life)


@LIVES
@given(order_lives(failing=True))
def test_every_law_holds_when_stripe_fails(life: OrderLife) -> None:
    """Connections break before and after the work, and there are too many requests: in the end everything was done, and once."""
    lived(life)


@pytest.mark.slow
@settings(LIVES, max_examples=150 if FULL else 25)
@given(order_lives(max_steps=60, failing=True))
def test_every_law_holds_in_long_lives(life: OrderLife) -> None:
    """The same for long lives, and more of them."""
    lived(life)

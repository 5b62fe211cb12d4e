"""Terms: what the sandbox charges, and how long money and banks take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate, half_up

_CARDS: Final = Rate.percent("2.9")


@attrs.frozen(kw_only=True)
class Terms:
    """Fees and delays of a sandbox.

    A captured payment costs `rate` of it, rounded once, half up, and a fixed part: `fixed_hundredths` of the currency's major unit,
    or what `fixed` says for its code. A dispute costs `dispute_hundredths`, which come back when it is won if
    `dispute_fee_returned`. With `multicapture` payments that ask for it can be captured in parts, each for its own fee.
    The defaults are those that Stripe publishes for cards in the United States.
    """

    rate: Rate = _CARDS
    fixed_hundredths: int = 30
    fixed: Mapping[str, Money] = attrs.field(factory=dict)
    dispute_hundredths: int = 1_500
    dispute_fee_returned: bool = True
    multicapture: bool = True
    settles_after: timedelta = timedelta(days=2)
    processing_takes: timedelta = timedelta(minutes=5)
    authorization_lasts: timedelta = timedelta(days=7)
    refund_takes: timedelta = timedelta(days=5)
    dispute_opens_after: timedelta = timedelta(days=1)
    evidence_within: timedelta = timedelta(days=9)
    dispute_decided_after: timedelta = timedelta(days=60)
    payout_takes: timedelta = timedelta(days=2)
    payout_returns_after: timedelta = timedelta(days=3)
    link_lasts: timedelta = timedelta(minutes=5)

    def fee(self, captured: Money) -> Money:
        """What the provider keeps of a captured amount."""
        own = self.fixed.get(captured.currency.code) if self.fixed else None
        part = self.rate.of(captured)
        return part + (own if own is not None else _scaled(self.fixed_hundredths, captured.currency))

    def dispute_fee(self, currency: Currency) -> Money:
        """What a dispute costs."""
        return _scaled(self.dispute_hundredths, currency)


def _scaled(hundredths: int, currency: Currency) -> Money:
    """So many hundredths of the major unit; half up where the currency has fewer decimals."""
    exponent = currency.exponent or 0
    return Money(hundredths if exponent == 2 else half_up(hundredths * 10**exponent, 100), currency)  # noqa: PLR2004

"""Payout terms: how long an earning is held, how often it is paid, from what sum on, and how much is kept in reserve."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from enum import StrEnum

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import ZERO, Rate
from quarterturn_domain.payouts.recovery import Recovery


class Rhythm(StrEnum):
    """How often a vendor is paid."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MANUAL = "manual"


@attrs.frozen
class Schedule:
    """When payouts are due: every day, on a `day` of the week (0 is Monday), on a day of the month (31 is its last).

    Or never by itself.
    """

    rhythm: Rhythm = Rhythm.DAILY
    day: int = 0

    def __attrs_post_init__(self) -> None:
        bounds = {Rhythm.WEEKLY: (0, 6), Rhythm.MONTHLY: (1, 31)}.get(self.rhythm)
        if bounds is not None and not bounds[0] <= self.day <= bounds[1]:
            raise Invalid(f"day {self.day} of a {self.rhythm} schedule", f"{bounds[0]} to {bounds[1]}")

    def due_on(self, day: date) -> bool:
        """Whether payouts are due on `day`."""
        if self.rhythm is Rhythm.WEEKLY:
            return day.weekday() == self.day
        if self.rhythm is Rhythm.MONTHLY:
            return day.day == min(self.day, calendar.monthrange(day.year, day.month)[1])
        return self.rhythm is Rhythm.DAILY


@attrs.frozen
class PayoutTerms:
    """A vendor's terms, or with no `vendor_id` those of all vendors that have none of their own.

    An earning is held for `hold` after its delivery; then `reserve` of it is kept back for `reserve_for`. A balance below `minimum`
    (one amount per currency) waits.
    """

    vendor_id: VendorId | None = None
    schedule: Schedule = attrs.field(factory=Schedule)
    hold: timedelta = timedelta(days=7)
    minimum: tuple[Money, ...] = ()
    reserve: Rate = ZERO
    reserve_for: timedelta = timedelta(days=90)
    recovery: Recovery = attrs.field(factory=Recovery)

    def __attrs_post_init__(self) -> None:
        if self.hold < timedelta(0) or self.reserve_for < timedelta(0):
            raise Invalid("a negative time in payout terms", "times of zero or more")
        if not 0 <= self.reserve.numerator <= self.reserve.denominator:
            raise Invalid(f"a reserve of {self.reserve}", "0% to 100%")
        if any(amount.minor < 0 for amount in self.minimum) or len({each.currency for each in self.minimum}) < len(self.minimum):
            raise Invalid("the minimum of payout terms", "one amount of zero or more per currency")

    def minimum_in(self, like: Money) -> Money:
        """The least sum that is paid out in the currency of `like`: one minor unit, unless a minimum says more."""
        for amount in self.minimum:
            if amount.currency is like.currency:
                return max(amount, Money(1, like.currency))
        return Money(1, like.currency)

"""Discounts: what is taken off the goods of a basket, and who pays for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.kernel.ids import DiscountId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.pricing.limits import bounded
from quarterturn_domain.pricing.match import Match


class Funding(StrEnum):
    """Who pays for a discount."""

    VENDOR = "vendor"
    PLATFORM = "platform"
    SHARED = "shared"


@attrs.frozen(eq=False)
class CodeRefused(Rejected):
    """A discount code does not apply to this basket now."""

    discount_code: str
    reason: str

    @property
    def message(self) -> str:
        """Which code, and why not."""
        return f"The discount code {self.discount_code!r} does not apply: {self.reason}"


HALF: Final = Rate(1, 2)
WHOLE: Final = Rate(1)


@attrs.frozen(kw_only=True)
class Discount:
    """`percent` of, or `amount` off, the goods that `match`; with a `discount_code` for those who name it, else for everybody.

    An amount is for the whole basket and is spread over the matching lines by what is left of their goods. Discounts apply in
    the order of `position`, each to what the ones before it have left. `platform_share` says what part of a shared discount the
    platform funds.
    """

    id: DiscountId
    name: str
    funding: Funding
    match: Match = Match()
    position: int = 0
    discount_code: str | None = None
    percent: Rate | None = None
    amount: tuple[Money, ...] = ()
    platform_share: Rate = HALF
    minimum: tuple[Money, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        if (self.percent is None) == (not self.amount):
            raise Invalid(f"the discount {self.name!r}", "either a percentage or amounts")
        for rate in (self.percent, self.platform_share):
            if rate is not None and not 0 <= rate.numerator <= rate.denominator:
                raise Invalid(f"a rate of the discount {self.name!r}", "rates from 0% to 100%")
        if any(amount.minor < 0 for amount in (*self.amount, *self.minimum)):
            raise Invalid(f"amounts of the discount {self.name!r}", "amounts of zero or more")
        if any(len({each.currency for each in amounts}) < len(amounts) for amounts in (self.amount, self.minimum)):
            raise Invalid(f"amounts of the discount {self.name!r}", "one amount per currency")
        bounded("a discount", (*self.amount, *self.minimum), position=self.position, name=self.name, code=self.discount_code)

    def runs(self, at: datetime) -> bool:
        """Whether it is in force at `at`."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)

    def platform_part(self, taken: Money) -> Money:
        """How much of `taken` the platform funds; the vendor funds the rest."""
        if self.funding is Funding.VENDOR:
            return Money.zero(taken.currency)
        return taken if self.funding is Funding.PLATFORM else self.platform_share.of(taken)

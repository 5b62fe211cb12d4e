"""Taxes on what is sold: inside the price or on top of it, remitted by the platform or by the vendor."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import RuleId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.pricing.limits import bounded
from quarterturn_domain.pricing.match import Match
from quarterturn_domain.pricing.steps import Charge


@attrs.frozen
class Destination:
    """Where the goods go, as far as tax cares: ISO 3166-1 alpha-2 country, and a region of it such as `CA`."""

    country: str
    region: str | None = None


@attrs.frozen(kw_only=True)
class TaxRule:
    """A tax on the goods that `match` and, with `on_shipping`, on their shipping; for one destination or for all.

    `included` says that prices contain it already; `kept_by_platform` says that the platform remits it (as a marketplace
    facilitator must in many places), else it goes to the vendor, who does.
    """

    id: RuleId
    name: str
    rate: Rate
    match: Match = Match()
    country: str | None = None
    region: str | None = None
    included: bool = False
    kept_by_platform: bool = True
    on_shipping: bool = True

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.rate.numerator <= self.rate.denominator:
            raise Invalid(f"the rate of the tax {self.name!r}", "a rate from 0% to 100%")
        bounded("a tax", name=self.name, country=self.country, region=self.region)

    def reaches(self, destination: Destination | None) -> bool:
        """Whether goods that go to `destination` bear it; without a destination only a tax that is for all places does."""
        if self.country is None:
            return True
        if destination is None or destination.country != self.country:
            return False
        return self.region is None or self.region == destination.region


@attrs.frozen
class TaxLine:
    """One tax on one charge: its name and rate as they were, and its amount."""

    rule_id: RuleId
    name: str
    rate: Rate
    amount: Money
    included: bool
    kept_by_platform: bool
    charge: Charge = Charge.GOODS


def contained(rates: Sequence[Rate]) -> tuple[int, int]:
    """How a price contains taxes at these rates, each on the same net amount: `common` parts of net in `whole` parts of price.

    A tax at `n / d` is then `n * (common / d)` of the `whole` parts.

    >>> contained([Rate.percent("19"), Rate.percent("1")])
    (100, 120)
    """
    common = lcm(*(rate.denominator for rate in rates))
    return common, common + sum(rate.numerator * (common // rate.denominator) for rate in rates)

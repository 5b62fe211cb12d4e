"""Commission: what the platform charges a vendor, by rules with precedence, tiers, fixed fees, floors and caps.

The most specific rule applies alone; rules are never added up. A rule is never edited: it gets a new version, and orders keep
the version that they were placed under.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import attrs

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import RuleId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import ZERO, Rate, half_up
from quarterturn_domain.pricing.limits import MAX_TIERS, MAX_VERSION, bounded
from quarterturn_domain.pricing.match import Match, Precedence, in_currency
from quarterturn_domain.pricing.steps import Figure, Step, StepKind


@attrs.frozen
class Tier:
    """From a unit price of `above` on, the part of the price that lies above it is charged at `rate`."""

    above: tuple[Money, ...]
    rate: Rate


@attrs.frozen(kw_only=True)
class CommissionRule:
    """What is charged on the lines that `match`.

    The percentage is `rate` of the line's goods, or by `tiers` of the unit price (each rate for its own band only). `per_unit`
    is added for every unit; `floor` and `cap` bound the sum for one unit; `per_order` is added once per vendor order and spread
    over its lines. Amounts are given per currency; a currency that is not named has none. `tax` is the rate of VAT on the
    commission itself. `on_shipping` charges `rate` on shipping too.
    """

    id: RuleId
    version: int = 1
    name: str
    match: Match = Match()
    position: int = 0
    rate: Rate = ZERO
    tiers: tuple[Tier, ...] = ()
    per_unit: tuple[Money, ...] = ()
    per_order: tuple[Money, ...] = ()
    floor: tuple[Money, ...] = ()
    cap: tuple[Money, ...] = ()
    tax: Rate = ZERO
    on_shipping: bool = False

    def __attrs_post_init__(self) -> None:
        rates = [self.rate, self.tax, *(tier.rate for tier in self.tiers)]
        if any(rate.numerator < 0 or rate.numerator > rate.denominator for rate in rates):
            raise Invalid(f"a rate of the commission rule {self.name!r}", "rates from 0% to 100%")
        if not 1 <= self.version <= MAX_VERSION:
            raise Invalid(f"a version {self.version} of a commission rule", f"1 to {MAX_VERSION}")
        if len(self.tiers) > MAX_TIERS:
            raise Invalid(f"{len(self.tiers)} tiers of a commission rule", f"at most {MAX_TIERS}")
        bounded("a commission rule", position=self.position, name=self.name)
        for amounts in (self.per_unit, self.per_order, self.floor, self.cap, *(tier.above for tier in self.tiers)):
            bounded("a commission rule", amounts)
            if any(amount.minor < 0 for amount in amounts) or len({amount.currency for amount in amounts}) < len(amounts):
                raise Invalid(f"amounts of the commission rule {self.name!r}", "one amount of zero or more per currency")
        for cap in self.cap:
            floor = in_currency(self.floor, cap)
            if floor is not None and floor > cap.minor:
                raise Invalid(f"a floor above the cap in the commission rule {self.name!r}", f"a floor of at most {cap}")

    def on_goods(self, base: Money, quantity: int, steps: list[Step]) -> int:
        """Minor units charged on `base`, the goods of a line of `quantity` units; appends the steps it took."""
        if self.tiers:
            charged = self._banded(base, quantity, steps)
        else:
            charged = _part(base.minor, self.rate, "commission", steps) if self.rate.numerator else 0
        if self.per_unit and (fee := in_currency(self.per_unit, base)):
            steps.append(Step(StepKind.RATE, Figure.FIXED_FEE, "fixed fee", fee, quantity, 1, fee * quantity))
            charged += fee * quantity
        if self.floor and (floor := in_currency(self.floor, base)) is not None and charged < floor * quantity:
            steps.append(Step(StepKind.FLOOR, Figure.FLOOR, "floor", charged, floor * quantity, 1, floor * quantity))
            charged = floor * quantity
        if self.cap and (cap := in_currency(self.cap, base)) is not None and charged > cap * quantity:
            steps.append(Step(StepKind.CAP, Figure.CAP, "cap", charged, cap * quantity, 1, cap * quantity))
            charged = cap * quantity
        return charged

    def _banded(self, base: Money, quantity: int, steps: list[Step]) -> int:
        edges = [(0, self.rate)]
        edges += sorted(
            ((above * quantity, tier.rate) for tier in self.tiers if (above := in_currency(tier.above, base)) is not None),
            key=lambda edge: edge[0],
        )
        charged = 0
        for number, (low, rate) in enumerate(edges):
            high = edges[number + 1][0] if number + 1 < len(edges) else base.minor
            part = min(base.minor, high) - low
            if part > 0:
                # A band that is free has its step too, so that the steps of all bands add up to the goods.
                charged += _part(part, rate, f"commission tier {number + 1}", steps)
        return charged


def _part(basis: int, rate: Rate, what: str, steps: list[Step]) -> int:
    charged = half_up(basis * rate.numerator, rate.denominator)
    steps.append(Step(StepKind.RATE, Figure.COMMISSION, what, basis, rate.numerator, rate.denominator, charged))
    return charged


DEFAULT: Final = CommissionRule(id=RuleId(UUID(int=0)), name="default", rate=Rate.percent("10"))
"""What is charged where no operator has ruled: 10 % of the goods, nothing on shipping."""


class CommissionSchedule:
    """The rules in force, and the one that applies to an offer."""

    __slots__ = ("_precedence", "rules")

    def __init__(self, rules: Iterable[CommissionRule] = ()) -> None:
        self.rules = tuple(rules)
        self._precedence = Precedence(self.rules)

    def rule_for(self, offer: Sellable) -> CommissionRule:
        """The rule that applies to `offer`; the default where none matches."""
        return self._precedence.first(offer) or DEFAULT

    def __repr__(self) -> str:
        return f"CommissionSchedule({list(self.rules)})"

"""Strategies for the terms of a marketplace: commission rules, discounts, taxes, and whole price books."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quarterturn_domain.kernel.ids import DiscountId, RuleId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import ZERO, Rate
from quarterturn_domain.pricing.commission import CommissionRule, CommissionSchedule, Tier
from quarterturn_domain.pricing.discount import Discount, Funding
from quarterturn_domain.pricing.match import Match
from quarterturn_domain.pricing.quote import PriceBook
from quarterturn_domain.pricing.tax import TaxRule
from quarterturn_domain.testing.strategies.money import COMMON, rates
from quarterturn_domain.testing.strategies.offers import CATEGORIES, PRODUCTS, VENDORS

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""The time at which discounts that have a time run out, have begun, or are yet to begin an hour before or after."""


def matches() -> SearchStrategy[Match]:
    """A match of any closeness for the made-up marketplace; the one for everything is the simplest."""
    return st.builds(
        Match,
        vendor_id=st.none() | st.sampled_from(VENDORS),
        category_id=st.none() | st.sampled_from(CATEGORIES),
        product_id=st.none() | st.sampled_from(PRODUCTS),
    )


def _ids() -> SearchStrategy[UUID]:
    # Hypothesis has UUIDs of its own; small numbers are easier to read.
    return st.integers(1, 2**32).map(lambda number: UUID(int=number))


@st.composite
def _amounts(draw: DrawFn, max_minor: int) -> tuple[Money, ...]:
    """None, or one amount for each of some currencies."""
    units = draw(st.lists(st.sampled_from(COMMON), unique=True, max_size=len(COMMON)))
    return tuple(Money(draw(st.integers(0, max_minor)), unit) for unit in units)


@st.composite
def commission_rules(draw: DrawFn, match: SearchStrategy[Match] | None = None) -> CommissionRule:
    """A commission rule with any of tiers, fixed fees per unit and per order, floor, cap, tax on the commission, and shipping."""
    floor, cap = draw(_amounts(500)), draw(_amounts(5_000))
    bounded = {amount.currency: amount.minor for amount in floor}
    return CommissionRule(
        id=RuleId(draw(_ids())),
        version=draw(st.integers(1, 9)),
        name="rule",
        match=draw(matches() if match is None else match),
        position=draw(st.integers(0, 3)),
        rate=draw(rates()),
        tiers=tuple(Tier(draw(_amounts(10_000)), draw(rates())) for _ in range(draw(st.integers(0, 2)))),
        per_unit=draw(_amounts(200)),
        per_order=draw(_amounts(500)),
        floor=floor,
        cap=tuple(Money(max(amount.minor, bounded.get(amount.currency, 0)), amount.currency) for amount in cap),
        tax=draw(st.just(ZERO) | rates(30)),
        on_shipping=draw(st.booleans()),
    )


@st.composite
def fee_schedules(draw: DrawFn, max_rules: int = 5) -> CommissionSchedule:
    """Commission rules for all, some, or none of the offers, with precedence between them; ids are unique."""
    rules = draw(st.lists(commission_rules(), max_size=max_rules, unique_by=lambda rule: rule.id))
    return CommissionSchedule(rules)


@st.composite
def discounts(draw: DrawFn, discount_code: str | None = None) -> Discount:
    """A discount by percentage or by amount, funded by the vendor, the platform or both; some are not in force at `NOON`."""
    percent: Rate | None = draw(st.none() | rates())
    amount = () if percent is not None else draw(_amounts(5_000).filter(bool))
    hour = timedelta(hours=1)
    return Discount(
        id=DiscountId(draw(_ids())),
        name=draw(st.sampled_from(("welcome", "spring sale", "clearance"))),
        funding=draw(st.sampled_from(Funding)),
        match=draw(matches()),
        position=draw(st.integers(0, 3)),
        discount_code=discount_code,
        percent=percent,
        amount=amount,
        platform_share=draw(rates()),
        minimum=draw(st.just(()) | _amounts(2_000)),
        starts_at=draw(st.sampled_from((None, NOON - hour, NOON, NOON + hour))),
        ends_at=draw(st.sampled_from((None, NOON + 2 * hour, NOON))),
    )


@st.composite
def taxes(draw: DrawFn, *, included: bool | None = None) -> TaxRule:
    """A tax inside the price or on top, remitted by platform or vendor, for all destinations or only for Germany."""
    return TaxRule(
        id=RuleId(draw(_ids())),
        name=draw(st.sampled_from(("VAT", "sales tax", "levy"))),
        rate=draw(rates()),
        match=draw(st.just(Match()) | matches()),
        country=draw(st.sampled_from((None, "DE"))),
        included=draw(st.booleans()) if included is None else included,
        kept_by_platform=draw(st.booleans()),
        on_shipping=draw(st.booleans()),
    )


@st.composite
def price_books(draw: DrawFn, *, max_discounts: int = 3, max_taxes: int = 3) -> PriceBook:
    """The terms of a whole marketplace; no two of a kind have the same id."""
    return PriceBook(
        commission=draw(fee_schedules()),
        discounts=tuple(draw(st.lists(discounts(), max_size=max_discounts, unique_by=lambda discount: discount.id))),
        taxes=tuple(draw(st.lists(taxes(), max_size=max_taxes, unique_by=lambda tax: tax.id))),
    )

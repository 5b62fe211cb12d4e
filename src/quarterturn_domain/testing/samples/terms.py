"""Terms: commission, discounts and taxes that leave a trace in every field of a price."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from quarterturn_domain.kernel.ids import DiscountId, RuleId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.payouts.recovery import Recovery, RecoveryStep
from quarterturn_domain.payouts.schedule import PayoutTerms, Rhythm, Schedule
from quarterturn_domain.pricing.commission import CommissionRule, CommissionSchedule, Tier
from quarterturn_domain.pricing.discount import Discount, Funding
from quarterturn_domain.pricing.match import Match
from quarterturn_domain.pricing.quote import PriceBook
from quarterturn_domain.pricing.tax import Destination, TaxRule
from quarterturn_domain.testing.samples.goods import category_id, product_id
from quarterturn_domain.testing.samples.numbering import CURRENCIES, moment, numbered
from quarterturn_domain.testing.samples.people import vendor_id

BERLIN: Final = Destination("DE", "BE")
"""Where the samples' goods go."""


def rule_id(n: int) -> RuleId:
    """The id of the `n`-th commission rule or tax."""
    return RuleId(numbered(0xC1, n))


def discount_id(n: int) -> DiscountId:
    """The id of the `n`-th discount."""
    return DiscountId(numbered(0xC2, n))


def _each(minor: int) -> tuple[Money, ...]:
    return tuple(Money(minor, unit) for unit in CURRENCIES)


def a_commission_rule(n: int = 1, *, version: int = 1, match: Match | None = None) -> CommissionRule:
    """The `n`-th commission rule, which uses all that a rule can say."""
    return CommissionRule(
        id=rule_id(n),
        version=version,
        name=f"rule {n}",
        match=match or Match(),
        position=n,
        rate=Rate(version, 3 * version + 17),
        tiers=(Tier(_each(5_000), Rate.percent("7.25")),),
        per_unit=_each(5),
        per_order=_each(31),
        floor=_each(10),
        cap=_each(90_000),
        tax=Rate.percent("19"),
        on_shipping=True,
    )


def a_discount(n: int = 1, *, code: str | None = None) -> Discount:
    """The `n`-th discount: even ones by percentage, odd ones by amount, funded by each in turn."""
    return Discount(
        id=discount_id(n),
        name=f"discount {n}",
        funding=list(Funding)[n % 3],
        match=Match(vendor_id=vendor_id(1), category_id=category_id(1), product_id=product_id(1)) if n > 1 else Match(),
        position=n,
        discount_code=code,
        percent=Rate.percent("12.5") if n % 2 == 0 else None,
        amount=_each(777) if n % 2 else (),
        platform_share=Rate(1, 3),
        minimum=_each(100),
        starts_at=moment(0) - timedelta(days=1),
        ends_at=None if n % 2 else moment(0) + timedelta(days=365),
    )


def a_tax(n: int = 1) -> TaxRule:
    """The `n`-th tax: even ones inside the price, odd ones on top of it."""
    return TaxRule(
        id=rule_id(500 + n),
        name=f"tax {n}",
        rate=Rate.percent("7.7"),
        match=Match(vendor_id=vendor_id(n)) if n > 1 else Match(),
        country="DE" if n % 2 else None,
        region="BE" if n % 4 == 1 else None,
        included=n % 2 == 0,
        kept_by_platform=n % 3 != 0,
        on_shipping=n % 5 != 0,
    )


def a_price_book() -> PriceBook:
    """Terms under which prices have commission, tax on it, tax that is kept, a discount, and many steps."""
    return PriceBook(CommissionSchedule([a_commission_rule()]), (a_discount(),), (a_tax(),))


def payout_terms(n: int | None = 1) -> PayoutTerms:
    """The terms of the `n`-th vendor, or with None those of all that have none."""
    return PayoutTerms(
        vendor_id=None if n is None else vendor_id(n),
        schedule=Schedule(Rhythm.MONTHLY, 31) if n is None else Schedule(Rhythm.WEEKLY, n % 7),
        hold=timedelta(days=3, hours=5, microseconds=7),
        minimum=_each(1_000),
        reserve=Rate(1, 7),
        reserve_for=timedelta(days=33),
        recovery=Recovery((RecoveryStep.RESERVE, RecoveryStep.NET), timedelta(days=2), timedelta(days=20)),
    )

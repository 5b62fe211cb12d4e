"""What commission rules, discounts and taxes look like over the wire; rates are exact decimals of percent, in text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.exceptions import ValidationException

from quarterturn_api.edge.bodies import Asked, Body, Country, Line, MoneyBody
from quarterturn_api.edge.times import Instant, instant
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import CategoryId, DiscountId, ProductId, RuleId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.pricing.commission import CommissionRule, Tier
from quarterturn_domain.pricing.discount import Discount, Funding
from quarterturn_domain.pricing.limits import MAX_VERSION
from quarterturn_domain.pricing.match import Match
from quarterturn_domain.pricing.tax import TaxRule

Percent = Annotated[
    str, msgspec.Meta(pattern=r"^\d{1,3}(\.\d{1,6})?$", description="An exact decimal of percent.", examples=["7.25"])
]
Position = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000, description="The operator's order; the lowest comes first.")]
Amounts = Annotated[tuple[MoneyBody, ...], msgspec.Meta(max_length=50, description="At most one amount for each currency.")]
Version = Annotated[int, msgspec.Meta(ge=1, le=MAX_VERSION)]


def amounts(place: str, asked: Iterable[MoneyBody]) -> tuple[Money, ...]:
    """As the domain has them; 422 for a second one in a currency, which is named by its place in the body."""
    found: dict[Currency, Money] = {}
    for at, each in enumerate(asked):
        money = each.money()
        if found.setdefault(money.currency, money) is not money:
            raise ValidationException(
                extra=[{"key": f"{place}[{at}]", "message": f"Expected one amount per currency, got a second in {each.currency}"}]
            )
    return tuple(found.values())


def percent(rate: Rate) -> str:
    """`rate` as a decimal of percent."""
    return str(rate).removesuffix("%")


class MatchBody(Asked):
    """The offers of a vendor, in a category or below it, of a product; what is absent matches all."""

    vendor_id: UUID | None = None
    category_id: UUID | None = None
    product_id: UUID | None = None

    @classmethod
    def of(cls, match: Match) -> MatchBody:
        """`match` as it goes over the wire."""
        return cls(vendor_id=match.vendor_id, category_id=match.category_id, product_id=match.product_id)

    def match(self) -> Match:
        """As the domain has it."""
        return Match(
            vendor_id=VendorId(self.vendor_id) if self.vendor_id else None,
            category_id=CategoryId(self.category_id) if self.category_id else None,
            product_id=ProductId(self.product_id) if self.product_id else None,
        )


class TierBody(Asked):
    """From a unit price of `above` on, the part of the price that lies above it is charged at `rate`."""

    above: Amounts
    rate: Percent


class CommissionAsked(Asked):
    """What is charged on the lines that match; `floor` and `cap` bound the sum for one unit, `tax` is on the commission itself."""

    name: Line
    match: MatchBody = msgspec.field(default_factory=MatchBody)
    position: Position = 0
    rate: Percent = "0"
    tiers: Annotated[tuple[TierBody, ...], msgspec.Meta(max_length=20)] = ()
    per_unit: Amounts = ()
    per_order: Amounts = ()
    floor: Amounts = ()
    cap: Amounts = ()
    tax: Percent = "0"
    on_shipping: bool = False

    def rule(self, rule_id: RuleId, version: int) -> CommissionRule:
        """A version of a rule, as the domain has it; raises `Invalid`."""
        return CommissionRule(
            id=rule_id,
            version=version,
            name=self.name,
            match=self.match.match(),
            position=self.position,
            rate=Rate.percent(self.rate),
            tiers=tuple(
                Tier(amounts(f"tiers[{at}].above", tier.above), Rate.percent(tier.rate)) for at, tier in enumerate(self.tiers)
            ),
            per_unit=amounts("perUnit", self.per_unit),
            per_order=amounts("perOrder", self.per_order),
            floor=amounts("floor", self.floor),
            cap=amounts("cap", self.cap),
            tax=Rate.percent(self.tax),
            on_shipping=self.on_shipping,
        )


class CommissionBody(Body):
    """A version of a commission rule."""

    id: UUID
    version: int
    name: str
    match: MatchBody
    position: int
    rate: str
    tiers: list[TierBody]
    per_unit: list[MoneyBody]
    per_order: list[MoneyBody]
    floor: list[MoneyBody]
    cap: list[MoneyBody]
    tax: str
    on_shipping: bool

    @classmethod
    def of(cls, rule: CommissionRule) -> CommissionBody:
        """`rule` as it goes over the wire."""
        return cls(
            id=rule.id,
            version=rule.version,
            name=rule.name,
            match=MatchBody.of(rule.match),
            position=rule.position,
            rate=percent(rule.rate),
            tiers=[TierBody(above=tuple(_said(tier.above)), rate=percent(tier.rate)) for tier in rule.tiers],
            per_unit=_said(rule.per_unit),
            per_order=_said(rule.per_order),
            floor=_said(rule.floor),
            cap=_said(rule.cap),
            tax=percent(rule.tax),
            on_shipping=rule.on_shipping,
        )


class DiscountAsked(Asked):
    """`percent` of, or `amount` off, the goods that match; with a `code` for those who name it, else for everybody.

    `platformShare` is the part of a shared discount that the platform funds.
    """

    name: Line
    funding: Funding
    match: MatchBody = msgspec.field(default_factory=MatchBody)
    position: Position = 0
    code: Line | None = None
    percent: Percent | None = None
    amount: Amounts = ()
    platform_share: Percent = "50"
    minimum: Amounts = ()
    starts_at: Instant | None = None
    ends_at: Instant | None = None

    def discount(self, discount_id: DiscountId) -> Discount:
        """As the domain has it; raises `Invalid`."""
        return Discount(
            id=discount_id,
            name=self.name,
            funding=self.funding,
            match=self.match.match(),
            position=self.position,
            discount_code=self.code,
            percent=None if self.percent is None else Rate.percent(self.percent),
            amount=amounts("amount", self.amount),
            platform_share=Rate.percent(self.platform_share),
            minimum=amounts("minimum", self.minimum),
            starts_at=None if self.starts_at is None else instant(self.starts_at),
            ends_at=None if self.ends_at is None else instant(self.ends_at),
        )


class DiscountBody(Body):
    """A discount, whether or not its time has come."""

    id: UUID
    name: str
    funding: Funding
    match: MatchBody
    position: int
    code: str | None
    percent: str | None
    amount: list[MoneyBody]
    platform_share: str
    minimum: list[MoneyBody]
    starts_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def of(cls, discount: Discount) -> DiscountBody:
        """`discount` as it goes over the wire."""
        return cls(
            id=discount.id,
            name=discount.name,
            funding=discount.funding,
            match=MatchBody.of(discount.match),
            position=discount.position,
            code=discount.discount_code,
            percent=None if discount.percent is None else percent(discount.percent),
            amount=_said(discount.amount),
            platform_share=percent(discount.platform_share),
            minimum=_said(discount.minimum),
            starts_at=discount.starts_at,
            ends_at=discount.ends_at,
        )


class TaxAsked(Asked):
    """A tax on goods that match, for one destination or for all; `included` says that prices contain it already."""

    name: Line
    rate: Percent
    match: MatchBody = msgspec.field(default_factory=MatchBody)
    country: Country | None = None
    region: Annotated[str, msgspec.Meta(min_length=1, max_length=10, pattern="^[A-Z0-9-]*$")] | None = None
    included: bool = False
    kept_by_platform: bool = True
    on_shipping: bool = True

    def tax(self, rule_id: RuleId) -> TaxRule:
        """As the domain has it; raises `Invalid`."""
        return TaxRule(
            id=rule_id,
            name=self.name,
            rate=Rate.percent(self.rate),
            match=self.match.match(),
            country=self.country,
            region=self.region,
            included=self.included,
            kept_by_platform=self.kept_by_platform,
            on_shipping=self.on_shipping,
        )


class TaxBody(Body):
    """A tax in force."""

    id: UUID
    name: str
    rate: str
    match: MatchBody
    country: str | None
    region: str | None
    included: bool
    kept_by_platform: bool
    on_shipping: bool

    @classmethod
    def of(cls, tax: TaxRule) -> TaxBody:
        """`tax` as it goes over the wire."""
        return cls(
            id=tax.id,
            name=tax.name,
            rate=percent(tax.rate),
            match=MatchBody.of(tax.match),
            country=tax.country,
            region=tax.region,
            included=tax.included,
            kept_by_platform=tax.kept_by_platform,
            on_shipping=tax.on_shipping,
        )


def _said(amounts: tuple[Money, ...]) -> list[MoneyBody]:
    return [MoneyBody.of(each) for each in amounts]

"""Every no of the lower contexts in one table: what was tried, and which refusal it got."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.currency import EUR, JPY, Currency
from quarterturn_domain.kernel.errors import DomainError, Invalid
from quarterturn_domain.kernel.ids import DiscountId, LocationId, ProductId, RuleId, Sku, VendorId, sku
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.kernel.money import CurrencyMismatch, Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.pricing.commission import CommissionRule, Tier
from quarterturn_domain.pricing.discount import CodeRefused, Discount, Funding
from quarterturn_domain.pricing.quote import PriceBook, quote
from quarterturn_domain.pricing.split import RefundTooLarge, Split
from quarterturn_domain.pricing.tax import TaxRule
from quarterturn_domain.stock.kit import MAX_COMPONENTS, MAX_COUNT, Kit
from quarterturn_domain.stock.location import MAX_PRIORITY, Location
from quarterturn_domain.stock.reservation import RESERVATION, ReservationStatus
from quarterturn_domain.stock.stock_item import MAX_ON_HAND, StockItem, StockShort
from quarterturn_domain.testing.strategies import NOON

Try = Callable[[], object]

VENDOR: Final = VendorId(UUID(int=1))
HERE: Final = LocationId(UUID(int=2))
BAR, PLATE = Sku("BAR"), Sku("PLATE")
EURO: Final = Money(100, EUR)
EXAMPLE: Final = 'a decimal string such as "12.50"'
MOST_DIGITS: Final = "at most 15 digits before the point"
PERCENT: Final = 'a decimal string such as "7.25"'
RULE: Final = "a rate of the commission rule 'rule'"
FEES: Final = "amounts of the commission rule 'rule'"
UP_TO_ALL: Final = "rates from 0% to 100%"
ONE_EACH: Final = "one amount of zero or more per currency"
WEIGHTS: Final = "non-negative integers, at least one of them positive"
ONE_OR_MORE: Final = "one or more components, each one or more times"
MOST_PARTS: Final = f"at most {MAX_COMPONENTS}, each at most {MAX_COUNT} times"
A_SKU: Final = "1 to 64 letters, digits and . _ / + -, the first a letter or digit"


def rule(**terms: object) -> Try:
    """Make a commission rule."""
    return lambda: CommissionRule(id=RuleId(UUID(int=3)), name="rule", **terms)  # type: ignore[arg-type]


def discount(**terms: object) -> Discount:
    """Make a discount."""
    given: dict[str, object] = {"percent": Rate.percent("10"), **terms}
    return Discount(id=DiscountId(UUID(int=4)), name="sale", funding=Funding.VENDOR, **given)  # type: ignore[arg-type]


def sell(codes: tuple[str, ...] = (), *offered: Discount, currencies: tuple[Currency, ...] = (EUR,)) -> object:
    """Price a basket of one line per currency, each of 100 minor units."""
    product = ProductId(UUID(int=5))
    zero = [Money.zero(unit) for unit in currencies]
    basket = [(Sellable(BAR, VENDOR, product, "Bar", (), Money(100, each.currency), each), 1) for each in zero]
    return quote(basket, PriceBook(discounts=offered), at=NOON, codes=codes)


def tax(percent: str) -> TaxRule:
    """Make a tax."""
    return TaxRule(id=RuleId(UUID(int=6)), name="VAT", rate=Rate.percent(percent))


MONEY: Final[list[tuple[str, Try, DomainError]]] = [
    ("a float as an amount", lambda: Money.of(1.5, EUR), Invalid("1.5 as an amount", EXAMPLE)),  # type: ignore[arg-type]
    ("a comma", lambda: Money.of("1,50", EUR), Invalid("'1,50' as an amount", EXAMPLE)),
    ("an exponent", lambda: Money.of("1e3", EUR), Invalid("'1e3' as an amount", EXAMPLE)),
    ("a blank", lambda: Money.of(" 1", EUR), Invalid("' 1' as an amount", EXAMPLE)),
    ("a line end", lambda: Money.of("1\n", EUR), Invalid("'1\\n' as an amount", EXAMPLE)),
    ("no digit before the point", lambda: Money.of(".5", EUR), Invalid("'.5' as an amount", EXAMPLE)),
    ("no digit after the point", lambda: Money.of("1.", EUR), Invalid("'1.' as an amount", EXAMPLE)),
    ("nothing", lambda: Money.of("", EUR), Invalid("'' as an amount", EXAMPLE)),
    ("not a number", lambda: Money.of("NaN", EUR), Invalid("'NaN' as an amount", EXAMPLE)),
    # Digits of other scripts are digits to `str.isdigit` and to `int`; an amount is written in ASCII.
    ("Arabic digits", lambda: Money.of("\u0661\u0662", EUR), Invalid("'\u0661\u0662' as an amount", EXAMPLE)),
    ("more than any marketplace", lambda: Money.of("1" * 16, EUR), Invalid(f"{'1' * 16!r} as an amount", MOST_DIGITS)),
    ("a fifth decimal", lambda: Money.of("1.00000", EUR), Invalid("1.00000 EUR has 5 decimals", "at most 2")),
    ("a third decimal of a euro", lambda: Money.of("1.005", EUR), Invalid("1.005 EUR has 3 decimals", "at most 2")),
    ("a decimal of a yen", lambda: Money.of("1.0", JPY), Invalid("1.0 JPY has 1 decimals", "at most 0")),
    ("an amount of gold", lambda: Money.of("1", "XAU"), Invalid("an amount in XAU", "a currency with a minor unit")),
    ("euros and yen", lambda: EURO + Money(1, JPY), CurrencyMismatch("EUR and JPY in one calculation", "one currency")),
    ("no weights", lambda: EURO.allocate([]), Invalid("weights []", WEIGHTS)),
    ("no weight", lambda: EURO.allocate([0, 0]), Invalid("weights [0, 0]", WEIGHTS)),
    (
        "a negative weight",
        lambda: EURO.allocate([2, -1]),
        Invalid("weights [2, -1]", WEIGHTS),
    ),
    ("a rate over nothing", lambda: Rate(1, 0), Invalid("a rate over 0", "a denominator of 1 or more")),
    ("a float as a percentage", lambda: Rate.percent(7.25), Invalid("7.25 as a percentage", PERCENT)),  # type: ignore[arg-type]
    ("a percent sign", lambda: Rate.percent("7%"), Invalid("'7%' as a percentage", PERCENT)),
    ("a percentage in Arabic digits", lambda: Rate.percent("\u0667"), Invalid("'\u0667' as a percentage", PERCENT)),
    ("an empty SKU", lambda: sku(""), Invalid("the SKU ''", A_SKU)),
    ("a SKU with a blank", lambda: sku("A 1"), Invalid("the SKU 'A 1'", A_SKU)),
    ("a SKU that starts with a dash", lambda: sku("-A"), Invalid("the SKU '-A'", A_SKU)),
    ("a SKU of 65 characters", lambda: sku("A" * 65), Invalid(f"the SKU {'A' * 65!r}", A_SKU)),
]

TERMS: Final[list[tuple[str, Try, DomainError]]] = [
    (
        "a commission over 100 %",
        rule(rate=Rate(101, 100)),
        Invalid(RULE, UP_TO_ALL),
    ),
    (
        "a negative tier",
        rule(tiers=(Tier((), Rate(-1, 100)),)),
        Invalid(RULE, UP_TO_ALL),
    ),
    ("a negative tax on it", rule(tax=Rate(-1, 100)), Invalid(RULE, UP_TO_ALL)),
    (
        "a negative fee",
        rule(per_unit=(-EURO,)),
        Invalid(FEES, ONE_EACH),
    ),
    (
        "two caps in one currency",
        rule(cap=(EURO, EURO)),
        Invalid(FEES, ONE_EACH),
    ),
    (
        "a floor above the cap",
        rule(floor=(Money(101, EUR),), cap=(EURO,)),
        Invalid("a floor above the cap in the commission rule 'rule'", "a floor of at most 1.00 EUR"),
    ),
    (
        "neither percentage nor amount",
        lambda: discount(percent=None),
        Invalid("the discount 'sale'", "either a percentage or amounts"),
    ),
    ("both", lambda: discount(amount=(EURO,)), Invalid("the discount 'sale'", "either a percentage or amounts")),
    (
        "more than all off",
        lambda: discount(percent=Rate(101, 100)),
        Invalid("a rate of the discount 'sale'", UP_TO_ALL),
    ),
    (
        "a negative minimum",
        lambda: discount(minimum=(-EURO,)),
        Invalid("amounts of the discount 'sale'", "amounts of zero or more"),
    ),
    ("a negative tax", lambda: tax("-1"), Invalid("the rate of the tax 'VAT'", "a rate from 0% to 100%")),
    (
        "two currencies in a basket",
        lambda: sell(currencies=(EUR, JPY)),
        CurrencyMismatch("EUR and JPY in one basket", "one currency"),
    ),
    ("a code that nobody gave out", lambda: sell(("X",)), CodeRefused("X", "there is no such code")),
    (
        "a code that is over",
        lambda: sell(("X",), discount(discount_code="X", ends_at=NOON)),
        CodeRefused("X", "it is not in force now"),
    ),
    (
        "a code before its time",
        lambda: sell(("X",), discount(discount_code="X", starts_at=NOON + timedelta(seconds=1))),
        CodeRefused("X", "it is not in force now"),
    ),
    (
        "a basket a cent too small",
        lambda: sell(("X",), discount(discount_code="X", minimum=(Money(101, EUR),))),
        CodeRefused("X", "the basket does not reach what it asks for"),
    ),
    ("a cent more than was paid", lambda: Split.charge(EURO).given_back(Money(101, EUR)), RefundTooLarge(Money(101, EUR), EURO)),
]

STOCK: Final[list[tuple[str, Try, DomainError]]] = [
    (
        "one more than may lie there",
        lambda: StockItem(BAR, HERE, MAX_ON_HAND).move(1),
        Invalid(f"{MAX_ON_HAND + 1} of BAR at one location", f"at most {MAX_ON_HAND} units"),
    ),
    (
        "a kit of too many plates",
        lambda: Kit.define(Kit(BAR, ((PLATE, MAX_COUNT + 1),)), at=NOON),
        Invalid("the kit BAR of 1 components", MOST_PARTS),
    ),
    (
        "a kit of too many parts",
        lambda: Kit.define(Kit(BAR, tuple((Sku(f"P{n}"), 1) for n in range(MAX_COMPONENTS + 1))), at=NOON),
        Invalid(f"the kit BAR of {MAX_COMPONENTS + 1} components", MOST_PARTS),
    ),
    (
        "a priority that no database keeps",
        lambda: Location.open(Location(HERE, VENDOR, "Here", -MAX_PRIORITY - 1), at=NOON),
        Invalid(f"a priority of {-MAX_PRIORITY - 1}", f"-{MAX_PRIORITY} to {MAX_PRIORITY}"),
    ),
    (
        "a place whose name has a NUL",
        lambda: Location.open(Location(HERE, VENDOR, "He\0re"), at=NOON),
        Invalid("a name with the character U+0000", "text without NUL and lone surrogates"),
    ),
    (
        "a place whose name has half a character",
        lambda: Location.open(Location(HERE, VENDOR, "Here \ud83d"), at=NOON),
        Invalid("a name with the character U+D83D", "text without NUL and lone surrogates"),
    ),
    ("one more than is free", lambda: StockItem(BAR, HERE, 5, 3).reserve(3), StockShort(BAR, 3, 2)),
    ("counting away what is held", lambda: StockItem(BAR, HERE, 5, 3).move(-3), StockShort(BAR, 3, 2)),
    (
        "committing what was released",
        lambda: RESERVATION.next(ReservationStatus.RELEASED, "commit"),
        InvalidTransition("reservation", "released", "commit", ()),
    ),
    (
        "a kit of nothing",
        lambda: Kit.define(Kit(BAR, ()), at=NOON),
        Invalid("the kit BAR of 0 components", ONE_OR_MORE),
    ),
    (
        "a kit of no plates",
        lambda: Kit.define(Kit(BAR, ((PLATE, 0),)), at=NOON),
        Invalid("the kit BAR of 1 components", ONE_OR_MORE),
    ),
    (
        "a kit of itself",
        lambda: Kit.define(Kit(BAR, ((BAR, 1),)), at=NOON),
        Invalid("the kit BAR names a component twice or itself", "each component once"),
    ),
    (
        "a component twice",
        lambda: Kit.define(Kit(BAR, ((PLATE, 1), (PLATE, 2))), at=NOON),
        Invalid("the kit BAR names a component twice or itself", "each component once"),
    ),
    (
        "a place without a name",
        lambda: Location.open(Location(HERE, VENDOR, " "), at=NOON),
        Invalid("a location without a name", "a name"),
    ),
]


@pytest.mark.parametrize(
    ("case", "attempt", "expected"), [*MONEY, *TERMS, *STOCK], ids=lambda value: value if isinstance(value, str) else ""
)
def test_it_is_refused(case: str, attempt: Try, expected: DomainError) -> None:
    """The refusal is exactly this one, with these facts."""
    with pytest.raises(type(expected)) as refused:
        attempt()
    assert expected == refused.value, case

"""What no database keeps is refused when it is said, and only there: characters, and numbers beyond any column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import pytest
from tests.databases import running, versions

from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_domain.catalog.categorising import PlaceCategories, PlaceCategory
from quarterturn_domain.catalog.category import MAX_POSITION as MAX_PLACE
from quarterturn_domain.catalog.describing import DescribeProduct, DescribeProducts
from quarterturn_domain.catalog.offer import MAX_PRICE
from quarterturn_domain.catalog.product import MAX_OPTIONS, MAX_TITLE, MAX_VARIANTS, MAX_WEIGHT_GRAMS, Product, Variant
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import DiscountId, RuleId, VariantId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.pricing.commission import CommissionRule, Tier
from quarterturn_domain.pricing.discount import Discount, Funding
from quarterturn_domain.pricing.limits import MAX_NAME, MAX_POSITION, MAX_TIERS, MAX_VERSION
from quarterturn_domain.pricing.ruling import RuleTerms, SetTerms
from quarterturn_domain.pricing.tax import TaxRule
from quarterturn_domain.testing import samples

AT: Final = samples.moment(0)
NOTHING, HALF = "a\0b", "a\ud800b"
WRITTEN: Final = "text without NUL and lone surrogates"
RICH: Final = (Money(MAX_PRICE + 1, EUR),)
MOST: Final = f"at most {Money(MAX_PRICE, EUR)}"
FAR: Final = f"-{MAX_POSITION} to {MAX_POSITION}"


def variant(n: int = 1, title: str = "", **given: Any) -> Variant:
    """A form of a product."""
    return Variant(VariantId(UUID(int=n)), title, **given)


def product(title: str = "Rower", description: str = "", variants: tuple[Variant, ...] = (), n: int = 1) -> DescribeProduct:
    """Say what a product is."""
    return DescribeProduct(product_id=samples.product_id(n), title=title, description=description, variants=variants, at=AT)


def rule(**given: Any) -> Callable[[], object]:
    """Make a commission rule."""
    return lambda: CommissionRule(id=RuleId(UUID(int=3)), **{"name": "rule", **given})


def discount(**given: Any) -> Callable[[], object]:
    """Make a discount."""
    terms = {"name": "sale", "percent": Rate.percent("10"), **given}
    return lambda: Discount(id=DiscountId(UUID(int=4)), funding=Funding.VENDOR, **terms)


def tax(**given: Any) -> Callable[[], object]:
    """Make a tax."""
    return lambda: TaxRule(id=RuleId(UUID(int=5)), **{"name": "VAT", "rate": Rate.percent("7"), **given})


PRODUCTS: Final[list[tuple[str, DescribeProduct, Invalid]]] = [
    ("NUL in a title", product(title=NOTHING), Invalid("a title with the character U+0000", WRITTEN)),
    ("half a pair in a title", product(title=HALF), Invalid("a title with the character U+D800", WRITTEN)),
    ("a title without end", product(title="a" * (MAX_TITLE + 1)), Invalid(f"a title of {MAX_TITLE + 1} characters", "at most 500")),
    ("NUL in a description", product(description=NOTHING), Invalid("a description with the character U+0000", WRITTEN)),
    (
        "a description without end",
        product(description="a" * 100_001),
        Invalid("a description of 100001 characters", "at most 100000"),
    ),
    (
        "NUL in a variant's title",
        product(variants=(variant(title=NOTHING),)),
        Invalid("a variant's title with the character U+0000", WRITTEN),
    ),
    (
        "half a pair in an option",
        product(variants=(variant(options=((HALF, "L"),)),)),
        Invalid("a variant's option with the character U+D800", WRITTEN),
    ),
    (
        "NUL in an option's value",
        product(variants=(variant(options=(("size", NOTHING),)),)),
        Invalid("a variant's option's value with the character U+0000", WRITTEN),
    ),
    (
        "options without end",
        product(variants=(variant(options=tuple((f"{n}", "") for n in range(MAX_OPTIONS + 1))),)),
        Invalid("51 options of a variant", "at most 50"),
    ),
    (
        "variants without end",
        product(variants=tuple(variant(n, options=(("size", str(n)),)) for n in range(MAX_VARIANTS + 1))),
        Invalid("1001 variants", "at most 1000"),
    ),
    (
        "heavier than any column",
        product(variants=(variant(weight_grams=2**31),)),
        Invalid("a weight of 2147483648 grams", f"at most {MAX_WEIGHT_GRAMS}"),
    ),
]

TERMS: Final[list[tuple[str, Callable[[], object], Invalid]]] = [
    ("NUL in a rule's name", rule(name=NOTHING), Invalid("a name with the character U+0000", WRITTEN)),
    ("a rule's name without end", rule(name="a" * (MAX_NAME + 1)), Invalid("a name of 201 characters", "at most 200")),
    ("a rule's position", rule(position=2**31), Invalid("a position of 2147483648 of a commission rule", FAR)),
    ("a rule's version", rule(version=MAX_VERSION + 1), Invalid("a version 32768 of a commission rule", "1 to 32767")),
    ("a version before the first", rule(version=0), Invalid("a version 0 of a commission rule", "1 to 32767")),
    ("a fee beyond any price", rule(per_unit=RICH), Invalid(f"an amount of {RICH[0]} of a commission rule", MOST)),
    ("a fee of an order", rule(per_order=RICH), Invalid(f"an amount of {RICH[0]} of a commission rule", MOST)),
    ("a floor", rule(floor=RICH), Invalid(f"an amount of {RICH[0]} of a commission rule", MOST)),
    ("a cap", rule(cap=RICH), Invalid(f"an amount of {RICH[0]} of a commission rule", MOST)),
    ("a tier", rule(tiers=(Tier(RICH, Rate(1, 10)),)), Invalid(f"an amount of {RICH[0]} of a commission rule", MOST)),
    (
        "tiers without end",
        rule(tiers=(Tier((), Rate(1, 10)),) * (MAX_TIERS + 1)),
        Invalid("101 tiers of a commission rule", "at most 100"),
    ),
    ("NUL in a discount's name", discount(name=NOTHING), Invalid("a name with the character U+0000", WRITTEN)),
    ("half a pair in a code", discount(discount_code=HALF), Invalid("a code with the character U+D800", WRITTEN)),
    ("a discount's position", discount(position=-(2**31)), Invalid("a position of -2147483648 of a discount", FAR)),
    (
        "a discount beyond any price",
        discount(percent=None, amount=RICH),
        Invalid(f"an amount of {RICH[0]} of a discount", MOST),
    ),
    ("a minimum beyond any price", discount(minimum=RICH), Invalid(f"an amount of {RICH[0]} of a discount", MOST)),
    ("NUL in a tax's name", tax(name=NOTHING), Invalid("a name with the character U+0000", WRITTEN)),
    ("NUL in a country", tax(country=NOTHING), Invalid("a country with the character U+0000", WRITTEN)),
    ("half a pair in a region", tax(region=HALF), Invalid("a region with the character U+D800", WRITTEN)),
]

CATEGORIES: Final[list[tuple[str, str, int, Invalid]]] = [
    ("NUL in a name", NOTHING, 0, Invalid("a name with the character U+0000", WRITTEN)),
    ("a name without end", "a" * 201, 0, Invalid("a name of 201 characters", "at most 200")),
    ("a position", "Strength", 2**31, Invalid("a position of 2147483648", f"-{MAX_PLACE} to {MAX_PLACE}")),
]


@pytest.mark.parametrize(("case", "command", "expected"), PRODUCTS)
def test_a_product_is_refused_alone(case: str, command: DescribeProduct, expected: Invalid) -> None:
    """What a product cannot say is refused to its command, and its neighbour in the batch is described."""
    outcomes = DescribeProducts(MemoryDatabase().begin)([command, product(n=2)])
    assert expected == outcomes[0], case
    assert isinstance(outcomes[1], Product)


@pytest.mark.parametrize(("case", "make", "expected"), TERMS)
def test_terms_are_refused(case: str, make: Callable[[], object], expected: Invalid) -> None:
    """Terms that could not be kept, or whose consequences could not, are none."""
    with pytest.raises(Invalid) as caught:
        make()
    assert expected == caught.value, case


@pytest.mark.parametrize(("case", "name", "position", "expected"), CATEGORIES)
def test_a_category_is_refused(case: str, name: str, position: int, expected: Invalid) -> None:
    """A category whose name or position could not be kept is not placed."""
    with pytest.raises(Invalid) as caught:
        PlaceCategories(MemoryDatabase().begin)(
            PlaceCategory(category_id=samples.category_id(1), name=name, position=position, at=AT)
        )
    assert expected == caught.value, case


@pytest.mark.parametrize("version", versions())
def test_the_largest_of_everything_is_kept(version: int) -> None:
    """What is just not refused is kept in PostgreSQL too."""
    longest, most = "ß" * MAX_TITLE, (Money(MAX_PRICE, EUR),)
    options = tuple((f"{n}{'x' * 400}", longest) for n in range(MAX_OPTIONS))
    largest = product(longest, "ö" * 100_000, (variant(1, longest, options=options, weight_grams=MAX_WEIGHT_GRAMS),))
    named = "ñ" * MAX_NAME
    terms = (
        CommissionRule(id=RuleId(UUID(int=3)), name=named, position=MAX_POSITION, per_unit=most, cap=most, floor=most),
        Discount(
            id=DiscountId(UUID(int=4)), name=named, funding=Funding.VENDOR, position=-MAX_POSITION, discount_code=named, amount=most
        ),
        TaxRule(id=RuleId(UUID(int=5)), name=named, rate=Rate(1), country=named, region=named),
    )
    with PostgresDatabase(running(version).database()) as database:
        (described,) = DescribeProducts(database.begin)([largest])
        PlaceCategories(database.begin)(PlaceCategory(category_id=samples.category_id(1), name=named, position=-MAX_PLACE, at=AT))
        for each in terms:
            RuleTerms(database.begin)(SetTerms(terms=each, at=AT))
        with database.begin() as work:
            assert {samples.product_id(1): described} == work.products.find([samples.product_id(1)])
            assert terms[0] in work.price_books.current().commission.rules
            assert terms[1:2] == work.price_books.current().discounts
            assert terms[2:] == work.price_books.current().taxes

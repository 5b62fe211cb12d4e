"""The catalog by example: trees, descriptions, lifecycles, and prices that stay where they were agreed."""

from __future__ import annotations

from uuid import UUID

import attrs
import pytest

from quarterturn_domain.catalog.category import MAX_DEPTH, Category, path
from quarterturn_domain.catalog.events import OfferMade, OfferRepriced, OfferStatusChanged, ProductStatusChanged
from quarterturn_domain.catalog.offer import MAX_PRICE, NotForSale, Offer, OfferStatus, Sellable
from quarterturn_domain.catalog.product import NotPublishable, Product, ProductStatus, Variant
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku, VariantId, VendorId
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.cart import MAX_QUANTITY
from quarterturn_domain.ordering.placing import MAX_BASKET
from quarterturn_domain.testing.strategies import NOON

VENDOR, PRODUCT, VARIANT = VendorId(UUID(int=1)), ProductId(UUID(int=2)), VariantId(UUID(int=3))
ROWER = Product(PRODUCT, "Rower", "", CategoryId(UUID(int=4)), (Variant(VARIANT, "Standard"),), VENDOR)
OFFER = Offer(Sku("ROWER-01"), VENDOR, PRODUCT, VARIANT, Money.of("899.00", EUR), Money.of("49.00", EUR))


TOP = CategoryId(UUID(int=77))


def chain(length: int) -> dict[CategoryId, Category]:
    """A tree of one branch; its leaf has the highest number."""
    ids = [CategoryId(UUID(int=number)) for number in range(length)]
    return {each: Category(each, "x", ids[number - 1] if number else None) for number, each in enumerate(ids)}


def test_a_path_leads_from_a_category_to_its_root() -> None:
    """Nearest first: the order in which rules of categories apply."""
    assert [2, 1, 0] == [each.int for each in path(CategoryId(UUID(int=2)), chain(3))]


@pytest.mark.parametrize(
    ("case", "category", "tree", "expected"),
    [
        ("no name", Category(CategoryId(UUID(int=1)), "  "), {}, "a category without a name"),
        ("itself as parent", Category(CategoryId(UUID(int=1)), "x", CategoryId(UUID(int=1))), {}, "its own ancestor"),
        ("a circle", Category(CategoryId(UUID(int=0)), "x", CategoryId(UUID(int=2))), chain(3), "its own ancestor"),
        ("an unknown parent", Category(CategoryId(UUID(int=1)), "x", CategoryId(UUID(int=9))), {}, "not in the tree"),
        (
            "one level too deep",
            Category(CategoryId(UUID(int=99)), "x", CategoryId(UUID(int=MAX_DEPTH - 1))),
            chain(MAX_DEPTH),
            "a tree too deep",
        ),
        # The branch as a whole is too deep, though its root is not.
        (
            "a branch moved too deep",
            Category(CategoryId(UUID(int=0)), "x", TOP),
            {**chain(MAX_DEPTH), TOP: Category(TOP, "x")},
            "too deep",
        ),
    ],
)
def test_a_category_that_breaks_the_tree_is_refused(
    case: str, category: Category, tree: dict[CategoryId, Category], expected: str
) -> None:
    """A tree stays a tree, of limited depth."""
    with pytest.raises(Invalid, match=expected):
        Category.place(category, tree, at=NOON)


@pytest.mark.parametrize(
    ("case", "change", "expected"),
    [
        ("no title", {"title": " "}, "a product without a title"),
        ("an id twice", {"variants": (Variant(VARIANT, "S", (("size", "S"),)), Variant(VARIANT, "M"))}, "the same id"),
        ("options twice", {"variants": (Variant(VARIANT, "S"), Variant(VariantId(UUID(int=5)), "M"))}, "the same options"),
        ("less than no weight", {"variants": (Variant(VARIANT, "S", weight_grams=-1),)}, "a negative weight"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(case: str, change: dict[str, object], expected: str) -> None:
    """A product can be told apart and so can its variants."""
    with pytest.raises(Invalid, match=expected):
        Product.describe(attrs.evolve(ROWER, **change), at=NOON)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "change", "missing"),
    [
        ("no category", {"category_id": None}, ("a category",)),
        ("no variant", {"variants": ()}, ("a variant",)),
        ("neither", {"category_id": None, "variants": ()}, ("a category", "a variant")),
    ],
)
def test_a_product_that_lacks_something_is_not_published(case: str, change: dict[str, object], missing: tuple[str, ...]) -> None:
    """The refusal names all that is missing."""
    with pytest.raises(NotPublishable) as refused:
        attrs.evolve(ROWER, **change).move("publish", at=NOON)  # type: ignore[arg-type]
    assert NotPublishable(PRODUCT, missing) == refused.value


def test_a_product_is_published() -> None:
    """The next value and the fact."""
    published, fact = ROWER.move("publish", at=NOON)
    assert ProductStatus.PUBLISHED is published.status
    assert ProductStatusChanged(product_id=PRODUCT, act="publish", status="published", at=NOON) == fact
    with pytest.raises(InvalidTransition, match="cannot publish"):
        published.move("publish", at=NOON)


def test_a_variant_is_found_by_its_id() -> None:
    """Or is not there."""
    assert (ROWER.variants[0], None) == (ROWER.variant(VARIANT), ROWER.variant(VariantId(UUID(int=9))))


@pytest.mark.parametrize(
    ("case", "price", "shipping", "expected"),
    [
        ("a negative price", "-0.01 EUR", "0 EUR", "amounts of zero or more"),
        ("negative shipping", "1 EUR", "-0.01 EUR", "amounts of zero or more"),
        ("a cent too much", "10000000000.01 EUR", "0 EUR", "at most 10000000000.00 EUR"),
        ("shipping for a cent too much", "1 EUR", "10000000000.01 EUR", "at most 10000000000.00 EUR"),
        ("two currencies", "1 EUR", "1 JPY", "one currency"),
        ("another currency than before", "1 JPY", "1 JPY", "EUR, as it was offered"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(case: str, price: str, shipping: str, expected: str) -> None:
    """Neither when an offer is made nor when it is repriced."""
    amounts = [Money.of(*text.split()) for text in (price, shipping)]
    with pytest.raises(Invalid, match=expected):
        OFFER.reprice(*amounts, at=NOON)
    if "before" not in case:
        with pytest.raises(Invalid, match=expected):
            Offer.make(attrs.evolve(OFFER, price=amounts[0], shipping=amounts[1]), at=NOON)


def test_every_basket_fits_in_64_bits() -> None:
    """The largest line, and a basket as large as it may be with taxes of ten times its worth, stay below a hundredth of 2**63."""
    assert 100 * MAX_QUANTITY * (MAX_PRICE + MAX_PRICE) < 2**63
    assert 100 * (1 + 10) * MAX_BASKET < 2**63
    dearest = Money(MAX_PRICE, EUR)
    made, _ = Offer.make(attrs.evolve(OFFER, price=dearest, shipping=dearest), at=NOON)
    assert (dearest, dearest) == (made.price, made.shipping)


def test_an_offer_is_made_repriced_and_paused() -> None:
    """Each act gives the next value and its fact; the first value stays as it was."""
    made, fact = Offer.make(OFFER, at=NOON)
    assert (OFFER, OfferMade) == (made, type(fact))
    price = Money.of("799.00", EUR)
    cheaper, repriced = made.reprice(price, made.shipping, at=NOON)
    assert OfferRepriced(sku=OFFER.sku, price=price, shipping=OFFER.shipping, at=NOON) == repriced
    assert (price, Money.of("899.00", EUR)) == (cheaper.price, made.price)
    paused, moved = cheaper.move("pause", at=NOON)
    assert OfferStatus.PAUSED is paused.status
    assert OfferStatusChanged(sku=OFFER.sku, act="pause", status="paused", at=NOON) == moved


def test_what_is_not_for_sale_says_why() -> None:
    """Checkout asks the offer as it sees it."""
    seen = Sellable(OFFER.sku, VENDOR, PRODUCT, "Rower", (), OFFER.price, OFFER.shipping)
    seen.refuse_unless_for_sale()
    with pytest.raises(NotForSale) as refused:
        attrs.evolve(seen, not_for_sale="the offer is paused").refuse_unless_for_sale()
    assert NotForSale(OFFER.sku, "the offer is paused") == refused.value

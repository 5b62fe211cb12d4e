"""Goods: categories, products, offers, and where their stock lies."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer, Sellable
from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.catalog.product import Product, Variant
from quarterturn_domain.kernel.ids import CategoryId, LocationId, ProductId, Sku, VariantId, sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.ports import StockWork
from quarterturn_domain.testing.samples.numbering import LARGE, MANY, currency, moment, numbered
from quarterturn_domain.testing.samples.people import furnish_people, vendor_id


def category_id(n: int) -> CategoryId:
    """The id of the `n`-th category."""
    return CategoryId(numbered(0xB1, n))


def product_id(n: int) -> ProductId:
    """The id of the `n`-th product."""
    return ProductId(numbered(0xB2, n))


def variant_id(n: int, form: int = 1) -> VariantId:
    """The id of a form of the `n`-th product."""
    return VariantId(numbered(0xB3, 10 * n + form))


def location_id(n: int) -> LocationId:
    """The id of the `n`-th location."""
    return LocationId(numbered(0xB4, n))


def offer_sku(n: int) -> Sku:
    """The SKU of the `n`-th offer; SKUs differ in case and signs, so that their order shows how an adapter compares text."""
    return sku(f"{'aBcDzZ'[n % 6]}{'-_./+'[n % 5]}{n:03}")


def a_category(n: int = 1) -> Category:
    """The `n`-th category; three stand below each."""
    return Category(category_id(n), f"Category {n}", category_id(n // 3) if n // 3 else None, n % 3)


def a_product(n: int = 1, *, acts: Sequence[str] = ("publish",)) -> Product:
    """The `n`-th product, with two variants, after `acts`; every fourth was described by the platform."""
    product = Product(
        product_id(n),
        f"Rowing machine {n}",
        "Folds. „Quiet“.\nReally.",
        category_id((n - 1) % LARGE + 1),
        (
            Variant(variant_id(n), "large", (("size", "L"), ("colour", "black")), 42_000),
            Variant(variant_id(n, 2), "", (("size", "S"),), None),
        ),
        None if n % 4 == 0 else vendor_id((n - 1) % LARGE + 1),
    )
    for act in acts:
        product, _ = product.move(act, at=moment(n))
    return product


def an_offer(n: int = 1, *, acts: Sequence[str] = ()) -> Offer:
    """The `n`-th offer, after `acts`; consecutive ones are of different vendors and in different currencies."""
    unit, product = currency(n), (n - 1) % LARGE + 1
    offer, _ = Offer.make(
        Offer(
            offer_sku(n),
            vendor_id((n - 1) % LARGE + 1),
            product_id(product),
            variant_id(product, n % 2 + 1),
            Money(1_000 * n + 99, unit),
            Money(101 * n, unit),
        ),
        at=moment(n),
    )
    for act in acts:
        offer, _ = offer.move(act, at=moment(n))
    return offer


def a_sellable(n: int = 1) -> Sellable:
    """The `n`-th offer as checkout sees it in a furnished marketplace."""
    offer, product = an_offer(n), a_product((n - 1) % LARGE + 1)
    variant = product.variant(offer.variant_id)
    title = f"{product.title} {variant.title}" if variant is not None and variant.title else product.title
    path = [product.category_id] if product.category_id else []
    tree = {category.id: category for category in map(a_category, range(1, LARGE + 1))}
    while path and (parent := tree[path[-1]].parent_id):
        path.append(parent)
    return Sellable(offer.sku, offer.vendor_id, offer.product_id, title, tuple(path), offer.price, offer.shipping)


def a_location(n: int = 1) -> Location:
    """The `n`-th location; priorities go against the order of ids, and every second says where it is."""
    where = Coordinates(52_000_000 + n, -179_999_999 + n) if n % 2 else None
    return Location(location_id(n), vendor_id((n - 1) % LARGE + 1), f"Lager {n}", 9 - n % 10, where)


def a_kit(n: int = 1) -> Kit:
    """The kit that the `n`-th offer sells: two of the next offer and one of the one after."""
    parts = ((offer_sku(n % MANY + 1), 2), (offer_sku((n + 1) % MANY + 1), 1))
    return Kit.define(Kit(offer_sku(n), parts), at=moment(n))[0]


def furnish_catalog(work: CatalogWork) -> None:
    """Keep people, categories, published products and live offers."""
    furnish_people(work)
    work.categories.add(a_category(n) for n in range(1, LARGE + 1))
    work.products.add(a_product(n) for n in range(1, LARGE + 1))
    work.offers.add(an_offer(n) for n in range(1, MANY + 1))


def furnish_locations(work: StockWork) -> None:
    """Keep the catalog, and locations of its vendors."""
    furnish_catalog(work)
    work.locations.add(a_location(n) for n in range(1, MANY + 1))

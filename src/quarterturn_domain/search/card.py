"""Cards: what a list, a page and the tree of categories show of products."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.product import Product
from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku, VariantId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.search.query import Place

ENOUGH: Final = 10
"""Of so many available units or more, shoppers are told only that there are so many."""


@attrs.frozen
class ProductCard:
    """A product in a list: `price` is the lowest of its offers in that currency, `offers` and `vendor_ids` are of those offers.

    `distance_metres` is to the nearest location that has a unit, and None where nothing near was asked for.
    """

    product_id: ProductId
    title: str
    category_id: CategoryId | None
    price: Money
    offers: int
    vendor_ids: tuple[VendorId, ...]
    in_stock: bool
    changed_at: datetime
    distance_metres: int | None = None


@attrs.frozen
class ProductPage:
    """A piece of a list, and where it goes on; None where it ends."""

    cards: tuple[ProductCard, ...]
    next: Place | None = None


@attrs.frozen
class OfferOnShow:
    """A live offer of a vendor that may sell; `available` units, of `ENOUGH` or more only `ENOUGH`."""

    sku: Sku
    variant_id: VariantId
    vendor_id: VendorId
    vendor_name: str
    vendor_country: str
    price: Money
    shipping: Money
    available: int


@attrs.frozen
class ProductDetail:
    """A published product with its categories, from the nearest up to the root, and its offers in the order of their SKUs."""

    product: Product
    categories: tuple[Category, ...]
    offers: tuple[OfferOnShow, ...]


@attrs.frozen
class CategoryNode:
    """A category with how many products are on show in it and below, and the categories directly below."""

    category: Category
    products: int
    children: tuple[CategoryNode, ...] = ()


def grown(counted: Iterable[tuple[Category, int]]) -> tuple[CategoryNode, ...]:
    """The roots of the tree that categories with what is directly in them make; siblings by position, then name, then id."""
    below: dict[CategoryId | None, list[tuple[Category, int]]] = {}
    for category, products in counted:
        below.setdefault(category.parent_id, []).append((category, products))

    def nodes(parent_id: CategoryId | None) -> tuple[CategoryNode, ...]:
        siblings = sorted(below.get(parent_id, ()), key=lambda each: (each[0].position, each[0].name, each[0].id))
        grown = [(category, products, nodes(category.id)) for category, products in siblings]
        return tuple(
            CategoryNode(category, products + sum(child.products for child in children), children)
            for category, products, children in grown
        )

    return nodes(None)

"""Where categories, products and offers are kept, and how checkout reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer, Sellable
from quarterturn_domain.catalog.product import Product
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku, VendorId
from quarterturn_domain.kernel.repository import Repository


class Categories(Repository[CategoryId, Category], Protocol):
    """Every category."""

    def tree(self) -> Mapping[CategoryId, Category]:
        """The whole tree; it is small, and moves in it are serialised."""
        ...


class Products(Repository[ProductId, Product], Protocol):
    """Every product, in whatever state."""

    def page(self, after: ProductId | None, limit: int, /) -> Sequence[Product]:
        """Up to `limit` products in the order of their ids, those after `after`."""
        ...


class Offers(Repository[Sku, Offer], Protocol):
    """Every offer of every vendor; a SKU belongs to one offer."""

    def sellable(self, skus: Iterable[Sku], /) -> Mapping[Sku, Sellable]:
        """Those of `skus` that exist, with price, categories and whether they can be bought: one query, no lock.

        An offer cannot be bought while it is not live, its product is not published, or its vendor may not sell.
        """
        ...

    def of_vendor(self, vendor_id: VendorId, after: Sku | None, limit: int, /) -> Sequence[Offer]:
        """Up to `limit` offers of one vendor in the order of their SKUs, those after `after`."""
        ...


class CatalogWork(IdentityWork, Protocol):
    """A unit of work that reaches the catalog."""

    @property
    def categories(self) -> Categories:
        """The categories."""
        ...

    @property
    def products(self) -> Products:
        """The products."""
        ...

    @property
    def offers(self) -> Offers:
        """The offers."""
        ...

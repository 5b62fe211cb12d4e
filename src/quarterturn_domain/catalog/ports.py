"""Where categories, products and offers are kept, and how checkout reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer, Sellable
from quarterturn_domain.catalog.product import Product
from quarterturn_domain.catalog.wishlist import Wish
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.kernel.ids import AccountId, CategoryId, ProductId, Sku, VendorId
from quarterturn_domain.kernel.repository import Repository


class Categories(Repository[CategoryId, Category], Protocol):
    """Every category."""

    def tree(self) -> Mapping[CategoryId, Category]:
        """The whole tree; it is small, and moves in it are serialised."""
        ...

    def listed(self) -> Sequence[Category]:
        """Every category, without a lock, in the order of position and then of id."""
        ...


class Products(Repository[ProductId, Product], Protocol):
    """Every product, in whatever state."""

    def page(self, after: ProductId | None, limit: int, /) -> Sequence[Product]:
        """Up to `limit` products in the order of their ids, those after `after`."""
        ...

    def of_vendor(self, vendor_id: VendorId, after: ProductId | None, limit: int, /) -> Sequence[Product]:
        """Up to `limit` products that this vendor created, drafts too, in the order of their ids, those after `after`."""
        ...


class Offers(Repository[Sku, Offer], Protocol):
    """Every offer of every vendor; a SKU belongs to one offer."""

    def sellable(self, skus: Iterable[Sku], /) -> Mapping[Sku, Sellable]:
        """Those of `skus` that exist, with price, categories and whether they can be bought: one query, no lock.

        An offer cannot be bought while it is not live, its product is not published or has its variant no more, or its vendor may
        not sell.
        """
        ...

    def of_vendor(self, vendor_id: VendorId, after: Sku | None, limit: int, /) -> Sequence[Offer]:
        """Up to `limit` offers of one vendor in the order of their SKUs, those after `after`."""
        ...


class Wishes(Protocol):
    """The wishlist of every account."""

    def find(self, account_id: AccountId, products: Iterable[ProductId], /) -> Mapping[ProductId, Wish]:
        """Those of `products` that are on the wishlist of an account. Who changes a wishlist has locked its account."""
        ...

    def page(self, account_id: AccountId, after: tuple[datetime, ProductId] | None, limit: int, /) -> Sequence[Wish]:
        """Up to `limit` wishes of an account, the latest first, those after the one of `after`, a time and a product."""
        ...

    def count(self, account_id: AccountId, /) -> int:
        """How many there are on the wishlist of an account."""
        ...

    def add(self, wishes: Iterable[Wish], /) -> None:
        """Keep new wishes; raises `Conflict` when one of them exists already."""
        ...

    def remove(self, account_id: AccountId, products: Iterable[ProductId], /) -> None:
        """Take products off the wishlist of an account; those that are not on it are passed over."""
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

    @property
    def wishes(self) -> Wishes:
        """The wishlists."""
        ...

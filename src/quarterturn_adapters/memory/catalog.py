"""Categories, products and offers, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from quarterturn_adapters.memory.identity import MemoryVendors
from quarterturn_adapters.memory.indexes import latest_first
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.catalog.category import Category, path
from quarterturn_domain.catalog.offer import Offer, Sellable, why_not_for_sale
from quarterturn_domain.catalog.product import Product
from quarterturn_domain.catalog.wishlist import Wish
from quarterturn_domain.kernel.ids import AccountId, CategoryId, ProductId, Sku, VendorId


class MemoryCategories(MemoryRepository[CategoryId, Category]):
    """Every category, with the way from each to its root."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "category", lambda category: category.id)
        self._paths: dict[CategoryId, tuple[CategoryId, ...]] = {}
        self._paths_of = 0

    def tree(self) -> Mapping[CategoryId, Category]:
        """The whole tree."""
        return self.rows.all()

    def listed(self) -> Sequence[Category]:
        """Every category, in the order of position and then of id."""
        return sorted(self.rows.all().values(), key=lambda category: (category.position, category.id))

    def path(self, category_id: CategoryId | None) -> tuple[CategoryId, ...]:
        """The ids from `category_id` up to its root; empty for None."""
        if category_id is None:
            return ()
        if self._paths_of != self.rows.version:
            self._paths, self._paths_of = {}, self.rows.version
        known = self._paths.get(category_id)
        if known is None:
            known = self._paths[category_id] = path(category_id, self.rows.all())
        return known


class MemoryProducts(MemoryRepository[ProductId, Product]):
    """Every product."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "product", lambda product: product.id)
        self._in_order = self.rows.sorted(lambda product: (product.id.int,))
        self._by_creator = self.rows.sorted(lambda product: (product.id.int,), by=lambda product: product.created_by)

    def page(self, after: ProductId | None, limit: int, /) -> Sequence[Product]:
        """Up to `limit` products in the order of their ids, those after `after`."""
        return self._in_order.page(None if after is None else (after.int,), limit)

    def of_vendor(self, vendor_id: VendorId, after: ProductId | None, limit: int, /) -> Sequence[Product]:
        """Up to `limit` products that this vendor created, drafts too, in the order of their ids, those after `after`."""
        return self._by_creator.page(None if after is None else (after.int,), limit, of=vendor_id)


class MemoryOffers(MemoryRepository[Sku, Offer]):
    """Every offer, and what checkout sees of it."""

    def __init__(
        self, transactions: Transactions, vendors: MemoryVendors, categories: MemoryCategories, products: MemoryProducts
    ) -> None:
        super().__init__(transactions, "offer", lambda offer: offer.sku)
        self._by_vendor = self.rows.sorted(lambda offer: (offer.sku,), by=lambda offer: offer.vendor_id)
        self._vendors = vendors
        self._categories = categories
        self._products = products

    def sellable(self, skus: Iterable[Sku], /) -> Mapping[Sku, Sellable]:
        """Those of `skus` that exist, with price, categories and whether they can be bought."""
        offers = self.rows.find(skus)
        products = self._products.find({offer.product_id for offer in offers.values()})
        vendors = self._vendors.find({offer.vendor_id for offer in offers.values()})
        found = {}
        for sku, offer in offers.items():
            product, vendor = products.get(offer.product_id), vendors.get(offer.vendor_id)
            if product is None or vendor is None:
                continue
            variant = product.variant(offer.variant_id)
            found[sku] = Sellable(
                sku,
                offer.vendor_id,
                offer.product_id,
                f"{product.title} {variant.title}" if variant is not None and variant.title else product.title,
                self._categories.path(product.category_id),
                offer.price,
                offer.shipping,
                why_not_for_sale(offer.status, product.status, variant, vendor.status),
            )
        return found

    def of_vendor(self, vendor_id: VendorId, after: Sku | None, limit: int, /) -> Sequence[Offer]:
        """Up to `limit` offers of one vendor in the order of their SKUs, those after `after`."""
        return self._by_vendor.page(None if after is None else (after,), limit, of=vendor_id)


class MemoryWishes:
    """The wishlist of every account."""

    def __init__(self, transactions: Transactions) -> None:
        self._rows: Table[tuple[AccountId, ProductId], Wish] = Table(
            transactions, "wish", lambda wish: (wish.account_id, wish.product_id)
        )
        self._latest = self._rows.sorted(lambda wish: latest_first(wish.since, wish.product_id), by=lambda wish: wish.account_id)

    def find(self, account_id: AccountId, products: Iterable[ProductId], /) -> Mapping[ProductId, Wish]:
        """Those of `products` that are on the wishlist of an account."""
        found = self._rows.find((account_id, each) for each in products)
        return {product_id: wish for (_, product_id), wish in found.items()}

    def page(self, account_id: AccountId, after: tuple[datetime, ProductId] | None, limit: int, /) -> Sequence[Wish]:
        """Up to `limit` wishes of an account, the latest first, those after the one of `after`, a time and a product."""
        return self._latest.page(after and latest_first(*after), limit, of=account_id)

    def count(self, account_id: AccountId, /) -> int:
        """How many there are on the wishlist of an account."""
        return sum(1 for _ in self._latest.rows(account_id))

    def add(self, wishes: Iterable[Wish], /) -> None:
        """Keep new wishes; raises `Conflict` when one of them exists already."""
        self._rows.add(wishes)

    def remove(self, account_id: AccountId, products: Iterable[ProductId], /) -> None:
        """Take products off the wishlist of an account; those that are not on it are passed over."""
        self._rows.drop([(account_id, each) for each in products])

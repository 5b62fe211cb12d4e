"""The shop window: what is on show, kept so that a list of it is one short query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import attrs

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku, VendorId
from quarterturn_domain.search.card import ProductDetail, ProductPage
from quarterturn_domain.search.exhibit import Exhibit
from quarterturn_domain.search.query import ProductQuery
from quarterturn_domain.search.ranking import Term
from quarterturn_domain.stock.ports import StockWork

CANDIDATES: Final = 256
"""How many known words are looked at for one that was misspelled."""


@attrs.frozen(kw_only=True)
class Touched:
    """What has changed: products themselves, or offers, vendors and categories that they belong to."""

    product_ids: frozenset[ProductId] = frozenset()
    skus: frozenset[Sku] = frozenset()
    vendor_ids: frozenset[VendorId] = frozenset()
    category_ids: frozenset[CategoryId] = frozenset()


class ShopWindow(Protocol):
    """The products that shoppers see: published, with a live offer of a variant that they have, by a vendor that may sell.

    It is written with every change of the catalog and of vendors, in the same transaction, and by no sale: whether there is stock
    is looked up when a list is read.
    """

    def lock(self, touched: Touched, /) -> Sequence[ProductId]:
        """The products that the changes may show in another light, in the order of their ids, locked until the transaction ends."""
        ...

    def replace(self, product_ids: Iterable[ProductId], exhibits: Iterable[Exhibit], /) -> None:
        """Keep `exhibits` instead of whatever was kept of `product_ids`; their words are known from now on, and for good."""
        ...

    def details(self, product_ids: Iterable[ProductId], /) -> Mapping[ProductId, ProductDetail]:
        """Those of the products that are published, with their live offers by vendors that may sell, which may be none.

        What is offered of a variant that the product has no more is not among them.

        Units available are what is on hand and not reserved, at all locations; of a kit as many as its components make.
        """
        ...

    def page(self, query: ProductQuery, terms: Sequence[Term], /) -> ProductPage:
        """A page of the list that `query`, which is sound, asks for; with a text those that have all of `terms`.

        What is near has a unit of its own available at a location in the circle; a kit lies nowhere.
        """
        ...

    def alike(self, words: Iterable[str], /) -> Mapping[str, Sequence[str]]:
        """Those of `words` that nothing known begins with, and for each up to `CANDIDATES` known words that share trigrams with it.

        A word too short to be forgiven a slip has none. They differ in length by 2 at most; first come those that share most, then
        those nearest in length, then by code points.
        """
        ...

    def categories(self) -> Sequence[tuple[Category, int]]:
        """Every category, and how many products are on show directly in it, in the order of ids."""
        ...


class SearchWork(StockWork, Protocol):
    """A unit of work that reaches the shop window."""

    @property
    def shop_window(self) -> ShopWindow:
        """The shop window."""
        ...

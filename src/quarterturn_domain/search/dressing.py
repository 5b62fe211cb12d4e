"""Dressing the shop window: it shows what the catalog says, from the transaction on that changes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from quarterturn_domain.catalog.events import (
    CategoryPlaced,
    OfferMade,
    OfferRepriced,
    OfferStatusChanged,
    ProductDescribed,
    ProductStatusChanged,
)
from quarterturn_domain.identity.events import VendorStatusChanged
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import ProductId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.search.exhibit import exhibits
from quarterturn_domain.search.ports import SearchWork, Touched

DRESSED: Final = (
    CategoryPlaced,
    OfferMade,
    OfferRepriced,
    OfferStatusChanged,
    ProductDescribed,
    ProductStatusChanged,
    VendorStatusChanged,
)
"""The events after which the window looks different; no sale is among them."""

_AT_ONCE: Final = 500


def dress(work: SearchWork, events: Sequence[Event]) -> None:
    """Show what `events` have changed; a reaction in the transaction that made them true."""
    touched = Touched(
        product_ids=frozenset(each.product_id for each in events if isinstance(each, ProductDescribed | ProductStatusChanged)),
        skus=frozenset(each.sku for each in events if isinstance(each, OfferMade | OfferRepriced | OfferStatusChanged)),
        vendor_ids=frozenset(each.vendor_id for each in events if isinstance(each, VendorStatusChanged)),
        category_ids=frozenset(each.category_id for each in events if isinstance(each, CategoryPlaced)),
    )
    _dress(work, work.shop_window.lock(touched), max(event.at for event in events))


class DressWindow:
    """Dresses the whole window anew, a few products at a time: for data that came past the use cases, or before it was there."""

    def __init__(self, work: Begin[SearchWork]) -> None:
        self._work = work

    def __call__(self, *, at: datetime) -> int:
        """How many products there are, on show or not; `at` is when their cards have changed."""
        after: ProductId | None = None
        count = 0
        while True:
            with self._work() as work:
                page = [product.id for product in work.products.page(after, _AT_ONCE)]
                if not page:
                    return count
                _dress(work, work.shop_window.lock(Touched(product_ids=frozenset(page))), at)
            count, after = count + len(page), page[-1]


def _dress(work: SearchWork, product_ids: Sequence[ProductId], at: datetime) -> None:
    for start in range(0, len(product_ids), _AT_ONCE):
        some = product_ids[start : start + _AT_ONCE]
        details = work.shop_window.details(some)
        work.shop_window.replace(some, [exhibit for detail in details.values() for exhibit in exhibits(detail, at=at)])

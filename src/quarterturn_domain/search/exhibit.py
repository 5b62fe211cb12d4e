"""Exhibits: what the shop window keeps of a product, one for each currency that it can be bought in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.search.card import OfferOnShow, ProductDetail
from quarterturn_domain.search.query import Place, ProductQuery, Sort
from quarterturn_domain.search.words import fold, words

MAX_WORDS_OF_A_PRODUCT: Final = 2_000
"""How many different words of a product can be found; what is said first counts."""

_TITLE_KEY: Final = 100


@attrs.frozen(kw_only=True)
class Exhibit:
    """A product as it can be bought in one currency; `main` is the one that stands for it where no currency is asked for.

    `categories` lead from the nearest to the root, `words` are pairs of a word and the letters of the fields that have it.
    """

    product_id: ProductId
    main: bool
    title: str
    title_key: str
    categories: tuple[CategoryId, ...]
    price: Money
    vendor_ids: tuple[VendorId, ...]
    countries: tuple[str, ...]
    skus: tuple[Sku, ...]
    words: tuple[tuple[str, str], ...]
    changed_at: datetime

    def place(self, sort: Sort, *, points: int = 0, metres: int = 0) -> Place:
        """Where the exhibit stands in a list of this order."""
        keys: dict[Sort, tuple[int | str, ...]] = {
            Sort.NEWEST: (),
            Sort.PRICE: (self.price.currency.code, self.price.minor),
            Sort.PRICE_DOWN: (self.price.currency.code, self.price.minor),
            Sort.TITLE: (self.title_key,),
            Sort.RELEVANCE: (points,),
            Sort.DISTANCE: (metres,),
        }
        return Place(sort, keys[sort], self.product_id)

    def passes(self, query: ProductQuery) -> bool:
        """Whether the exhibit passes every filter that asks for nothing but what the exhibit knows."""
        return (
            (self.main if query.unit is None else self.price.currency is query.unit)
            and (query.category_id is None or query.category_id in self.categories)
            and (query.vendor_id is None or query.vendor_id in self.vendor_ids)
            and (query.country is None or query.country in self.countries)
            and (query.minimum is None or self.price.minor >= query.minimum.minor)
            and (query.maximum is None or self.price.minor <= query.maximum.minor)
        )


def exhibits(detail: ProductDetail, *, at: datetime) -> list[Exhibit]:
    """The exhibits of a product, by the codes of their currencies; none of one that nobody offers."""
    by_code: dict[str, list[OfferOnShow]] = {}
    for offer in detail.offers:
        by_code.setdefault(offer.price.currency.code, []).append(offer)
    main = max(sorted(by_code), key=lambda code: len(by_code[code]), default=None)
    found = tuple(_words(detail).items())
    product = detail.product
    return [
        Exhibit(
            product_id=product.id,
            main=code == main,
            title=product.title,
            title_key=fold(product.title)[:_TITLE_KEY],
            categories=tuple(category.id for category in detail.categories),
            price=min((offer.price for offer in offers), key=lambda price: price.minor),
            vendor_ids=tuple(sorted({offer.vendor_id for offer in offers})),
            countries=tuple(sorted({offer.vendor_country for offer in offers})),
            skus=tuple(sorted(offer.sku for offer in offers)),
            words=found,
            changed_at=at,
        )
        for code, offers in sorted(by_code.items())
    ]


def _words(detail: ProductDetail) -> Mapping[str, str]:
    """Every word of a product, with the letters of its fields."""
    vendors = dict.fromkeys(offer.vendor_name for offer in detail.offers)
    fields: Sequence[tuple[str, list[str]]] = (
        ("A", words(detail.product.title)),
        ("B", [word for category in detail.categories for word in words(category.name)]),
        ("C", [word for name in vendors for word in words(name)]),
        ("D", words(detail.product.description)),
    )
    found: dict[str, str] = {}
    for weight, said in fields:
        for word in Counter(said):
            if word in found or len(found) < MAX_WORDS_OF_A_PRODUCT:
                found[word] = found.get(word, "") + weight
    return found

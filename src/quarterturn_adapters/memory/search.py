"""The shop window, kept in memory: right, and as slow as the window is large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from quarterturn_adapters.memory.catalog import MemoryCategories, MemoryOffers, MemoryProducts
from quarterturn_adapters.memory.identity import MemoryVendors
from quarterturn_adapters.memory.stock import MemoryKits, MemoryLocations, MemoryStock
from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer, OfferStatus
from quarterturn_domain.catalog.product import ProductStatus
from quarterturn_domain.identity.vendor import Vendor
from quarterturn_domain.kernel.ids import LocationId, ProductId, Sku
from quarterturn_domain.search.card import ENOUGH, OfferOnShow, ProductCard, ProductDetail, ProductPage
from quarterturn_domain.search.exhibit import Exhibit
from quarterturn_domain.search.ports import CANDIDATES, Touched
from quarterturn_domain.search.query import DESCENDING, Near, Place, ProductQuery
from quarterturn_domain.search.ranking import Term, points
from quarterturn_domain.search.spelling import MAX_SLIPS, tolerance
from quarterturn_domain.search.words import trigrams
from quarterturn_domain.stock.geography import distance_metres


@attrs.frozen
class Catalog:
    """What the window looks through at: everything that says what is on show."""

    vendors: MemoryVendors
    categories: MemoryCategories
    products: MemoryProducts
    offers: MemoryOffers
    locations: MemoryLocations
    kits: MemoryKits
    stock: MemoryStock


class MemoryShopWindow:
    """The products that shoppers see; every list goes through all of them."""

    def __init__(self, transactions: Transactions, catalog: Catalog) -> None:
        self._catalog = catalog
        self._exhibits: Table[tuple[ProductId, str], Exhibit] = Table(transactions, "exhibit", _key)
        self._by_product = self._exhibits.grouped(lambda exhibit: exhibit.product_id)
        self._words: Table[str, str] = Table(transactions, "word", lambda word: word)
        self._offers_by_product = catalog.offers.rows.grouped(lambda offer: offer.product_id)
        self._offers_by_vendor = catalog.offers.rows.grouped(lambda offer: offer.vendor_id)

    def lock(self, touched: Touched, /) -> Sequence[ProductId]:
        """The products that the changes may show in another light, in the order of their ids."""
        offers = list(self._catalog.offers.find(touched.skus).values())
        offers += [offer for vendor_id in touched.vendor_ids for offer in self._offers_by_vendor.of(vendor_id)]
        found = set(self._catalog.products.find(touched.product_ids)) | {offer.product_id for offer in offers}
        if touched.category_ids:
            shown = self._exhibits.all().values()
            found |= {exhibit.product_id for exhibit in shown if not touched.category_ids.isdisjoint(exhibit.categories)}
        return sorted(found)

    def replace(self, product_ids: Iterable[ProductId], exhibits: Iterable[Exhibit], /) -> None:
        """Keep `exhibits` instead of whatever was kept of `product_ids`."""
        fresh = list(exhibits)
        self._exhibits.drop([_key(exhibit) for product_id in product_ids for exhibit in self._by_product.of(product_id)])
        self._exhibits.put(fresh)
        said = dict.fromkeys(word for exhibit in fresh for word, _ in exhibit.words)
        known = self._words.find(said)
        self._words.put(word for word in said if word not in known)

    def details(self, product_ids: Iterable[ProductId], /) -> Mapping[ProductId, ProductDetail]:
        """Those of the products that are published, with their live offers of vendors that may sell."""
        catalog = self._catalog
        found: dict[ProductId, ProductDetail] = {}
        for product in catalog.products.find(dict.fromkeys(product_ids)).values():
            if product.status is ProductStatus.PUBLISHED:
                path = catalog.categories.path(product.category_id)
                categories = catalog.categories.find(path)
                variants = {variant.id for variant in product.variants}
                live = [
                    each
                    for each in self._offers_by_product.of(product.id)
                    if each.status is OfferStatus.LIVE and each.variant_id in variants
                ]
                offers = sorted(live, key=lambda offer: offer.sku)
                vendors = catalog.vendors.find({offer.vendor_id for offer in offers})
                shown = [
                    self._on_show(offer, vendor) for offer in offers if (vendor := vendors.get(offer.vendor_id)) and vendor.may_sell
                ]
                found[product.id] = ProductDetail(product, tuple(categories[each] for each in path), tuple(shown))
        return found

    def page(self, query: ProductQuery, terms: Sequence[Term], /) -> ProductPage:
        """A page of the list that `query` asks for."""
        circle = {} if query.near is None else self._circle(query.near)
        listed: list[tuple[Place, int | None, Exhibit]] = []
        for exhibit in self._exhibits.all().values():
            metres = self._metres(exhibit, circle)
            counts = points(terms, dict(exhibit.words))
            if not exhibit.passes(query) or counts is None or (query.near is not None and metres is None):
                continue
            if query.in_stock and not self._in_stock(exhibit):
                continue
            listed.append((exhibit.place(query.order, points=counts, metres=metres or 0), metres, exhibit))
        down = query.order in DESCENDING
        listed.sort(key=lambda each: _order(each[0]), reverse=down)
        if query.after is not None:
            behind = _order(query.after)
            listed = [each for each in listed if (_order(each[0]) < behind if down else _order(each[0]) > behind)]
        cards = tuple(self._card(exhibit, metres) for _, metres, exhibit in listed[: query.limit])
        return ProductPage(cards, listed[query.limit - 1][0] if len(listed) > query.limit else None)

    def alike(self, words: Iterable[str], /) -> Mapping[str, Sequence[str]]:
        """Those of `words` that nothing known begins with, and for each the known words that share most trigrams with it."""
        known = self._words.all()
        unknown = [word for word in dict.fromkeys(words) if not any(each.startswith(word) for each in known)]
        return {word: _alike(word, known) for word in unknown}

    def categories(self) -> Sequence[tuple[Category, int]]:
        """Every category, and how many products are on show directly in it."""
        shown = Counter(each.categories[0] for each in self._exhibits.all().values() if each.main and each.categories)
        tree = self._catalog.categories.tree()
        return [(tree[each], shown[each]) for each in sorted(tree)]

    def _card(self, exhibit: Exhibit, metres: int | None) -> ProductCard:
        nearest = exhibit.categories[0] if exhibit.categories else None
        offers = len(exhibit.skus)
        return ProductCard(
            exhibit.product_id,
            exhibit.title,
            nearest,
            exhibit.price,
            offers,
            exhibit.vendor_ids,
            self._in_stock(exhibit),
            exhibit.changed_at,
            metres,
        )

    def _on_show(self, offer: Offer, vendor: Vendor) -> OfferOnShow:
        available = min(ENOUGH, self._available(offer.sku))
        return OfferOnShow(
            offer.sku, offer.variant_id, vendor.id, vendor.name, vendor.country, offer.price, offer.shipping, available
        )

    def _in_stock(self, exhibit: Exhibit) -> bool:
        return any(self._available(sku) > 0 for sku in exhibit.skus)

    def _available(self, sku: Sku) -> int:
        kit = self._catalog.kits.find([sku]).get(sku)
        if kit is not None:
            return min(self._units(part) // quantity for part, quantity in kit.components)
        return self._units(sku)

    def _units(self, sku: Sku) -> int:
        return sum(item.available for item in self._catalog.stock.levels([sku]))

    def _circle(self, near: Near) -> Mapping[LocationId, int]:
        """The locations in the circle, and how far each is."""
        found = {
            location.id: distance_metres(near.centre, location.coordinates)
            for location in self._catalog.locations.rows.all().values()
            if location.coordinates is not None
        }
        return {location_id: metres for location_id, metres in found.items() if metres <= near.radius_metres}

    def _metres(self, exhibit: Exhibit, circle: Mapping[LocationId, int]) -> int | None:
        """How far the nearest unit is; None where there is none in the circle."""
        items = self._catalog.stock.levels(exhibit.skus) if circle else ()
        return min((circle[item.location_id] for item in items if item.available and item.location_id in circle), default=None)


def _key(exhibit: Exhibit) -> tuple[ProductId, str]:
    return (exhibit.product_id, exhibit.price.currency.code)


def _order(place: Place) -> tuple[Any, ...]:
    return (*place.key, place.product_id)


def _alike(word: str, known: Iterable[str]) -> Sequence[str]:
    if not tolerance(word):
        return ()
    wanted = trigrams(word)
    counted = [(len(wanted & trigrams(each)), each) for each in known if abs(len(each) - len(word)) <= MAX_SLIPS]
    near = sorted((-shared, abs(len(each) - len(word)), each) for shared, each in counted if shared)
    return [each for _, _, each in near[:CANDIDATES]]

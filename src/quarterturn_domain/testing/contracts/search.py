"""What the port of search promises: lists in every order, page by page, and words however they are written."""

from __future__ import annotations

from typing import Any, Final

import pytest

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.search.card import ENOUGH
from quarterturn_domain.search.finding import FindProducts, ShowCategories, ShowProduct
from quarterturn_domain.search.ports import SearchWork
from quarterturn_domain.search.query import MAX_TEXT, Near, Place, ProductQuery, Sort
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.window import FurnishedShop, a_shown_product, move_product

_EUR: Final = Currency.of("EUR")
_USD: Final = Currency.of("USD")
_BERLIN: Final = Coordinates(52_520_000, 13_405_000)
_PARIS: Final = Coordinates(48_856_600, 2_352_200)
_NOW: Final = samples.moment(50)


class SearchContract(FurnishedShop):
    """What `ShopWindow` promises of lists, with the use cases that stand on it."""

    @pytest.mark.parametrize(
        ("case", "asked", "expected"),
        [
            ("everything", {}, [6, 5, 4, 3, 2, 1]),
            ("newest", {"sort": Sort.NEWEST}, [6, 5, 4, 3, 2, 1]),
            ("cheapest, currency by currency", {"sort": Sort.PRICE}, [4, 3, 2, 5, 1, 6]),
            ("dearest", {"sort": Sort.PRICE_DOWN}, [6, 1, 5, 2, 3, 4]),
            ("by title, whatever its case and accents", {"sort": Sort.TITLE}, [2, 3, 1, 6, 4, 5]),
            ("a category with what is below", {"category_id": samples.category_id(2)}, [6, 5, 2, 1]),
            ("a leaf, cheapest", {"category_id": samples.category_id(3), "sort": Sort.PRICE}, [1, 6]),
            ("a category that is not there", {"category_id": samples.category_id(9)}, []),
            ("a vendor's id that is asked for as a category", {"category_id": samples.vendor_id(1)}, []),
            ("a vendor", {"vendor_id": samples.vendor_id(2)}, [5, 3, 1]),
            ("a vendor in a category", {"vendor_id": samples.vendor_id(2), "category_id": samples.category_id(3)}, [1]),
            ("a country", {"country": "DE"}, [6, 2, 1]),
            ("a currency", {"currency": _USD}, [6, 1]),
            ("cheapest in a currency", {"currency": _USD, "sort": Sort.PRICE}, [1, 6]),
            ("from a price", {"minimum": Money(30_000, _EUR)}, [5, 2, 1]),
            ("up to a price", {"maximum": Money(30_000, _EUR), "sort": Sort.PRICE_DOWN}, [5, 2, 3, 4]),
            ("between prices", {"minimum": Money(4_000, _EUR), "maximum": Money(29_999, _EUR)}, [3]),
            ("in stock", {"in_stock": True}, [3, 2, 1]),
            (
                "in stock, of one vendor, by title",
                {"in_stock": True, "vendor_id": samples.vendor_id(1), "sort": Sort.TITLE},
                [2, 1],
            ),
            ("near", {"near": Near(_BERLIN, 50_000)}, [2, 1]),
            ("nearer", {"near": Near(_BERLIN, 10_000)}, [2]),
            ("far, and newest", {"near": Near(_BERLIN, 1_000_000), "sort": Sort.NEWEST}, [3, 2, 1]),
            ("near, with words", {"near": Near(_PARIS, 1_000), "text": "rower"}, [1, 3]),
        ],
        ids=str,
    )
    def test_lists(self, shop: Begin[SearchWork], case: str, asked: dict[str, Any], expected: list[int]) -> None:
        """Each filter narrows the list, each order orders it, and pages of any size are the list."""
        assert expected == self.found(shop, **asked), case

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("rower", [6, 1, 3]),
            ("ROWER", [6, 1, 3]),
            ("row", [6, 1, 3]),
            ("rower one", [1]),
            ("one rower", [1]),
            ("rwoer", [6, 1]),
            ("bench", [2, 1]),
            ("benhc", [2, 1]),
            ("ketlebel", [3]),
            ("kettlebells", [3]),
            ("rudergerat", [6, 1]),
            ("Rudergeräte", [6, 1]),
            ("ubungsbuch", [4]),
            ("strasse", [4]),
            ("oak", [6, 2, 1]),
            ("cafe iron", [1, 3]),
            ("iron", [6, 2, 1, 3]),
            ("跑步机", [5]),
            ("折", [5]),
            ("rower nothing", []),
            ("xyzzyxyzzy", []),
            ("rwo", []),
            ("& | ! ( ) <-> :*", []),
            ("'rower':* & !bench", [1]),
            ("   ", []),
            ("", []),
            ("w\u0308" * 100, []),
            ("a " * 100, [1]),
        ],
        ids=ascii,
    )
    def test_words(self, shop: Begin[SearchWork], text: str, expected: list[int]) -> None:
        """Words are found whole, as beginnings and misspelled, in whatever script, the best first; signs mean nothing."""
        assert expected == self.found(shop, text=text)

    @pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.PRICE, Sort.TITLE])
    def test_words_in_another_order(self, shop: Begin[SearchWork], sort: Sort) -> None:
        """What is found by its words can be listed in any order."""
        expected = {Sort.NEWEST: [6, 3, 1], Sort.PRICE: [3, 1, 6], Sort.TITLE: [3, 1, 6]}
        assert expected[sort] == self.found(shop, text="rower", sort=sort)

    @pytest.mark.parametrize(
        ("case", "query"),
        [
            ("no rows", ProductQuery(limit=0)),
            ("too many rows", ProductQuery(limit=101)),
            ("relevance of nothing", ProductQuery(sort=Sort.RELEVANCE)),
            ("distance from nowhere", ProductQuery(sort=Sort.DISTANCE)),
            ("ten thousand words", ProductQuery(text="word " * 10_000)),
            ("one letter too much", ProductQuery(text="a" * (MAX_TEXT + 1))),
            ("NUL", ProductQuery(text="row\0er")),
            ("half a surrogate pair", ProductQuery(text="row\ud800er")),
            ("prices of two currencies", ProductQuery(minimum=Money(1, _EUR), maximum=Money(1, _USD))),
            ("a price of another currency", ProductQuery(minimum=Money(1, _EUR), currency=_USD)),
            ("a price that nothing could have", ProductQuery(minimum=Money(2**63, _EUR))),
            ("beyond the pole", ProductQuery(near=Near(Coordinates(90_000_001, 0), 1))),
            ("no radius", ProductQuery(near=Near(_BERLIN, 0))),
            ("around the Earth", ProductQuery(near=Near(_BERLIN, 20_015_117))),
            ("a place of another order", ProductQuery(after=Place(Sort.PRICE, ("EUR", 1), samples.product_id(1)))),
            ("a place without its key", ProductQuery(sort=Sort.PRICE, after=Place(Sort.PRICE, (), samples.product_id(1)))),
            ("a key too great", ProductQuery(sort=Sort.PRICE, after=Place(Sort.PRICE, ("EUR", 2**63), samples.product_id(1)))),
            ("a key with NUL", ProductQuery(sort=Sort.TITLE, after=Place(Sort.TITLE, ("\0",), samples.product_id(1)))),
            ("a truth as number", ProductQuery(sort=Sort.PRICE, after=Place(Sort.PRICE, ("EUR", True), samples.product_id(1)))),
        ],
        ids=str,
    )
    def test_nonsense_is_refused(self, shop: Begin[SearchWork], case: str, query: ProductQuery) -> None:
        """A question that makes no sense is `Invalid`."""
        with pytest.raises(Invalid):
            FindProducts(shop)(query)
        assert case

    def test_a_card_says_what_a_list_shows(self, shop: Begin[SearchWork]) -> None:
        """A card has the lowest price of one currency, how many offers there are in it, of whom, and how far away a unit is."""
        near = FindProducts(shop)(ProductQuery(near=Near(_BERLIN, 50_000), currency=_EUR)).cards
        bench, rower = near
        assert (0, 27_191) == (bench.distance_metres, rower.distance_metres)
        expected = (samples.product_id(1), "Rower one", samples.category_id(3), Money(85_000, _EUR), 2, True, _NOW)
        seen = (rower.product_id, rower.title, rower.category_id, rower.price, rower.offers, rower.in_stock, rower.changed_at)
        assert expected == seen
        assert (samples.vendor_id(1), samples.vendor_id(2)) == rower.vendor_ids
        dollars = FindProducts(shop)(ProductQuery(currency=_USD)).cards[1]
        assert (Money(1, _USD), 1, False, None) == (dollars.price, dollars.offers, dollars.in_stock, dollars.distance_metres)

    def test_a_product_in_detail(self, shop: Begin[SearchWork]) -> None:
        """A product comes with its categories up to the root and its live offers, of many units only that there are enough."""
        rower = ShowProduct(shop)(samples.product_id(1))
        assert [] == differences(a_shown_product(1), rower.product)
        assert [samples.category_id(n) for n in (3, 2, 1)] == [category.id for category in rower.categories]
        assert [("ROW-1", 3), ("ROW-1-fr", 1), ("ROW-1-us", 0)] == [(offer.sku, offer.available) for offer in rower.offers]
        first = rower.offers[0]
        assert ("Iron & Öak", "DE", Money(90_000, _EUR)) == (first.vendor_name, first.vendor_country, first.price)
        assert [ENOUGH] == [offer.available for offer in ShowProduct(shop)(samples.product_id(2)).offers]

    def test_what_is_not_published_is_not_there(self, shop: Begin[SearchWork]) -> None:
        """A product that is no longer published, or never was there, is `NotFound`."""
        move_product(shop, 1, "withdraw")
        for n in (1, 19):
            with pytest.raises(NotFound):
                ShowProduct(shop)(samples.product_id(n))

    def test_categories_are_counted_with_what_is_below(self, shop: Begin[SearchWork]) -> None:
        """The tree says of each category how many products are on show in it and below."""
        fitness, books = ShowCategories(shop)()
        assert ("Fitness", 5, "Bücher", 1) == (fitness.category.name, fitness.products, books.category.name, books.products)
        (endurance,) = fitness.children
        assert (4, [2]) == (endurance.products, [each.products for each in endurance.children])

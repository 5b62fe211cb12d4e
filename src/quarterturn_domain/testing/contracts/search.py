"""What the port of search promises: the shop window shows what the catalog says, and lists it in every order, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import pytest

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer
from quarterturn_domain.catalog.product import Product, Variant
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin, Reactions
from quarterturn_domain.search.card import ENOUGH, ProductCard, ProductPage
from quarterturn_domain.search.dressing import DRESSED, DressWindow, dress
from quarterturn_domain.search.finding import FindProducts, ShowCategories, ShowProduct
from quarterturn_domain.search.ports import SearchWork
from quarterturn_domain.search.query import MAX_TEXT, Near, Place, ProductQuery, Sort
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import PATIENCE_SECONDS, DatabaseContract, another_thread, moment_for_others
from quarterturn_domain.testing.contracts.equality import differences

_EUR: Final = Currency.of("EUR")
_USD: Final = Currency.of("USD")
_BERLIN: Final = Coordinates(52_520_000, 13_405_000)
_POTSDAM: Final = Coordinates(52_390_600, 13_064_500)
_PARIS: Final = Coordinates(48_856_600, 2_352_200)
_NOW: Final = samples.moment(50)

# Vendors 1 (in Berlin and Potsdam), 2 (in Paris) and 3 (nowhere); categories 1 > 2 > 3, and 4 apart.
_VENDORS: Final = (("Iron & Öak", "DE"), ("Café Sport", "FR"), ("Nulle part", "FR"))
_CATEGORIES: Final = (("Fitness", None), ("Ausdauer", 1), ("Rudergeräte", 2), ("Bücher", None))
_PRODUCTS: Final = (
    ("Rower one", "A quiet machine with a bench.", 3),
    ("Bench press", "Iron, for the gym.", 2),
    ("Kettlebell", "Cast iron, 16 kg. Also for rowers.", 1),
    ("Übungsbuch für Ruderer", "Straße, Tür & Tor", 4),
    ("折叠跑步机", "安静", 2),
    ("rower two", "", 3),
)
# SKU, vendor, product, minor units, currency.
_OFFERS: Final = (
    ("ROW-1", 1, 1, 90_000, _EUR),
    ("ROW-1-fr", 2, 1, 85_000, _EUR),
    ("ROW-1-us", 2, 1, 1, _USD),
    ("BENCH", 1, 2, 30_000, _EUR),
    ("KETTLE", 2, 3, 4_000, _EUR),
    ("BOOK", 3, 4, 2_500, _EUR),
    ("TREAD", 2, 5, 30_000, _EUR),
    ("ROW-2", 1, 6, 120_000, _USD),
)


def _products(page: ProductPage) -> list[int]:
    """The numbers of the products of a page."""
    return [next(n for n in range(1, 20) if samples.product_id(n) == card.product_id) for card in page.cards]


class SearchContract(DatabaseContract):
    """What `ShopWindow` promises, with the use cases that stand on it."""

    def furnish(self, work: SearchWork) -> None:
        """Keep vendors, categories, products, offers and locations; nothing is on show yet."""
        work.vendors.add(
            attrs.evolve(samples.a_vendor(n), owner_id=None, name=name, country=country)
            for n, (name, country) in enumerate(_VENDORS, start=1)
        )
        work.categories.add(
            Category(samples.category_id(n), name, None if parent is None else samples.category_id(parent), n)
            for n, (name, parent) in enumerate(_CATEGORIES, start=1)
        )
        work.products.add(map(_product, range(1, len(_PRODUCTS) + 1)))
        work.offers.add(map(_offer, range(len(_OFFERS))))
        for n, vendor, where in ((1, 1, _BERLIN), (2, 1, _POTSDAM), (3, 2, _PARIS), (4, 3, None)):
            work.locations.add([Location(samples.location_id(n), samples.vendor_id(vendor), f"Lager {n}", n, where)])

    @pytest.fixture
    def shop(self, db: Begin[SearchWork]) -> Begin[SearchWork]:
        """The furnished database, with its window dressed and some stock."""
        assert len(_PRODUCTS) == DressWindow(db)(at=_NOW)
        for sku, location, quantity in (("ROW-1", 2, 3), ("ROW-1-fr", 3, 1), ("BENCH", 1, ENOUGH + 1), ("KETTLE", 3, 2)):
            receive(db, Sku(sku), location, quantity)
        return Reactions(db, [(DRESSED, dress)])

    def found(self, shop: Begin[SearchWork], **asked: Any) -> list[int]:
        """The numbers of the products that a question finds, in order, the same in pages of every size."""
        find = FindProducts(shop)
        whole = find(ProductQuery(**asked, limit=100))
        assert whole.next is None
        for limit in (1, 2, 5):
            pages: list[ProductCard] = []
            after: Place | None = None
            while True:
                page = find(ProductQuery(**asked, limit=limit, after=after))
                pages += page.cards
                after = page.next
                if after is None:
                    break
                assert limit == len(page.cards), "a page that another one follows is full"
            assert [] == differences(list(whole.cards), pages)
        return _products(whole)

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
        assert [] == differences(_product(1), rower.product)
        assert [samples.category_id(n) for n in (3, 2, 1)] == [category.id for category in rower.categories]
        assert [("ROW-1", 3), ("ROW-1-fr", 1), ("ROW-1-us", 0)] == [(offer.sku, offer.available) for offer in rower.offers]
        first = rower.offers[0]
        assert ("Iron & Öak", "DE", Money(90_000, _EUR)) == (first.vendor_name, first.vendor_country, first.price)
        assert [ENOUGH] == [offer.available for offer in ShowProduct(shop)(samples.product_id(2)).offers]

    def test_what_is_not_published_is_not_there(self, shop: Begin[SearchWork]) -> None:
        """A product that is no longer published, or never was there, is `NotFound`."""
        _move_product(shop, 1, "withdraw")
        for n in (1, 19):
            with pytest.raises(NotFound):
                ShowProduct(shop)(samples.product_id(n))

    def test_categories_are_counted_with_what_is_below(self, shop: Begin[SearchWork]) -> None:
        """The tree says of each category how many products are on show in it and below."""
        fitness, books = ShowCategories(shop)()
        assert ("Fitness", 5, "Bücher", 1) == (fitness.category.name, fitness.products, books.category.name, books.products)
        (endurance,) = fitness.children
        assert (4, [2]) == (endurance.products, [each.products for each in endurance.children])

    @pytest.mark.parametrize(
        ("case", "act", "expected"),
        [
            ("a product is withdrawn", lambda shop: _move_product(shop, 6, "withdraw"), [5, 4, 3, 2, 1]),
            ("its last offer is paused", lambda shop: _move_offer(shop, "ROW-2", "pause"), [5, 4, 3, 2, 1]),
            ("one of several offers is withdrawn", lambda shop: _move_offer(shop, "ROW-1", "withdraw"), [6, 5, 4, 3, 2, 1]),
            ("a vendor is suspended", lambda shop: _move_vendor(shop, 2, "suspend"), [6, 4, 2, 1]),
            (
                "a vendor is suspended and reinstated",
                lambda shop: _move_vendor(shop, 2, "suspend", "reinstate"),
                [6, 5, 4, 3, 2, 1],
            ),
        ],
        ids=str,
    )
    def test_the_window_follows(
        self, shop: Begin[SearchWork], case: str, act: Callable[[Begin[SearchWork]], None], expected: list[int]
    ) -> None:
        """What changes in the catalog or with a vendor is in every list from that transaction on."""
        act(shop)
        assert expected == self.found(shop), case
        assert sorted(expected) == sorted(self.found(shop, sort=Sort.PRICE)), case

    def test_a_price_is_followed(self, shop: Begin[SearchWork]) -> None:
        """A new price is on the card and in the order, from its transaction on."""
        _reprice(shop, "BOOK", 1_000_000)
        page = FindProducts(shop)(ProductQuery(sort=Sort.PRICE_DOWN, currency=_EUR))
        assert 4 == _products(page)[0]
        assert (Money(1_000_000, _EUR), samples.moment(60)) == (page.cards[0].price, page.cards[0].changed_at)

    def test_a_category_that_moves_takes_its_products_along(self, shop: Begin[SearchWork]) -> None:
        """Where a category stands and what it is called is what its products are found by."""
        with shop() as work:
            tree = work.categories.tree()
            moved, fact = Category.place(
                Category(samples.category_id(3), "Boote", samples.category_id(4), 3), tree, at=samples.moment(60)
            )
            work.categories.save([moved])
            work.outbox.append([fact])
        assert [6, 4, 1] == self.found(shop, category_id=samples.category_id(4))
        assert [5, 2] == self.found(shop, category_id=samples.category_id(2))
        assert [6, 1] == self.found(shop, text="boote")
        assert [] == self.found(shop, text="rudergerate")

    def test_what_is_rolled_back_was_never_on_show(self, shop: Begin[SearchWork]) -> None:
        """A unit of work that fails leaves the window as it was."""
        with pytest.raises(NotFound), shop() as work:
            dress(work, [_product(1).move("withdraw", at=_NOW)[1]])
            work.shop_window.replace([samples.product_id(1)], [])
            raise NotFound("product", "1")
        assert [6, 5, 4, 3, 2, 1] == self.found(shop)

    def test_a_sale_is_seen_at_once(self, shop: Begin[SearchWork]) -> None:
        """Whether there is stock is read from the stock: what was sold is out of stock, and near nobody."""
        receive(shop, Sku("ROW-1"), 2, -3)
        assert [3, 2, 1] == self.found(shop, in_stock=True)
        assert [2] == self.found(shop, near=Near(_BERLIN, 50_000))
        receive(shop, Sku("ROW-1-fr"), 3, -1)
        assert [3, 2] == self.found(shop, in_stock=True)

    def test_changes_at_once_are_all_on_show(self, shop: Begin[SearchWork]) -> None:
        """Two offers of a product that are repriced at once, each in its transaction, are both on show with their new prices."""
        with another_thread() as run:
            with shop() as work:
                dress(work, _repriced(work, "ROW-1", 80_000))
                other = run(lambda: _reprice(shop, "ROW-1-fr", 70_000))
                moment_for_others(other)
            other.result(PATIENCE_SECONDS)
        (card,) = FindProducts(shop)(ProductQuery(category_id=samples.category_id(3), currency=_EUR)).cards
        assert Money(70_000, _EUR) == card.price

    @pytest.mark.parametrize("first", ["the vendor is suspended", "the offer is made"])
    def test_a_vendor_that_is_suspended_meanwhile_is_not_on_show(self, shop: Begin[SearchWork], first: str) -> None:
        """Whichever commits first, an offer that comes while its vendor goes is not on show."""

        def suspended(work: SearchWork) -> None:
            vendor, fact = work.vendors.lock([samples.vendor_id(3)])[samples.vendor_id(3)].move("suspend", at=_NOW)
            work.vendors.save([vendor])
            dress(work, [fact])

        def offered(work: SearchWork) -> None:
            made = attrs.evolve(_offer(5), sku=Sku("NEW"), product_id=samples.product_id(6), variant_id=samples.variant_id(6))
            offer, fact = Offer.make(made, at=_NOW)
            work.offers.add([offer])
            dress(work, [fact])

        def alone(act: Callable[[SearchWork], None]) -> None:
            with shop() as work:
                act(work)

        one, two = (suspended, offered) if first == "the vendor is suspended" else (offered, suspended)
        with another_thread() as run:
            with shop() as work:
                one(work)
                other = run(lambda: alone(two))
                moment_for_others(other)
            other.result(PATIENCE_SECONDS)
        assert [] == self.found(shop, vendor_id=samples.vendor_id(3))
        assert [6, 5, 3, 2, 1] == self.found(shop)

    def test_a_kit_is_in_stock_when_its_components_are(self, shop: Begin[SearchWork]) -> None:
        """Of a kit as many are available as its components make, and it lies nowhere."""
        with shop() as work:
            work.kits.add([Kit(Sku("ROW-2"), ((Sku("BENCH"), 2), (Sku("KETTLE"), 1)))])
        assert [6, 3, 2, 1] == self.found(shop, in_stock=True)
        assert [2] == [offer.available for offer in ShowProduct(shop)(samples.product_id(6)).offers]
        assert 6 not in self.found(shop, near=Near(_BERLIN, 20_000_000))

    def test_the_circle_may_lie_across_the_date_line(self, shop: Begin[SearchWork]) -> None:
        """What is near is near on a sphere, whichever side of the date line it lies on."""
        with shop() as work:
            fiji = Coordinates(-17_000_000, 179_999_000)
            work.locations.add([Location(samples.location_id(9), samples.vendor_id(3), "Fiji", 1, fiji)])
        receive(shop, Sku("BOOK"), 9, 1)
        (card,) = FindProducts(shop)(ProductQuery(near=Near(Coordinates(-17_000_000, -179_999_000), 1_000))).cards
        assert (samples.product_id(4), 213) == (card.product_id, card.distance_metres)


def _product(n: int) -> Product:
    title, description, category = _PRODUCTS[n - 1]
    product = Product(
        samples.product_id(n),
        title,
        description,
        samples.category_id(category),
        (Variant(samples.variant_id(n), ""),),
        None,
    )
    return product.move("publish", at=_NOW)[0]


def _offer(n: int) -> Offer:
    sku, vendor, product, minor, unit = _OFFERS[n]
    ids = (samples.vendor_id(vendor), samples.product_id(product), samples.variant_id(product))
    return Offer(Sku(sku), *ids, Money(minor, unit), Money.zero(unit))


def receive(begin: Begin[Any], sku: Sku, location: int, quantity: int) -> None:
    """Let units of a SKU come to, or go from, the `location`-th location."""
    with begin() as work:
        allocation = Allocation(work.stock.lock([sku]))
        cause = f"movement:{sku}/{location}/{quantity}"
        kind = MovementKind.ADJUSTMENT
        movement = Movement(cause, sku, samples.location_id(location), kind, quantity, "counted", "somebody", _NOW)
        allocation.move(movement, priority=location)
        work.stock.record(allocation)


def _repriced(work: SearchWork, sku: str, minor: int) -> list[Event]:
    (offer,) = work.offers.lock([Sku(sku)]).values()
    after, fact = offer.reprice(Money(minor, offer.price.currency), offer.shipping, at=samples.moment(60))
    work.offers.save([after])
    return [fact]


def _reprice(shop: Begin[SearchWork], sku: str, minor: int) -> None:
    with shop() as work:
        work.outbox.append(_repriced(work, sku, minor))


def _move_product(shop: Begin[SearchWork], n: int, act: str) -> None:
    with shop() as work:
        product, fact = work.products.lock([samples.product_id(n)])[samples.product_id(n)].move(act, at=_NOW)
        work.products.save([product])
        work.outbox.append([fact])


def _move_offer(shop: Begin[SearchWork], sku: str, act: str) -> None:
    with shop() as work:
        offer, fact = work.offers.lock([Sku(sku)])[Sku(sku)].move(act, at=_NOW)
        work.offers.save([offer])
        work.outbox.append([fact])


def _move_vendor(shop: Begin[SearchWork], n: int, *acts: str) -> None:
    for act in acts:
        with shop() as work:
            vendor, fact = work.vendors.lock([samples.vendor_id(n)])[samples.vendor_id(n)].move(act, at=_NOW)
            work.vendors.save([vendor])
            work.outbox.append([fact])

"""What the shop window promises: whatever changes in the catalog is on show with the commit, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import pytest

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer
from quarterturn_domain.catalog.product import Product, Variant
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import Sku, VariantId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin, Reactions
from quarterturn_domain.search.card import ENOUGH, ProductCard, ProductPage
from quarterturn_domain.search.dressing import DRESSED, DressWindow, dress
from quarterturn_domain.search.finding import FindProducts, ShowProduct
from quarterturn_domain.search.ports import SearchWork
from quarterturn_domain.search.query import Near, Place, ProductQuery, Sort
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


def shown(page: ProductPage) -> list[int]:
    """The numbers of the products of a page."""
    return [next(n for n in range(1, 20) if samples.product_id(n) == card.product_id) for card in page.cards]


class FurnishedShop(DatabaseContract):
    """A shop of six products, three vendors and three places, which contracts look at."""

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
        work.products.add(map(a_shown_product, range(1, len(_PRODUCTS) + 1)))
        work.offers.add(map(an_offer_on_show, range(len(_OFFERS))))
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
        return shown(whole)


class WindowContract(FurnishedShop):
    """What `ShopWindow` promises of changes, with the use cases that stand on it."""

    @pytest.mark.parametrize(
        ("case", "act", "expected"),
        [
            ("a product is withdrawn", lambda shop: move_product(shop, 6, "withdraw"), [5, 4, 3, 2, 1]),
            ("its last offer is paused", lambda shop: move_offer(shop, "ROW-2", "pause"), [5, 4, 3, 2, 1]),
            ("one of several offers is withdrawn", lambda shop: move_offer(shop, "ROW-1", "withdraw"), [6, 5, 4, 3, 2, 1]),
            ("its only variant is another one", lambda shop: vary(shop, 6, samples.variant_id(7)), [5, 4, 3, 2, 1]),
            ("a vendor is suspended", lambda shop: move_vendor(shop, 2, "suspend"), [6, 4, 2, 1]),
            (
                "a vendor is suspended and reinstated",
                lambda shop: move_vendor(shop, 2, "suspend", "reinstate"),
                [6, 5, 4, 3, 2, 1],
            ),
        ],
        ids=lambda each: each if isinstance(each, str) else "",
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
        reprice(shop, "BOOK", 1_000_000)
        page = FindProducts(shop)(ProductQuery(sort=Sort.PRICE_DOWN, currency=_EUR))
        assert 4 == shown(page)[0]
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
            dress(work, [a_shown_product(1).move("withdraw", at=_NOW)[1]])
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
                dress(work, repriced(work, "ROW-1", 80_000))
                other = run(lambda: reprice(shop, "ROW-1-fr", 70_000))
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
            made = attrs.evolve(
                an_offer_on_show(5), sku=Sku("NEW"), product_id=samples.product_id(6), variant_id=samples.variant_id(6)
            )
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


def a_shown_product(n: int) -> Product:
    """The product with this number."""
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


def an_offer_on_show(n: int) -> Offer:
    """The offer at this place of the table."""
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


def repriced(work: SearchWork, sku: str, minor: int) -> list[Event]:
    """Put another price on an offer; the facts."""
    (offer,) = work.offers.lock([Sku(sku)]).values()
    after, fact = offer.reprice(Money(minor, offer.price.currency), offer.shipping, at=samples.moment(60))
    work.offers.save([after])
    return [fact]


def reprice(shop: Begin[SearchWork], sku: str, minor: int) -> None:
    """The same, in a unit of work of its own."""
    with shop() as work:
        work.outbox.append(repriced(work, sku, minor))


def move_product(shop: Begin[SearchWork], n: int, act: str) -> None:
    """Publish, withdraw or archive a product."""
    with shop() as work:
        product, fact = work.products.lock([samples.product_id(n)])[samples.product_id(n)].move(act, at=_NOW)
        work.products.save([product])
        work.outbox.append([fact])


def vary(shop: Begin[SearchWork], n: int, variant_id: VariantId) -> None:
    """Describe a product anew, with this variant instead of those that it has."""
    with shop() as work:
        before = work.products.lock([samples.product_id(n)])[samples.product_id(n)]
        product, fact = Product.describe(attrs.evolve(before, variants=(Variant(variant_id, ""),)), at=_NOW)
        work.products.save([product])
        work.outbox.append([fact])


def move_offer(shop: Begin[SearchWork], sku: str, act: str) -> None:
    """Pause, resume or withdraw an offer."""
    with shop() as work:
        offer, fact = work.offers.lock([Sku(sku)])[Sku(sku)].move(act, at=_NOW)
        work.offers.save([offer])
        work.outbox.append([fact])


def move_vendor(shop: Begin[SearchWork], n: int, *acts: str) -> None:
    """Suspend, reinstate or otherwise move a vendor."""
    for act in acts:
        with shop() as work:
            vendor, fact = work.vendors.lock([samples.vendor_id(n)])[samples.vendor_id(n)].move(act, at=_NOW)
            work.vendors.save([vendor])
            work.outbox.append([fact])

"""Finding by example: what the use cases put on offer is found at once, and what is sold out is told from it."""

from __future__ import annotations

from uuid import UUID

import attrs
import pytest
from tests.unit.ordering.shops import BASKET, TWO_VENDORS, after

from quarterturn_adapters.bootstrap import Application
from quarterturn_domain.catalog.offering import MoveOffer, RepriceOffer
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import LocationId, Sku
from quarterturn_domain.search.query import ProductQuery, Sort
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.receiving import OpenLocation
from quarterturn_domain.testing.lives import LivingShop
from quarterturn_domain.testing.strategies import VENDORS


def app(living: LivingShop) -> Application:
    """Every use case of the shop."""
    assert isinstance(living.shop, Application)
    return living.shop


def prices(living: LivingShop, query: ProductQuery) -> list[str]:
    """The lowest prices of the products that are found."""
    return [str(card.price) for card in app(living).find_products(query).cards]


def test_what_is_offered_is_found() -> None:
    """Offers that were made by the use cases are on show, without any further step."""
    living = after()
    assert sorted(str(goods.price) for goods in TWO_VENDORS) == sorted(prices(living, ProductQuery()))
    assert len(TWO_VENDORS) == sum(node.products for node in app(living).category_tree())


def test_a_new_price_is_found_at_once() -> None:
    """A price that a vendor changes is the price of the list, and an offer that is paused is in none."""
    living = after()
    vendor, goods = VENDORS[0], TWO_VENDORS[0]
    double = goods.price + goods.price
    reprice = RepriceOffer(sku=Sku("A-01"), vendor_id=vendor, price=double, shipping=goods.shipping, at=living.now)
    app(living).change_offers([reprice])
    assert str(double) in prices(living, ProductQuery(minimum=double, sort=Sort.PRICE))
    app(living).change_offers([MoveOffer(sku=Sku("A-01"), vendor_id=vendor, act="pause", at=living.now)])
    assert [] == prices(living, ProductQuery(minimum=double))


def test_a_checkout_changes_availability_and_no_card() -> None:
    """What is reserved is not available, though nothing of the window is written by a sale."""
    fresh, sold = after(), after(BASKET)
    before, behind = (app(living).find_products(ProductQuery()).cards for living in (fresh, sold))
    assert before == behind
    scarce = tuple(attrs.evolve(goods, on_hand=2) if goods.sku == "A-01" else goods for goods in TWO_VENDORS)
    emptied = after(BASKET, goods=scarce)
    assert len(before) - 1 == len(app(emptied).find_products(ProductQuery(in_stock=True)).cards)


@pytest.mark.parametrize(
    ("case", "latitude", "longitude", "refused"),
    [
        ("at the pole", 90_000_000, 0, False),
        ("on the date line", 0, -180_000_000, False),
        ("beyond the pole", -90_000_001, 0, True),
        ("beyond the date line", 0, 180_000_001, True),
    ],
)
def test_a_location_is_on_earth(case: str, latitude: int, longitude: int, refused: bool) -> None:
    """A location may say where it is, in microdegrees; what is not on Earth is `Invalid`."""
    living = after()
    where = Coordinates(latitude, longitude)
    command = OpenLocation(location_id=LocationId(UUID(int=7)), vendor_id=VENDORS[0], name="Pole", coordinates=where, at=living.now)
    (outcome,) = app(living).open_locations([command])
    if refused:
        assert isinstance(outcome, Invalid), case
    else:
        assert Location(LocationId(UUID(int=7)), VENDORS[0], "Pole", 0, where) == outcome, case

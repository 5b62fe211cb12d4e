"""Reading by example: a statement in pages is the statement, and nobody reads what is another one's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

import pytest
from tests.unit.ordering.shops import BASKET, NOW, after

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.zones import days_of
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.ids import AccountId, OrderId, PayoutId, ProductId, ReturnId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.statement import VendorLine
from quarterturn_domain.testing.strategies import VENDORS
from quarterturn_domain.testing.strategies.lives import Onward, Pass, Refund, Step, Work

DELIVERED: Final[tuple[Step, ...]] = (BASKET, *[Onward(0)] * 5)
REFUNDED: Final[tuple[Step, ...]] = (BASKET, Onward(1), Refund(1), Work("relay"))
PAID_OUT: Final[tuple[Step, ...]] = (Pass(timedelta(days=7)), Work("release"), Work("pay_out"))
LATER: Final = NOW + timedelta(days=400)
STRANGER: Final = UUID(int=77)


@pytest.fixture(scope="module")
def shop() -> Application:
    """A shop with two orders, of which one was refunded and one paid out."""
    living = after(*DELIVERED, *REFUNDED, *PAID_OUT)
    assert isinstance(living.shop, Application)
    return living.shop


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_statement_in_pages_is_the_statement(shop: Application, limit: int) -> None:
    """Pages of any size have the lines of the whole, each page opens where the one before has closed, and balances run on."""
    books = shop.read_books
    for vendor_id in VENDORS[:2]:
        whole = books.statement(vendor_id, EUR, NOW - timedelta(days=1), LATER)
        lines: list[VendorLine] = []
        page = books.statement_page(vendor_id, EUR, NOW - timedelta(days=1), LATER, limit=limit)
        assert whole.opening == page.opening
        while True:
            running = page.opening
            for line, balance in zip(page.lines, page.balances, strict=True):
                running += line.net
                assert running == balance
            assert running == page.closing
            lines += page.lines
            if page.following is None:
                break
            before, page = page, books.statement_page(vendor_id, EUR, NOW - timedelta(days=1), LATER, page.following, limit)
            assert before.closing == page.opening
        assert whole.lines == tuple(lines)
        assert whole.closing == page.closing
        assert len(lines) > 3


def test_a_vendor_sees_its_own_and_nothing_else(shop: Application) -> None:
    """Lists that start from a vendor have something for who has a part, and nothing for a stranger."""
    stranger = VendorId(STRANGER)
    lists: list[Callable[[VendorId], int]] = [
        lambda vendor_id: len(shop.read_orders.of_vendor(vendor_id, None, 9)),
        lambda vendor_id: len(shop.read_payments.refunds_of_vendor(vendor_id, None, 9)),
        lambda vendor_id: len(shop.read_payouts.of_vendor(vendor_id, None, 9)),
        lambda vendor_id: len(shop.read_catalog.offers_of_vendor(vendor_id, None, 9)),
        lambda vendor_id: len(shop.read_stock.locations_of_vendor(vendor_id, None, 9)),
        lambda vendor_id: len(shop.read_stock.levels_of_vendor(vendor_id, None, 9)),
        lambda vendor_id: len(shop.read_books.entries_of_vendor(vendor_id, None, 9)),
    ]
    for number, each in enumerate(lists):
        assert all(each(vendor_id) for vendor_id in VENDORS[:2]), number
        assert 0 == each(stranger), number
    for refund in shop.read_payments.refunds_of_vendor(VENDORS[0], None, 9):
        _, part = shop.read_orders.order_of_vendor(VENDORS[0], refund.order_id)
        assert {line.line for line in refund.lines} <= {line.number for line in part.lines}
        assert refund.amount < shop.read_payments.refund(refund.id).amount


def test_what_is_another_ones_is_not_found(shop: Application) -> None:
    """Who asks for what is somebody else's hears the same as who asks for what there is not."""
    vendor, buyer = VendorId(STRANGER), AccountId(STRANGER)
    order = shop.read_orders.page(None, 1)[0]
    payout = shop.read_payouts.page(None, 1)[0]
    offer = shop.read_catalog.offers_of_vendor(VENDORS[0], None, 1)[0]
    tries: list[Callable[[], object]] = [
        lambda: shop.read_orders.order_of_vendor(vendor, order.id),
        lambda: shop.read_orders.order_of_buyer(buyer, order.id),
        lambda: shop.read_orders.returns_of_buyer(buyer, order.id),
        lambda: shop.read_orders.order(OrderId(STRANGER)),
        lambda: shop.read_orders.returns_of_order(OrderId(STRANGER)),
        lambda: shop.read_orders.return_of_vendor(vendor, ReturnId(STRANGER)),
        lambda: shop.read_payments.of_buyer(buyer, order.id),
        lambda: shop.read_payments.refunds_of_buyer(buyer, order.id),
        lambda: shop.read_payouts.payout_of_vendor(vendor, payout.id),
        lambda: shop.read_payouts.payout(PayoutId(STRANGER)),
        lambda: shop.read_catalog.offer_of_vendor(vendor, offer.sku),
        lambda: shop.read_catalog.product_of_vendor(vendor, offer.product_id),
        lambda: shop.read_catalog.product(ProductId(STRANGER)),
        lambda: shop.read_stock.movements_of_vendor(vendor, offer.sku, 0, 9),
        lambda: shop.read_books.entry(10**9),
        lambda: shop.read_books.entry(0),
    ]
    for number, each in enumerate(tries):
        with pytest.raises(NotFound):
            pytest.fail(f"{number}: {each()}")
    assert shop.read_stock.movements_of_vendor(VENDORS[0], offer.sku, 0, 9)
    assert shop.read_books.entry(1).number == 1


def test_sales_of_a_day(shop: Application) -> None:
    """Two orders of 169.80, one of which was refunded whole: on one day, with a commission of 16.00 each."""
    days = days_of(NOW.date(), NOW.date() + timedelta(days=1))
    (day,) = shop.read_insights.by_day(days)
    assert (days.since, 2, 6) == (day.begins_at, day.sales.orders, day.sales.units)
    assert (Money(33_960, EUR), Money(16_980, EUR), Money(3_200, EUR)) == (day.sales.gross, day.sales.net, day.sales.commission)
    refunded = shop.read_insights.refunded(days)[EUR]
    assert (2, 1, 1, "50%") == (refunded.orders, refunded.orders_refunded, refunded.refunds, str(refunded.rate))


@pytest.mark.parametrize(
    ("case", "first", "last", "zone", "hours"),
    [
        ("in UTC", date(2026, 3, 28), date(2026, 3, 29), "UTC", (24, 24)),
        ("clocks go forward", date(2026, 3, 28), date(2026, 3, 29), "Europe/Berlin", (24, 23)),
        ("clocks go back", date(2026, 10, 25), date(2026, 10, 26), "Europe/Berlin", (25, 24)),
    ],
)
def test_days_of_a_place(case: str, first: date, last: date, zone: str, hours: tuple[int, ...]) -> None:
    """A day begins at midnight of the place, and is as long as its clocks say."""
    bounds = days_of(first, last, zone).bounds
    assert hours == tuple((later - earlier) // timedelta(hours=1) for earlier, later in pairwise(bounds)), case


@pytest.mark.parametrize(
    ("case", "first", "last", "zone"),
    [
        ("no such place", date(2026, 1, 1), date(2026, 1, 2), "Europe/Nowhere"),
        ("a path", date(2026, 1, 1), date(2026, 1, 2), "../../etc/passwd"),
        ("nothing", date(2026, 1, 1), date(2026, 1, 2), ""),
        ("backwards", date(2026, 1, 2), date(2026, 1, 1), "UTC"),
        ("too many", date(2000, 1, 1), date(2026, 1, 1), "UTC"),
        ("the end of time", date(9999, 12, 30), date(9999, 12, 31), "UTC"),
    ],
)
def test_days_that_make_no_sense(case: str, first: date, last: date, zone: str) -> None:
    """A time zone that nobody knows and days that are none are `Invalid`."""
    with pytest.raises(Invalid):
        pytest.fail(f"{case}: {days_of(first, last, zone)}")

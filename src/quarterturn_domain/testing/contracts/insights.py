"""What the figures promise: they are those of the orders that were captured, to the unit, and what the journal says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import attrs
import pytest

from quarterturn_domain.insights.conversion import Conversion
from quarterturn_domain.insights.days import Days
from quarterturn_domain.insights.ports import InsightsWork
from quarterturn_domain.insights.sales import Refunded, Sales, SalesOfVendor
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.cart import Cart
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payments.events import RefundRequested
from quarterturn_domain.payments.refund import LineRefund, Refund, give_back
from quarterturn_domain.settlement.bookings import refund_requested
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.journal import EntryKind
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import DatabaseContract
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed

CAPTURED: Final = range(1, 8)
"""The numbers of the orders whose payment was captured, each at the moment of its number."""

DAYS: Final = Days(tuple(samples.moment(n) for n in (2, 4, 5, 7, 9)))
"""Four days: two orders on the first, one on the second, two on the third, one on the last, and one before them all."""

GIVEN_BACK: Final = 3
"""The number of the order of which something was given back."""


class InsightsContract(DatabaseContract):
    """What `Insights` promises, of a marketplace of seven orders that were captured, and others that were not."""

    def furnish(self, work: InsightsWork) -> None:
        """Keep orders of several vendors and currencies, their entries, a refund, and carts."""
        samples.furnish_locations(work)
        work.orders.add(_order(n) for n in CAPTURED)
        work.orders.add([samples.a_placed_order(8), samples.a_paid_order(9)])
        work.journal.append(samples.an_entry(n) for n in CAPTURED)
        refund, requested, earnings = _refund()
        work.refunds.add([refund])
        work.journal.append([refund_requested(requested, {earning.key: earning for earning in earnings})])

    def test_sales_by_day(self, db: Begin[InsightsWork]) -> None:
        """`by_day` gives the sales of each day and currency that has any, by day and currency code."""
        expected = _expected(lambda order, _vendor, _line: DAYS.of(_captured_at(order)))
        with db() as work:
            found = [(each.begins_at, each.sales) for each in work.insights.by_day(DAYS)]
        assert [] == differences(sorted(expected.items()), [((day, _code(sales)), sales) for day, sales in found])

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_sales_by_vendor(self, db: Begin[InsightsWork], limit: int) -> None:
        """`by_vendor` gives each vendor's part of the orders in each currency once, page after page."""
        expected = _expected(lambda _order, vendor_id, _line: vendor_id)

        def place(each: SalesOfVendor) -> tuple[Any, str]:
            return (each.vendor_id, _code(each.sales))

        with db() as work:
            read = leafed(lambda after, size: work.insights.by_vendor(DAYS, after, size), place, limit)
        assert [] == differences(sorted(expected.items()), [(place(each), each.sales) for each in read])

    def test_sales_by_category(self, db: Begin[InsightsWork]) -> None:
        """`by_category` gives the sales of products by the category that they are in now; those of none come last."""
        stripped = attrs.evolve(samples.a_product(2), category_id=None)
        with db() as work:
            work.products.lock([stripped.id])
            work.products.save([stripped])
        categories = {samples.a_product(n).id: samples.a_product(n).category_id for n in range(1, samples.LARGE + 1)}
        categories[stripped.id] = None
        expected = _expected(lambda _order, _vendor, line: categories[line.product_id])
        assert None in {category for category, _ in expected}
        order = sorted(expected, key=lambda place: (place[0] is None, place[0] and place[0].int, place[1]))
        with db() as work:
            found = work.insights.by_category(DAYS)
        assert [] == differences(
            [(place, expected[place]) for place in order], [((each.category_id, _code(each.sales)), each.sales) for each in found]
        )

    def test_what_was_given_back(self, db: Begin[InsightsWork]) -> None:
        """`refunded` counts the orders, those that gave something back, and the refunds; the rate is exact."""
        expected = {}
        for unit in samples.CURRENCIES:
            orders = [order for order in _orders() if order.total.currency is unit]
            back = [order for order in orders if order.id == samples.order_id(GIVEN_BACK)]
            expected[unit] = Refunded(
                orders=len(orders),
                orders_refunded=len(back),
                refunds=len(back),
                gross=total((order.total for order in orders), unit),
                given_back=Money(10 * len(back), unit),
            )
        with db() as work:
            found = dict(work.insights.refunded(DAYS))
        assert [] == differences(expected, found)
        unit = _order(GIVEN_BACK).total.currency
        assert found[unit].rate.numerator * found[unit].gross.minor == 10 * found[unit].rate.denominator

    def test_the_figures_are_those_of_the_journal(self, db: Begin[InsightsWork]) -> None:
        """In every currency what was sold less what was given back, and the commission, are what is booked for these orders."""
        with db() as work:
            days = [each.sales for each in work.insights.by_day(DAYS)]
            vendors = [each.sales for each in work.insights.by_vendor(DAYS, None, 100)]
            categories = [each.sales for each in work.insights.by_category(DAYS)]
            booked = [each.entry for order in _orders() for each in work.journal.of_order(order.id)]
        for unit in samples.CURRENCIES:
            postings = [(entry, part) for entry in booked for part in entry.postings if part.amount.currency is unit]
            parts = total((part.amount for _, part in postings if part.account.vendor_id is not None), unit)
            charged = [
                part.amount
                for entry, part in postings
                if entry.kind is EntryKind.CAPTURE and part.account.kind is AccountKind.COMMISSION_REVENUE
            ]
            assert parts.minor < 0, "nothing was sold in this currency"
            for sales in (days, vendors, categories):
                assert -parts == total((each.net for each in sales if _code(each) == unit.code), unit)
                assert -total(charged, unit) == total((each.commission for each in sales if _code(each) == unit.code), unit)

    def test_nothing_is_sold_when_nothing_is_captured(self, db: Begin[InsightsWork]) -> None:
        """A time without captures has no sales, whatever was placed in it; its first instant is in it, and its last is not."""
        quiet = Days((samples.moment(8), samples.moment(9)))
        one = Days((samples.moment(1), samples.moment(2)))
        with db() as work:
            assert [] == list(work.insights.by_day(quiet))
            assert [] == list(work.insights.by_vendor(quiet, None, 10))
            assert [] == list(work.insights.by_category(quiet))
            assert {} == dict(work.insights.refunded(quiet))
            assert [1] == [each.sales.orders for each in work.insights.by_day(one)]

    def test_conversion(self, db: Begin[InsightsWork]) -> None:
        """`conversion` counts carts by when they were last filled or ordered, and orders by when they were placed."""
        orders = [*map(_order, CAPTURED), samples.a_placed_order(8), samples.a_paid_order(9)]
        within = [order for order in orders if DAYS.since <= order.placed_at < DAYS.until]
        into, merged, _ = samples.a_cart(22).merge(samples.a_cart(24), at=samples.moment(5))
        carts = [
            _changed(samples.a_cart(2), samples.moment(2)),
            _changed(samples.a_cart(4), samples.moment(9)),
            _changed(samples.a_cart(6), samples.moment(1)),
            samples.a_cart(8).order(samples.order_id(1), at=samples.moment(3)),
            samples.a_cart(10).order(samples.order_id(2), at=samples.moment(10)),
            Cart(samples.cart_id(12), None),
            into,
            merged,
        ]
        with db() as work:
            work.carts.add(carts)
        with db() as work:
            found = work.insights.conversion(DAYS)
        paid = sum(order.state.value == "paid" for order in within)
        assert 0 < paid < len(within)
        assert Conversion(carts=3, carts_ordered=1, orders_placed=len(within), orders_paid=paid) == found
        assert (1, 3) == (found.ordering_rate.numerator, found.ordering_rate.denominator)


def _order(n: int) -> Order:
    """The `n`-th order, delivered; of one of them seven units of money of goods and three of shipping were given back."""
    return samples.a_refunded_order(n) if n == GIVEN_BACK else samples.a_delivered_order(n)


def _orders() -> list[Order]:
    """The orders of the four days."""
    return [_order(n) for n in CAPTURED if DAYS.since <= samples.moment(n) < DAYS.until]


def _captured_at(order: Order) -> datetime:
    return next(samples.moment(n) for n in CAPTURED if samples.order_id(n) == order.id)


def _refund() -> tuple[Refund, RefundRequested, list[Earning]]:
    """The refund of one order, what was told of it, and what its vendors had earned."""
    order = samples.a_delivered_order(GIVEN_BACK)
    unit = order.total.currency
    line = LineRefund(order.vendor_orders[0].lines[0].number, Money(7, unit), Money(3, unit))
    _, parts, amount = give_back(order, [line])
    refund = attrs.evolve(samples.a_refund(GIVEN_BACK, order=GIVEN_BACK), amount=amount, lines=(line,))
    told = RefundRequested(
        refund_id=refund.id,
        payment_id=refund.payment_id,
        order_id=order.id,
        amount=amount,
        parts=parts,
        reason=refund.reason,
        at=samples.moment(50),
    )
    return refund, told, [samples.an_earning(GIVEN_BACK, part=number) for number in range(len(order.vendor_orders))]


def _expected(group: Callable[[Order, Any, OrderLine], Any]) -> dict[tuple[Any, str], Sales]:
    """The sales of each group of lines and currency, added up from the orders themselves."""
    lines: dict[tuple[Any, str], list[tuple[Order, OrderLine]]] = {}
    for order in _orders():
        for part in order.vendor_orders:
            for line in part.lines:
                lines.setdefault((group(order, part.vendor_id, line), order.total.currency.code), []).append((order, line))
    return {place: _sales(each, each[0][0].total.currency) for place, each in lines.items()}


def _sales(lines: Iterable[tuple[Order, OrderLine]], unit: Currency) -> Sales:
    known = list(lines)
    prices = [line.price for _, line in known]
    return Sales(
        orders=len({order.id for order, _ in known}),
        units=sum(price.quantity for price in prices),
        goods=total((price.goods.paid for price in prices), unit),
        shipping=total((price.shipping.paid for price in prices), unit),
        commission=total((price.goods.charged + price.shipping.charged for price in prices), unit),
        given_back=total((line.refunded for _, line in known), unit),
    )


def _code(sales: Sales) -> str:
    return sales.goods.currency.code


def _changed(cart: Cart, at: datetime) -> Cart:
    return attrs.evolve(cart, changed_at=at)

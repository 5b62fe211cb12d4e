"""The figures of the marketplace, added up from what is kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from quarterturn_adapters.memory.catalog import MemoryProducts
from quarterturn_adapters.memory.ordering import MemoryCarts, MemoryOrders
from quarterturn_adapters.memory.payments import MemoryRefunds
from quarterturn_adapters.memory.settlement import MemoryJournal
from quarterturn_domain.insights.conversion import Conversion
from quarterturn_domain.insights.days import Days
from quarterturn_domain.insights.ports import SellerPlace
from quarterturn_domain.insights.sales import Refunded, Sales, SalesOfCategory, SalesOfDay, SalesOfVendor
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import CategoryId, VendorId
from quarterturn_domain.kernel.money import total
from quarterturn_domain.ordering.cart import CartStatus
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.settlement.journal import Booked

G = TypeVar("G")


class MemoryInsights:
    """The figures."""

    def __init__(
        self, carts: MemoryCarts, orders: MemoryOrders, products: MemoryProducts, refunds: MemoryRefunds, journal: MemoryJournal
    ) -> None:
        self._carts = carts
        self._orders = orders
        self._products = products
        self._refunds = refunds
        self._journal = journal

    def by_day(self, days: Days, /) -> Sequence[SalesOfDay]:
        """The sales of each day that has any, by day and currency code."""
        sales = self._sales(days, lambda booked, _vendor_id, _line: days.of(booked.entry.at))
        return [SalesOfDay(day, each) for (day, _), each in sorted(sales.items(), key=lambda item: item[0])]

    def by_vendor(self, days: Days, after: SellerPlace | None, limit: int, /) -> Sequence[SalesOfVendor]:
        """Up to `limit` vendors' sales of all days together, by vendor and currency code, those after `after`."""
        sales = self._sales(days, lambda _booked, vendor_id, _line: vendor_id)
        places = sorted(place for place in sales if after is None or place > after)[:limit]
        return [SalesOfVendor(place[0], sales[place]) for place in places]

    def by_category(self, days: Days, /) -> Sequence[SalesOfCategory]:
        """The sales of each category that has any, by category (none comes last) and currency code."""
        sales = self._sales(days, lambda _booked, _vendor_id, line: self._category(line))
        places = sorted(sales, key=lambda place: (place[0] is None, place[0] and place[0].int, place[1]))
        return [SalesOfCategory(place[0], sales[place]) for place in places]

    def refunded(self, days: Days, /) -> Mapping[Currency, Refunded]:
        """What was given back of the orders of these days, by currency."""
        orders: dict[Currency, list[Order]] = {}
        for _, order in self._captured(days):
            orders.setdefault(order.total.currency, []).append(order)
        return {
            unit: Refunded(
                orders=len(each),
                orders_refunded=sum(any(line.refunded for part in order.vendor_orders for line in part.lines) for order in each),
                refunds=sum(len(self._refunds.of_order(order.id)) for order in each),
                gross=total((order.total for order in each), unit),
                given_back=total((line.refunded for order in each for part in order.vendor_orders for line in part.lines), unit),
            )
            for unit, each in orders.items()
        }

    def conversion(self, days: Days, /) -> Conversion:
        """How many carts and orders of these days went on."""
        carts = [
            cart.status
            for cart in self._carts.rows.all().values()
            if cart.changed_at is not None and days.since <= cart.changed_at < days.until and cart.status is not CartStatus.MERGED
        ]
        orders = [order.state for order in self._orders.rows.all().values() if days.since <= order.placed_at < days.until]
        return Conversion(
            carts=len(carts),
            carts_ordered=carts.count(CartStatus.ORDERED),
            orders_placed=len(orders),
            orders_paid=orders.count(OrderState.PAID),
        )

    def _captured(self, days: Days) -> Iterator[tuple[Booked, Order]]:
        for booked in self._journal.captured(days.since, days.until):
            order_id = booked.entry.order_id
            order = None if order_id is None else self._orders.rows.get(order_id)
            if order is not None:
                yield booked, order

    def _sales(self, days: Days, group: Callable[[Booked, VendorId, OrderLine], G]) -> dict[tuple[G, str], Sales]:
        """The sales of each group of lines, by group and currency code."""
        lines: dict[tuple[G, str], list[tuple[Order, OrderLine]]] = {}
        for booked, order in self._captured(days):
            for part in order.vendor_orders:
                for line in part.lines:
                    place = (group(booked, part.vendor_id, line), order.total.currency.code)
                    lines.setdefault(place, []).append((order, line))
        return {place: _sales(each) for place, each in lines.items()}

    def _category(self, line: OrderLine) -> CategoryId | None:
        product = self._products.rows.get(line.product_id)
        return None if product is None else product.category_id


def _sales(lines: Sequence[tuple[Order, OrderLine]]) -> Sales:
    unit = lines[0][0].total.currency
    return Sales(
        orders=len({order.id for order, _ in lines}),
        units=sum(line.quantity for _, line in lines),
        goods=total((line.price.goods.paid for _, line in lines), unit),
        shipping=total((line.price.shipping.paid for _, line in lines), unit),
        commission=total((line.price.goods.charged + line.price.shipping.charged for _, line in lines), unit),
        given_back=total((line.refunded for _, line in lines), unit),
    )

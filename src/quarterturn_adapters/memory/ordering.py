"""Carts, orders and returns, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice, takewhile

import attrs

from quarterturn_adapters.memory.indexes import EVERY, latest_first
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, ReturnId, VendorId
from quarterturn_domain.ordering.cart import Cart, CartStatus
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.ports import Place
from quarterturn_domain.ordering.return_ import Return
from quarterturn_domain.ordering.vendor_order import VendorOrder


class MemoryCarts(MemoryRepository[CartId, Cart]):
    """Every cart; an account has at most one that is open, else `add` and `save` raise `Conflict`."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "cart", lambda cart: cart.id)
        self._open_of = self.rows.unique(
            lambda cart: cart.owner_id if cart.status is CartStatus.OPEN else None, "the account has another open cart"
        )
        self._by_age = self.rows.sorted(
            lambda cart: (cart.changed_at,),
            by=lambda cart: EVERY if cart.status is CartStatus.OPEN and cart.changed_at is not None else None,
        )

    def open_of(self, owner_id: AccountId, /) -> Cart | None:
        """The open cart of an account, if it has one."""
        return self._open_of.get(owner_id)

    def idle(self, before: datetime, limit: int, /) -> Sequence[CartId]:
        """Up to `limit` open carts that were last changed before an instant, the most idle first."""
        idle = takewhile(lambda cart: cart.changed_at is not None and cart.changed_at < before, self._by_age.rows())
        return [cart.id for cart in islice(idle, limit)]


@attrs.frozen
class _Part:
    """That a vendor has a part of an order."""

    order_id: OrderId
    vendor_id: VendorId
    placed_at: datetime


class MemoryOrders(MemoryRepository[OrderId, Order]):
    """Every order, whole."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "order", lambda order: order.id)
        self._latest = self.rows.sorted(_latest_first)
        self._by_buyer = self.rows.sorted(_latest_first, by=lambda order: order.buyer_id)
        self._unpaid = self.rows.sorted(
            lambda order: (order.deadline, order.id.int), by=lambda order: EVERY if order.state is OrderState.PLACED else None
        )
        self._parts: Table[tuple[OrderId, VendorId], _Part] = Table(
            transactions, "vendor order", lambda part: (part.order_id, part.vendor_id)
        )
        self._by_vendor = self._parts.sorted(
            lambda part: latest_first(part.placed_at, part.order_id), by=lambda part: part.vendor_id
        )

    def add(self, values: Iterable[Order], /) -> None:
        """Keep new orders; raises `Conflict` when one of them exists already, and then adds none."""
        orders = list(values)
        super().add(orders)
        self._parts.put(_Part(order.id, each.vendor_id, order.placed_at) for order in orders for each in order.vendor_orders)

    def of_buyer(self, buyer_id: AccountId, after: Place | None, limit: int, /) -> Sequence[Order]:
        """Up to `limit` orders of a buyer, the latest first, those after `after` in that order."""
        return self._by_buyer.page(after and latest_first(*after), limit, of=buyer_id)

    def of_vendor(self, vendor_id: VendorId, after: Place | None, limit: int, /) -> Sequence[tuple[datetime, VendorOrder]]:
        """Up to `limit` vendor orders of one vendor with the time of placing, the latest first."""
        parts = self._by_vendor.page(after and latest_first(*after), limit, of=vendor_id)
        orders = self.rows.find(part.order_id for part in parts)
        return [(part.placed_at, orders[part.order_id].vendor_order(vendor_id)) for part in parts]

    def overdue(self, at: datetime, limit: int, /) -> Sequence[OrderId]:
        """Up to `limit` placed, unpaid orders whose deadline is `at` or earlier, the most overdue first."""
        return [order.id for order in islice(takewhile(lambda order: order.deadline <= at, self._unpaid.rows()), limit)]

    def page(self, after: Place | None, limit: int, /) -> Sequence[Order]:
        """Up to `limit` orders, the latest first, those after `after` in that order."""
        return self._latest.page(after and latest_first(*after), limit)


class MemoryReturns(MemoryRepository[ReturnId, Return]):
    """Every return."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "return", lambda each: each.id)
        self._by_order = self.rows.sorted(lambda each: (each.id.int,), by=lambda each: each.order_id)

    def of_order(self, order_id: OrderId, /) -> Sequence[Return]:
        """The returns of one order, in the order of their ids."""
        return list(self._by_order.rows(order_id))


def _latest_first(order: Order) -> tuple[int, int]:
    return latest_first(order.placed_at, order.id)

"""Carts, orders and returns, kept in memory."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import Final
from uuid import UUID

import attrs

from quarterturn_adapters.memory.indexes import EVERY, Sorted, latest_first
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, ReturnId, VendorId
from quarterturn_domain.ordering.cart import Cart, CartStatus
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.ports import EVERY_ORDER, OrderFilter, Place, ReturnPlace
from quarterturn_domain.ordering.return_ import Return, ReturnStatus
from quarterturn_domain.ordering.vendor_order import VendorOrder, VendorOrderStatus

_ANY: Final = UUID(int=0)


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
        self._by_state = self.rows.sorted(_latest_first, by=lambda order: order.state)
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

    def of_buyer(self, buyer_id: AccountId, after: Place | None, limit: int, /, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
        """Up to `limit` orders of a buyer, the latest first, those after `after` in that order."""
        return _wanted(self._by_buyer, buyer_id, after, limit, only)

    def of_vendor(
        self, vendor_id: VendorId, after: Place | None, limit: int, /, status: VendorOrderStatus | None = None
    ) -> Sequence[tuple[datetime, VendorOrder]]:
        """Up to `limit` vendor orders of one vendor (of one status, if given) with the time of placing, the latest first."""
        if status is None:
            parts = self._by_vendor.page(after and latest_first(*after), limit, of=vendor_id)
            return [(part.placed_at, self._part(part)) for part in parts]
        following = self._by_vendor.following(after and latest_first(*after), of=vendor_id)
        known = ((part.placed_at, self._part(part)) for part in following)
        return list(islice(((at, part) for at, part in known if part.status is status), limit))

    def overdue(self, at: datetime, limit: int, /) -> Sequence[OrderId]:
        """Up to `limit` placed, unpaid orders whose deadline is `at` or earlier, the most overdue first."""
        return [order.id for order in islice(takewhile(lambda order: order.deadline <= at, self._unpaid.rows()), limit)]

    def page(self, after: Place | None, limit: int, /, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
        """Up to `limit` orders, the latest first, those after `after` in that order."""
        if only.state is None:
            return _wanted(self._latest, EVERY, after, limit, only)
        return _wanted(self._by_state, only.state, after, limit, only)

    def _part(self, part: _Part) -> VendorOrder:
        order = self.rows.get(part.order_id)
        assert order is not None
        return order.vendor_order(part.vendor_id)


class MemoryReturns(MemoryRepository[ReturnId, Return]):
    """Every return."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "return", lambda each: each.id)
        self._by_order = self.rows.sorted(lambda each: (each.id.int,), by=lambda each: each.order_id)
        self._latest = self.rows.sorted(_requested)
        self._by_status = self.rows.sorted(_requested, by=lambda each: each.status)
        self._by_vendor = self.rows.sorted(_requested, by=lambda each: each.vendor_id)
        self._by_vendor_and_status = self.rows.sorted(_requested, by=lambda each: (each.vendor_id, each.status))

    def of_order(self, order_id: OrderId, /) -> Sequence[Return]:
        """The returns of one order, in the order of their ids."""
        return list(self._by_order.rows(order_id))

    def of_vendor(
        self, vendor_id: VendorId, after: ReturnPlace | None, limit: int, /, status: ReturnStatus | None = None
    ) -> Sequence[Return]:
        """Up to `limit` returns to one vendor (of one status, if given), the latest first, those after `after` in that order."""
        place = after and latest_first(*after)
        if status is None:
            return self._by_vendor.page(place, limit, of=vendor_id)
        return self._by_vendor_and_status.page(place, limit, of=(vendor_id, status))

    def page(self, after: ReturnPlace | None, limit: int, /, status: ReturnStatus | None = None) -> Sequence[Return]:
        """Up to `limit` returns (of one status, if given), the latest first, those after `after` in that order."""
        place = after and latest_first(*after)
        return self._latest.page(place, limit) if status is None else self._by_status.page(place, limit, of=status)


def _wanted(index: Sorted[OrderId, Order], group: Hashable, after: Place | None, limit: int, only: OrderFilter) -> Sequence[Order]:
    """A page of the orders of a group, which are in the order of `_latest_first`."""
    # What was placed at the end of the time or later comes before this place.
    late = () if only.until is None else (latest_first(only.until, _ANY)[0] + 1,)
    orders = index.following(after and latest_first(*after), of=group, since=late)
    since = only.since
    within = orders if since is None else takewhile(lambda order: order.placed_at >= since, orders)
    return list(islice((order for order in within if only.state in {None, order.state}), limit))


def _requested(each: Return) -> tuple[int, int]:
    return latest_first(each.requested_at, each.id)


def _latest_first(order: Order) -> tuple[int, int]:
    return latest_first(order.placed_at, order.id)

"""Where carts, orders and returns are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol, TypeAlias

import attrs

from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, ReturnId, VendorId
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.ordering.cart import Cart
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.return_ import Return, ReturnStatus
from quarterturn_domain.ordering.vendor_order import VendorOrder, VendorOrderStatus
from quarterturn_domain.pricing.ports import PricingWork
from quarterturn_domain.stock.ports import StockWork

Place: TypeAlias = tuple[datetime, OrderId]
"""Where a page of orders goes on: the instant and the id of the last order of the page before."""

ReturnPlace: TypeAlias = tuple[datetime, ReturnId]
"""Where a page of returns goes on: the instant and the id of the last return of the page before."""


@attrs.frozen
class OrderFilter:
    """Which orders are wanted: in one state, placed with `since <= placed_at < until`; what is None lets all pass."""

    state: OrderState | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERY_ORDER: Final = OrderFilter()


class Carts(Repository[CartId, Cart], Protocol):
    """Every cart; an account has at most one that is open."""

    def open_of(self, owner_id: AccountId, /) -> Cart | None:
        """The open cart of an account, if it has one."""
        ...

    def idle(self, before: datetime, limit: int, /) -> Sequence[CartId]:
        """Up to `limit` open carts that were last changed before an instant."""
        ...


class Orders(Repository[OrderId, Order], Protocol):
    """Every order, whole: with its vendor orders, lines and parcels."""

    def of_buyer(self, buyer_id: AccountId, after: Place | None, limit: int, /, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
        """Up to `limit` orders of a buyer, the latest first, those after `after` in that order."""
        ...

    def of_vendor(
        self, vendor_id: VendorId, after: Place | None, limit: int, /, status: VendorOrderStatus | None = None
    ) -> Sequence[tuple[datetime, VendorOrder]]:
        """Up to `limit` vendor orders of one vendor with the time of placing, the latest first; of no other vendor ever.

        Of one status, if given.
        """
        ...

    def overdue(self, at: datetime, limit: int, /) -> Sequence[OrderId]:
        """Up to `limit` placed, unpaid orders whose deadline is `at` or earlier, the most overdue first; no lock."""
        ...

    def page(self, after: Place | None, limit: int, /, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
        """Up to `limit` orders, the latest first, those after `after` in that order."""
        ...


class Returns(Repository[ReturnId, Return], Protocol):
    """Every return."""

    def of_order(self, order_id: OrderId, /) -> Sequence[Return]:
        """The returns of one order, in the order of their ids."""
        ...

    def of_vendor(
        self, vendor_id: VendorId, after: ReturnPlace | None, limit: int, /, status: ReturnStatus | None = None
    ) -> Sequence[Return]:
        """Up to `limit` returns to one vendor (of one status, if given), the latest first, those after `after` in that order."""
        ...

    def page(self, after: ReturnPlace | None, limit: int, /, status: ReturnStatus | None = None) -> Sequence[Return]:
        """Up to `limit` returns (of one status, if given), the latest first, those after `after` in that order."""
        ...


class OrderingWork(StockWork, PricingWork, Protocol):
    """A unit of work that reaches orders."""

    @property
    def carts(self) -> Carts:
        """The carts."""
        ...

    @property
    def orders(self) -> Orders:
        """The orders."""
        ...

    @property
    def returns(self) -> Returns:
        """The returns."""
        ...

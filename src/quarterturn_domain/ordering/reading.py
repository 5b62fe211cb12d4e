"""Reading orders: what a buyer, a vendor and the platform may see of them, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import AccountId, OrderId, ReturnId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.delivery import Delivery
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.ports import EVERY_ORDER, OrderFilter, OrderingWork, Place, ReturnPlace
from quarterturn_domain.ordering.return_ import Return, ReturnStatus
from quarterturn_domain.ordering.vendor_order import VendorOrder, VendorOrderStatus


class ReadOrders:
    """Answers what was ordered; who asks for what is somebody else's hears that there is no such thing."""

    def __init__(self, work: Begin[OrderingWork]) -> None:
        self._work = work

    def order(self, order_id: OrderId) -> Order:
        """An order, for the platform; raises `NotFound`."""
        with self._work() as work:
            return required(work.orders.find([order_id]), order_id, "order")

    def page(self, after: Place | None, limit: int, *, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
        """Up to `limit` orders, for the platform, the latest first, those after `after`."""
        with self._work() as work:
            return work.orders.page(after, limit, only)

    def order_of_buyer(self, buyer_id: AccountId, order_id: OrderId) -> Order:
        """An order of this buyer; raises `NotFound`, also for another one's."""
        order = self.order(order_id)
        if order.buyer_id != buyer_id:
            raise NotFound("order", str(order_id))
        return order

    def of_buyer(self, buyer_id: AccountId, after: Place | None, limit: int, *, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
        """Up to `limit` orders of a buyer, the latest first, those after `after`."""
        with self._work() as work:
            return work.orders.of_buyer(buyer_id, after, limit, only)

    def order_of_vendor(self, vendor_id: VendorId, order_id: OrderId) -> tuple[datetime, VendorOrder]:
        """This vendor's part of an order, with the time of placing; raises `NotFound`, also where it has none."""
        order = self.order(order_id)
        return order.placed_at, order.vendor_order(vendor_id)

    def delivery_of_vendor(self, vendor_id: VendorId, order_id: OrderId) -> Delivery:
        """Where this vendor's part of an order goes; raises `NotFound` also before it is paid, or when nobody said where."""
        order = self.order(order_id)
        order.vendor_order(vendor_id)
        if order.delivery is None or order.state is not OrderState.PAID:
            raise NotFound("delivery", str(order_id))
        return order.delivery

    def of_vendor(
        self, vendor_id: VendorId, after: Place | None, limit: int, *, status: VendorOrderStatus | None = None
    ) -> Sequence[tuple[datetime, VendorOrder]]:
        """Up to `limit` parts of orders that are a vendor's, with the time of placing, the latest first, those after `after`."""
        with self._work() as work:
            return work.orders.of_vendor(vendor_id, after, limit, status)

    def returns(self, after: ReturnPlace | None, limit: int, *, status: ReturnStatus | None = None) -> Sequence[Return]:
        """Up to `limit` returns, for the platform, the latest first, those after `after`."""
        with self._work() as work:
            return work.returns.page(after, limit, status)

    def returns_of_order(self, order_id: OrderId) -> Sequence[Return]:
        """The returns of one order, for the platform, in the order of their ids; raises `NotFound` without the order."""
        with self._work() as work:
            required(work.orders.find([order_id]), order_id, "order")
            return work.returns.of_order(order_id)

    def returns_of_buyer(self, buyer_id: AccountId, order_id: OrderId) -> Sequence[Return]:
        """The returns of an order of this buyer, in the order of their ids; raises `NotFound`, also for another one's."""
        self.order_of_buyer(buyer_id, order_id)
        return self.returns_of_order(order_id)

    def return_of_vendor(self, vendor_id: VendorId, return_id: ReturnId) -> Return:
        """A return to this vendor; raises `NotFound`, also for another one's."""
        with self._work() as work:
            found = required(work.returns.find([return_id]), return_id, "return")
        if found.vendor_id != vendor_id:
            raise NotFound("return", str(return_id))
        return found

    def returns_of_vendor(
        self, vendor_id: VendorId, after: ReturnPlace | None, limit: int, *, status: ReturnStatus | None = None
    ) -> Sequence[Return]:
        """Up to `limit` returns to a vendor, the latest first, those after `after`; those `requested` wait for its decision."""
        with self._work() as work:
            return work.returns.of_vendor(vendor_id, after, limit, status)

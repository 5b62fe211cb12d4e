"""An order: one checkout, one payment, one vendor order for each vendor.

The order itself only knows whether it is paid; everything else of its status is computed from its vendor orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, Sku, VendorId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.delivery import Delivery
from quarterturn_domain.ordering.events import OrderCancelled, OrderConfirmed, OrderExpired, OrderPlaced, PlacedVendorOrder
from quarterturn_domain.ordering.vendor_order import VendorOrder, VendorOrderStatus
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.pricing.tax import Destination


class OrderState(StrEnum):
    """Whether the order is paid."""

    PLACED = "placed"
    EXPIRED = "expired"
    PAID = "paid"
    CANCELLED = "cancelled"


ORDER: Final = StateMachine(
    "order",
    initial=OrderState.PLACED,
    table={
        OrderState.PLACED: {"pay": OrderState.PAID, "expire": OrderState.EXPIRED, "cancel": OrderState.CANCELLED},
        # A payment that arrives late is honoured if the stock can be held again.
        OrderState.EXPIRED: {"pay": OrderState.PAID, "cancel": OrderState.CANCELLED},
        OrderState.PAID: {},
        OrderState.CANCELLED: {},
    },
)


class OrderStatus(StrEnum):
    """What a customer is told of an order."""

    AWAITING_PAYMENT = "awaiting_payment"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    PROCESSING = "processing"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@attrs.frozen
class Order:
    """What was bought in one checkout; `fingerprint` is that of the request, so that the same id can be asked for again."""

    id: OrderId
    buyer_id: AccountId | None
    vendor_orders: tuple[VendorOrder, ...]
    total: Money
    placed_at: datetime
    deadline: datetime
    fingerprint: str
    destination: Destination | None = None
    state: OrderState = ORDER.initial
    delivery: Delivery | None = None

    @property
    def status(self) -> OrderStatus:
        """Computed from the payment and from the vendor orders, of which cancelled ones count only when all are."""
        if self.state is OrderState.PLACED:
            return OrderStatus.AWAITING_PAYMENT
        if self.state is not OrderState.PAID:
            return OrderStatus(self.state.value)
        return _fulfilled({each.status for each in self.vendor_orders}, partly=any(each.shipments for each in self.vendor_orders))

    @property
    def split(self) -> Split:
        """Who has which part of what was paid, after everything that was given back."""
        return sum((each.split for each in self.vendor_orders[1:]), self.vendor_orders[0].split)

    @property
    def units(self) -> dict[Sku, int]:
        """How many of each SKU were bought."""
        wanted: dict[Sku, int] = {}
        for each in self.vendor_orders:
            for line in each.lines:
                wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        return wanted

    def vendor_order(self, vendor_id: VendorId) -> VendorOrder:
        """The part of this vendor, or `NotFound`: a vendor cannot tell an order that is not its own from none."""
        for each in self.vendor_orders:
            if each.vendor_id == vendor_id:
                return each
        raise NotFound("order", str(self.id))

    def vendor_of(self, line: int) -> VendorId:
        """Whose line this is, or `NotFound`."""
        for each in self.vendor_orders:
            if any(own.number == line for own in each.lines):
                return each.vendor_id
        raise NotFound("order line", f"{self.id}/{line}")

    def placed(self, cart_id: CartId | None = None) -> OrderPlaced:
        """The fact that this order was placed."""
        return OrderPlaced(
            order_id=self.id,
            buyer_id=self.buyer_id,
            cart_id=cart_id,
            total=self.total,
            vendor_orders=tuple(
                PlacedVendorOrder(each.vendor_id, each.total, tuple((line.sku, line.quantity) for line in each.lines))
                for each in self.vendor_orders
            ),
            deadline=self.deadline,
            at=self.placed_at,
        )

    def pay(self, *, at: datetime) -> tuple[Order, OrderConfirmed]:
        """The order is paid or its payment is authorised; its vendors may begin."""
        after = attrs.evolve(
            self, state=ORDER.next(self.state, "pay"), vendor_orders=tuple(each.confirm() for each in self.vendor_orders)
        )
        return after, OrderConfirmed(order_id=self.id, vendor_ids=tuple(each.vendor_id for each in self.vendor_orders), at=at)

    def expire(self, *, at: datetime) -> tuple[Order, OrderExpired]:
        """The order was not paid in time."""
        return attrs.evolve(self, state=ORDER.next(self.state, "expire")), OrderExpired(order_id=self.id, at=at)

    def cancel(self, *, reason: str, at: datetime) -> tuple[Order, OrderCancelled]:
        """The order is given up before it is paid."""
        after = attrs.evolve(
            self,
            state=ORDER.next(self.state, "cancel"),
            vendor_orders=tuple(attrs.evolve(each, status=VendorOrderStatus.CANCELLED) for each in self.vendor_orders),
        )
        return after, OrderCancelled(order_id=self.id, reason=reason, at=at)

    def replace(self, vendor_order: VendorOrder) -> Order:
        """The order with `vendor_order` in the place of that vendor's part."""
        parts = tuple(vendor_order if each.vendor_id == vendor_order.vendor_id else each for each in self.vendor_orders)
        return attrs.evolve(self, vendor_orders=parts)


_ONE_FOR_ALL: Final[Mapping[VendorOrderStatus, OrderStatus]] = {
    VendorOrderStatus.CONFIRMED: OrderStatus.CONFIRMED,
    VendorOrderStatus.PROCESSING: OrderStatus.PROCESSING,
    VendorOrderStatus.SHIPPED: OrderStatus.SHIPPED,
    VendorOrderStatus.DELIVERED: OrderStatus.DELIVERED,
}


def _fulfilled(statuses: set[VendorOrderStatus], *, partly: bool) -> OrderStatus:
    going = statuses - {VendorOrderStatus.CANCELLED}
    if not going:
        return OrderStatus.CANCELLED
    if len(going) == 1 and not (partly and VendorOrderStatus.PROCESSING in going):
        return _ONE_FOR_ALL[next(iter(going))]
    if going <= {VendorOrderStatus.SHIPPED, VendorOrderStatus.DELIVERED}:
        return OrderStatus.PARTIALLY_DELIVERED
    if partly:
        return OrderStatus.PARTIALLY_SHIPPED
    return OrderStatus.PROCESSING

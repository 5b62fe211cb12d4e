"""What happened to carts, orders, parcels and returns."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, ReturnId, ShipmentId, Sku, VendorId
from quarterturn_domain.kernel.money import Money


@attrs.frozen
class Units:
    """So many units of one order line."""

    line: int
    quantity: int


@attrs.frozen
class PlacedVendorOrder:
    """A vendor's part of an order that was placed: what the customer pays for it, and how many of which SKU."""

    vendor_id: VendorId
    total: Money
    items: tuple[tuple[Sku, int], ...]


@attrs.frozen(kw_only=True)
class OrderPlaced(Event, tag="order.placed", about="order_id"):
    """An order was placed and its stock is held until `deadline`."""

    order_id: OrderId
    buyer_id: AccountId | None
    cart_id: CartId | None
    total: Money
    vendor_orders: tuple[PlacedVendorOrder, ...]
    deadline: datetime
    at: datetime


@attrs.frozen(kw_only=True)
class OrderConfirmed(Event, tag="order.confirmed", about="order_id"):
    """An order is paid (or its payment is authorised), its stock is sold, and its vendors can begin."""

    order_id: OrderId
    vendor_ids: tuple[VendorId, ...]
    at: datetime


@attrs.frozen(kw_only=True)
class OrderExpired(Event, tag="order.expired", about="order_id"):
    """An order was not paid in time; its stock is free again."""

    order_id: OrderId
    at: datetime


@attrs.frozen(kw_only=True)
class OrderCancelled(Event, tag="order.cancelled", about="order_id"):
    """An order was cancelled before it was paid."""

    order_id: OrderId
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class UnitsCancelled(Event, tag="vendor_order.units_cancelled", about="order_id"):
    """Units that were paid for will not be shipped; the customer is owed what was paid for them, shipping included."""

    order_id: OrderId
    vendor_id: VendorId
    cancellation: str
    units: tuple[Units, ...]
    reason: str
    whole: bool
    at: datetime


@attrs.frozen(kw_only=True)
class VendorOrderStarted(Event, tag="vendor_order.started", about="order_id"):
    """A vendor has begun to pack."""

    order_id: OrderId
    vendor_id: VendorId
    at: datetime


@attrs.frozen(kw_only=True)
class ShipmentSent(Event, tag="vendor_order.shipment_sent", about="order_id"):
    """A parcel left; `complete` when nothing of the vendor order is left to ship."""

    order_id: OrderId
    vendor_id: VendorId
    shipment_id: ShipmentId
    units: tuple[Units, ...]
    carrier: str
    tracking: str
    complete: bool
    at: datetime


@attrs.frozen(kw_only=True)
class ShipmentArrived(Event, tag="vendor_order.shipment_arrived", about="order_id"):
    """A parcel was delivered."""

    order_id: OrderId
    vendor_id: VendorId
    shipment_id: ShipmentId
    at: datetime


@attrs.frozen(kw_only=True)
class VendorOrderDelivered(Event, tag="vendor_order.delivered", about="order_id"):
    """Everything that a vendor had to ship has arrived: the hold period of its earning begins."""

    order_id: OrderId
    vendor_id: VendorId
    at: datetime


@attrs.frozen(kw_only=True)
class ReturnRequested(Event, tag="return.requested", about="return_id"):
    """A customer wants to send units back."""

    return_id: ReturnId
    order_id: OrderId
    vendor_id: VendorId
    units: tuple[Units, ...]
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class ReturnDecided(Event, tag="return.decided", about="return_id"):
    """A return was approved, rejected or withdrawn."""

    return_id: ReturnId
    order_id: OrderId
    vendor_id: VendorId
    act: str
    status: str
    at: datetime


@attrs.frozen(kw_only=True)
class ReturnReceived(Event, tag="return.received", about="return_id"):
    """Units came back; the customer is owed what was paid for them, with shipping when `refund_shipping`."""

    return_id: ReturnId
    order_id: OrderId
    vendor_id: VendorId
    units: tuple[Units, ...]
    restocked: bool
    refund_shipping: bool
    at: datetime


@attrs.frozen(kw_only=True)
class CartExpired(Event, tag="cart.expired", about="cart_id"):
    """A cart that nobody has touched for long has ended; a guest's has no owner."""

    cart_id: CartId
    owner_id: AccountId | None
    at: datetime


@attrs.frozen(kw_only=True)
class CartMerged(Event, tag="cart.merged", about="cart_id"):
    """A guest's cart went into the cart of an account."""

    cart_id: CartId
    into: CartId
    at: datetime

"""A vendor's part of orders: pack, send, deliver, cancel, and give money back."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID, uuid5

import msgspec
from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.money import OwnRefundBody, RefundLineAsked
from quarterturn_api.bodies.vendors import OwnOrderBody
from quarterturn_api.edge.access import needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Line, Page
from quarterturn_api.edge.keys import IdempotencyKey, KeyOrBody, named
from quarterturn_api.edge.limits import Limit as Often
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.edge.times import Instant
from quarterturn_api.routes.orders import UnitsAsked
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import Invalid, granted
from quarterturn_domain.kernel.ids import OrderId, RefundId, ShipmentId
from quarterturn_domain.ordering.cancelling import CancelUnits
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder
from quarterturn_domain.ordering.vendor_order import VendorOrderStatus
from quarterturn_domain.payments.refunding import RequestRefund

TAGS: Final = ["vendor orders"]


class StatusAsked(Asked):
    """How far it has come. `units` are those sent or cancelled: all that are left when none are named.

    `carrier` and `tracking` are of a parcel that was sent; `shipmentId` is the one that was delivered: all when none is named.
    """

    status: Literal["processing", "shipped", "delivered", "cancelled"]
    units: Annotated[tuple[UnitsAsked, ...], msgspec.Meta(max_length=100)] = ()
    carrier: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$", examples=["DHL"])] = ""
    tracking: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")] = ""
    shipment_id: UUID | None = None
    reason: Line | None = None


class OwnRefundAsked(Asked):
    """What to give back, line by line, each line once."""

    lines: Annotated[tuple[RefundLineAsked, ...], msgspec.Meta(min_length=1, max_length=100)]
    reason: Line


@get("/vendor/orders", summary="List my part of orders", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_READ))
def list_own_orders(
    request: Ask,
    status: Annotated[VendorOrderStatus | None, QueryParameter(description="Only those of this status.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[OwnOrderBody]:
    """The latest first."""
    after = place(cursor, tuple[Instant, UUID])
    found = request.service.application.read_orders.of_vendor(
        request.vendor_id, (after[0], OrderId(after[1])) if after else None, limit + 1, status=status
    )
    return page(found, limit, OwnOrderBody.of, lambda each: (each[0], each[1].order_id))


@get(
    "/vendor/orders/{order_id:uuid}",
    summary="Read my part of an order",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_READ),
)
def read_own_order(request: Ask, order_id: FromPath[UUID]) -> OwnOrderBody:
    """The lines of the vendor that asks and nothing of others; 404 when the order has none."""
    return OwnOrderBody.of(request.service.application.read_orders.order_of_vendor(request.vendor_id, OrderId(order_id)))


@put(
    "/vendor/orders/{order_id:uuid}/status",
    summary="Say how far my part of an order has come",
    description=(
        "`processing`: it is being packed. `shipped`: a parcel was sent. `delivered`: parcels have arrived. `cancelled`: units "
        "will never be sent, and what was paid for them is given back."
    ),
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_FULFIL),
)
def change_status(
    request: Ask, order_id: FromPath[UUID], data: JSONBody[StatusAsked], idempotency_key: KeyOrBody = None
) -> OwnOrderBody:
    """The part afterwards; the same change again changes nothing."""
    app, vendor_id = request.service.application, request.vendor_id
    placed_at, part = app.read_orders.order_of_vendor(vendor_id, OrderId(order_id))
    units = tuple(Units(each.line, each.quantity) for each in data.units)
    if data.status == "cancelled":
        cancellation = CancelUnits(
            cancellation_id=_named(request, part.order_id, data, idempotency_key),
            order_id=part.order_id,
            vendor_id=vendor_id,
            units=units,
            reason=data.reason or "cancelled by the vendor",
            at=request.now,
        )
        app.cancel_orders(cancellation)
        # Read again: what was paid for the units was given back with them.
        return OwnOrderBody.of(app.read_orders.order_of_vendor(vendor_id, part.order_id))
    command: StartVendorOrder | SendShipment | ConfirmDelivery
    if data.status == "processing":
        command = StartVendorOrder(order_id=part.order_id, vendor_id=vendor_id, at=request.now)
    elif data.status == "shipped":
        command = SendShipment(
            order_id=part.order_id,
            vendor_id=vendor_id,
            shipment_id=ShipmentId(_named(request, part.order_id, data, idempotency_key)),
            units=units,
            carrier=data.carrier,
            tracking=data.tracking,
            at=request.now,
        )
    else:
        shipment_id = ShipmentId(data.shipment_id) if data.shipment_id else None
        command = ConfirmDelivery(order_id=part.order_id, vendor_id=vendor_id, shipment_id=shipment_id, at=request.now)
    return OwnOrderBody.of((placed_at, granted(app.fulfil_vendor_orders([command])[0])))


@post(
    "/vendor/orders/{order_id:uuid}/refunds",
    summary="Give money back for my part of an order",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_REFUND, Often.PAYMENTS),
)
def refund_own_lines(
    request: Ask, order_id: FromPath[UUID], data: JSONBody[OwnRefundAsked], idempotency_key: IdempotencyKey
) -> OwnRefundBody:
    """The refund, which is owed from now on and sent at once; a line of another vendor is 404."""
    app = request.service.application
    _, part = app.read_orders.order_of_vendor(request.vendor_id, OrderId(order_id))
    for each in data.lines:
        part.line(each.line)
    if len({each.line for each in data.lines}) < len(data.lines):
        raise Invalid("a line that is named twice", "each line once")
    command = RequestRefund(
        refund_id=RefundId(named(request.asker, "refund", idempotency_key)),
        order_id=part.order_id,
        lines=tuple(each.line_refund() for each in data.lines),
        reason=data.reason,
        at=request.now,
    )
    return OwnRefundBody.of(app.request_refunds(command).of_vendor(part))


@get(
    "/vendor/refunds", summary="List refunds of my lines", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_READ)
)
def list_own_refunds(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[OwnRefundBody]:
    """What was given back for the vendor's lines, whoever did it, the latest first."""
    after = place(cursor, tuple[Instant, UUID])
    found = request.service.application.read_payments.refunds_of_vendor(
        request.vendor_id, (after[0], RefundId(after[1])) if after else None, limit + 1
    )
    return page(found, limit, OwnRefundBody.of, lambda refund: (refund.requested_at, refund.id))


def _named(request: Ask, order_id: OrderId, data: StatusAsked, key: str | None) -> UUID:
    """The id of a parcel or a cancellation: after its key, or after what is said of it."""
    if key is not None:
        return named(request.asker, data.status, key)
    return uuid5(order_id, f"{request.vendor_id}:{msgspec.json.encode(data).decode()}")


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_own_orders, read_own_order, change_status, refund_own_lines, list_own_refunds)

"""Where a vendor's part of an order goes: for who packs it, once it is paid."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from quarterturn_api.bodies.orders import DeliveryBody
from quarterturn_api.edge.access import needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import OrderId


@get(
    "/vendor/orders/{order_id:uuid}/delivery",
    summary="Read where my part of an order goes",
    tags=["vendor orders"],
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_FULFIL),
)
def read_delivery(request: Ask, order_id: FromPath[UUID]) -> DeliveryBody:
    """The delivery; 404 before the order is paid, when the vendor has no part of it, or when nobody said where it goes."""
    return DeliveryBody.of(request.service.application.read_orders.delivery_of_vendor(request.vendor_id, OrderId(order_id)))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_delivery,)

"""Orders of whoever asks: place, read, cancel, send back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.orders import DeliveryBody, DestinationAsked, OrderBody, ReturnBody
from quarterturn_api.bodies.payments import PaymentBody, RefundBody
from quarterturn_api.edge.access import needs
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Count, Line, MoneyBody, Page, SkuText
from quarterturn_api.edge.keys import IdempotencyKey, OptionalKey, named, new_id
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import OrderId, ReturnId, Sku, VendorId
from quarterturn_domain.ordering.cancelling import CancelOrder
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.ordering.ports import OrderFilter, Place
from quarterturn_domain.ordering.returning import RequestReturn

TAGS: Final = ["orders"]

StateWanted = Annotated[
    OrderState | None,
    QueryParameter(name="state", description="`placed` orders wait for their payment."),
]


class BasketLineAsked(Asked):
    """So many units of an offer."""

    sku: SkuText
    quantity: Count


class OrderAsked(Asked):
    """A basket to buy; `expectedTotal` is what the buyer was shown, and another total is refused."""

    lines: Annotated[list[BasketLineAsked], msgspec.Meta(min_length=1, max_length=100)]
    expected_total: MoneyBody | None = None
    codes: Annotated[tuple[Line, ...], msgspec.Meta(max_length=20)] = ()
    destination: DestinationAsked | None = None
    delivery: DeliveryBody | None = None


class CancelAsked(Asked):
    """Why an order is given up."""

    reason: Line


class UnitsAsked(Asked):
    """So many units of a line."""

    line: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    quantity: Count


class ReturnAsked(Asked):
    """Units that were delivered and are to go back; without units, all of that vendor."""

    vendor_id: UUID
    reason: Line
    units: Annotated[tuple[UnitsAsked, ...], msgspec.Meta(max_length=100)] = ()


@post(
    "/orders",
    summary="Place an order",
    description="Holds the stock of the whole basket until the order's deadline, or refuses it as a whole.",
    tags=TAGS,
    **needs(Permission.SHOP),
)
async def place_order(request: Ask, data: JSONBody[OrderAsked], idempotency_key: IdempotencyKey) -> OrderBody:
    """The order; the desk decides it together with those of others who ask at this moment."""
    command = PlaceOrder(
        order_id=OrderId(named(request.asker, "order", idempotency_key)),
        lines=tuple(BasketLine(Sku(line.sku), line.quantity) for line in data.lines),
        buyer_id=request.account_id,
        expected_total=data.expected_total.money() if data.expected_total else None,
        codes=data.codes,
        destination=data.destination.destination() if data.destination else None,
        delivery=data.delivery.delivery() if data.delivery else None,
        at=request.now,
    )
    return OrderBody.of(await request.service.desk.placed(command))


@get("/orders", summary="List my orders, the latest first", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def list_orders(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None, wanted: StateWanted = None) -> Page[OrderBody]:
    """A page of orders."""
    return page_of_orders(request, limit, cursor, wanted)


@get("/orders/{order_id:uuid}", summary="Read one of my orders", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def read_order(request: Ask, order_id: FromPath[UUID]) -> OrderBody:
    """The order; 404 when it is somebody else's."""
    return OrderBody.of(request.service.application.read_orders.order_of_buyer(request.account_id, OrderId(order_id)))


@get(
    "/orders/{order_id:uuid}/payments",
    summary="List the payments of one of my orders",
    tags=TAGS,
    sync_to_thread=True,
    **needs(Permission.SHOP),
)
def list_payments(request: Ask, order_id: FromPath[UUID]) -> Page[PaymentBody]:
    """All of them, in the order of opening."""
    found = request.service.application.read_payments.of_buyer(request.account_id, OrderId(order_id))
    return Page(items=[PaymentBody.of(payment) for payment in found])


@get(
    "/orders/{order_id:uuid}/refunds",
    summary="List the refunds of one of my orders",
    tags=TAGS,
    sync_to_thread=True,
    **needs(Permission.SHOP),
)
def list_refunds(request: Ask, order_id: FromPath[UUID]) -> Page[RefundBody]:
    """All of them, in the order of requesting."""
    found = request.service.application.read_payments.refunds_of_buyer(request.account_id, OrderId(order_id))
    return Page(items=[RefundBody.of(refund) for refund in found])


@get(
    "/orders/{order_id:uuid}/returns",
    summary="List the returns of one of my orders",
    tags=TAGS,
    sync_to_thread=True,
    **needs(Permission.SHOP),
)
def list_returns(request: Ask, order_id: FromPath[UUID]) -> Page[ReturnBody]:
    """All of them."""
    found = request.service.application.read_orders.returns_of_buyer(request.account_id, OrderId(order_id))
    return Page(items=[ReturnBody.of(each) for each in found])


@post(
    "/orders/{order_id:uuid}/cancel",
    summary="Cancel one of my orders",
    description="Before it is paid as a whole; after that everything that is not shipped, which is refunded.",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs(Permission.SHOP),
)
def cancel_order(request: Ask, order_id: FromPath[UUID], data: JSONBody[CancelAsked], idempotency_key: IdempotencyKey) -> OrderBody:
    """The order afterwards."""
    command = CancelOrder(
        cancellation_id=named(request.asker, "cancellation", idempotency_key),
        order_id=OrderId(order_id),
        reason=data.reason,
        by=request.account_id,
        at=request.now,
    )
    return OrderBody.of(request.service.application.cancel_orders(command))


@post(
    "/orders/{order_id:uuid}/returns",
    summary="Ask to send units back",
    tags=TAGS,
    sync_to_thread=True,
    **needs(Permission.SHOP),
)
def request_return(
    request: Ask, order_id: FromPath[UUID], data: JSONBody[ReturnAsked], idempotency_key: OptionalKey = None
) -> ReturnBody:
    """The return, which the vendor decides about."""
    command = RequestReturn(
        return_id=ReturnId(new_id(request, "return", idempotency_key)),
        order_id=OrderId(order_id),
        vendor_id=VendorId(data.vendor_id),
        units=tuple(Units(each.line, each.quantity) for each in data.units),
        reason=data.reason,
        by=request.account_id,
        at=request.now,
    )
    return ReturnBody.of(request.service.application.request_returns(command))


def page_of_orders(request: Ask, limit: int, cursor: str | None, wanted: OrderState | None) -> Page[OrderBody]:
    """A page of the orders of whoever asks."""
    where = _place(place(cursor, tuple[datetime, UUID]))
    found = request.service.application.read_orders.of_buyer(request.account_id, where, limit + 1, only=OrderFilter(state=wanted))
    return page(found, limit, OrderBody.of, lambda order: (order.placed_at, order.id))


def _place(after: tuple[datetime, UUID] | None) -> Place | None:
    return None if after is None else (after[0], OrderId(after[1]))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *(place_order, list_orders, read_order, cancel_order, request_return),
    *(list_payments, list_refunds, list_returns),
)

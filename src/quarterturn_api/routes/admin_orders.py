"""Orders, as the platform sees them: find, explain to the cent, cancel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.money import EntryBody, PaymentSeenBody, SplitBody, WholeRefundBody
from quarterturn_api.bodies.orders import OrderBody
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Body, MoneyBody, Page
from quarterturn_api.edge.keys import IdempotencyKey, named
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.edge.times import Instant, instant
from quarterturn_api.routes.orders import CancelAsked
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import OrderId
from quarterturn_domain.ordering.cancelling import CancelOrder
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.ordering.ports import OrderFilter

TAGS: Final = ["admin orders"]


class FigureBody(Body):
    """One figure: how it came about, and whether computing it again gives the same."""

    figure: str
    amount: MoneyBody
    because: str
    holds: bool


class ExplainedLineBody(Body):
    """Every figure of a line's price, in the order in which it was decided."""

    vendor_id: UUID
    line: int
    figures: list[FigureBody]


class ExplainedVendorBody(Body):
    """What a vendor has of the order, by its lines, and by the journal: `booked`."""

    vendor_id: UUID
    earning: MoneyBody
    commission: MoneyBody
    commission_tax: MoneyBody
    tax_kept: MoneyBody
    booked: MoneyBody
    holds: bool


class ExplainedOrderBody(Body):
    """An order with everything that made its figures what they are; `holds` when all of it agrees."""

    order: OrderBody
    split: SplitBody
    holds: bool
    lines: list[ExplainedLineBody]
    vendors: list[ExplainedVendorBody]
    payments: list[PaymentSeenBody]
    refunds: list[WholeRefundBody]
    entries: list[EntryBody]


@get("/admin/orders", summary="List all orders", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_ORDERS))
def list_all_orders(
    request: Ask,
    wanted: Annotated[OrderState | None, QueryParameter(name="state", description="Only those in this state.")] = None,
    since: Annotated[datetime | None, QueryParameter(description="Only those placed then or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(description="Only those placed before then.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[OrderBody]:
    """The latest first."""
    after = place(cursor, tuple[Instant, UUID])
    only = OrderFilter(
        state=wanted, since=None if since is None else instant(since), until=None if until is None else instant(until)
    )
    read = request.service.application.read_orders
    found = read.page((after[0], OrderId(after[1])) if after else None, limit + 1, only=only)
    return page(found, limit, OrderBody.of, lambda order: (order.placed_at, order.id))


@get(
    "/admin/orders/{order_id:uuid}",
    summary="Read an order, explained",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_ORDERS),
)
def read_any_order(request: Ask, order_id: FromPath[UUID]) -> ExplainedOrderBody:
    """The order with its split, every rounding step of it, its payments, refunds and journal entries."""
    found = request.service.application.explain.order(OrderId(order_id))
    return ExplainedOrderBody(
        order=OrderBody.of(found.order),
        split=SplitBody.of(found.order.split),
        holds=found.holds,
        lines=[
            ExplainedLineBody(
                vendor_id=each.vendor_id,
                line=each.line.number,
                figures=[
                    FigureBody(figure=said.figure, amount=MoneyBody.of(said.amount), because=said.because, holds=said.holds)
                    for said in each.figures
                ],
            )
            for each in found.lines
        ],
        vendors=[
            ExplainedVendorBody(
                vendor_id=each.vendor_id,
                earning=MoneyBody.of(each.earning),
                commission=MoneyBody.of(each.commission),
                commission_tax=MoneyBody.of(each.commission_tax),
                tax_kept=MoneyBody.of(each.tax_kept),
                booked=MoneyBody.of(each.booked),
                holds=each.holds,
            )
            for each in found.vendors
        ],
        payments=[PaymentSeenBody.of(each) for each in found.payments],
        refunds=[WholeRefundBody.of(each) for each in found.refunds],
        entries=[EntryBody.of(each) for each in found.entries],
    )


@post(
    "/admin/orders/{order_id:uuid}/cancel",
    summary="Cancel an order",
    description="Before it is paid as a whole; after that everything that is not shipped, which is refunded.",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_ORDERS),
)
def cancel_any_order(
    request: Ask, order_id: FromPath[UUID], data: JSONBody[CancelAsked], idempotency_key: IdempotencyKey
) -> OrderBody:
    """The order afterwards."""
    command = CancelOrder(
        cancellation_id=named(request.asker, "cancellation", idempotency_key),
        order_id=OrderId(order_id),
        reason=data.reason,
        at=request.now,
    )
    app = request.service.application
    app.cancel_orders(command)
    # Read again: what was paid for the units was given back with them.
    return OrderBody.of(app.read_orders.order(command.order_id))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_all_orders, read_any_order, cancel_any_order)

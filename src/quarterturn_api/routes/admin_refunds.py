"""Refunds, disputes and payments that wait for a person, as the platform sees them."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.money import DisputeBody, PaymentSeenBody, RefundLineAsked, WholeRefundBody
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Line, MoneyBody, Page
from quarterturn_api.edge.keys import IdempotencyKey, named
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.edge.times import Instant
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId, RefundId
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.refunding import RequestRefund

TAGS: Final = ["admin refunds"]


class RefundAsked(Asked):
    """What to give back: of `lines`, or an `amount` spread over all that is left; without either, everything."""

    reason: Line
    lines: Annotated[tuple[RefundLineAsked, ...], msgspec.Meta(max_length=100)] = ()
    amount: MoneyBody | None = None


@post(
    "/admin/orders/{order_id:uuid}/refunds",
    summary="Refund an order",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_REFUNDS),
)
def refund_order(
    request: Ask, order_id: FromPath[UUID], data: JSONBody[RefundAsked], idempotency_key: IdempotencyKey
) -> WholeRefundBody:
    """The refund, which is owed from now on and sent at once."""
    command = RequestRefund(
        refund_id=RefundId(named(request.asker, "refund", idempotency_key)),
        order_id=OrderId(order_id),
        lines=tuple(each.line_refund() for each in data.lines),
        amount=data.amount.money() if data.amount else None,
        reason=data.reason,
        at=request.now,
    )
    return WholeRefundBody.of(request.service.application.request_refunds(command))


@get("/admin/refunds", summary="List all refunds", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_REFUNDS))
def list_all_refunds(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[WholeRefundBody]:
    """The latest first."""
    after = place(cursor, tuple[Instant, UUID])
    read = request.service.application.read_payments
    found = read.refunds((after[0], RefundId(after[1])) if after else None, limit + 1)
    return page(found, limit, WholeRefundBody.of, lambda refund: (refund.requested_at, refund.id))


@post(
    "/admin/refunds/{refund_id:uuid}/retry",
    summary="Send a refund that failed once more",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_REFUNDS),
)
def retry_refund(request: Ask, refund_id: FromPath[UUID]) -> WholeRefundBody:
    """The refund, `requested` again; it is sent with the next round that looks after what is open."""
    return WholeRefundBody.of(request.service.application.retry_refunds(RefundId(refund_id)))


@get(
    "/admin/payments",
    summary="List payments in quarantine",
    description="Money that arrived and fits no order: a person has to look at it before anything more happens.",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_REFUNDS),
)
def list_quarantined(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[PaymentSeenBody]:
    """The latest first."""
    after = place(cursor, tuple[Instant, UUID])
    read = request.service.application.read_payments
    found = read.quarantined((after[0], PaymentId(after[1])) if after else None, limit + 1)
    return page(found, limit, PaymentSeenBody.of, lambda payment: (payment.opened_at, payment.id))


@get("/admin/disputes", summary="List disputes", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_REFUNDS))
def list_disputes(
    request: Ask,
    status: Annotated[DisputeStatus | None, QueryParameter(description="Only those of this status.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[DisputeBody]:
    """The latest first; those `open` wait for evidence, or for the bank."""
    after = place(cursor, tuple[Instant, UUID])
    read = request.service.application.read_payments
    found = read.disputes((after[0], DisputeId(after[1])) if after else None, limit + 1, status=status)
    return page(found, limit, DisputeBody.of, lambda dispute: (dispute.opened_at, dispute.id))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (refund_order, list_all_refunds, retry_refund, list_quarantined, list_disputes)

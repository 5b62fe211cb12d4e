"""Returns to a vendor: approve, reject, receive."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.orders import ReturnBody
from quarterturn_api.edge.access import needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.edge.times import Instant
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import ReturnId
from quarterturn_domain.ordering.return_ import ReturnStatus
from quarterturn_domain.ordering.returning import DecideReturn

TAGS: Final = ["vendor returns"]


class ReceptionAsked(Asked):
    """Whether units that came back can be sold again, and whether their shipping is given back too."""

    restock: bool = True
    refund_shipping: bool = False


@get("/vendor/returns", summary="List returns to me", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_READ))
def list_own_returns(
    request: Ask,
    status: Annotated[ReturnStatus | None, QueryParameter(description="Only those of this status.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[ReturnBody]:
    """The latest first; those `requested` wait for a decision."""
    after = place(cursor, tuple[Instant, UUID])
    found = request.service.application.read_orders.returns_of_vendor(
        request.vendor_id, (after[0], ReturnId(after[1])) if after else None, limit + 1, status=status
    )
    return page(found, limit, ReturnBody.of, lambda each: (each.requested_at, each.id))


@post(
    "/vendor/returns/{return_id:uuid}/approve",
    summary="Approve a return",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_FULFIL),
)
def approve_return(request: Ask, return_id: FromPath[UUID]) -> ReturnBody:
    """The return, whose units may be sent now."""
    return _decided(request, return_id, "approve")


@post(
    "/vendor/returns/{return_id:uuid}/reject",
    summary="Reject a return",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_FULFIL),
)
def reject_return(request: Ask, return_id: FromPath[UUID]) -> ReturnBody:
    """The return, of which nothing comes."""
    return _decided(request, return_id, "reject")


@post(
    "/vendor/returns/{return_id:uuid}/receive",
    summary="Receive a return",
    description="The units have arrived: what was paid for them is given back.",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_FULFIL),
)
def receive_return(request: Ask, return_id: FromPath[UUID], data: JSONBody[ReceptionAsked]) -> ReturnBody:
    """The return, which is over."""
    return _decided(request, return_id, "receive", data)


def _decided(request: Ask, return_id: UUID, act: str, how: ReceptionAsked | None = None) -> ReturnBody:
    how = how or ReceptionAsked()
    command = DecideReturn(
        return_id=ReturnId(return_id),
        act=act,
        restock=how.restock,
        refund_shipping=how.refund_shipping,
        vendor_id=request.vendor_id,
        at=request.now,
    )
    return ReturnBody.of(request.service.application.decide_returns(command))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_own_returns, approve_return, reject_return, receive_return)

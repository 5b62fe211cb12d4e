"""Vendors, as the platform sees them: approve, reject, suspend, reinstate, close, and what they are charged."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID, uuid5

from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.terms import CommissionBody, Percent, Position
from quarterturn_api.bodies.vendors import MemberBody, VendorBody
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, Line, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.routes.admin_terms import in_force
from quarterturn_domain.identity.onboarding import DecideVendor
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.identity.vendor import VendorStatus
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import RuleId, VendorId
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.match import Match

TAGS: Final = ["admin vendors"]

_RULES: Final = UUID("5d2a8f4e-2a53-5d0f-8c27-6f1b6f0c9e55")
"""The namespace of the rule that every vendor may have of its own."""


class DecisionAsked(Asked):
    """Why."""

    reason: Line


class VendorCommissionAsked(Asked):
    """What a vendor is charged on the goods that it sells, whatever they are."""

    rate: Percent
    tax: Percent = "0"
    position: Position = 0


class VendorSeenBody(Body):
    """A vendor, and who works for it."""

    vendor: VendorBody
    members: list[MemberBody]


@get("/admin/vendors", summary="List vendors", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_VENDORS))
def list_vendors(
    request: Ask,
    status: Annotated[VendorStatus | None, QueryParameter(description="Only those of this status.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[VendorBody]:
    """In the order of their ids; those `applied` wait for a decision."""
    after = place(cursor, tuple[UUID])
    found = request.service.application.read_catalog.vendors(VendorId(after[0]) if after else None, limit + 1, status=status)
    return page(found, limit, VendorBody.of, lambda vendor: (vendor.id,))


@get(
    "/admin/vendors/{vendor_id:uuid}",
    summary="Read a vendor",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_VENDORS),
)
def read_vendor(request: Ask, vendor_id: FromPath[UUID]) -> VendorSeenBody:
    """The vendor, and who works for it."""
    app = request.service.application
    vendor = app.read_catalog.vendor(VendorId(vendor_id))
    return VendorSeenBody(
        vendor=VendorBody.of(vendor), members=[MemberBody.of(each) for each in app.read_accounts.members_of(vendor.id)]
    )


@post(
    "/admin/vendors/{vendor_id:uuid}/approve",
    summary="Approve a vendor",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_VENDORS),
)
def approve_vendor(request: Ask, vendor_id: FromPath[UUID]) -> VendorBody:
    """The vendor, which may sell now."""
    return _decided(request, vendor_id, "approve")


@post(
    "/admin/vendors/{vendor_id:uuid}/reject",
    summary="Reject a vendor",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_VENDORS),
)
def reject_vendor(request: Ask, vendor_id: FromPath[UUID], data: JSONBody[DecisionAsked]) -> VendorBody:
    """The vendor, which may not sell."""
    return _decided(request, vendor_id, "reject", data.reason)


@post(
    "/admin/vendors/{vendor_id:uuid}/suspend",
    summary="Suspend a vendor",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_VENDORS),
)
def suspend_vendor(request: Ask, vendor_id: FromPath[UUID], data: JSONBody[DecisionAsked]) -> VendorBody:
    """The vendor, whose offers cannot be bought for now."""
    return _decided(request, vendor_id, "suspend", data.reason)


@post(
    "/admin/vendors/{vendor_id:uuid}/reinstate",
    summary="Reinstate a vendor",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_VENDORS),
)
def reinstate_vendor(request: Ask, vendor_id: FromPath[UUID]) -> VendorBody:
    """The vendor, which may sell again."""
    return _decided(request, vendor_id, "reinstate")


@post(
    "/admin/vendors/{vendor_id:uuid}/close",
    summary="Close a vendor for good",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_VENDORS),
)
def close_vendor(request: Ask, vendor_id: FromPath[UUID], data: JSONBody[DecisionAsked]) -> VendorBody:
    """The vendor, which is paid what it has earned and never sells again."""
    return _decided(request, vendor_id, "close", data.reason)


@put(
    "/admin/vendors/{vendor_id:uuid}/commission",
    summary="Set what a vendor is charged",
    description="A commission rule for everything that the vendor sells; rules that name a category or a product come before it.",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_VENDORS),
)
def set_commission(request: Ask, vendor_id: FromPath[UUID], data: JSONBody[VendorCommissionAsked]) -> CommissionBody:
    """The rule as it is in force from now on; orders that were placed keep theirs."""
    vendor = request.service.application.read_catalog.vendor(VendorId(vendor_id))
    rule_id = RuleId(uuid5(_RULES, str(vendor.id)))

    def rule(version: int) -> CommissionRule:
        return CommissionRule(
            id=rule_id,
            version=version,
            name=vendor.name,
            match=Match(vendor_id=vendor.id),
            position=data.position,
            rate=Rate.percent(data.rate),
            tax=Rate.percent(data.tax),
        )

    return CommissionBody.of(in_force(request, rule_id, rule))


def _decided(request: Ask, vendor_id: UUID, act: str, reason: str = "") -> VendorBody:
    command = DecideVendor(vendor_id=VendorId(vendor_id), act=act, reason=reason, by=request.account_id, at=request.now)
    return VendorBody.of(granted(request.service.application.govern_vendors([command])[0]))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    list_vendors,
    read_vendor,
    approve_vendor,
    reject_vendor,
    suspend_vendor,
    reinstate_vendor,
    close_vendor,
    set_commission,
)

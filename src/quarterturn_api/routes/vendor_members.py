"""Members of a vendor: who works for it, and as what."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.vendors import MemberBody
from quarterturn_api.edge.access import needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body
from quarterturn_domain.identity.account import email_address
from quarterturn_domain.identity.joining import ChangeMember, RemoveMember
from quarterturn_domain.identity.role import Permission, VendorRole
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.ids import AccountId

TAGS: Final = ["vendor members"]


class MemberAsked(Asked):
    """Somebody who works for the vendor, by the id of the account or its e-mail address, and what they are from now on."""

    role: VendorRole
    account_id: UUID | None = None
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254, examples=["name@example.org"])] | None = None


class MembersBody(Body):
    """Everybody who works for the vendor."""

    items: list[MemberBody]


@get("/vendor/members", summary="List who works for me", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_STAFF))
def list_members(request: Ask) -> MembersBody:
    """Owners and staff, in the order of their ids."""
    found = request.service.application.read_accounts.members_of(request.vendor_id)
    return MembersBody(items=[MemberBody.of(each) for each in found])


@put(
    "/vendor/members",
    summary="Change as what somebody works for me",
    description="Whoever does not work for the vendor yet is asked first: see `POST /vendor/invitations`.",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_STAFF),
)
def put_member(request: Ask, data: JSONBody[MemberAsked]) -> MemberBody:
    """The member; 404 for who is none, and the last owner stays one."""
    app = request.service.application
    if (data.account_id is None) == (data.email is None):
        raise Invalid("a member without a name, or with two", "either an accountId or an email")
    email = None if data.email is None else email_address(data.email)
    accounts = [account for _, account in app.read_accounts.members_of(request.vendor_id)]
    account = next((each for each in accounts if each.email == email or each.id == data.account_id), None)
    if account is None:
        raise NotFound("member", email or str(data.account_id))
    command = ChangeMember(
        vendor_id=request.vendor_id, account_id=account.id, role=data.role, by=request.account_id, at=request.now
    )
    return MemberBody.of((app.govern_members(command), account))


@delete(
    "/vendor/members/{account_id:uuid}",
    summary="Let somebody work for me no more",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_STAFF),
)
def remove_member(request: Ask, account_id: FromPath[UUID]) -> None:
    """Nothing; the last owner stays."""
    command = RemoveMember(vendor_id=request.vendor_id, account_id=AccountId(account_id), by=request.account_id, at=request.now)
    request.service.application.govern_members(command)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_members, put_member, remove_member)

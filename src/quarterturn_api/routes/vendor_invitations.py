"""Invitations of a vendor: whom it has asked to work for it, and how they say yes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.accounts import MembershipBody
from quarterturn_api.edge.access import in_person, needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.routes.auth import NO_STORE, Email
from quarterturn_domain.identity.inviting import AcceptInvitation, InviteMember, WithdrawInvitation
from quarterturn_domain.identity.letter import Letter
from quarterturn_domain.identity.role import Permission, VendorRole
from quarterturn_domain.kernel.ids import LetterId

TAGS: Final = ["vendor members"]
LetterToken = Annotated[
    str, msgspec.Meta(min_length=1, max_length=400, description="As it stands in the letter.", examples=["lt_..."])
]


class InvitationAsked(Asked):
    """Whom to ask, whether or not they have an account, and what they would be for the vendor."""

    email: Email
    role: VendorRole


class InvitationBody(Body):
    """Somebody who was asked and has not answered yet; after `expiresAt` it is too late."""

    id: UUID
    email: str
    role: VendorRole
    written_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, letter: Letter) -> InvitationBody:
        """`letter` as the vendor sees it."""
        assert letter.role is not None
        return cls(id=letter.id, email=letter.email, role=letter.role, written_at=letter.written_at, expires_at=letter.expires_at)


class InvitationsBody(Body):
    """All of them: a vendor has few."""

    items: list[InvitationBody]


class InvitedBody(Body):
    """An invitation; `token` is there where this service posts no letters, for whoever invites to hand on."""

    invitation: InvitationBody
    token: str | None


class AcceptanceAsked(Asked):
    """The token of an invitation."""

    token: LetterToken


@get(
    "/vendor/invitations",
    summary="List whom I have asked to work for me",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_STAFF),
)
def list_invitations(request: Ask) -> InvitationsBody:
    """Those that are neither accepted nor withdrawn, without their tokens."""
    found = request.service.application.read_accounts.invitations_of(request.vendor_id)
    return InvitationsBody(items=[InvitationBody.of(each) for each in found])


@post(
    "/vendor/invitations",
    summary="Ask somebody to work for me",
    description="An older invitation of the same address ends. It is good for seven days, once, for the account with that address.",
    tags=TAGS,
    cache_control=NO_STORE,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_STAFF),
)
def invite(request: Ask, data: JSONBody[InvitationAsked], idempotency_key: OptionalKey = None) -> InvitedBody:
    """The invitation; 409 for somebody who works for the vendor already."""
    command = InviteMember(
        letter_id=LetterId(new_id(request, "invitation", idempotency_key)),
        vendor_id=request.vendor_id,
        email=data.email,
        role=data.role,
        by=request.account_id,
        at=request.now,
    )
    letter = request.service.application.invite_members(command)
    return InvitedBody(invitation=InvitationBody.of(letter), token=shown(request, letter))


@delete(
    "/vendor/invitations/{invitation_id:uuid}",
    summary="Ask somebody no more",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_STAFF),
)
def withdraw_invitation(request: Ask, invitation_id: FromPath[UUID]) -> None:
    """Nothing; 409 for an invitation that was accepted."""
    command = WithdrawInvitation(
        letter_id=LetterId(invitation_id), vendor_id=request.vendor_id, by=request.account_id, at=request.now
    )
    request.service.application.invite_members(command)


@post(
    "/invitations/accept",
    summary="Say yes to an invitation",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **in_person(Permission.SHOP),
)
def accept_invitation(request: Ask, data: JSONBody[AcceptanceAsked]) -> MembershipBody:
    """For which vendor whoever asks works now, and as what; 403 unless the account has the address that was invited."""
    command = AcceptInvitation(token=data.token, account_id=request.account_id, at=request.now)
    return MembershipBody.of(request.service.application.accept_invitations(command))


def shown(request: Ask, letter: Letter) -> str | None:
    """The token of a letter for whoever had it written, where nobody posts it."""
    return None if request.service.posts_letters else request.service.application.post_letters(letter.id).token


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_invitations, invite, withdraw_invitation, accept_invitation)

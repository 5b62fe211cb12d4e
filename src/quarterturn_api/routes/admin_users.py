"""Accounts, as the platform sees them: find, suspend, reinstate, grant roles."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.accounts import AccountBody, MembershipBody
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, Line, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.identity.account import AccountStatus, comparable
from quarterturn_domain.identity.ports import Wanted
from quarterturn_domain.identity.registering import GrantRoles, ReinstateAccount, SuspendAccount
from quarterturn_domain.identity.role import Permission, Role
from quarterturn_domain.kernel.ids import AccountId

TAGS: Final = ["admin users"]


class SuspensionAsked(Asked):
    """Why an account is shut out."""

    reason: Line


class RolesAsked(Asked):
    """All roles that an account has from now on."""

    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1, max_length=10)]


class UserBody(Body):
    """An account, and for which vendors it works."""

    account: AccountBody
    vendors: list[MembershipBody]


@get("/admin/users", summary="List accounts", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_USERS))
def list_users(
    request: Ask,
    email: Annotated[
        str | None,
        QueryParameter(max_length=254, pattern=r"^[^\x00]*$", description="Only those whose address begins so."),
    ] = None,
    role: Annotated[Role | None, QueryParameter(description="Only those with this role.")] = None,
    status: Annotated[AccountStatus | None, QueryParameter(description="Only those of this status.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[AccountBody]:
    """In the order of their ids."""
    after = place(cursor, tuple[UUID])
    wanted = Wanted(email=comparable(email) if email else None, role=role, status=status)
    read = request.service.application.read_accounts
    found = read.page(AccountId(after[0]) if after else None, limit + 1, wanted=wanted)
    return page(found, limit, AccountBody.of, lambda account: (account.id,))


@get(
    "/admin/users/{account_id:uuid}",
    summary="Read an account",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_USERS),
)
def read_user(request: Ask, account_id: FromPath[UUID]) -> UserBody:
    """The account, and for which vendors it works."""
    read = request.service.application.read_accounts
    account = read.account(AccountId(account_id))
    return UserBody(account=AccountBody.of(account), vendors=[MembershipBody.of(each) for each in read.memberships_of(account.id)])


@post(
    "/admin/users/{account_id:uuid}/suspend",
    summary="Suspend an account",
    description="Its sessions end at once, and it cannot sign in. The last administrator cannot be suspended.",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_USERS),
)
def suspend_user(request: Ask, account_id: FromPath[UUID], data: JSONBody[SuspensionAsked]) -> AccountBody:
    """The account, shut out."""
    command = SuspendAccount(account_id=AccountId(account_id), reason=data.reason, by=request.account_id, at=request.now)
    return AccountBody.of(request.service.application.govern_accounts(command))


@post(
    "/admin/users/{account_id:uuid}/reinstate",
    summary="Reinstate an account",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_USERS),
)
def reinstate_user(request: Ask, account_id: FromPath[UUID]) -> AccountBody:
    """The account, which may sign in again."""
    command = ReinstateAccount(account_id=AccountId(account_id), by=request.account_id, at=request.now)
    return AccountBody.of(request.service.application.govern_accounts(command))


@put(
    "/admin/users/{account_id:uuid}/roles",
    summary="Grant an account roles",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_USERS),
)
def grant_roles(request: Ask, account_id: FromPath[UUID], data: JSONBody[RolesAsked]) -> AccountBody:
    """The account with these roles and no others; its next request is decided by them."""
    command = GrantRoles(account_id=AccountId(account_id), roles=frozenset(data.roles), by=request.account_id, at=request.now)
    return AccountBody.of(request.service.application.govern_accounts(command))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_users, read_user, suspend_user, reinstate_user, grant_roles)

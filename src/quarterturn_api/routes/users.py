"""Whoever asks, themselves: name, password, orders."""

from __future__ import annotations

from typing import Final

from litestar import get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from quarterturn_api.bodies.accounts import AccountBody, MembershipBody
from quarterturn_api.bodies.orders import OrderBody
from quarterturn_api.edge.access import in_person, needs
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Line, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit
from quarterturn_api.routes.auth import Password
from quarterturn_api.routes.orders import StateWanted, page_of_orders
from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.changing import ChangePassword, ChangeProfile
from quarterturn_domain.identity.role import Permission

TAGS: Final = ["users"]


class ProfileAsked(Asked):
    """Who somebody is."""

    name: Line


class PasswordAsked(Asked):
    """The password until now, and the next one."""

    current: Password
    password: Password


class MeBody(AccountBody):
    """Whoever asks, with the vendors that they work for."""

    vendors: list[MembershipBody]


@get("/users/me", summary="Read who I am", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def read_me(request: Ask) -> MeBody:
    """The account that asks."""
    return _me(request, request.service.application.read_accounts.account(request.account_id))


@put("/users/me", summary="Say who I am", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def change_me(request: Ask, data: JSONBody[ProfileAsked]) -> MeBody:
    """The account afterwards."""
    command = ChangeProfile(account_id=request.account_id, name=data.name, at=request.now)
    return _me(request, request.service.application.change_profiles(command))


@put(
    "/users/me/password",
    summary="Change my password",
    description="All other devices are signed out. A wrong password until now is refused, and counts as an attempt to sign in.",
    tags=TAGS,
    status_code=204,
    sync_to_thread=True,
    **in_person(Permission.SHOP),
)
def change_password(request: Ask, data: JSONBody[PasswordAsked]) -> None:
    """Nothing."""
    command = ChangePassword(
        account_id=request.account_id,
        current=data.current,
        password=data.password,
        keep=request.asker.session_id,
        at=request.now,
    )
    request.service.application.change_passwords(command)


@get("/users/me/orders", summary="List my orders", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def list_my_orders(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None, wanted: StateWanted = None) -> Page[OrderBody]:
    """A page of orders, the latest first: the same as `GET /orders`."""
    return page_of_orders(request, limit, cursor, wanted)


def _me(request: Ask, account: Account) -> MeBody:
    members = request.service.application.read_accounts.memberships_of(account.id)
    shown = AccountBody.of(account)
    return MeBody(
        id=shown.id,
        email=shown.email,
        name=shown.name,
        status=shown.status,
        roles=shown.roles,
        registered_at=shown.registered_at,
        vendors=[MembershipBody.of(member) for member in members],
    )


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_me, change_me, change_password, list_my_orders)

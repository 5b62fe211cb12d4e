"""Signing up, in and out, and the devices that are signed in."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.datastructures import CacheControlHeader
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.accounts import AccountBody, SessionBody
from quarterturn_api.edge.access import everybody, in_person
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, Line, Page
from quarterturn_api.edge.carts import COOKIE, CartToken, forgotten_cookie, named_cart
from quarterturn_api.edge.keys import OptionalKey, new_id_of_guest
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.identity.account import comparable
from quarterturn_domain.identity.password import LONGEST, SHORTEST
from quarterturn_domain.identity.registering import RegisterAccount
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.identity.signing_in import Refresh, SignedIn, SignIn
from quarterturn_domain.identity.signing_out import EndAllSessions, EndSession, SignOut
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import AccountId, CartId, SessionId
from quarterturn_domain.ordering.carting import MergeCart

TAGS: Final = ["auth"]

Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=r"^[^\x00]*$", examples=["ada@example.org"])]
Password = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=512,
        description=f"A new one has {SHORTEST} to {LONGEST} characters, whichever, and is hard to guess.",
        examples=["four quarter turns of a key"],
    ),
]
Device = Annotated[str, msgspec.Meta(max_length=200, description="What the device calls itself, for its owner to recognise it.")]
RefreshToken = Annotated[str, msgspec.Meta(min_length=1, max_length=400, examples=["rt_..."])]


NO_STORE: Final = CacheControlHeader(no_store=True)
"""What is shown once is kept by no cache (RFC 6749, 5.1)."""


class RegisterAsked(Asked):
    """Who somebody is, and what they will sign in with."""

    email: Email
    name: Line
    password: Password
    device: Device = ""


class LoginAsked(Asked):
    """An address and a password."""

    email: Email
    password: Password
    device: Device = ""


class RefreshAsked(Asked):
    """A refresh token, which is good once."""

    refresh_token: RefreshToken


class SignedInBody(Body):
    """A session: the access token is sent as `Authorization: Bearer`, until `expiresAt`; the refresh token is good once, then.

    `cartId` is the account's cart, with what was in the guest's one.
    """

    access_token: str
    token_type: str
    expires_at: datetime
    refresh_token: str
    session_id: UUID
    account: AccountBody
    cart_id: UUID | None = None


@post(
    "/auth/register",
    summary="Open an account, and sign in",
    description="The cart that was filled as a guest (`X-Cart-Token`, or the cookie) becomes the account's.",
    tags=TAGS,
    sync_to_thread=True,
    **everybody(),
)
def register(
    request: Ask, data: JSONBody[RegisterAsked], idempotency_key: OptionalKey = None, cart_token: CartToken = None
) -> Response[SignedInBody]:
    """The account in a session of its own."""
    guest = named_cart(request, cart_token)
    account_id = AccountId(new_id_of_guest(request, comparable(data.email), "account", idempotency_key))
    command = RegisterAccount(account_id=account_id, email=data.email, name=data.name, password=data.password, at=request.now)
    request.service.application.register_accounts(command)
    return _signed_in(request, _open(request, data.email, data.password, data.device), guest)


@post(
    "/auth/login",
    summary="Sign in",
    description="The cart that was filled as a guest (`X-Cart-Token`, or the cookie) is merged into the account's.",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **everybody(),
)
def login(request: Ask, data: JSONBody[LoginAsked], cart_token: CartToken = None) -> Response[SignedInBody]:
    """A session; 401 for a wrong address or password, 429 after too many of them."""
    guest = named_cart(request, cart_token)
    return _signed_in(request, _open(request, data.email, data.password, data.device), guest)


@post(
    "/auth/refresh",
    summary="Change a refresh token for the next one",
    description="A refresh token that comes back after it was used ends its session: one of its two users is a thief.",
    tags=TAGS,
    status_code=200,
    cache_control=NO_STORE,
    sync_to_thread=True,
    **everybody(),
)
def refresh(request: Ask, data: JSONBody[RefreshAsked]) -> SignedInBody:
    """The session with its next tokens."""
    return _body(request, request.service.application.refresh_sessions(Refresh(token=data.refresh_token, at=request.now)), None)


@post("/auth/logout", summary="Sign out", tags=TAGS, status_code=204, sync_to_thread=True, **everybody())
def logout(request: Ask, data: JSONBody[RefreshAsked]) -> None:
    """Nothing; a token that is good for nothing is as good as signed out."""
    request.service.application.end_sessions(SignOut(token=data.refresh_token, at=request.now))


@get("/auth/sessions", summary="List my devices that are signed in", tags=TAGS, sync_to_thread=True, **in_person(Permission.SHOP))
def list_sessions(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[SessionBody]:
    """A page of sessions, the latest first."""
    after = place(cursor, tuple[UUID])
    found = request.service.application.read_accounts.sessions_of(
        request.account_id, SessionId(after[0]) if after else None, limit + 1
    )
    current = request.asker.session_id
    return page(found, limit, lambda each: SessionBody.of(each, current), lambda each: (each.id,))


@delete(
    "/auth/sessions/{session_id:uuid}",
    summary="Sign one of my devices out",
    tags=TAGS,
    sync_to_thread=True,
    **in_person(Permission.SHOP),
)
def end_session(request: Ask, session_id: FromPath[UUID]) -> None:
    """Nothing; 404 for a session that is somebody else's."""
    command = EndSession(account_id=request.account_id, session_id=SessionId(session_id), at=request.now)
    request.service.application.end_sessions(command)


@delete("/auth/sessions", summary="Sign all my other devices out", tags=TAGS, sync_to_thread=True, **in_person(Permission.SHOP))
def end_other_sessions(request: Ask) -> None:
    """Nothing; the one that asks stays signed in."""
    command = EndAllSessions(account_id=request.account_id, keep=request.asker.session_id, at=request.now)
    request.service.application.end_sessions(command)


def _open(request: Ask, email: str, password: str, device: str) -> SignedIn:
    command = SignIn(
        email=email,
        password=password,
        device=device or request.headers.get("user-agent", ""),
        session_id=SessionId(request.service.ids.new()),
        at=request.now,
    )
    return request.service.application.sign_people_in(command)


def _signed_in(request: Ask, signed: SignedIn, guest: CartId | None) -> Response[SignedInBody]:
    """The answer, after the guest's cart became the account's; what cannot be merged keeps nobody from signing in."""
    app, account_id = request.service.application, signed.account.id
    into = app.show_carts.open_of(account_id)
    if guest is not None and app.show_carts.open_of_guest(guest) is not None:
        mine = into or CartId(request.service.ids.new())
        with suppress(DomainError):
            into = app.merge_carts(MergeCart(guest_cart_id=guest, into=mine, owner_id=account_id, at=request.now)).id
    # What could not be merged is still the guest's, and the browser must not lose it.
    left = guest is not None and app.show_carts.open_of_guest(guest) is not None
    cookies = [forgotten_cookie(request)] if COOKIE in request.cookies and not left else []
    return Response(_body(request, signed, into), cookies=cookies, headers={"Cache-Control": "no-store"})


def _body(request: Ask, signed: SignedIn, cart_id: CartId | None) -> SignedInBody:
    token, until = request.service.tokens.issue(signed.account.id, signed.session.id)
    return SignedInBody(
        access_token=token,
        token_type="Bearer",  # noqa: S106 - a word of RFC 6750, no secret.
        expires_at=until,
        refresh_token=signed.refresh_token,
        session_id=signed.session.id,
        account=AccountBody.of(signed.account),
        cart_id=cart_id,
    )


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *(register, login, refresh, logout),
    *(list_sessions, end_session, end_other_sessions),
)

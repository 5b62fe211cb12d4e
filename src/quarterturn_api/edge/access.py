"""Access: every route says who may use it, and how often; whoever does not say who they are is a stranger.

A route without a rule does not start: `every_route_has_a_rule` is asked when the application is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import attrs
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.routes import BaseRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from quarterturn_api.edge.asking import header
from quarterturn_api.edge.limits import Limit, neighbourhood
from quarterturn_api.edge.parameters import read_strictly
from quarterturn_api.edge.tokens import TokenRefused
from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.ids import VendorId

KEY: Final = "access"
VENDOR_HEADER: Final = "X-Vendor-Id"
_VENDOR: Final = VENDOR_HEADER.lower().encode()


@attrs.frozen
class Access:
    """Who may use a route: everybody, or who has a permission; `of_vendor`: for the vendor that the request is about."""

    permission: Permission | None
    of_vendor: bool = False
    limit: Limit = Limit.NONE
    known: Permission | None = None
    """What those need who say who they are, where strangers are let in, too."""
    in_person: bool = False
    """Whether a session is needed, so that an API key is not enough."""


def everybody(limit: Limit = Limit.PUBLIC) -> dict[str, Any]:
    """The rule of a route that needs nobody; limited by address for strangers, by account for who is known."""
    return {"opt": {KEY: Access(None, limit=limit)}}


def guests_and(permission: Permission, limit: Limit = Limit.PUBLIC) -> dict[str, Any]:
    """The rule of a route for strangers, and for those with a permission: an API key without it gets no further."""
    return {
        "opt": {KEY: Access(None, limit=limit, known=permission)},
        "security": [{}, {"bearer": []}, {"apiKey": []}],
    }


def needs(permission: Permission, limit: Limit = Limit.SIGNED_IN) -> dict[str, Any]:
    """The rule of a route that needs somebody with a permission."""
    assert not permission.value.startswith("vendor."), "a vendor's permission is had for a vendor"
    return {"opt": {KEY: Access(permission, limit=limit)}, "security": [{"bearer": []}, {"apiKey": []}]}


def in_person(permission: Permission) -> dict[str, Any]:
    """The rule of a route that needs somebody who has signed in: an API key, which may be lost, governs nobody's way in."""
    return {"opt": {KEY: Access(permission, limit=Limit.SIGNED_IN, in_person=True)}, "security": [{"bearer": []}]}


def needs_of_vendor(permission: Permission, limit: Limit = Limit.SIGNED_IN, *, streamed: bool = False) -> dict[str, Any]:
    """The rule of a route that needs somebody with a permission for the vendor that the request is about.

    What is `streamed` has neither an ETag nor fields to choose from.
    """
    assert permission.value.startswith("vendor."), "had for a vendor"
    return {
        "opt": {KEY: Access(permission, of_vendor=True, limit=limit), "streamed": streamed},
        "security": [{"bearer": []}, {"apiKey": []}],
    }


def administers(permission: Permission) -> dict[str, Any]:
    """The rule of a route of the platform's own people."""
    return needs(permission, Limit.ADMIN)


def guard(asker: Asker | None, access: Access, scope: Scope) -> None:
    """Let through whoever has the permission; finds the vendor that the request is about.

    A guard of Litestar's would say the same, and be given a copy of the whole handler with every request.
    """
    wanted = access.permission
    if asker is None:
        if wanted is not None:
            raise NotAuthorizedException
    elif wanted is None:
        if access.known is not None and not asker.may(access.known):
            raise PermissionDeniedException(f"This needs the permission {access.known.value}")
    elif access.of_vendor:
        scope["state"]["vendor_id"] = _vendor(asker, wanted, header(scope, _VENDOR))
    elif not asker.may(wanted):
        raise PermissionDeniedException(f"This needs the permission {wanted.value}")
    elif access.in_person and asker.key_id is not None:
        raise PermissionDeniedException("An API key may not do this; sign in")


def _vendor(asker: Asker, permission: Permission, named: str | None) -> VendorId:
    """The vendor that is named, or the only one that the asker may do this for; another one's is as good as none."""
    if named is None:
        mine = [vendor_id for vendor_id in asker.vendors if asker.may(permission, vendor_id)]
        if not mine:
            raise PermissionDeniedException(f"This needs the permission {permission.value} for a vendor")
        if len(mine) > 1:
            raise Invalid("a request without a vendor, by somebody who acts for several", f"the header {VENDOR_HEADER}")
        return mine[0]
    try:
        vendor_id = VendorId(UUID(named))
    except ValueError:
        raise Invalid(f"the header {VENDOR_HEADER}", "the id of a vendor") from None
    if vendor_id not in asker.vendors:
        raise NotFound("vendor", named)
    if not asker.may(permission, vendor_id):
        raise PermissionDeniedException(f"This needs the permission {permission.value} for this vendor")
    return vendor_id


def every_route_has_a_rule(routes: Iterable[BaseRoute]) -> None:
    """A bug, not a refusal: a route without a rule must not serve."""
    for route in routes:
        for handler in getattr(route, "route_handlers", ()):
            own = isinstance(handler, HTTPRouteHandler) and handler.fn.__module__.startswith("quarterturn_api")
            assert not own or isinstance(handler.opt.get(KEY), Access), f"{route.path} says nothing of who may use it"


class KnowTheAsker(ASGIMiddleware):
    """Finds out who asks, by a bearer token or an API key, whether they ask too often, may, and say what can be read."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Put the asker into the scope; 401 for a token that is wrong, 429 for too many requests, 403 for who may not."""
        service = scope["litestar_app"].state.service
        access: Access | None = scope["route_handler"].opt.get(KEY)
        scope["auth"] = None
        scope["user"] = None
        given = header(scope, b"authorization")
        client = scope["client"]
        address = neighbourhood(client[0]) if client else ""
        try:
            if given is not None:
                scope["user"] = await _known(service, given)
        except NotAuthorizedException:
            await service.limits.take(Limit.PUBLIC, f"address:{address}")
            raise
        if access is not None:
            asker: Asker | None = scope["user"]
            limit = access.limit
            if asker is not None and limit is Limit.PUBLIC:
                limit = Limit.SIGNED_IN
            if service.limits.counts(limit):
                await service.limits.take(limit, f"address:{address}" if asker is None else f"account:{asker.account_id}")
            guard(asker, access, scope)
        read_strictly(scope["route_handler"], scope["query_string"])
        await next_app(scope, receive, send)


async def _known(service: Any, given: str) -> Asker:  # noqa: ANN401 - the service knows the edge, not the other way round
    scheme, _, text = given.partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not text:
        raise NotAuthorizedException("The header Authorization has to be: Bearer, and a token or an API key")
    if text.startswith("qt_"):
        asker: Asker | None = await service.keys.get(text)
    else:
        try:
            asker = await service.sessions.get(service.tokens.read(text))
        except TokenRefused as refused:
            raise NotAuthorizedException(f"Not accepted: {refused.reason}") from None
    if asker is None:
        raise NotAuthorizedException("Not accepted: it was ended, or its account may not be used; sign in again")
    return asker

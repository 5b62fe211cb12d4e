"""Guests' carts: whoever has the token of a cart may fill it, as a header or, in browsers, as a cookie that scripts cannot read."""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Final
from uuid import UUID

import attrs
from litestar.datastructures import Cookie
from litestar.params import HeaderParameter

from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.csrf import refuse_cross_site
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import CartId

COOKIE: Final = "quarterturn_cart"
KEPT_FOR: Final = timedelta(days=30)
"""How long a browser keeps the cookie."""

_PATH: Final = "/api/v1"
_TOKEN: Final = re.compile(r"ct_([0-9a-f]{32})_([0-9a-f]{64})")

CartToken = Annotated[
    str | None,
    HeaderParameter(
        name="X-Cart-Token",
        max_length=200,
        description="What was answered when a guest's cart was opened; browsers have it as a cookie, too.",
    ),
]


@attrs.frozen
class CartTokens:
    """Makes and reads tokens: the id of a cart, and a message authentication code (HMAC with SHA-256) that only we can make."""

    key: bytes = attrs.field(repr=False)

    @classmethod
    def derived(cls, secret: bytes) -> CartTokens:
        """With a key of their own, which says nothing about `secret`."""
        return cls(hmac.digest(secret, b"quarterturn cart tokens", sha256))

    def issue(self, cart_id: CartId) -> str:
        """The token of a cart."""
        return f"ct_{cart_id.hex}_{hmac.new(self.key, cart_id.bytes, sha256).hexdigest()}"

    def read(self, token: str) -> CartId | None:
        """The cart that a token of ours is for."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        cart_id = CartId(UUID(hex=found[1]))
        return cart_id if hmac.compare_digest(self.issue(cart_id), token) else None


def named_cart(request: Ask, token: str | None) -> CartId | None:
    """The cart of a `token`, or of the cookie: `Invalid` for a token that is none of ours, a cookie that is none is passed over.

    Where the cookie is what authorises, a page of another site is refused.
    """
    if token is not None:
        cart_id = request.service.cart_tokens.read(token)
        if cart_id is None:
            raise Invalid("the token of the cart", "one that was answered when the cart was opened")
        return cart_id
    kept = request.cookies.get(COOKIE)
    if kept is None:
        return None
    refuse_cross_site(request)
    return request.service.cart_tokens.read(kept)


def kept_cookie(request: Ask, token: str) -> Cookie:
    """The cookie that lets a browser keep a token."""
    return Cookie(
        key=COOKIE,
        value=token,
        path=_PATH,
        max_age=int(KEPT_FOR.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forgotten_cookie(request: Ask) -> Cookie:
    """The cookie that lets a browser forget it."""
    return Cookie(key=COOKIE, value="", path=_PATH, max_age=0, httponly=True, samesite="lax", secure=request.url.scheme == "https")

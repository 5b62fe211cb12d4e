"""Access tokens: JSON Web Tokens (RFC 7519) of 15 minutes that name a session, which is looked up with every request.

The token proves that we have issued it; whether its session still lives, and what its account may do, is read from the database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

import attrs
import jwt
from jwt.types import Options

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.ids import AccountId, SessionId

LIFETIME: Final = timedelta(minutes=15)

_ISSUER: Final = "quarterturn"
_ALGORITHM: Final = "HS256"
_REMEMBERED: Final = 8_192
# The times are checked here, by the clock of the program, which tests can set.
_OPTIONS: Final[Options] = {
    "require": ["exp", "iat", "iss", "nbf", "sid", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


class TokenRefused(Exception):
    """The token is none of ours, or its time is not now; `reason` may be told to the bearer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@attrs.frozen
class Tokens:
    """Issues and reads access tokens, signed with `secret` (HMAC with SHA-256; at least 32 bytes, RFC 7518, 3.2)."""

    secret: bytes = attrs.field(repr=False)
    clock: Clock
    _verified: Callable[[str], tuple[SessionId, datetime, datetime]] = attrs.field(init=False, repr=False)

    @_verified.default
    def _remembering(self) -> Callable[[str], tuple[SessionId, datetime, datetime]]:
        assert len(self.secret) >= 32, "a key of at least 256 bits"  # noqa: PLR2004
        # A token comes with every request of its session, and its signature stays as good or bad as it was.
        return lru_cache(_REMEMBERED)(self._verify)

    def issue(self, account_id: AccountId, session_id: SessionId) -> tuple[str, datetime]:
        """A token for a session, and until when it is good."""
        now = self.clock.now()
        until = now + LIFETIME
        claims = {"iss": _ISSUER, "sub": account_id.hex, "sid": session_id.hex, "iat": now, "nbf": now, "exp": until}
        return jwt.encode(claims, self.secret, algorithm=_ALGORITHM), until.replace(microsecond=0)

    def read(self, token: str) -> SessionId:
        """The session that `token` names; raises `TokenRefused`."""
        session_id, since, until = self._verified(token)
        now = self.clock.now()
        if now >= until:
            raise TokenRefused("the access token has expired; refresh it")
        if now < since:
            raise TokenRefused("the access token is not valid yet")
        return session_id

    def _verify(self, token: str) -> tuple[SessionId, datetime, datetime]:
        """The session of a token with a good signature, and from when until when it is good."""
        try:
            claims = jwt.decode(token, self.secret, algorithms=[_ALGORITHM], issuer=_ISSUER, options=_OPTIONS)
            since, until = (datetime.fromtimestamp(claims[name], UTC) for name in ("nbf", "exp"))
            return SessionId(UUID(hex=claims["sid"])), since, until
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError):
            raise TokenRefused("the access token is not one of ours") from None

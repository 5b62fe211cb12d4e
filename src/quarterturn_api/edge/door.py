"""The front door: every request passes it, also one that no route takes: correlation id, log line, figures, headers.

HEAD is answered as GET is, without the body (RFC 9110, 9.3.2), wherever there is a GET; nothing behind the door knows of it.

It is plain ASGI around the whole application, so that a 404 and a crash are told of like everything else.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from random import Random, SystemRandom
from time import perf_counter
from typing import Any, Final, cast
from uuid import UUID

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from quarterturn_api.edge.explorers import PINNED
from quarterturn_api.edge.logs import REQUEST
from quarterturn_api.edge.metrics import Metrics

METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""What is counted and told by its name, as RFC 9110 and RFC 5789 have it."""
_HEAD: Final = "HEAD"
_TELL_METHODS: Final = frozenset({204, 405})
"""With these a path says which methods it takes: when it is asked by OPTIONS, and when it refuses one."""
CORRELATION_HEADER: Final = "X-Correlation-ID"
_CORRELATION: Final = re.compile(rb"[A-Za-z0-9._:-]{1,128}")

SECURITY_HEADERS: Final = (
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-site"),
)
NOTHING_KEEPS: Final = (b"cache-control", b"no-store")
"""For answers whose route says nothing of caches, refusals too: what is somebody's own is on no disk afterwards."""
NOTHING_LOADS: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""For answers that are data."""
_PINNED: Final = " ".join(PINNED).encode()
THE_READER_LOADS: Final = (
    b"content-security-policy",
    (
        b"default-src 'none'; connect-src 'self'; frame-ancestors 'none'; img-src 'self' data:; "
        b"script-src 'unsafe-inline' " + _PINNED + b"; style-src 'unsafe-inline' " + _PINNED + b"; "
        b"font-src data: https://fonts.scalar.com"
    ),
)
"""For the only pages that there are: those that show the OpenAPI description, by programs that they load."""

_log = structlog.stdlib.get_logger("quarterturn.request")

# They have to differ, and need not be hard to guess.
_chance: Final = Random(SystemRandom().getrandbits(128))  # noqa: S311


class FrontDoor:
    """Wraps the application; `hosts` are those that it may be called by, or `*` among them for any."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, hosts: Collection[str] = ("*",)) -> None:
        self._app = app
        self._metrics = metrics
        self._hosts = None if "*" in hosts else frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        host, given = b"", b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"x-correlation-id":
                given = value
        correlation = given.decode() if _CORRELATION.fullmatch(given) else str(UUID(int=_chance.getrandbits(128), version=4))
        scope.setdefault("state", {})["correlation_id"] = correlation
        method = scope["method"]
        if method == _HEAD:
            # A copy: the server tells by its own that there is no body to come.
            scope = cast("HTTPScope", {**scope, "method": "GET"})
        status = 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = message["headers"]
                if status in _TELL_METHODS:
                    given = [_with_head(header) for header in given]
                policy: tuple[bytes, bytes] | None = NOTHING_LOADS
                caching: tuple[bytes, bytes] | None = NOTHING_KEEPS
                for name, value in given:
                    if name == b"cache-control":
                        caching = None
                    elif name == b"content-security-policy":
                        policy = None
                    elif name == b"content-type" and value.startswith(b"text/html"):
                        policy = THE_READER_LOADS
                headers = [*given, (b"x-correlation-id", correlation.encode()), *SECURITY_HEADERS]
                headers.extend(each for each in (policy, caching) if each is not None)
                message["headers"] = headers
            elif method == _HEAD and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        # Servers give every request a context of its own: there is nothing to put back.
        structlog.contextvars.bind_contextvars(correlation_id=correlation)
        try:
            if self._hosts is not None and host.decode("latin-1").rsplit(":", 1)[0].lower() not in self._hosts:
                await _misdirected(scope, told, correlation)
            else:
                await self._app(scope, receive, told)
        finally:
            self._tell(scope, method, status, perf_counter() - began)

    def _tell(self, scope: HTTPScope, asked: str, status: int, seconds: float) -> None:
        template = scope.get("path_template") or "(none)"
        # Whoever asks makes up the method: nothing may grow with what they think of.
        method = asked if asked in METHODS else "(other)"
        self._metrics.requested(method, template, status, seconds)
        asker: Any = scope.get("user")
        _log.info(
            REQUEST,
            method=method,
            endpoint=template,
            status_code=status,
            response_time_ms=round(seconds * 1_000, 2),
            user_id=None if asker is None else str(asker.account_id),
        )


def _with_head(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = header
    methods = value.split(b", ")
    return (name, b", ".join(sorted([*methods, b"HEAD"]))) if name == b"allow" and b"GET" in methods else header


async def _misdirected(scope: HTTPScope, send: Send, correlation: str) -> None:
    body = {
        "statusCode": 400,
        "error": "Bad Request",
        "code": "unknown_host",
        "message": "This service is not known by the name in the header Host",
        "details": {},
        "timestamp": None,
        "path": scope["path"],
        "correlationId": correlation,
    }
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(body), "more_body": False})

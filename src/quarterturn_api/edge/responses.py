"""Responses: a body in JSON and nothing else, as most answers are, goes to the server without a detour."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.enums import CompressionEncoding, MediaType
from litestar.middleware.compression import CompressionMiddleware
from litestar.response.base import ASGIResponse
from litestar.serialization import default_serializer
from litestar.types import Receive, Scope, Send

from quarterturn_api.edge.asking import header

_ENCODER: Final = msgspec.json.Encoder(enc_hook=default_serializer)
_JSON: Final = (b"content-type", b"application/json")
_CODINGS: Final = (CompressionEncoding.BROTLI, CompressionEncoding.GZIP)
"""Those that there are; of what is liked as well as another one, the earlier."""
_WITHOUT_BODY: Final = frozenset({None, 204, 304})


class JsonResponse(Response[Any]):
    """What handlers return; one with headers, cookies, another media type or nothing to say is Litestar's as ever."""

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **given: Any) -> ASGIResponse:  # noqa: ANN401
        """What is sent."""
        plain = (
            self.media_type in {None, MediaType.JSON}
            and not (self.headers or self.cookies or self.background)
            and not any(given.values())
            and self.status_code not in _WITHOUT_BODY
            and not isinstance(self.content, str)
        )
        if not plain:
            return super().to_asgi_response(app, request, **given)
        assert self.status_code is not None
        # What is bytes is JSON already: a page that many look at is written once.
        ready = isinstance(self.content, bytes)
        return _Written(self.status_code, self.content if ready else _ENCODER.encode(self.content))


class Compress(CompressionMiddleware):
    """Compresses for who asks for it, as RFC 9110 (12.5.3) has it; Litestar's own takes `br;q=0` for a wish."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        asked = header(scope, b"accept-encoding")
        coding = None if asked is None else wanted_coding(asked)
        if coding is not None:
            send = self.create_compression_send_wrapper(send, coding, scope)
        await self.app(scope, receive, send)


def wanted_coding(asked: str) -> str | None:
    """Which of our codings a header Accept-Encoding likes best, or None for nothing but the answer as it is.

    >>> wanted_coding("gzip, br"), wanted_coding("gzip, br;q=0.5"), wanted_coding("br;q=0, *"), wanted_coding("*;q=0, identity")
    ('br', 'gzip', 'gzip', None)
    """
    weights: dict[str, float] = {}
    for each in asked.lower().split(","):
        name, _, weight = each.partition(";")
        weights[name.strip()] = _weight(weight)
    of_others = weights.get("*", 0.0)
    best = max(_CODINGS, key=lambda coding: weights.get(coding, of_others))
    liked = weights.get(best, of_others)
    return best.value if liked > 0 and liked >= weights.get("identity", 0.0) else None


def _weight(said: str) -> float:
    """What a coding weighs: 1 unless something else is said, 0 for what makes no sense."""
    name, _, value = said.partition("=")
    if not said.strip():
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


class _Written(ASGIResponse):
    """Two messages for the server, and no more."""

    def __init__(self, status_code: int, body: bytes) -> None:
        # The headers of the class above are a mapping that is built, changed and taken apart again for every answer.
        self.status_code = status_code
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - what ASGI says
        """Send them."""
        headers = [_JSON, (b"content-length", str(len(self.body)).encode())]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})

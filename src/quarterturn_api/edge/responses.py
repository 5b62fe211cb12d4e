"""Responses: a body in JSON and nothing else, as most answers are, goes to the server without a detour."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.middleware.compression import CompressionMiddleware
from litestar.response.base import ASGIResponse
from litestar.serialization import default_serializer
from litestar.types import Receive, Scope, Send

from quarterturn_api.edge.asking import header

_ENCODER: Final = msgspec.json.Encoder(enc_hook=default_serializer)
_JSON: Final = (b"content-type", b"application/json")
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
    """Compresses for who asks for it, and reads no more of a request's headers than that takes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        serve = self.app if header(scope, b"accept-encoding") is None else super().__call__
        await serve(scope, receive, send)


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

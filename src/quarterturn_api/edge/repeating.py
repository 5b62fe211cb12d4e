"""Repeated reads: an ETag for what has not changed, and `fields` for who needs only some of it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

_OK: Final = 200
_NOT_MODIFIED: Final = 304


class AnswerRepeatedReads(ASGIMiddleware):
    """Leaves out fields that were not asked for, and answers 304 to who has read the same before."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "streamed"

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Serve one request; only answers to GET with 200 in JSON are touched."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            await next_app(scope, receive, send)
            return
        start: Any = None

        async def told(message: Any) -> None:  # noqa: ANN401 - what starts an answer is changed when its body is known
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == _OK:
                start = message
                return
            if start is None or message["type"] != "http.response.body" or message.get("more_body"):
                if start is not None:
                    await send(start)
                    start = None
                await send(message)
                return
            headers = MutableScopeHeaders.from_message(start)
            if headers.get("content-type", "").startswith("application/json"):
                wanted = _fields(scope.get("query_string", b""))
                if wanted:
                    message["body"] = _only(message["body"], wanted)
                    headers["content-length"] = str(len(message["body"]))
                tag = f'W/"{blake2b(message["body"], digest_size=12).hexdigest()}"'
                headers["etag"] = tag
                headers.setdefault("cache-control", "no-cache" if scope.get("user") is None else "private, no-cache")
                known = Headers.from_scope(scope).get("if-none-match")
                if known is not None and tag in {each.strip() for each in known.split(",")}:
                    start["status"] = _NOT_MODIFIED
                    message["body"] = b""
                    del headers["content-length"]
            await send(start)
            await send(message)

        await next_app(scope, receive, told)


def _fields(query: bytes) -> frozenset[str]:
    if b"fields=" not in query:
        return frozenset()
    named = parse_qs(query.decode("latin-1")).get("fields", [])
    return frozenset(name.strip() for each in named for name in each.split(",") if name.strip())


def _only(body: bytes, wanted: frozenset[str]) -> bytes:
    """Of an object, or of each item of a page, the wanted fields; what they are not known to have is not there."""
    whole: Any = msgspec.json.decode(body)
    if isinstance(whole, dict) and isinstance(whole.get("items"), list):
        whole["items"] = [{key: value for key, value in item.items() if key in wanted} for item in whole["items"]]
    elif isinstance(whole, dict):
        whole = {key: value for key, value in whole.items() if key in wanted}
    return msgspec.json.encode(whole)

"""Repeated reads: an ETag for what has not changed, and `fields` for who needs only some of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, Final, get_args, get_origin
from urllib.parse import parse_qs

import msgspec
from litestar import Response
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from quarterturn_api.edge.asking import header

Header = tuple[bytes, bytes]

FIELDS: Final = "fields"
"""The parameter of reads that names the fields that are wanted."""

_OK: Final = 200
_NOT_MODIFIED: Final = 304
_STREAMED: Final = "streamed"


class AnswerRepeatedReads(ASGIMiddleware):
    """Leaves out fields that were not asked for, and answers 304 to who has read the same before."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = _STREAMED

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
            if _is_json(start["headers"]):
                wanted = _fields(scope["query_string"])
                body = message["body"] = _only(message["body"], wanted) if wanted else message["body"]
                tag = _tag(body)
                known = header(scope, b"if-none-match")
                unchanged = known is not None and tag in {each.strip() for each in known.split(",")}
                if unchanged:
                    start["status"] = _NOT_MODIFIED
                    message["body"] = b""
                length = () if unchanged else ((b"content-length", str(len(body)).encode()),)
                start["headers"] = [*_kept(start["headers"]), *length, (b"etag", tag.encode()), *_caching(scope, start["headers"])]
            await send(start)
            await send(message)

        await next_app(scope, receive, told)


@lru_cache(maxsize=16)
def _tag(body: bytes) -> str:
    """What tells this body from others; a page that many look at at once is one object, and read through once."""
    return f'W/"{blake2b(body, digest_size=12).hexdigest()}"'


def _is_json(headers: Iterable[Header]) -> bool:
    return any(name == b"content-type" and value.startswith(b"application/json") for name, value in headers)


def _kept(headers: Iterable[Header]) -> Iterator[Header]:
    return (each for each in headers if each[0] != b"content-length")


def _caching(scope: HTTPScope, headers: Iterable[Header]) -> Sequence[Header]:
    """What caches are told, unless the route has told them."""
    if any(name == b"cache-control" for name, _ in headers):
        return ()
    return ((b"cache-control", b"no-cache" if scope["user"] is None else b"private, no-cache"),)


def chooses(handler: BaseRouteHandler) -> bool:
    """Whether who asks may choose the fields of what is answered."""
    return isinstance(handler, HTTPRouteHandler) and "GET" in handler.http_methods and not handler.opt.get(_STREAMED)


def chosen(texts: Iterable[str]) -> Sequence[str]:
    """The fields that values of `fields` name, each once."""
    return list(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))


@cache
def choice(handler: BaseRouteHandler) -> frozenset[str]:
    """What may be chosen of an answer: its own fields, and those of its items; none where the handler does not say what it is."""
    fields = _of(answered(handler))
    items = fields.pop("items", None)
    return frozenset(fields) | frozenset(_of(*get_args(items)) if get_origin(items) is list else ())


def answered(handler: BaseRouteHandler) -> Any:  # noqa: ANN401
    """What a handler says that it answers, without the response around it."""
    kind = handler.parsed_fn_signature.return_type.annotation
    return get_args(kind)[0] if get_origin(kind) is Response else kind


def is_struct(kind: Any) -> bool:  # noqa: ANN401
    """Whether `kind` is a struct of msgspec's, also a generic one of something."""
    return isinstance(get_origin(kind) or kind, type(msgspec.Struct))


def _of(kind: Any) -> dict[str, Any]:  # noqa: ANN401
    """What the fields of a struct are, by the names that they are sent under."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)} if is_struct(kind) else {}


def _fields(query: bytes) -> frozenset[str]:
    if b"fields=" not in query:
        return frozenset()
    return frozenset(chosen(parse_qs(query.decode("latin-1")).get(FIELDS, [])))


def _only(body: bytes, wanted: frozenset[str]) -> bytes:
    """Of an object, or of each item of a page, the wanted fields that are there."""
    whole: Any = msgspec.json.decode(body)
    if isinstance(whole, dict) and isinstance(whole.get("items"), list):
        whole["items"] = [{key: value for key, value in item.items() if key in wanted} for item in whole["items"]]
    elif isinstance(whole, dict):
        whole = {key: value for key, value in whole.items() if key in wanted}
    return msgspec.json.encode(whole)

"""Pages: where a list goes on is an opaque cursor, made of the place of the last item that was shown."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar.params import QueryParameter

from quarterturn_api.edge.bodies import MAX_PAGE, Page
from quarterturn_domain.kernel.errors import Invalid

T = TypeVar("T")
V = TypeVar("V")

DEFAULT: Final = 20

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="How many items a page has at most.")]
Cursor = Annotated[
    str | None,
    QueryParameter(max_length=1000, description="`nextCursor` of the page before; without it, the first page is answered."),
]


def cursor(place: Sequence[Any]) -> str:
    """`place`, plain values that msgspec can write, as an opaque text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place(text: str | None, kind: type[T]) -> T | None:
    """The place of `kind` (a tuple type) that `text` was made of, or None without a text; raises `Invalid`."""
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=kind)
    except (binascii.Error, UnicodeError, msgspec.MsgspecError):
        raise Invalid("the cursor", "`nextCursor` of the page before, unchanged") from None


def page(found: Sequence[V], limit: int, body: Callable[[V], T], place_of: Callable[[V], Sequence[Any]]) -> Page[T]:
    """A page of what was found when one more than `limit` was asked for: that one tells that there is a next page."""
    shown = found[:limit]
    following = cursor(place_of(shown[-1])) if len(found) > limit else None
    return Page(items=[body(each) for each in shown], next_cursor=following)

"""Lists as Stripe gives them: newest first, filtered, a page at a time between cursors; and the search, which lags behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from tests.doubles.stripe.books import PLATFORM, Books, Json
from tests.doubles.stripe.refusals import invalid

_LONGEST: Final = 100
_DEFAULT: Final = 10
_QUERY: Final = re.compile(r"metadata\['(\w+)'\]:'([\w-]+)'")
_FILTERS: Final = ("payment_intent", "charge", "transfer_group", "destination", "currency", "type", "source", "status")
_BOUNDS: Final[dict[str, Callable[[int, int], bool]]] = {
    "gt": int.__gt__,
    "gte": int.__ge__,
    "lt": int.__lt__,
    "lte": int.__le__,
}


def listed(books: Books, kind: str, params: Json, path: str, owner: str = PLATFORM) -> Json:
    """A page of the objects of a kind that the parameters ask for."""
    limit = int(params.get("limit", _DEFAULT))
    if not 0 < limit <= _LONGEST:
        raise invalid("The limit is 1 to 100", param="limit", code="parameter_invalid_integer")
    after, before = params.get("starting_after"), params.get("ending_before")
    things = _cut(_wanted(books.all(kind, owner), params), after, before)
    # A page before a cursor is the one next to it.
    page = things[-limit:] if before else things[:limit]
    return {"object": "list", "data": _whole(books, page, params), "has_more": len(things) > limit, "url": path}


def searched(books: Books, params: Json, path: str) -> Json:
    """The payment intents with the metadata that a query names, but for those that the search does not know of yet."""
    match = _QUERY.fullmatch(params["query"])
    if match is None:
        raise invalid("The query is not understood", param="query")
    known = [each for each in books.all("payment_intent") if each["created"] <= books.now - books.terms.search_lags]
    found = [each for each in known if each["metadata"].get(match[1]) == match[2]]
    return {"object": "search_result", "data": _whole(books, found, params), "has_more": False, "url": path, "next_page": None}


def _wanted(things: Sequence[Json], params: Json) -> Sequence[Json]:
    created = params.get("created", {})
    bounds = {"gte": created, "lte": created} if isinstance(created, str) else created
    for name, value in bounds.items():
        things = [each for each in things if _BOUNDS[name](each["created"], int(value))]
    for name in _FILTERS:
        if name in params:
            things = [each for each in things if each.get(name) == params[name]]
    return things


def _cut(things: Sequence[Json], after: str | None, before: str | None) -> Sequence[Json]:
    names = [each["id"] for each in things]
    for cursor in (after, before):
        if cursor is not None and cursor not in names:
            raise invalid(f"No such object: '{cursor}'", param="starting_after", code="resource_missing")
    if after is not None:
        return things[names.index(after) + 1 :]
    return things[: names.index(before)] if before is not None else things


def _whole(books: Books, things: Sequence[Json], params: Json) -> list[Json]:
    paths = tuple(path.removeprefix("data.") for path in params.get("expand", []))
    return [books.shown(each, paths) for each in things]

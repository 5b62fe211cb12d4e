"""Pages from the latest to the first: the condition, the order and the limit that read one from an index, and nothing before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

Behind: TypeAlias = tuple[datetime, UUID] | None
"""The instant and the id of the last row of the page before; None for the first page."""


def latest_first(instant: str, after: Behind, limit: int, **equal: Any) -> tuple[str, Sequence[Any]]:
    """What follows the name of a table, and its parameters: rows by the column `instant` and the id, both descending.

    Of `equal` those columns that are not None have to have that value.
    """
    given = {column: value for column, value in equal.items() if value is not None}
    conditions = [f"{column} = %s" for column in given]
    if after is not None:
        conditions.append(f"({instant}, id) < (%s, %s)")
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    return f"{where}ORDER BY {instant} DESC, id DESC LIMIT %s", (*given.values(), *(after or ()), limit)

"""Indexes: second ways to find the rows of a table, each told of every change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, islice
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from quarterturn_adapters.memory.ordered import Entry, Ordered
from quarterturn_domain.kernel.errors import Conflict

K = TypeVar("K", bound=Hashable)
K_contra = TypeVar("K_contra", contravariant=True)
V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)
V_contra = TypeVar("V_contra", contravariant=True)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

EVERY: Final = "every"
"""The one group of an index that has no others."""


class Rows(Protocol[K, V_co]):
    """Where an index reads the rows that it finds."""

    def get(self, key: K, /) -> V_co | None:
        """The row, if there is one."""
        ...

    def find(self, keys: Iterable[K], /) -> Mapping[K, V_co]:
        """Those of the rows that exist."""
        ...


class Index(Protocol[K_contra, V_contra]):
    """A second way to find rows, told of every change."""

    def move(self, key: K_contra, before: V_contra | None, after: V_contra | None, /) -> None:
        """Know the row `key` by `after` instead of `before`; None where there is no row. Telling it twice changes nothing."""
        ...


def latest_first(at: datetime, key: UUID) -> tuple[int, int]:
    """The order by an instant and then by id, both from the latest to the earliest."""
    return (-((at - _EPOCH) // _MICROSECOND), -key.int)


def every(_: object) -> str:
    """The group of all rows."""
    return EVERY


class Grouped(Generic[K, V]):
    """The rows of each group, in no order."""

    __slots__ = ("_by", "_groups", "_rows")

    def __init__(self, rows: Rows[K, V], by: Callable[[V], Hashable | None]) -> None:
        self._rows = rows
        self._by = by
        self._groups: dict[Hashable, dict[K, None]] = {}

    def of(self, group: Hashable) -> list[V]:
        """The rows of `group`."""
        keys = self._groups.get(group)
        return list(self._rows.find(keys).values()) if keys else []

    def move(self, key: K, before: V | None, after: V | None, /) -> None:
        """Know the row by its new group."""
        old = None if before is None else self._by(before)
        new = None if after is None else self._by(after)
        if old is not None and old != new:
            keys = self._groups.get(old, {})
            keys.pop(key, None)
            if not keys:
                self._groups.pop(old, None)
        if new is not None:
            self._groups.setdefault(new, {})[key] = None


class Sorted(Generic[K, V]):
    """The rows of each group, in order."""

    __slots__ = ("_by", "_groups", "_order", "_rows")

    def __init__(self, rows: Rows[K, V], order: Callable[[V], Entry], by: Callable[[V], Hashable | None]) -> None:
        self._rows = rows
        self._by = by
        self._order = order
        self._groups: dict[Hashable, Ordered] = {}

    def rows(self, group: Hashable = EVERY, *, since: Entry = ()) -> Iterator[V]:
        """The rows of `group` in order, from `since` on, each read when it is asked for."""
        entries = self._groups.get(group)
        return self._read(entries.since(since)) if entries is not None else iter(())

    def page(self, after: Entry | None, limit: int, *, of: Hashable = EVERY) -> list[V]:
        """Up to `limit` rows of the group `of`, those whose order comes after `after`."""
        return list(islice(self.following(after, of=of), limit))

    def following(self, after: Entry | None, *, of: Hashable = EVERY, since: Entry = ()) -> Iterator[V]:
        """The rows of the group `of` whose order comes after `after`, from `since` on, each read when it is asked for."""
        entries = self._groups.get(of)
        if entries is None:
            return iter(())
        return self._read(dropwhile(lambda entry: entry[:-1] == after, entries.since(max(after or (), since))))

    def move(self, key: K, before: V | None, after: V | None, /) -> None:
        """Know the row by its new group and place."""
        old = None if before is None else self._by(before)
        new = None if after is None else self._by(after)
        if old is None and new is None:
            return
        leaving = None if before is None or old is None else (*self._order(before), key)
        coming = None if after is None or new is None else (*self._order(after), key)
        if old == new and leaving == coming:
            return
        # Only what cannot be compared with the others fails here, before anything has changed.
        if coming is not None:
            self._groups.setdefault(new, Ordered()).add(coming)
        if leaving is not None and old in self._groups:
            entries = self._groups[old]
            entries.discard(leaving)
            if not entries:
                del self._groups[old]

    def _read(self, entries: Iterator[Entry]) -> Iterator[V]:
        for entry in entries:
            row = self._rows.get(entry[-1])
            assert row is not None
            yield row


class Unique(Generic[K, V]):
    """The one row that has something."""

    __slots__ = ("_by", "_key", "_keys", "_kind", "_reason", "_rows")

    def __init__(self, rows: Rows[K, V], kind: str, key: Callable[[V], K], by: Callable[[V], Hashable | None], reason: str) -> None:
        self._rows = rows
        self._kind = kind
        self._key = key
        self._by = by
        self._reason = reason
        self._keys: dict[Hashable, K] = {}

    def get(self, has: Hashable) -> V | None:
        """The row that has it, if one does."""
        found = self._rows.find([self._keys[has]] if has in self._keys else [])
        return next(iter(found.values()), None)

    def find(self, wanted: Iterable[Hashable]) -> list[V]:
        """The rows that have one of `wanted`."""
        return list(self._rows.find([self._keys[has] for has in wanted if has in self._keys]).values())

    def refuse_taken(self, rows: Iterable[V]) -> None:
        """Raise `Conflict` when one of `rows` has what another row has, be that among them or in the table."""
        next_rows = {self._key(row): row for row in rows}
        taken: dict[Hashable, K] = {}
        for key, row in next_rows.items():
            has = self._by(row)
            if has is None:
                continue
            # A row that has it now, but is itself one of `rows`, may be about to give it up.
            owner = self._keys.get(has, key)
            if taken.setdefault(has, key) != key or (owner != key and owner not in next_rows):
                raise Conflict(self._kind, _said(has), self._reason)

    def move(self, key: K, before: V | None, after: V | None, /) -> None:
        """Know the row by what it has now."""
        old = None if before is None else self._by(before)
        new = None if after is None else self._by(after)
        if old is not None and self._keys.get(old) == key:
            del self._keys[old]
        if new is not None:
            self._keys[new] = key


def _said(has: Hashable) -> str:
    return str(has[0]) if isinstance(has, tuple) else str(has)

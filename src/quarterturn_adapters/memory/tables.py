"""Transactional tables: rows and their indexes change together, and a transaction that fails leaves neither.

Transactions run one after the other, so that a write may go straight to its row: what stood there before is noted, and put back
unless the transaction commits. Committing is one step, dropping those notes, and cannot be done by half. Rows are frozen values,
shared and never copied.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import dropwhile, islice
from threading import Lock, get_ident
from typing import Any, Final, Generic, Protocol, TypeVar

from quarterturn_adapters.memory.ordered import Entry, Ordered
from quarterturn_domain.kernel.errors import Conflict

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
V_contra = TypeVar("V_contra", contravariant=True)
K_contra = TypeVar("K_contra", contravariant=True)

EVERY: Final = "every"
"""The one group of an index that has no others."""

ENDED: Final = "the unit of work is over, or belongs to another thread"


class Transactions:
    """Lets one thread at a time change the tables, and takes back what a failed transaction has changed."""

    __slots__ = ("_lock", "changes", "holder")

    def __init__(self) -> None:
        self._lock = Lock()
        self.holder: int | None = None
        self.changes: list[Callable[[], None]] = []
        """How to take back what this transaction has written, in the order of writing."""

    @contextmanager
    def one(self) -> Iterator[None]:
        """One transaction of this thread, after those of others: leaving the block commits, an exception takes everything back."""
        assert self.holder != get_ident(), "this thread is in a unit of work already; waiting for itself would take forever"
        with self._lock:
            self.holder = get_ident()
            try:
                yield
                self.changes = []
            finally:
                self._take_back()
                self.holder = None

    def _take_back(self) -> None:
        while self.changes:
            self.changes[-1]()
            self.changes.pop()


class Counter:
    """Numbers that grow from 1 with every commit; those of a failed transaction are given again."""

    __slots__ = ("_transactions", "last")

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self.last = 0

    def take(self, count: int) -> range:
        """The next `count` numbers."""
        assert self._transactions.holder == get_ident(), ENDED
        self._transactions.changes.append(partial(setattr, self, "last", self.last))
        first, self.last = self.last + 1, self.last + count
        return range(first, self.last + 1)


class Index(Protocol[K_contra, V_contra]):
    """A second way to find rows, told of every change."""

    def move(self, key: K_contra, before: V_contra | None, after: V_contra | None, /) -> None:
        """Know the row `key` by `after` instead of `before`; None where there is no row. Telling it twice changes nothing."""
        ...


def _every(_: object) -> str:
    return EVERY


X = TypeVar("X", bound=Index[Any, Any])


class Table(Generic[K, V]):
    """Rows by their key, with indexes; only the thread that is in a transaction may use it."""

    __slots__ = ("_indexes", "_key", "_kind", "_rows", "_transactions", "_uniques", "version")

    def __init__(self, transactions: Transactions, kind: str, key: Callable[[V], K]) -> None:
        """An empty table of `kind`, a word for refusals; `key` tells what a row is known by."""
        self._transactions = transactions
        self._kind = kind
        self._key = key
        self._rows: dict[K, V] = {}
        self._indexes: list[Index[K, V]] = []
        self._uniques: list[Unique[K, V]] = []
        self.version = 0
        """Grows with every change, so that what was computed from the table can be known to be stale."""

    def grouped(self, by: Callable[[V], Hashable | None]) -> Grouped[K, V]:
        """An index of the rows of each group; rows of the group None are left out."""
        return self._indexed(Grouped(self, by))

    def sorted(self, order: Callable[[V], Entry], by: Callable[[V], Hashable | None] = _every) -> Sorted[K, V]:
        """An index of the rows of each group in `order`; rows of the group None are left out."""
        return self._indexed(Sorted(self, order, by))

    def unique(self, by: Callable[[V], Hashable | None], reason: str) -> Unique[K, V]:
        """An index of what only one row may have, None excepted; `reason` is said to the second one."""
        index = Unique(self, self._kind, self._key, by, reason)
        self._uniques.append(index)
        return self._indexed(index)

    def get(self, key: K) -> V | None:
        """The row, if there is one."""
        assert self._transactions.holder == get_ident(), ENDED
        return self._rows.get(key)

    def find(self, keys: Iterable[K]) -> dict[K, V]:
        """Those of the rows that exist."""
        assert self._transactions.holder == get_ident(), ENDED
        rows = self._rows
        return {key: rows[key] for key in keys if key in rows}

    def all(self) -> Mapping[K, V]:
        """A copy of every row by its key: for tables that stay small."""
        assert self._transactions.holder == get_ident(), ENDED
        return dict(self._rows)

    def add(self, values: Iterable[V]) -> None:
        """Keep new rows; raises `Conflict` when one exists already, or takes what is unique, and then keeps none."""
        rows = list(values)
        seen: set[K] = set()
        for key in map(self._key, rows):
            if key in seen or self.get(key) is not None:
                raise Conflict(self._kind, str(key), "it exists already")
            seen.add(key)
        self._refuse_taken(rows)
        self.put(rows)

    def save(self, values: Iterable[V]) -> None:
        """Replace rows, which exist; raises `Conflict` when one takes what is unique, and then replaces none."""
        rows = list(values)
        for key in map(self._key, rows):
            assert self.get(key) is not None, f"the {self._kind} {key} is saved, but was never added"
        self._refuse_taken(rows)
        self.put(rows)

    def replace(self, values: Iterable[V]) -> None:
        """Keep rows, new or instead of what they were; raises `Conflict` when one takes what is unique, and then keeps none."""
        rows = list(values)
        self._refuse_taken(rows)
        self.put(rows)

    def put(self, values: Iterable[V]) -> None:
        """Keep rows that take nothing that is unique, new or instead of what they were."""
        assert self._transactions.holder == get_ident(), ENDED
        changes, rows = self._transactions.changes, self._rows
        for value in values:
            key = self._key(value)
            before = rows.get(key)
            changes.append(partial(self._restore, key, before))
            self._write(key, before, value)

    def drop(self, keys: Iterable[K]) -> int:
        """Remove rows; what does not exist is passed over. Returns how many there were."""
        dropped = 0
        for key in keys:
            before = self.get(key)
            if before is not None:
                self._transactions.changes.append(partial(self._restore, key, before))
                self._write(key, before, None)
                dropped += 1
        return dropped

    def _write(self, key: K, before: V | None, after: V | None) -> None:
        for index in self._indexes:
            index.move(key, before, after)
        if after is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = after
        self.version += 1

    def _restore(self, key: K, before: V | None) -> None:
        self._write(key, self._rows.get(key), before)

    def _refuse_taken(self, rows: list[V]) -> None:
        for unique in self._uniques:
            unique.refuse_taken(rows)

    def _indexed(self, index: X) -> X:
        assert not self._rows, "an index comes before the rows"
        self._indexes.append(index)
        return index


class Grouped(Generic[K, V]):
    """The rows of each group, in no order."""

    __slots__ = ("_by", "_groups", "_table")

    def __init__(self, table: Table[K, V], by: Callable[[V], Hashable | None]) -> None:
        self._table = table
        self._by = by
        self._groups: dict[Hashable, dict[K, None]] = {}

    def of(self, group: Hashable) -> list[V]:
        """The rows of `group`."""
        keys = self._groups.get(group)
        return list(self._table.find(keys).values()) if keys else []

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

    __slots__ = ("_by", "_groups", "_order", "_table")

    def __init__(self, table: Table[K, V], order: Callable[[V], Entry], by: Callable[[V], Hashable | None]) -> None:
        self._table = table
        self._by = by
        self._order = order
        self._groups: dict[Hashable, Ordered] = {}

    def rows(self, group: Hashable = EVERY) -> Iterator[V]:
        """The rows of `group` in order, each read when it is asked for."""
        return self._read(iter(self._groups.get(group, ())))

    def page(self, after: Entry | None, limit: int, *, of: Hashable = EVERY) -> list[V]:
        """Up to `limit` rows of the group `of`, those whose order comes after `after`."""
        entries = self._groups.get(of)
        if entries is None:
            return []
        following = iter(entries) if after is None else dropwhile(lambda entry: entry[:-1] == after, entries.since(after))
        return list(self._read(islice(following, limit)))

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
        if leaving is not None and old in self._groups:
            entries = self._groups[old]
            entries.discard(leaving)
            if not entries:
                del self._groups[old]
        if coming is not None:
            self._groups.setdefault(new, Ordered()).add(coming)

    def _read(self, entries: Iterator[Entry]) -> Iterator[V]:
        for entry in entries:
            row = self._table.get(entry[-1])
            assert row is not None
            yield row


class Unique(Generic[K, V]):
    """The one row that has something."""

    __slots__ = ("_by", "_key", "_keys", "_kind", "_reason", "_table")

    def __init__(
        self, table: Table[K, V], kind: str, key: Callable[[V], K], by: Callable[[V], Hashable | None], reason: str
    ) -> None:
        self._table = table
        self._kind = kind
        self._key = key
        self._by = by
        self._reason = reason
        self._keys: dict[Hashable, K] = {}

    def get(self, has: Hashable) -> V | None:
        """The row that has it, if one does."""
        found = self._table.find([self._keys[has]] if has in self._keys else [])
        return next(iter(found.values()), None)

    def find(self, wanted: Iterable[Hashable]) -> list[V]:
        """The rows that have one of `wanted`."""
        return list(self._table.find([self._keys[has] for has in wanted if has in self._keys]).values())

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

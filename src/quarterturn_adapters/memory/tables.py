"""Transactional tables: rows and their indexes change together, and a transaction that fails leaves neither.

Transactions run one after the other, so that a write may go straight to its row: what stood there before is noted, and put back
unless the transaction commits. Committing is one step, dropping those notes, and cannot be done by half. Rows are frozen values,
shared and never copied.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock, get_ident
from typing import Any, Final, Generic, TypeVar

from quarterturn_adapters.memory.indexes import Grouped, Index, Sorted, Unique, every
from quarterturn_adapters.memory.ordered import Entry
from quarterturn_domain.kernel.errors import Conflict

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
X = TypeVar("X", bound=Index[Any, Any])

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
                try:
                    self._take_back()
                finally:
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

    def following(self, count: int) -> range:
        """The next `count` numbers, not taken yet."""
        return range(self.last + 1, self.last + count + 1)

    def take(self, count: int) -> range:
        """The next `count` numbers, taken."""
        assert self._transactions.holder == get_ident(), ENDED
        numbers = self.following(count)
        self._transactions.changes.append(partial(setattr, self, "last", self.last))
        self.last += count
        return numbers


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

    def sorted(self, order: Callable[[V], Entry], by: Callable[[V], Hashable | None] = every) -> Sorted[K, V]:
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
        rows = self._last(values)
        for key in map(self._key, rows):
            assert self.get(key) is not None, f"the {self._kind} {key} is saved, but was never added"
        self._refuse_taken(rows)
        self.put(rows)

    def replace(self, values: Iterable[V]) -> None:
        """Keep rows, new or instead of what they were; raises `Conflict` when one takes what is unique, and then keeps none."""
        rows = self._last(values)
        self._refuse_taken(rows)
        self.put(rows)

    def _last(self, values: Iterable[V]) -> list[V]:
        """Of several rows with one key the last, which is what is kept of them."""
        return list({self._key(value): value for value in values}.values())

    def put(self, values: Iterable[V]) -> None:
        """Keep rows that take nothing that is unique, new or instead of what they were."""
        assert self._transactions.holder == get_ident(), ENDED
        changes, rows = self._transactions.changes, self._rows
        for value in values:
            key = self._key(value)
            before = rows.get(key)
            changes.append(partial(self._write, key, value, before))
            try:
                self._write(key, before, value)
            except Exception:
                changes.pop()
                self._unplace(key, before, value)
                raise

    def drop(self, keys: Iterable[K]) -> int:
        """Remove rows; what does not exist is passed over. Returns how many there were."""
        dropped = 0
        for key in keys:
            before = self.get(key)
            if before is not None:
                self._transactions.changes.append(partial(self._write, key, None, before))
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

    def _unplace(self, key: K, before: V | None, after: V) -> None:
        """Forget `after`, which an index could not place: that one has changed nothing, the ones before it go back."""
        for index in self._indexes:
            with suppress(Exception):
                index.move(key, after, before)

    def _refuse_taken(self, rows: list[V]) -> None:
        for unique in self._uniques:
            unique.refuse_taken(rows)

    def _indexed(self, index: X) -> X:
        assert not self._rows, "an index comes before the rows"
        self._indexes.append(index)
        return index

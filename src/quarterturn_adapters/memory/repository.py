"""What every repository in memory can do: find, lock, add and save aggregates by their identity."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from quarterturn_adapters.memory.tables import Table, Transactions

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class MemoryRepository(Generic[K, V]):
    """Aggregates of one kind; transactions run one after the other, so that finding is as good as locking."""

    def __init__(self, transactions: Transactions, kind: str, key: Callable[[V], K]) -> None:
        self.rows: Table[K, V] = Table(transactions, kind, key)

    def find(self, keys: Iterable[K], /) -> Mapping[K, V]:
        """Those of `keys` that exist."""
        return self.rows.find(keys)

    def lock(self, keys: Iterable[K], /) -> Mapping[K, V]:
        """Those of `keys` that exist; nobody else can touch them before the transaction ends."""
        return self.rows.find(keys)

    def add(self, values: Iterable[V], /) -> None:
        """Keep new aggregates; raises `Conflict` when one of them exists already, and then adds none."""
        self.rows.add(values)

    def save(self, values: Iterable[V], /) -> None:
        """Replace aggregates, which exist, by their next values."""
        self.rows.save(values)

"""What every repository in PostgreSQL can do: find, lock, add and save aggregates that are one row each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import attrs
from sqlalchemy import Table

from quarterturn_adapters.postgres.arrays import Encode, encoding
from quarterturn_adapters.postgres.statements import Row, Statements

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@attrs.frozen(slots=False)
class Writing:
    """The SQL that reads and writes whole rows of a table, many at once, and what turns their columns into arrays.

    `columns` are those that the aggregates have, in the order of their rows; others are the database's own.
    """

    table: Table
    columns: tuple[str, ...]

    @classmethod
    def of(cls, table: Table, *, without: Iterable[str] = ()) -> Writing:
        """Everything about `table`, leaving out columns that the database fills."""
        left_out = set(without)
        return cls(table, tuple(column.name for column in table.columns if column.name not in left_out))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(column.name for column in self.table.primary_key.columns)

    @cached_property
    def names(self) -> str:
        """The columns, as a list in SQL."""
        return ", ".join(self.columns)

    @cached_property
    def arrays(self) -> str:
        """One parameter for each column: `unnest` of them is the rows."""
        return ", ".join(f"%s::{name}[]" for name, _ in self._encodings)

    @cached_property
    def insert(self) -> str:
        """Add rows."""
        return f"INSERT INTO {self.table.name} ({self.names}) SELECT * FROM unnest({self.arrays})"  # noqa: S608

    @cached_property
    def update(self) -> str:
        """Replace what is not the key of rows that exist."""
        return self.update_of(*(name for name in self.columns if name not in self.keys))

    @cached_property
    def find(self) -> str:
        """The rows with these keys, which are columns of one parameter each."""
        return f"SELECT {self.names} FROM {self.table.name} WHERE {self.has_key()}"  # noqa: S608

    @cached_property
    def lock(self) -> str:
        """The same rows, locked in key order."""
        return f"{self.find} ORDER BY {', '.join(self.keys)} FOR UPDATE"

    def add(self, statements: Statements, rows: Sequence[Row]) -> None:
        """Add `rows` in one statement, before the next read or at the latest with the commit."""
        statements.later(self.insert, *self.encoded(rows))

    def update_of(self, *changed: str) -> str:
        """Replace only these columns; its parameters are the key's and then theirs."""
        names = (*self.keys, *changed)
        arrays = ", ".join(f"%s::{encoding(self.table.c[name])[0]}[]" for name in names)
        assigned = ", ".join(f"{name} = v.{name}" for name in changed)
        matched = " AND ".join(f"t.{name} = v.{name}" for name in self.keys)
        rows = f"unnest({arrays}) AS v ({', '.join(names)})"
        return f"UPDATE {self.table.name} t SET {assigned} FROM {rows} WHERE {matched}"  # noqa: S608

    def has_key(self) -> str:
        """The condition that a row's key is one of those given."""
        if len(self.keys) == 1:
            return f"{self.keys[0]} = ANY(%s::{encoding(self.table.c[self.keys[0]])[0]}[])"
        arrays = ", ".join(f"%s::{encoding(self.table.c[name])[0]}[]" for name in self.keys)
        return f"({', '.join(self.keys)}) IN (SELECT * FROM unnest({arrays}))"  # noqa: S608

    def encoded(self, rows: Sequence[Row], names: Sequence[str] | None = None) -> list[str]:
        """`rows` of these columns (all of them unless named) as one array literal for each column."""
        encodings = self._encodings if names is None else [encoding(self.table.c[name]) for name in names]
        return [encode(column) for (_, encode), column in zip(encodings, zip(*rows, strict=True), strict=True)]

    def key_arrays(self, keys: Sequence[Any]) -> list[str]:
        """Keys as one array literal for each column of the primary key."""
        if len(self.keys) == 1:
            return [encoding(self.table.c[self.keys[0]])[1](keys)]
        return self.encoded(keys, self.keys)

    @cached_property
    def _encodings(self) -> list[tuple[str, Encode]]:
        return [encoding(self.table.c[name]) for name in self.columns]


class PostgresRepository(ABC, Generic[K, V]):
    """Aggregates of one kind, one row each."""

    writing: ClassVar[Writing]

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    @staticmethod
    @abstractmethod
    def key(value: V) -> K:
        """What an aggregate is known by; a tuple where the primary key has several columns."""

    @staticmethod
    @abstractmethod
    def row(value: V) -> Row:
        """An aggregate as a row."""

    @staticmethod
    @abstractmethod
    def value(row: Row) -> V:
        """A row as an aggregate."""

    def find(self, keys: Iterable[K], /) -> Mapping[K, V]:
        """Those of `keys` that exist, as they are."""
        return self._by_key(self.writing.find, keys)

    def lock(self, keys: Iterable[K], /) -> Mapping[K, V]:
        """Those of `keys` that exist, locked in key order until the transaction ends."""
        return self._by_key(self.writing.lock, keys)

    def add(self, values: Iterable[V], /) -> None:
        """Keep new aggregates; raises `Conflict` when one of them exists already, and then the unit of work can only end."""
        rows = [self.row(value) for value in values]
        if rows:
            self._statements.now(self.writing.insert, *self.writing.encoded(rows))

    def save(self, values: Iterable[V], /) -> None:
        """Replace aggregates, which exist, by their next values."""
        rows = [self.row(value) for value in values]
        if rows:
            writing = self.writing
            names = (*writing.keys, *(name for name in writing.columns if name not in writing.keys))
            order = [writing.columns.index(name) for name in names]
            keyed = [tuple(row[i] for i in order) for row in rows]
            self._statements.now(writing.update, *writing.encoded(keyed, names), rows=len(rows))

    def select(self, rest: str, *parameters: Any) -> list[V]:
        """The aggregates of the rows that `rest`, which follows the name of the table, chooses."""
        sql = f"SELECT {self.writing.names} FROM {self.writing.table.name} {rest}"  # noqa: S608
        return [self.value(row) for row in self._statements.rows(sql, *parameters)]

    def _by_key(self, sql: str, keys: Iterable[K]) -> Mapping[K, V]:
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        found = map(self.value, self._statements.rows(sql, *self.writing.key_arrays(wanted)))
        return {self.key(value): value for value in found}

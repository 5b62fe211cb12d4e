"""The statements of one transaction: reads at once, writes in order and in as few round trips as can be.

Writes wait until something is read, until one is asked to be checked, or until the commit; then they go out together, in the
driver's pipeline mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import attrs
import psycopg
from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus

from quarterturn_adapters.postgres.refusals import translated

Row: TypeAlias = tuple[Any, ...]
Watch: TypeAlias = Callable[[str], None]


@attrs.frozen
class _Write:
    sql: str
    parameters: Sequence[Any]
    rows: int | None


class Statements:
    """Runs the statements of one transaction; only the thread that opened it may."""

    __slots__ = ("_before_commit", "_connection", "_refusal", "_watch", "_writes")

    def __init__(self, connection: Connection[Row], watch: Watch | None = None) -> None:
        """`watch` is told of every statement that is sent."""
        self._connection = connection
        self._watch = watch
        self._writes: list[_Write] = []
        self._refusal: Exception | None = None
        self._before_commit: list[Callable[[], None]] = []

    def rows(self, sql: str, *parameters: Any) -> list[Row]:
        """What a query finds, after everything that was written before it; a `LIMIT %s` takes the last parameter."""
        self.flush()
        head, limited, tail = sql.rpartition("LIMIT %s")
        if limited:
            # The plan is made for all executions, and has to know how few rows are wanted: of a parameter it is assumed to let
            # pass a tenth of the table.
            sql, parameters = f"{head}LIMIT {parameters[-1]:d}{tail}", parameters[:-1]
        try:
            cursor = self._send(self._connection.cursor(binary=True), sql, parameters)
            return cursor.fetchall()
        except psycopg.Error as error:
            raise self._refused(error) from error

    def later(self, sql: str, *parameters: Any, rows: int | None = None) -> None:
        """Write before the next read, or at the latest with the commit; `rows` is how many it must change."""
        assert self._refusal is None, "the unit of work was refused and can only end"
        self._writes.append(_Write(sql, parameters, rows))

    def now(self, sql: str, *parameters: Any, rows: int | None = None) -> None:
        """Write at once, so that a refusal is raised here."""
        self.later(sql, *parameters, rows=rows)
        self.flush()

    def before_commit(self, write: Callable[[], None]) -> None:
        """Let `write` add its writes when everything else is written."""
        self._before_commit.append(write)

    def flush(self) -> None:
        """Send the writes that wait."""
        if self._refusal is not None:
            raise self._refusal
        if self._writes:
            self._send_writes(commit=False)

    def commit(self) -> None:
        """Send the writes that wait and commit; raises again what the database has refused before, when somebody swallowed it."""
        if self._refusal is not None:
            raise self._refusal
        for write in self._before_commit:
            write()
        if any(write.rows is not None for write in self._writes):
            # What has to be counted is counted before anything is committed.
            self._send_writes(commit=False)
        if self._writes:
            self._send_writes(commit=True)
        elif self._connection.info.transaction_status != TransactionStatus.IDLE:
            try:
                self._connection.commit()
            except psycopg.Error as error:
                raise self._refused(error) from error

    def _send_writes(self, *, commit: bool) -> None:
        writes, self._writes = self._writes, []
        cursors: list[Cursor[Row]] = []
        try:
            if len(writes) == 1 and not commit:
                cursors = [self._send(self._connection.cursor(), writes[0].sql, writes[0].parameters)]
            else:
                with self._connection.pipeline():
                    for write in writes:
                        cursors.append(self._send(self._connection.cursor(), write.sql, write.parameters))
                    if commit:
                        self._connection.commit()
        except psycopg.Error as error:
            raise self._refused(error) from error
        for write, cursor in zip(writes, cursors, strict=True):
            assert write.rows is None or cursor.rowcount == write.rows, (
                f"{write.rows} rows were to change, {cursor.rowcount} did: {write.sql}"
            )

    def _send(self, cursor: Cursor[Row], sql: str, parameters: Sequence[Any]) -> Cursor[Row]:
        if self._watch is not None:
            self._watch(sql)
        # Statements are constants of this package; everything that comes from outside is a parameter.
        return cursor.execute(sql, parameters, prepare=True)

    def _refused(self, error: psycopg.Error) -> Exception:
        self._writes = []
        self._refusal = translated(error)
        return self._refusal

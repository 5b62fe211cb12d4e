"""The statements of one transaction: reads at once, writes in order and in as few round trips as can be.

Writes wait until something is read, until one is asked to be checked, or until the commit; then they go out together with it, in
one exchange. What is much is sent on at once and waited for no sooner: the server writes it while the next writes are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import attrs
import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus

from quarterturn_adapters.postgres import exchange
from quarterturn_adapters.postgres.exchange import Answer, Exchange, Statement
from quarterturn_adapters.postgres.refusals import translated

Row: TypeAlias = exchange.Row
Watch: TypeAlias = Callable[[str], None]

_MUCH: Final = 2_048
"""So many characters are sent on at once: to write less takes the server no longer than to be woken for it."""


@attrs.frozen
class _Write:
    sql: str
    parameters: Sequence[Any]
    rows: int | None


class Statements:
    """Runs the statements of one transaction; only the thread that opened it may."""

    __slots__ = ("_before_commit", "_connection", "_exchanged", "_refusal", "_sent", "_watch", "_writes")

    def __init__(self, connection: Connection[Row], watch: Watch | None = None) -> None:
        """`watch` is told of every statement that is sent."""
        self._connection = connection
        self._watch = watch
        self._exchanged = Exchange(connection)
        self._writes: list[_Write] = []
        self._sent = 0
        self._refusal: Exception | None = None
        self._before_commit: list[Callable[[], None]] = []

    def rows(self, sql: str, *parameters: Any) -> list[Row]:
        """What a query finds, after everything that was written before it; a `LIMIT %s` takes the last parameter."""
        head, limited, tail = sql.rpartition("LIMIT %s")
        if limited:
            # The plan is made for all executions, and has to know how few rows are wanted: of a parameter it is assumed to let
            # pass a tenth of the table.
            sql, parameters = f"{head}LIMIT {parameters[-1]:d}{tail}", parameters[:-1]
        return self._exchange(Statement(sql, parameters))[-1].rows

    def later(self, sql: str, *parameters: Any, rows: int | None = None) -> None:
        """Write before the next read, or at the latest with the commit; `rows` is how many it must change."""
        assert self._refusal is None, "the unit of work was refused and can only end"
        self._writes.append(_Write(sql, parameters, rows))
        if sum(len(each) for each in parameters if isinstance(each, str)) >= _MUCH:
            self._send_on()

    def now(self, sql: str, *parameters: Any, rows: int | None = None) -> None:
        """Write at once, so that a refusal is raised here."""
        self.later(sql, *parameters, rows=rows)
        self.flush()

    def lightly(self) -> None:
        """Let the commit not wait for the disk: for what is done anew when it was lost together with the machine."""
        self.later("SET LOCAL synchronous_commit = off")

    def before_commit(self, write: Callable[[], None]) -> None:
        """Let `write` add its writes when everything else is written."""
        self._before_commit.append(write)

    def flush(self) -> None:
        """Send the writes that wait."""
        if self._writes or self._sent or self._refusal is not None:
            self._exchange()

    def commit(self) -> None:
        """Send the writes that wait and commit; raises again what the database has refused before, when somebody swallowed it."""
        if self._refusal is None:
            for write in self._before_commit:
                write()
        if self._refusal is not None or self._writes or self._connection.info.transaction_status != TransactionStatus.IDLE:
            self._exchange(commit=True)

    def end(self) -> None:
        """Hear of whatever was sent on: what is not committed can be rolled back."""
        self._exchanged.end()

    def _send_on(self) -> None:
        """Send the writes that wait, and do not wait for what comes of them."""
        writes, self._writes = self._writes, []
        self._tell_watch(writes)
        with self._refusing():
            self._exchanged.tell([Statement(*_counted(each.sql, each.parameters, each.rows)) for each in writes])
        self._sent += len(writes)

    def _exchange(self, *queries: Statement, commit: bool = False) -> list[Answer]:
        """The answers to the writes that wait and then to `queries`, all of them sent at once."""
        if self._refusal is not None:
            raise self._refusal
        writes, self._writes = self._writes, []
        self._tell_watch([*writes, *queries])
        asked = [Statement(*_counted(each.sql, each.parameters, each.rows if commit else None)) for each in writes] + list(queries)
        sent, self._sent = self._sent, 0
        with self._refusing():
            answers = self._exchanged.ask(asked, commit=commit)[sent:]
        if not commit:
            for write, answer in zip(writes, answers, strict=False):
                assert write.rows in {None, answer.count}, f"{write.rows} rows were to change, {answer.count} did: {write.sql}"
        return answers

    def _tell_watch(self, statements: Sequence[_Write | Statement]) -> None:
        if self._watch is not None:
            for each in statements:
                self._watch(each.sql)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Whatever goes wrong in the block was refused: what waited with it is not written, so nothing may be committed."""
        try:
            yield
        except psycopg.Error as error:
            self._refusal = translated(error)
            raise self._refusal from error
        except Exception as error:
            self._refusal = error
            raise


def _counted(sql: str, parameters: Sequence[Any], rows: int | None) -> tuple[str, Sequence[Any]]:
    """A write that fails unless it changes so many rows: what leaves together with the commit has to be counted by the server."""
    if rows is None:
        return sql, parameters
    return f"WITH changed AS ({sql} RETURNING 1) SELECT 1 / (count(*) = %s)::integer FROM changed", (*parameters, rows)  # noqa: S608

"""An exchange with the server: any number of prepared statements leave in one packet, and all their results come back.

The driver's own pipeline mode sends every statement by itself, each of which wakes the server, and BEGIN goes out alone and is
waited for. Nobody has to wait for most statements of a unit of work, and to be woken costs more than what is done then. So this
module speaks to libpq below the driver's cursors, with the driver's own adapters for values.

What is much to write may be sent before the rest is known: then the server writes while Python goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import attrs
from psycopg import Connection, Error, OperationalError
from psycopg.abc import PQGen
from psycopg.abc import Transformer as Values
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

Row: TypeAlias = tuple[Any, ...]

_GOOD: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})
_Key: TypeAlias = tuple[str, tuple[int, ...]]

MOST_PREPARED: Final = 200
"""So many statements stay prepared on a connection, those that were used last: each takes the server up to 200 kB."""

_CHECKS_A_PLAN: Final = "RevalidateCachedQuery"
"""Where the server finds that a table has changed; what it says then is in its own language."""


@attrs.define
class _Prepared:
    """What a connection has prepared: names by text and types of parameters, the one that was used last at the end.

    `doomed` are names that the server is still to let go of; `made` counts all that there ever were.
    """

    names: dict[_Key, bytes] = attrs.field(factory=dict)
    doomed: list[bytes] = attrs.field(factory=list)
    made: int = 0

    def used(self, key: _Key) -> bytes | None:
        """The name of a statement, which is wanted now; None for one that has none."""
        name = self.names.pop(key, None)
        if name is not None:
            self.names[key] = name
        return name

    def new(self) -> bytes:
        """A name that no statement of the connection has ever had."""
        self.made += 1
        return b"quarterturn_%d" % self.made

    def keep(self, key: _Key, name: bytes) -> None:
        """Remember what is prepared now, and doom what was used longest ago if there is too much."""
        self.names[key] = name
        if len(self.names) > MOST_PREPARED:
            self.doomed.append(self.names.pop(next(iter(self.names))))


# A connection that is gone takes its own along.
_PREPARED: Final[WeakKeyDictionary[Connection[Any], _Prepared]] = WeakKeyDictionary()


@attrs.frozen
class Statement:
    """A text with `%s` in the place of each parameter."""

    sql: str
    parameters: Sequence[Any] = ()


@attrs.frozen
class _Step:
    """One message to the server that has one result; what it `prepares`, if it does, and the name that it lets go of."""

    send: Callable[[], None]
    prepares: tuple[_Key, bytes] | None = None
    closes: bytes | None = None
    answers: bool = False


@attrs.frozen
class Answer:
    """What a statement found, and how many rows it found or changed."""

    rows: list[Row]
    count: int


class Exchange:
    """What one transaction says to its server, and hears."""

    __slots__ = ("_connection", "_prepared", "_sent", "_told", "_values")

    def __init__(self, connection: Connection[Row]) -> None:
        """The transaction of `connection` that is open, or the next one."""
        self._connection = connection
        self._prepared = _PREPARED.setdefault(connection, _Prepared())
        self._sent: dict[_Key, bytes] = {}
        self._values = Transformer(connection)
        self._told: list[_Step] = []

    def tell(self, statements: Sequence[Statement]) -> None:
        """Send `statements` and go on while the server is at work on them; what it says of them is heard with the next answers."""
        steps = self._steps(statements)
        try:
            self._send(steps)
            self._connection.pgconn.flush()
        except BaseException:
            self._close()
            raise

    def ask(self, statements: Sequence[Statement], *, commit: bool = False) -> list[Answer]:
        """Run `statements` in the connection's transaction, which is begun if there is none and ended when `commit`.

        The answers are to all that was told, and then to these. The first one that fails raises the driver's error, and those after
        it were not run; neither was the commit.
        """
        steps = self._steps(statements)
        if commit:
            steps.append(_Step(partial(self._connection.pgconn.send_query_params, b"COMMIT", None)))
        expected = len(self._told) + len(steps)
        answers: list[Answer] = []
        heard = self._heard(steps)
        for step, result in heard:
            if result.status not in _GOOD:
                raise self._failed(result)
            if step.answers:
                answers.append(_answer(self._values, result))
        if len(heard) < expected:
            raise OperationalError("the server ended the connection before it had answered")
        return answers

    def end(self) -> None:
        """Hear what was told, if that was not heard yet, and forget it: the transaction can be rolled back."""
        if self._told:
            self._heard([])

    def _failed(self, result: PGresult) -> Exception:
        """What the server refused; a connection whose statements are not what they were is of no use any more."""
        error = error_from_result(result, self._connection.info.encoding)
        if stale(error):
            self._connection.close()
        return error

    def _steps(self, statements: Sequence[Statement]) -> list[_Step]:
        pgconn, values, prepared = self._connection.pgconn, self._values, self._prepared
        steps: list[_Step] = []
        if not self._told and pgconn.transaction_status == TransactionStatus.IDLE:
            steps.append(_Step(partial(pgconn.send_query_params, b"BEGIN", None)))
            steps += [
                _Step(partial(pgconn.send_query_params, b"DEALLOCATE " + each, None), closes=each) for each in prepared.doomed
            ]
        fresh: dict[_Key, bytes] = {}
        for each in statements:
            parameters = values.dump_sequence(each.parameters, [PyFormat.AUTO] * len(each.parameters))
            key = (each.sql, tuple(values.types or ()))
            name = prepared.used(key) or self._sent.get(key) or fresh.get(key)
            if name is None:
                name = fresh[key] = prepared.new()
                prepare = partial(pgconn.send_prepare, name, _numbered(each.sql), param_types=key[1])
                steps.append(_Step(prepare, prepares=(key, name)))
            run = partial(pgconn.send_query_prepared, name, parameters, param_formats=values.formats, result_format=Format.BINARY)
            steps.append(_Step(run, answers=True))
        # Only now: where a parameter could not be written, none of these is sent.
        self._sent |= fresh
        return steps

    def _send(self, steps: Sequence[_Step]) -> None:
        if not self._told:
            self._connection.pgconn.enter_pipeline_mode()
        for step in steps:
            step.send()
        self._told += steps

    def _heard(self, steps: Sequence[_Step]) -> list[tuple[_Step, PGresult]]:
        """Send `steps`; a result for each step that was sent, fewer when the connection was lost."""
        pgconn = self._connection.pgconn
        try:
            self._send(steps)
            told, self._told = self._told, []
            pgconn.pipeline_sync()
            # The last result is that of the synchronisation.
            results = self._connection.wait(_conversation(pgconn, len(told) + 1))
            if pgconn.status != ConnStatus.BAD:
                pgconn.exit_pipeline_mode()
        except BaseException:
            self._close()
            raise
        heard = list(zip(told, results, strict=False))
        self._sent = {}
        for step, result in heard:
            # What was prepared stays, whatever becomes of the transaction; and so does what was not let go of.
            if result.status in _GOOD and step.prepares is not None:
                self._prepared.keep(*step.prepares)
            elif result.status in _GOOD and step.closes is not None:
                self._prepared.doomed.remove(step.closes)
        return heard

    def _close(self) -> None:
        # Nobody could tell the answers that are still under way from the next ones: the connection is of no use any more.
        self._told = []
        if self._connection.pgconn.status != ConnStatus.BAD:
            self._connection.close()


def stale(error: Error) -> bool:
    """Whether a statement is not what was prepared: its tables have changed since, or somebody else has let go of it."""
    return isinstance(error, InvalidSqlStatementName) or error.diag.source_function == _CHECKS_A_PLAN


def _conversation(pgconn: PGconn, results: int) -> PQGen[list[PGresult]]:
    yield from send(pgconn)
    found: list[PGresult] = []
    while len(found) < results:
        result = yield from fetch_many(pgconn)
        if not result:
            break
        found += result
    return found


def _answer(values: Values, result: PGresult) -> Answer:
    if not result.ntuples:
        return Answer([], result.command_tuples or 0)
    values.set_pgresult(result)
    return Answer(values.load_rows(0, result.ntuples, tuple), result.ntuples)


@lru_cache(maxsize=1_024)
def _numbered(sql: str) -> bytes:
    """`sql` with `$1`, `$2`, ... in the place of each `%s`, and `%` for each `%%`, as libpq wants it."""
    head, *tails = sql.split("%s")
    return "".join([head, *(f"${number}{tail}" for number, tail in enumerate(tails, start=1))]).replace("%%", "%").encode()

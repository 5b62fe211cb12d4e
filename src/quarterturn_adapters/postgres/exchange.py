"""An exchange with the server: any number of prepared statements leave in one packet, and all their results come back.

The driver's own pipeline mode sends every statement by itself, each of which wakes the server, and BEGIN goes out alone and is
waited for. Nobody has to wait for most statements of a unit of work, and to be woken costs more than what is done then. So this
module speaks to libpq below the driver's cursors, with the driver's own adapters for values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import attrs
from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.abc import Transformer as Values
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

Row: TypeAlias = tuple[Any, ...]

_GOOD: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})
_Key: TypeAlias = tuple[str, tuple[int, ...]]

# The names of what each connection has prepared, by text and types of parameters; a connection that is gone takes its own along.
_PREPARED: Final[WeakKeyDictionary[Connection[Any], dict[_Key, bytes]]] = WeakKeyDictionary()


@attrs.frozen
class Statement:
    """A text with `%s` in the place of each parameter."""

    sql: str
    parameters: Sequence[Any] = ()


@attrs.frozen
class _Step:
    """One message to the server that has one result; `prepares` is what it makes known, when it does."""

    send: Callable[[], None]
    prepares: _Key | None = None
    answers: bool = False


@attrs.frozen
class Answer:
    """What a statement found, and how many rows it found or changed."""

    rows: list[Row]
    count: int


def exchange(connection: Connection[Row], statements: Sequence[Statement], *, commit: bool = False) -> list[Answer]:
    """Run `statements` in the connection's transaction, which is begun if there is none and ended when `commit`.

    The first one that fails raises the driver's error, and those after it were not run; neither was the commit.
    """
    pgconn = connection.pgconn
    prepared = _PREPARED.setdefault(connection, {})
    values = Transformer(connection)
    fresh: dict[_Key, bytes] = {}
    steps: list[_Step] = []
    if pgconn.transaction_status == TransactionStatus.IDLE:
        steps.append(_Step(partial(pgconn.send_query_params, b"BEGIN", None)))
    for each in statements:
        parameters = values.dump_sequence(each.parameters, [PyFormat.AUTO] * len(each.parameters))
        key = (each.sql, tuple(values.types or ()))
        name = prepared.get(key) or fresh.get(key)
        if name is None:
            name = fresh[key] = b"quarterturn_%d" % (len(prepared) + len(fresh))
            steps.append(_Step(partial(pgconn.send_prepare, name, _numbered(each.sql), param_types=key[1]), prepares=key))
        run = partial(pgconn.send_query_prepared, name, parameters, param_formats=values.formats, result_format=Format.BINARY)
        steps.append(_Step(run, answers=True))
    if commit:
        steps.append(_Step(partial(pgconn.send_query_params, b"COMMIT", None)))
    answers: list[Answer] = []
    for step, result in zip(steps, _results(connection, steps), strict=False):
        if result.status not in _GOOD:
            raise error_from_result(result, connection.info.encoding)
        if step.prepares is not None:
            prepared[step.prepares] = fresh[step.prepares]
        if step.answers:
            answers.append(_answer(values, result))
    if len(answers) < len(statements):
        raise OperationalError("the server ended the connection before it had answered")
    return answers


def _results(connection: Connection[Row], steps: Sequence[_Step]) -> list[PGresult]:
    """A result for each step, and one for the synchronisation after them; fewer when the connection was lost."""
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    try:
        for step in steps:
            step.send()
        pgconn.pipeline_sync()
        results = connection.wait(_conversation(pgconn, len(steps) + 1))
        if pgconn.status != ConnStatus.BAD:
            pgconn.exit_pipeline_mode()
    except BaseException:
        # Nobody could tell the answers that are still under way from the next ones: the connection is of no use any more.
        if pgconn.status != ConnStatus.BAD:
            connection.close()
        raise
    return results


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


@cache
def _numbered(sql: str) -> bytes:
    """`sql` with `$1`, `$2`, ... in the place of each `%s`, and `%` for each `%%`, as libpq wants it."""
    head, *tails = sql.split("%s")
    return "".join([head, *(f"${number}{tail}" for number, tail in enumerate(tails, start=1))]).replace("%%", "%").encode()

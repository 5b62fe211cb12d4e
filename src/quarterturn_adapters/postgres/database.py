"""The database in PostgreSQL: a pool of connections, whether it is fit for use, and the units of work on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from json import JSONDecoder
from typing import Any, Final, Self

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool

from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.postgres.migrating import refuse_unless_current
from quarterturn_adapters.postgres.pricing import Bound
from quarterturn_adapters.postgres.refusals import translated
from quarterturn_adapters.postgres.statements import Row, Statements, Watch
from quarterturn_adapters.postgres.unfit import OLDEST, read_only, too_old, unfit
from quarterturn_adapters.postgres.work import PostgresWork
from quarterturn_domain.kernel.ids import Ids

_SECOND: Final = timedelta(seconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DECODER: Final = JSONDecoder()

# A machine or a network that is gone says nothing: its silence is noticed in half a minute, not in two hours as systems have it.
_NOTICED: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}


class PostgresDatabase:
    """Everything that a marketplace remembers, in PostgreSQL: transactional, and safe to share among threads.

    Transactions are READ COMMITTED: what a use case must not see change it locks, in the one order that `PostgresWork` names.
    """

    def __init__(
        self,
        url: str,
        ids: Ids | None = None,
        *,
        connections: int = 10,
        statement_timeout: timedelta = timedelta(seconds=30),
        lock_timeout: timedelta = timedelta(seconds=10),
        wait: timedelta = timedelta(seconds=10),
        watch: Watch | None = None,
    ) -> None:
        """A database at `url`, with up to `connections` open ones, which are opened when they are needed.

        `ids` names the messages of the outbox. A statement may take `statement_timeout` and wait `lock_timeout` for a lock, both
        watched by the server; `wait` is how long a unit of work waits for a connection. `watch` is told every statement.
        """
        self.url = libpq_url(url)
        self._ids = ids or SystemIds()
        self._wait_seconds = wait / _SECOND
        self._watch = watch
        self._bound = Bound()
        self.ring: Callable[[], None] = _nobody
        """Called after a commit that had events."""
        options = {
            "statement_timeout": statement_timeout // _MILLISECOND,
            "lock_timeout": lock_timeout // _MILLISECOND,
            "idle_in_transaction_session_timeout": 2 * statement_timeout // _MILLISECOND,
            "timezone": "UTC",
            # Every statement here starts from what its text names first and finds the rest by keys. Without statistics, in a young
            # database, the planner may think otherwise, and a prepared statement would stay with that thought.
            "join_collapse_limit": 1,
            "enable_hashjoin": "off",
            "enable_mergejoin": "off",
            "enable_seqscan": "off",
            # A plan is made once for each statement and connection: whole arrays as its constants would cost more than they tell.
            "plan_cache_mode": "force_generic_plan",
        }
        self._settings = {
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            "application_name": "quarterturn",
            "connect_timeout": 5,
            **_NOTICED,
        }
        self._pool: ConnectionPool[Connection[Row]] = ConnectionPool(
            self.url,
            kwargs={**self._settings, "prepare_threshold": 0},
            min_size=0,
            max_size=connections,
            timeout=self._wait_seconds,
            # The pool waits twice as long before each further try to connect. It begins anew, with a short wait, as soon as those
            # who asked have given up: else a database that was away for long would be back long before anybody noticed.
            reconnect_timeout=self._wait_seconds,
            configure=_configured,
            open=False,
            name="quarterturn",
        )

    @classmethod
    def connect(cls, url: str, ids: Ids | None = None, *, connections: int = 10, watch: Watch | None = None) -> PostgresDatabase:
        """A database that is fit for use, or `DatabaseUnfit`."""
        database = cls(url, ids, connections=connections, watch=watch)
        database.check()
        return database

    def check(self, *, writing: bool = True) -> None:
        """Raise `DatabaseUnfit` unless the database can be reached, is new enough and is migrated as this program needs it.

        For `writing` it also has to take writes.
        """
        where = place(self.url)
        try:
            with psycopg.connect(self.url, **self._settings, autocommit=True) as connection:  # type: ignore[arg-type]
                version = connection.info.server_version
                if version // 10_000 < OLDEST:
                    raise too_old(where, str(version // 10_000))
                found = connection.execute("SHOW transaction_read_only").fetchone()
                if writing and found == ("on",):
                    raise read_only(where)
                refuse_unless_current(connection, where)
        except psycopg.Error as error:
            raise unfit(error, where) from None

    @contextmanager
    def begin(self) -> Iterator[PostgresWork]:
        """A unit of work: leaving the block commits, an exception takes everything back.

        Raises `Unavailable` when the database is away or overloaded, `Contended` when it gave the transaction up for another one.
        """
        connection = self._connection()
        statements = Statements(connection, self._watch)
        work = PostgresWork(statements, self._ids, self._bound)
        try:
            yield work
            statements.commit()
            rung = bool(work.outbox.appended())
        except BaseException:
            with suppress(psycopg.Error):
                statements.end()
                connection.rollback()
            raise
        finally:
            vars(work).clear()
            broken = connection.broken
            self._pool.putconn(connection)
            if broken:
                # The server has gone away, perhaps with all of its connections: do not hand out the others.
                with suppress(psycopg.Error):
                    self._pool.check()
        if rung:
            self.ring()

    def pool(self) -> tuple[int, int, int, int]:
        """How many connections there may be, and are; how many of those are free; and how many units of work wait for one."""
        found = self._pool.get_stats()
        return found["pool_max"], found["pool_size"], found["pool_available"], found["requests_waiting"]

    def close(self) -> None:
        """Close every connection; units of work that are open are lost."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connection(self) -> Connection[Row]:
        try:
            if self._pool.closed:
                self._pool.open()
            return self._pool.getconn(self._wait_seconds)
        except psycopg.Error as error:
            raise translated(error) from error


def _configured(connection: Connection[Row]) -> None:
    set_json_loads(_document, connection)


def _nobody() -> None:
    """Nobody waits for events."""


def _document(text: bytes | str) -> Any:  # noqa: ANN401
    """What a document says; most of those that are read by the thousand say nothing."""
    if text == b"[]":
        return []
    return _DECODER.decode(text if isinstance(text, str) else text.decode())


def libpq_url(url: str) -> str:
    """`url` as PostgreSQL's own library reads it: without a word about Python's drivers."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql://{rest}" if separator and scheme.startswith(("postgres", "postgresql+")) else url


def place(url: str) -> str:
    """Where a database is, for people: host, port and name, and no secret."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "the given URL"
    host = parts.get("host") or parts.get("hostaddr") or "localhost"
    return f"{host}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"

"""The calls of the sandbox provider, kept beside everything else, so that every process over one database knows one sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final

import psycopg
from psycopg import Connection

from quarterturn_adapters.codec import dumps
from quarterturn_domain.kernel.errors import Unavailable

_TURN_LOCK: Final = 7_304


class _Turn:
    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def after(self, number: int, /) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """The calls that are numbered above `number`, in order."""
        found = self._connection.execute("SELECT number, call FROM sandbox_calls WHERE number > %s ORDER BY number", (number,))
        return found.fetchall()

    def add(self, number: int, call: Mapping[str, Any], /) -> None:
        """Keep a call, the next one."""
        self._connection.execute("INSERT INTO sandbox_calls (number, call) VALUES (%s, %s::jsonb)", (number, dumps(call)))

    def replace(self, number: int, call: Mapping[str, Any], /) -> None:
        """Keep this one, the next, instead of all that there are."""
        self._connection.execute("DELETE FROM sandbox_calls")
        self.add(number, call)


class PostgresCalls:
    """What every process over this database has asked of the sandbox; on a connection of its own, outside of every unit of work."""

    def __init__(self, url: str) -> None:
        """Connects to `url` when it is needed first, and again when the connection is lost."""
        self._url = url
        self._lock = RLock()
        self._connection: Connection[Any] | None = None

    @contextmanager
    def turn(self) -> Iterator[_Turn]:
        """Wait for the others; leaving the block keeps what was added, an exception keeps nothing."""
        with self._lock:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = psycopg.connect(self._url.replace("+psycopg", "", 1))
                with self._connection.transaction():
                    self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TURN_LOCK,))
                    yield _Turn(self._connection)
            except psycopg.OperationalError as away:
                self.close()
                raise Unavailable("the sandbox", retry_after_seconds=1) from away

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

"""The turns of schedules, remembered for all machines; a lock of the session says who runs one, and ends with its process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from quarterturn_adapters.turns import Turn

_KEEP: Final = """INSERT INTO schedules (name, due_at, began_at, ended_at, failure) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at, began_at = excluded.began_at, ended_at = excluded.ended_at,
    failure = excluded.failure"""
_PATIENCE_SECONDS: Final = 5


class PostgresTurns:
    """For all processes on one database; connects when it is asked, which is seldom."""

    def __init__(self, url: str) -> None:
        self._url = url

    def last(self) -> Mapping[str, Turn]:
        """The last turn of every schedule that had one."""
        with self._connection() as connection:
            rows = connection.execute("SELECT name, due_at, began_at, ended_at, failure FROM schedules").fetchall()
        return {turn.name: turn for turn in (Turn(*row) for row in rows)}

    def keep(self, turn: Turn, /) -> None:
        """Remember a turn."""
        with self._connection() as connection:
            connection.execute(_KEEP, (turn.name, turn.due_at, turn.began_at, turn.ended_at, turn.failure))

    @contextmanager
    def alone(self, name: str, /) -> Iterator[bool]:
        """Whether this is the only runner of a schedule until the block ends."""
        with self._connection() as connection:
            sql = "SELECT pg_try_advisory_lock(hashtextextended('quarterturn schedule ' || %s, 0))"
            found = connection.execute(sql, (name,)).fetchone()
            assert found is not None
            yield bool(found[0])

    def _connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=_PATIENCE_SECONDS,
            application_name="quarterturn schedules",
            options="-c timezone=UTC",
        )

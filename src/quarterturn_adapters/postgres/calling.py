"""Calling: processes on other machines hear that there are events, by NOTIFY.

A NOTIFY takes a lock on the whole database when its transaction commits, so that none is part of a checkout: it is sent after the
commit, on a connection of its own, once for all who committed meanwhile. One that is lost costs the time until the next look.
"""

from __future__ import annotations

import threading
from time import monotonic
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg import Connection

from quarterturn_adapters.bell import Bell

CHANNEL: Final = "quarterturn_outbox"

_GATHERING_SECONDS: Final = 0.005
_AWAY_SECONDS: Final = 1.0
_LISTENING_SECONDS: Final = 0.5


class _Thread:
    """A connection of its own in a thread of its own, connected anew whenever it is lost."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._over.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with psycopg.connect(
                    self._url, autocommit=True, connect_timeout=5, application_name="quarterturn bell"
                ) as connection:
                    self._talk(connection)
            except psycopg.Error:
                self._over.wait(_AWAY_SECONDS)

    def _talk(self, connection: Connection[tuple[object, ...]]) -> None:
        raise NotImplementedError


class Caller(_Thread):
    """Tells others of events that this process has committed: `ring` it."""

    def __init__(self, url: str) -> None:
        self._bell = Bell()
        super().__init__(url, "bell-caller")

    def ring(self) -> None:
        """Let others know, soon."""
        self._bell.ring()

    def close(self) -> None:
        """Say what is to be said, and end."""
        self._over.set()
        self._bell.ring()
        self._thread.join()

    def _talk(self, connection: Connection[tuple[object, ...]]) -> None:
        # Nobody has to find a call on disk again.
        connection.execute("SET synchronous_commit = off")
        called = 0.0
        while True:
            if self._bell.wait(_LISTENING_SECONDS):
                # At once, unless somebody has just called: then with all who commit in the next moment.
                self._over.wait(called + _GATHERING_SECONDS - monotonic())
                connection.execute(f"NOTIFY {CHANNEL}")
                called = monotonic()
            if self._over.is_set():
                return


class Listener(_Thread):
    """Rings a bell here whenever another process has committed events."""

    def __init__(self, url: str, bell: Bell) -> None:
        self._bell = bell
        super().__init__(url, "bell-listener")

    def _talk(self, connection: Connection[tuple[object, ...]]) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        # Nobody knows what was said while nobody listened.
        self._bell.ring()
        while not self._over.is_set():
            for _ in connection.notifies(timeout=_LISTENING_SECONDS, stop_after=1):
                self._bell.ring()

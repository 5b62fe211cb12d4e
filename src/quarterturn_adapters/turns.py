"""Turns of what recurs: when each was last, and who may take the next one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen
class Turn:
    """The last turn of a schedule: when it was due, began and ended; `failure` is why it failed, if it did."""

    name: str
    due_at: datetime
    began_at: datetime
    ended_at: datetime
    failure: str | None = None

    @property
    def done(self) -> bool:
        """Whether anything was done: what is first heard of is noted as due, begun and ended at one and the same instant."""
        return self.failure is not None or not self.due_at == self.began_at == self.ended_at


class Turns(Protocol):
    """Remembers the last turn of each schedule, and sees to it that there is one runner at a time."""

    def last(self) -> Mapping[str, Turn]:
        """The last turn of every schedule that had one."""
        ...

    def keep(self, turn: Turn, /) -> None:
        """Remember a turn."""
        ...

    def alone(self, name: str, /) -> AbstractContextManager[bool]:
        """Whether this is the only runner of a schedule until the block ends; False where there is another one."""
        ...


class MemoryTurns:
    """For one process."""

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def last(self) -> Mapping[str, Turn]:
        """The last turn of every schedule that had one."""
        return dict(self._turns)

    def keep(self, turn: Turn, /) -> None:
        """Remember a turn."""
        self._turns[turn.name] = turn

    @contextmanager
    def alone(self, name: str, /) -> Iterator[bool]:
        """Whether this is the only runner of a schedule until the block ends."""
        with self._lock:
            mine = name not in self._running
            self._running |= {name}
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    self._running -= {name}

"""Housekeeping: what a running service does by itself, beside its callers: events reach who waits for them, what is overdue ends.

One thread, so that jobs do not compete with callers for more than one connection. A job that fails is told of and asked again at
its next time; every job is safe to run twice, and on many machines at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeAlias

import attrs

Failed: TypeAlias = Callable[[str, Exception], None]


@attrs.frozen
class Job:
    """Something to do every so often."""

    name: str
    every_seconds: float
    act: Callable[[], Any] = attrs.field(repr=False)


class Housekeeper:
    """Runs jobs until it is closed; `wake` lets every job be due at once."""

    def __init__(self, jobs: Sequence[Job], failed: Failed) -> None:
        self._jobs = jobs
        self._failed = failed
        self._woken = threading.Event()
        self._open = True
        self._thread = threading.Thread(target=self._serve, name="housekeeping", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Do everything now."""
        self._woken.set()

    def close(self) -> None:
        """End after the job that is under way."""
        self._open = False
        self._woken.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _serve(self) -> None:
        due = [monotonic() + job.every_seconds for job in self._jobs]
        while self._goes_on():
            woken = self._woken.wait(max(0.0, min(due) - monotonic()))
            self._woken.clear()
            for number, job in enumerate(self._jobs):
                if not self._goes_on():
                    return
                if woken or monotonic() >= due[number]:
                    try:
                        job.act()
                    except Exception as error:  # noqa: BLE001 - the next job must not suffer for it
                        self._failed(job.name, error)
                    due[number] = monotonic() + job.every_seconds

    def _goes_on(self) -> bool:
        return self._open

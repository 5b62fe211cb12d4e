"""The ground of every contract: where a unit of work begins, and what has to be there before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any, Final, TypeVar

import pytest

from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.events import Event as Fact
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing import samples

R = TypeVar("R")

_MOMENT: Final = timedelta(milliseconds=50)

PATIENCE_SECONDS: Final = 30
"""How long another thread may take before it counts as stuck."""


class DatabaseContract:
    """What all contracts share; a subclass defines the fixture `begin`."""

    @pytest.fixture
    def begin(self) -> Begin[Any]:
        """How a unit of work is begun, on a database that is empty: to be defined by the adapter's author."""
        message = f"{type(self).__name__} has to define the fixture `begin`: a Begin on an empty database"
        raise NotImplementedError(message)

    def furnish(self, work: Any) -> None:
        """Keep what the values of this contract refer to. An adapter that keeps only this port has nothing to do here."""

    @pytest.fixture
    def db(self, begin: Begin[Any]) -> Begin[Any]:
        """`begin`, once all that the values refer to is kept."""
        with begin() as work:
            self.furnish(work)
        return begin


class Undone(Exception):
    """Raised by a contract to have a unit of work rolled back."""


def undo() -> None:
    """End a unit of work as a bug or a refusal would."""
    raise Undone


@contextmanager
def another_thread() -> Iterator[Callable[[Callable[[], R]], Future[R]]]:
    """A second thread; `run(act)` starts there and waits until it has started, not until it is done.

    Its `result(PATIENCE_SECONDS)` is asked for once this thread's own unit of work is over: an adapter may let others wait till
    then.
    """
    with ThreadPoolExecutor(1) as pool:

        def run(act: Callable[[], R]) -> Future[R]:
            started = Event()

            def running() -> R:
                started.set()
                return act()

            future = pool.submit(running)
            assert started.wait(PATIENCE_SECONDS)
            return future

        yield run


def moment_for_others(future: Future[Any]) -> None:
    """Let another thread come as far as it can: done, or waiting for this one."""
    wait([future], timeout=_MOMENT.total_seconds())


def some_facts(count: int) -> list[Fact]:
    """So many events, each of another kind."""
    return samples.every_fact()[: 2 * count : 2]


def tried(act: Callable[[], R]) -> R | None:
    """What `act` came to; nothing when the adapter refused it because somebody else was first."""
    try:
        return act()
    except Conflict:
        return None

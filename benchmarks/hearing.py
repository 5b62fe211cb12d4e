"""Whoever hears of events in `bench_events.py`, and does nothing with them but count: in this process, or in one of its own.

    python benchmarks/hearing.py ours|dramatiq BROKER_URL DATABASE_URL

As a process it says `ready`, and then reads how many it is to hear; when it has, it says at what time of the machine's own clock.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import dramatiq
from dramatiq import Actor

from quarterturn_adapters.bell import Bell
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.garbage import settle
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_adapters.postgres.calling import Listener
from quarterturn_adapters.relay import Relay, Subscription
from quarterturn_adapters.worker import Workers
from quarterturn_adapters.worker.brokers import broker_at
from quarterturn_api.edge.logs import configure
from quarterturn_domain.payments.events import WebhookReceived

THREADS = 8
IDLE_MS = 15
PATIENCE_SECONDS = 120


class Hearer:
    """Counts what it hears, and knows when it has heard as much as somebody waits for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = 0
        self._all = threading.Event()
        self._at = 0.0

    def expect(self, count: int) -> None:
        """Begin to count down from so many."""
        with self._lock:
            self._left = count
            self._all.clear()

    def hear(self, count: int = 1) -> None:
        """So many came."""
        with self._lock:
            self._left -= count
            if self._left <= 0:
                self._at = time.monotonic()
                self._all.set()

    def heard_at(self) -> float:
        """Wait for all that are expected; when the last of them came."""
        assert self._all.wait(PATIENCE_SECONDS), f"{self._left} never came"
        assert self._left == 0, f"{-self._left} came twice"
        return self._at


def relay_to(hearer: Hearer, database: PostgresDatabase) -> Relay:
    """The relay with one subscription, which counts."""

    def handle(events: Sequence[Any]) -> Sequence[None]:
        hearer.hear(len(events))
        return [None] * len(events)

    subscription = Subscription(name="hearing", events=(WebhookReceived,), handle=handle)
    return Relay(database.begin, [subscription], SystemClock(), SystemIds())


@contextmanager
def dramatiq_alone(hear: Callable[[], None] | None, broker_url: str | None) -> Iterator[Actor[[], None]]:
    """An actor that does nothing but `hear`, and Dramatiq's worker for it; without `hear` it can be sent to, no more."""
    broker = broker_at(broker_url)

    def empty() -> None:
        assert hear is not None
        hear()

    actor = dramatiq.actor(actor_name="empty", queue_name="empty", broker=broker)(empty)
    worker = dramatiq.Worker(broker, worker_timeout=IDLE_MS, worker_threads=THREADS)
    if hear is not None:
        worker.start()
    try:
        yield actor
    finally:
        if hear is not None:
            worker.stop()
        broker.close()


def main(what: str, broker_url: str, database_url: str) -> None:
    """Hear, as often as that is asked for, until the standard input ends."""
    hearer = Hearer()
    configure("INFO")
    with ExitStack() as stack:
        if what == "ours":
            database = PostgresDatabase(database_url)
            stack.callback(database.close)
            bell = Bell()
            stack.enter_context(Listener(database_url, bell))
            stack.enter_context(Workers(relay_to(hearer, database), bell, broker_url=broker_url, threads=THREADS))
        else:
            stack.enter_context(dramatiq_alone(hearer.hear, broker_url))
        settle()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for line in sys.stdin:
            hearer.expect(int(line))
            sys.stdout.write("expecting\n")
            sys.stdout.flush()
            sys.stdout.write(f"{hearer.heard_at()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

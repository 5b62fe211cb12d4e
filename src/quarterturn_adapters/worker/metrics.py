"""Metrics of workers: what was handled, what waits, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from quarterturn_adapters.relay import Handled
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.work import Begin


class WorkerMetrics:
    """What this process has handled; and how much is under way in it."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
        of = ("subscription",)
        self._handled = Counter("quarterturn_handled", "Events that were handled, by outcome.", (*of, "outcome"), registry=registry)
        self._retries = Counter("quarterturn_retries", "Events that have to be tried again.", of, registry=registry)
        self._seconds = Histogram("quarterturn_handling_seconds", "How long a batch of events took.", of, registry=registry)
        self._lock = Lock()
        self._busy = 0

    def handled(self, subscription: str, handled: Handled, seconds: float) -> None:
        """A batch was handled."""
        for outcome, count in (("done", handled.done), ("again", handled.again), ("dead", handled.dead)):
            if count:
                self._handled.labels(subscription, outcome).inc(count)
        if handled.again:
            self._retries.labels(subscription).inc(handled.again)
        self._seconds.labels(subscription).observe(seconds)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """A batch is in somebody's hands."""
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._busy > 0


class Waiting(Collector):
    """What waits in the database, read when somebody asks."""

    def __init__(self, begin: Begin[Any], clock: Clock, names: Callable[[], tuple[str, ...]]) -> None:
        self._begin = begin
        self._clock = clock
        self._names = names

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures; none when the database is away, which other figures tell of."""
        try:
            with self._begin() as work:
                pending, oldest_at = work.outbox.waiting()
                depths = work.dispatches.depths()
        except Exception:  # noqa: BLE001 - figures must not fail because one of them cannot be had
            return
        now = self._clock.now()
        outbox = GaugeMetricFamily("quarterturn_outbox_waiting", "Events that are not forwarded yet.")
        outbox.add_metric([], pending)
        age = GaugeMetricFamily("quarterturn_outbox_oldest_seconds", "How old the oldest event is that is not forwarded yet.")
        age.add_metric([], _age(oldest_at, now))
        waiting = GaugeMetricFamily("quarterturn_dispatches_waiting", "Events that wait to be handled.", labels=("subscription",))
        dead = GaugeMetricFamily("quarterturn_dispatches_dead", "Dead letters.", labels=("subscription",))
        oldest = GaugeMetricFamily(
            "quarterturn_dispatch_oldest_seconds", "How old the oldest event is that waits to be handled.", labels=("subscription",)
        )
        for name in sorted({*self._names(), *depths}):
            depth = depths.get(name)
            waiting.add_metric([name], 0 if depth is None else depth.waiting)
            dead.add_metric([name], 0 if depth is None else depth.dead)
            oldest.add_metric([name], 0.0 if depth is None else _age(depth.oldest_at, now))
        yield from (outbox, age, waiting, dead, oldest)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: to be registered must not ask the database."""
        return iter(())


def _age(at: datetime | None, now: datetime) -> float:
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())

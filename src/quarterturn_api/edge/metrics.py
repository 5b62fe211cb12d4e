"""Metrics: what Prometheus reads: requests by route, method and status, and how long they took."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where processes of one service share their figures, by the convention of Prometheus' client."""

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("quarterturn_requests", "Requests that were answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "quarterturn_request_seconds",
            "How long requests took, in seconds.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        # To find a figure by its labels costs more than to count.
        self._of: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._watched: list[Collector] = []
        of = ("schedule",)
        self._failures = Counter("quarterturn_schedule_failures", "Turns of schedules that failed.", of, registry=self.registry)
        self._successes = self._gauge(
            "quarterturn_schedule_last_success_seconds", "When a schedule was last done, in Unix time.", of
        )
        self._differences = self._gauge("quarterturn_reconciliation_differences", "Differences that the last reconciliation found.")
        self._broken = self._gauge("quarterturn_chain_broken", "Whether the journal's chain was found broken, 1 or 0.")
        self.waiting = Gauge(
            "quarterturn_desk_waiting",
            "Orders that wait at the desk.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def turned(self, schedule: str, *, failed: bool, at: datetime) -> None:
        """A turn of a schedule has ended."""
        if failed:
            self._failures.labels(schedule).inc()
        else:
            self._successes.labels(schedule).set(at.timestamp())

    def reconciled(self, differences: int) -> None:
        """A day was compared with the provider's statement."""
        self._differences.set(differences)

    def verified(self, *, whole: bool) -> None:
        """The journal's chain was verified."""
        self._broken.set(0 if whole else 1)

    def watch(self, collector: Collector) -> None:
        """Ask `collector`, too, whenever somebody reads the figures."""
        self.registry.register(collector)
        self._watched.append(collector)

    def _gauge(self, name: str, what: str, labels: tuple[str, ...] = ()) -> Gauge:
        # Of several processes the last one that had a turn knows best.
        return Gauge(name, what, labels, registry=self.registry, multiprocess_mode="mostrecent")

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        found = self._of.get((method, route, status))
        if found is None:
            found = self._of[method, route, status] = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
        found[0].inc()
        found[1].observe(seconds)

    def exposed(self) -> bytes:
        """Everything in the text format of Prometheus; of all processes when they share a folder."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self.registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        # What is read anew is the same whichever process reads it.
        for each in self._watched:
            shared.register(each)
        return generate_latest(shared)

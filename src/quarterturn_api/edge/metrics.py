"""Metrics: what Prometheus reads: requests and how long they took, what waits, what failed, and which program it is."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where processes of one service share their figures, by the convention of Prometheus' client."""

_LOOK_SECONDS: Final = 1.0
"""How often a process that shares a folder writes down what it would be asked for otherwise."""

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
        self._failed = {
            what: Counter(f"quarterturn_{what}_failed", f"How many {what} failed.", registry=self.registry)
            for what in ("payments", "refunds", "payouts", "captures")
        }
        self._webhooks = Counter("quarterturn_webhook_attempts", "Webhooks out, by outcome.", ("outcome",), registry=self.registry)
        self._webhook_seconds = Histogram("quarterturn_webhook_seconds", "How long calls of webhooks took.", registry=self.registry)
        self._disabled = Counter(
            "quarterturn_webhook_endpoints_disabled", "Endpoints that were disabled for failing too long.", registry=self.registry
        )
        self._asked: list[tuple[Gauge, Callable[[], float]]] = []
        Gauge(
            *("quarterturn_build_info", "Which program this is.", ("version", "python")),
            registry=self.registry,
            multiprocess_mode="max",
        ).labels(version("quarterturn"), platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)

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

    def failed(self, what: str) -> None:
        """One of the `payments`, `refunds`, `payouts` or `captures` has failed."""
        self._failed[what].inc()

    def webhook_sent(self, outcome: str, seconds: float) -> None:
        """A webhook was `delivered`, `refused` by its receiver, `unanswered`, or `put_off` without a try."""
        self._webhooks.labels(outcome).inc()
        if outcome != "put_off":
            self._webhook_seconds.observe(seconds)

    def endpoint_disabled(self) -> None:
        """An endpoint of webhooks has failed for too long."""
        self._disabled.inc()

    def ask(self, name: str, what: str, figure: Callable[[], float]) -> None:
        """Ask for a figure of this process whenever somebody reads; processes that share a folder add theirs up."""
        gauge = Gauge(name, what, registry=self.registry, multiprocess_mode="livesum")
        if SHARED_FOLDER in os.environ:
            # Whoever is read cannot ask the others.
            self._asked.append((gauge, figure))
        else:
            gauge.set_function(figure)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Meanwhile other processes that share a folder can read what this one would be asked for."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(_LOOK_SECONDS):
                for gauge, figure in self._asked:
                    gauge.set(figure())

        thread = threading.Thread(target=look, name="figures", daemon=True)
        if self._asked:
            thread.start()
        try:
            yield
        finally:
            over.set()
            if self._asked:
                thread.join()
            for gauge, _ in self._asked:
                gauge.set(0)

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
        _forget_the_dead(Path(os.environ[SHARED_FOLDER]))
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        # What is read anew is the same whichever process reads it.
        for each in self._watched:
            shared.register(each)
        return generate_latest(shared)


def _forget_the_dead(folder: Path) -> None:
    """Drop what processes said of themselves that were killed since: nothing of theirs waits any more."""
    for process in {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*.db")}:
        if not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
            mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]

"""Metrics of workers: what was handled, what waits, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from quarterturn_adapters.relay import Handled
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.operations.circuit import Circuit, CircuitStatus

_log = structlog.stdlib.get_logger("quarterturn.circuits")


class WorkerMetrics:
    """What this process has handled."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
        of = ("subscription",)
        self._handled = Counter("quarterturn_handled", "Events that were handled, by outcome.", (*of, "outcome"), registry=registry)
        self._retries = Counter("quarterturn_retries", "Events that have to be tried again.", of, registry=registry)
        self._seconds = Histogram("quarterturn_handling_seconds", "How long a batch of events took.", of, registry=registry)

    def handled(self, subscription: str, handled: Handled, seconds: float) -> None:
        """A batch was handled."""
        outcomes = {"done": handled.done, "again": handled.again, "dead": handled.dead, "put_off": handled.put_off}
        for outcome, count in outcomes.items():
            if count:
                self._handled.labels(subscription, outcome).inc(count)
        if handled.again:
            self._retries.labels(subscription).inc(handled.again)
        self._seconds.labels(subscription).observe(seconds)


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


class CircuitStates(Collector):
    """How the circuits are: 0 closed, 1 half open, 2 open; of several accounts at one provider the worst."""

    def __init__(self, read: Callable[[], Mapping[str, Circuit]], clock: Clock) -> None:
        self._read = read
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures; none when the database is away, which other figures tell of."""
        try:
            circuits = self._read()
        except Exception:  # noqa: BLE001 - figures must not fail because one of them cannot be had
            return
        now = self._clock.now()
        worst: dict[str, int] = {}
        for name, circuit in circuits.items():
            # An account is no label: there may be as many as there are vendors.
            label = "/".join(name.split("/")[:2])
            worst[label] = max(worst.get(label, 0), _STATES[circuit.seen(now)])
        states = GaugeMetricFamily(
            "quarterturn_circuit_state", "How a circuit is: 0 closed, 1 half open, 2 open.", labels=("circuit",)
        )
        for label, state in worst.items():
            states.add_metric([label], state)
        yield states

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: to be registered must not ask the database."""
        return iter(())


_STATES: Final = {CircuitStatus.CLOSED: 0, CircuitStatus.HALF_OPEN: 1, CircuitStatus.OPEN: 2}


def tell_of_circuit(circuit: Circuit) -> None:
    """Write into the log that this process has opened, tries, or has closed a circuit."""
    tell = _log.info if circuit.status is CircuitStatus.CLOSED else _log.warning
    until = None if circuit.until is None else circuit.until.isoformat()
    reason = circuit.failure if circuit.status is CircuitStatus.OPEN else None
    tell("circuit", circuit=circuit.name, status=circuit.status.value, until=until, trips=circuit.trips, reason=reason)


def _age(at: datetime | None, now: datetime) -> float:
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())

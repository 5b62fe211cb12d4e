"""Running: the relay, the actors and what keeps their leases, in threads of this process, until they are closed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from time import monotonic
from types import TracebackType
from typing import Final, Self

import dramatiq
import structlog
from dramatiq import Actor, Broker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import DramatiqError

from quarterturn_adapters.bell import Bell
from quarterturn_adapters.redaction import why
from quarterturn_adapters.relay import Relay
from quarterturn_adapters.worker.actors import actors
from quarterturn_adapters.worker.brokers import broker_at
from quarterturn_adapters.worker.metrics import WorkerMetrics
from quarterturn_domain.kernel.dispatch import Dispatch, DispatchStatus

THREADS: Final = 8
"""How many batches one process handles at once: fewer than the pool of the database has connections."""

LOOK_SECONDS: Final = 1.0
"""How often the relay looks by itself: for what nobody rang about, what is due again, and what a broker has lost."""

_IDLE_MS: Final = 100
"""How long a worker thread waits for a broker that wakes it up; it only looks whether all is over."""

_ASKING_MS: Final = 15
"""How long to wait before one that does not is asked again: what an event may wait for Redis at most."""

_GRACE_MS: Final = 25_000
_AWAY_SECONDS: Final = 1.0

_log = structlog.stdlib.get_logger("quarterturn.worker")


class Workers:
    """Forwards events and handles them; as a context manager, from its beginning to its end.

    `bell` is rung by whoever commits events. Work that is under way when it is closed is finished, unless that takes too long:
    then it is somebody else's when its lease is over. With `forwards` and no `queues` of its own it only forwards.
    """

    def __init__(
        self,
        relay: Relay,
        bell: Bell,
        *,
        broker_url: str | None = None,
        queues: Iterable[str] = (),
        threads: int = THREADS,
        metrics: WorkerMetrics | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._relay = relay
        self._bell = bell
        self._queues = frozenset(queues)
        self._metrics = metrics or WorkerMetrics()
        self._look_seconds = look_seconds
        self._threads = threads
        self._broker_url = broker_url
        self._over = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._relay.told = _tell
        self._broker: Broker = broker_at(self._broker_url)
        self._actors: Mapping[str, Actor[[], None]] = actors(
            self._relay, self._broker, self._metrics, self._over, threads=self._threads
        )
        wait_ms = _ASKING_MS if isinstance(self._broker, RedisBroker) else _IDLE_MS
        worker = dramatiq.Worker(
            self._broker, queues=set(self._queues) or None, worker_timeout=wait_ms, worker_threads=self._threads
        )
        worker.start()
        for each in worker.workers:
            # Whoever asks the broker wakes them up, in either case.
            each.timeout = _IDLE_MS / 1_000
        self._stack.callback(self._broker.close)
        self._stack.callback(worker.stop, timeout=_GRACE_MS)
        for target, name in ((self._forward, "relay"), (self._keep_leases, "leases")):
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
            self._stack.callback(thread.join)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._bell.ring()
        self._stack.close()

    def _forward(self) -> None:
        """Let events leave the outbox as soon as the bell rings, and look by itself every so often."""
        looked = 0.0
        while not self._over.is_set():
            try:
                self._forward_all()
                if monotonic() - looked >= self._look_seconds:
                    looked = monotonic()
                    for name in self._relay.due():
                        self._send(name, 1)
            except Exception as failure:  # noqa: BLE001 - the database is away, or a bug; what is in the outbox stays there
                _log.error("events are not forwarded", **why(failure))
                self._over.wait(_AWAY_SECONDS)
            self._bell.wait(self._look_seconds)

    def _forward_all(self) -> None:
        more = True
        while more and not self._over.is_set():
            forwarded = self._relay.forward()
            for name, count in forwarded.fresh.items():
                self._send(name, count)
            # Whoever has committed since then has rung the bell.
            more = forwarded.messages >= self._relay.batch

    def _send(self, name: str, count: int) -> None:
        """Say that there is work, once for each batch of it."""
        actor = self._actors.get(name)
        if actor is None:
            # A subscription of another version of this program.
            return
        subscription = self._relay.subscriptions[name]
        if self._broker_url is None and self._queues and subscription.queue not in self._queues:
            # Nobody in this process serves it, and nobody else would ever hear.
            return
        for _ in range(min(-(-count // subscription.batch), subscription.at_once)):
            try:
                actor.send()
            except (DramatiqError, OSError) as away:
                # Nothing is lost: it is due, and said again at the next look.
                _log.warning("the broker is away", error=type(away).__name__)
                return

    def _keep_leases(self) -> None:
        over = False
        while not over:
            over = self._over.wait(self._relay.lease.total_seconds() / 3)
            # The last time for what is still to be finished then.
            try:
                self._relay.keep_leases()
            except Exception as failure:  # noqa: BLE001 - somebody else takes over when it is over
                _log.warning("leases are not kept", **why(failure))


def _tell(dispatch: Dispatch) -> None:
    dead = dispatch.status is DispatchStatus.DEAD
    tell = _log.error if dead else _log.warning
    tell(
        "dead letter" if dead else "to be tried again",
        subscription=dispatch.subscription,
        event_type=dispatch.message.event.tag,
        event_id=str(dispatch.message.id),
        attempts=dispatch.attempts,
        reason=dispatch.failures[-1].what,
    )

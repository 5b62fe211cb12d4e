"""Actors: one for each subscription, and each of them calls exactly one use case.

A message to an actor says that there is something to do, and not what: that stands in the database. So a message that is lost is
sent again, one that comes twice finds nothing, and one that is late does what is due by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import BoundedSemaphore, Event
from time import perf_counter
from typing import Any

import dramatiq
import structlog
from dramatiq import Actor, Broker

from quarterturn_adapters.redaction import why
from quarterturn_adapters.relay import PROVIDERS, Handled, Relay, Subscription
from quarterturn_adapters.worker.metrics import WorkerMetrics

_log = structlog.stdlib.get_logger("quarterturn.worker")


def actors(
    relay: Relay, broker: Broker, metrics: WorkerMetrics, over: Event, *, threads: int, only: Iterable[str] = ()
) -> Mapping[str, Actor[[], None]]:
    """An actor for each subscription of `relay`, by its name, on the queue of the subscription; of the queues `only`, if given.

    When it is `over`, each finishes the batch that it has in hand, and no more. Of the `threads` that there are a quarter is kept
    from those who ask somebody outside: were they all to wait for one who is slow, nobody else would have a thread.
    """
    wanted = set(only)
    kept = max(1, threads // 4)
    outside, inside = BoundedSemaphore(max(1, threads - kept)), BoundedSemaphore(threads)
    return {
        name: dramatiq.actor(actor_name=name, queue_name=each.queue, broker=broker)(
            _act(relay, each, metrics, over, outside if each.queue == PROVIDERS else inside)
        )
        for name, each in relay.subscriptions.items()
        if not wanted or each.queue in wanted
    }


def _act(
    relay: Relay, subscription: Subscription, metrics: WorkerMetrics, over: Event, shared: BoundedSemaphore
) -> Callable[[], None]:
    # A subscriber that is slow must not take every thread: others wait for nothing that they need.
    places = BoundedSemaphore(subscription.at_once)
    asked = Event()

    def act() -> None:
        asked.set()
        # Who finds no place has asked whoever has one, and has perhaps just found nothing, to look once more.
        while asked.is_set() and places.acquire(blocking=False):
            try:
                asked.clear()
                if not shared.acquire(blocking=False):
                    # What is due is told of again at the next look.
                    return
                try:
                    while not over.is_set() and _handled(relay, subscription, metrics).claimed:
                        pass
                finally:
                    shared.release()
            finally:
                places.release()

    return act


def _handled(relay: Relay, subscription: Subscription, metrics: WorkerMetrics) -> Handled:
    began = perf_counter()
    try:
        handled = relay.handle(subscription.name)
    except Exception as failure:  # noqa: BLE001 - the database is away, or a bug: what was claimed is due again when its lease is over
        _log.error("not handled", subscription=subscription.name, **why(failure))
        return Handled(0)
    if handled.claimed:
        seconds = perf_counter() - began
        metrics.handled(subscription.name, handled, seconds)
        said: dict[str, Any] = {"done": handled.done, "again": handled.again, "dead": handled.dead, "put_off": handled.put_off}
        _log.debug("handled", subscription=subscription.name, ms=round(seconds * 1_000, 2), **said)
    return handled

"""The relay of one process: what was committed to the outbox reaches its subscribers, at least once, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Self, TypeAlias
from uuid import UUID

import attrs

from quarterturn_domain.kernel.errors import Outcome, Unavailable
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.work import Begin, Message

Handler: TypeAlias = Callable[[Sequence[Any]], Sequence[Outcome[object]]]
"""Handles events of one class, all of them idempotently; an `Unavailable` outcome lets its event come again."""

_BATCH: Final = 1000


@attrs.frozen
class Delivered:
    """What one round came to: how many messages are done with, how many wait, and what went wrong meanwhile."""

    done: int
    waiting: int
    failures: tuple[Exception, ...] = ()

    def sure(self) -> Self:
        """The same, for whoever takes no failure for granted: raises the first one."""
        for failure in self.failures:
            raise failure
        return self


class Relay:
    """Hands committed events to their subscribers; an event that nobody subscribed to is done with at once.

    No transaction is open while a subscriber works. A crash between its work and the note that it was done delivers once more,
    which is why every subscriber is idempotent. What waits for one subscriber does not keep others from theirs.
    """

    def __init__(self, begin: Begin[Any], subscriptions: Mapping[type[Event], Handler], *, batch: int = _BATCH) -> None:
        """`batch` messages are read at once."""
        self._begin = begin
        self._subscriptions = subscriptions
        self._batch = batch

    def drain(self) -> Delivered:
        """Deliver everything that is pending, once; events that subscribers cause are delivered too.

        What could not be delivered waits for the next time, and a subscriber that fails is told of, not raised.
        """
        done = waiting = last = 0
        failures: list[Exception] = []
        while True:
            with self._begin() as work:
                messages = work.outbox.pending(self._batch, after=last)
            if not messages:
                return Delivered(done, waiting, tuple(failures))
            finished = self._deliver(messages, failures)
            with self._begin() as work:
                work.outbox.delivered(finished)
            done += len(finished)
            waiting += len(messages) - len(finished)
            last = messages[-1].sequence

    def _deliver(self, messages: Sequence[Message], failures: list[Exception]) -> Sequence[UUID]:
        finished: list[UUID] = []
        for kind, batch in _runs(messages):
            handler = self._subscriptions.get(kind)
            if handler is None:
                finished += [message.id for message in batch]
                continue
            try:
                outcomes = handler([message.event for message in batch])
            except Exception as failure:  # noqa: BLE001 - whatever one subscriber does, the others get their events
                failures.append(failure)
                continue
            finished += [
                message.id for message, outcome in zip(batch, outcomes, strict=True) if not isinstance(outcome, Unavailable)
            ]
        return finished


def _runs(messages: Iterable[Message]) -> Iterable[tuple[type[Event], list[Message]]]:
    """Messages by the class of their event, each class in order; subscribers of different classes do not depend on each other."""
    runs: dict[type[Event], list[Message]] = {}
    for message in messages:
        runs.setdefault(type(message.event), []).append(message)
    return runs.items()

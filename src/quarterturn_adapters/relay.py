"""The relay of one process: what was committed to the outbox reaches its subscribers, at least once, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias
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
    """What one round came to: how many messages are done with, and how many wait for a subscriber that is not available."""

    done: int
    waiting: int


class Relay:
    """Hands committed events to their subscribers; an event that nobody subscribed to is done with at once.

    No transaction is open while a subscriber works. A crash between its work and the note that it was done delivers once more,
    which is why every subscriber is idempotent.
    """

    def __init__(self, begin: Begin[Any], subscriptions: Mapping[type[Event], Handler]) -> None:
        self._begin = begin
        self._subscriptions = subscriptions

    def drain(self) -> Delivered:
        """Deliver until nothing is pending, or what is pending waits; events that subscribers cause are delivered too."""
        done = 0
        while True:
            with self._begin() as work:
                messages = work.outbox.pending(_BATCH)
            if not messages:
                return Delivered(done, 0)
            finished = self._deliver(messages)
            with self._begin() as work:
                work.outbox.delivered(finished)
            done += len(finished)
            if len(finished) < len(messages):
                return Delivered(done, len(messages) - len(finished))

    def _deliver(self, messages: Sequence[Message]) -> Sequence[UUID]:
        finished: list[UUID] = []
        for kind, batch in _runs(messages):
            handler = self._subscriptions.get(kind)
            if handler is None:
                finished += [message.id for message in batch]
                continue
            outcomes = handler([message.event for message in batch])
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

"""Dispatches: an event on its way to one subscription, until that has handled it or nobody tries any more.

The outbox says what has happened; a dispatch says who has still to hear of it. One that is handled is gone, so that what is there
is what waits, and the dead letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias
from uuid import UUID

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.machine import InvalidTransition, StateMachine

KEPT_FAILURES: Final = 20
"""How many failures are remembered: the first one, and the last ones."""

MAX_WHAT: Final = 500

ENOUGH: Final = 1_000
"""How much of what is due is counted: whoever asks wants to know whether there is work, every second, however much there is."""


@attrs.frozen
class Message:
    """An event on its way out: its place in the outbox (`sequence` grows with every append) and its identity."""

    sequence: int
    id: UUID
    event: Event


class DispatchStatus(StrEnum):
    """Whether anybody still tries."""

    WAITING = "waiting"
    DEAD = "dead"


DISPATCH: Final = StateMachine(
    "dispatch",
    initial=DispatchStatus.WAITING,
    table={
        DispatchStatus.WAITING: {"bury": DispatchStatus.DEAD},
        DispatchStatus.DEAD: {"retry": DispatchStatus.WAITING},
    },
)


@attrs.frozen
class Failure:
    """What went wrong, and when."""

    at: datetime
    what: str


Key: TypeAlias = tuple[str, UUID]
"""What a dispatch is known by: its subscription, and the id of its message."""

Place: TypeAlias = tuple[int, str]
"""Where a dead letter stands among the others: the sequence of its message, and its subscription."""


@attrs.frozen(kw_only=True)
class Dispatch:
    """A message for one subscription; not tried before `due_at`."""

    subscription: str
    message: Message
    due_at: datetime
    attempts: int = 0
    failures: tuple[Failure, ...] = ()
    status: DispatchStatus = DISPATCH.initial

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.subscription, self.message.id

    @property
    def place(self) -> Place:
        """Where it stands among others."""
        return self.message.sequence, self.subscription

    @property
    def about(self) -> str:
        """The aggregate that its event is about, such as `order:0190…`: what order is kept by."""
        return f"{self.message.event.aggregate_type}:{self.message.event.aggregate_id}"

    def fail(self, what: str, *, at: datetime, due_at: datetime, limit: int) -> Dispatch:
        """After an attempt that failed: due again at `due_at`, or a dead letter when it was the last of `limit`."""
        attempts = self.attempts + 1
        failures = (*self.failures, Failure(at, what[:MAX_WHAT]))
        if len(failures) > KEPT_FAILURES:
            failures = (failures[0], *failures[-KEPT_FAILURES + 1 :])
        status = DISPATCH.next(self.status, "bury") if attempts >= limit else self.status
        return attrs.evolve(self, attempts=attempts, failures=failures, status=status, due_at=due_at)

    def wait(self, due_at: datetime) -> Dispatch:
        """Put off, without having been tried."""
        return attrs.evolve(self, due_at=due_at)

    def retry(self, *, at: datetime) -> Dispatch:
        """A dead letter, tried anew from `at` on; what went wrong before is kept. Raises `InvalidTransition` for one that waits."""
        return attrs.evolve(self, status=DISPATCH.next(self.status, "retry"), attempts=0, due_at=at)

    def discard(self) -> Key:
        """What to drop of a dead letter that nobody shall handle any more. Raises `InvalidTransition` for one that waits."""
        if self.status is not DispatchStatus.DEAD:
            raise InvalidTransition(DISPATCH.name, self.status, "discard", tuple(DISPATCH.table[self.status]))
        return self.key


@attrs.frozen
class Forwarded:
    """What left the outbox at once: so many messages, of which nobody hears `unheard`; and new dispatches by subscription."""

    messages: int
    unheard: int
    fresh: Mapping[str, int]


@attrs.frozen
class Depth:
    """How much waits for a subscription, since when the oldest of it has (when its event happened), and how many are dead."""

    waiting: int
    oldest_at: datetime | None
    dead: int


class Dispatches(Protocol):
    """What is on its way to subscriptions."""

    def claim(
        self,
        subscription: str,
        limit: int,
        /,
        *,
        at: datetime,
        until: datetime,
        by: UUID,
        in_order: bool = False,
        early: bool = False,
        without: Iterable[UUID] = (),
    ) -> Sequence[Dispatch]:
        """Up to `limit` dispatches that wait and are due `at`, the oldest first, leased to `by` until `until`.

        What is leased to somebody else is left out until that lease is over; with `early` neither a lease nor the time it is due
        matters. `without` leaves out messages. With `in_order` an event waits until earlier ones of the same aggregate are handled,
        also behind a dead letter. They are leased for others when the transaction commits; two never claim the same.
        """
        ...

    def done(self, keys: Iterable[Key], /) -> int:
        """Drop what is handled, or given up; what is unknown is passed over. Returns how many there were."""
        ...

    def settle(self, by: UUID, handled: Iterable[Key], failed: Iterable[Dispatch], /) -> None:
        """Note what became of what `by` has claimed: drop what is handled, keep what failed and end its lease.

        What failed and is somebody else's by now, or gone, is left to them. That this was noted may be forgotten where everything
        dies in the next moment: then it comes again.
        """
        ...

    def save(self, dispatches: Iterable[Dispatch], /) -> None:
        """Keep what became of dispatches, and end their leases; one that is gone meanwhile stays gone."""
        ...

    def renew(self, by: UUID, until: datetime, /) -> int:
        """Let all leases of `by` last until `until`; returns how many there are."""
        ...

    def due(self, at: datetime, /, *, most: int = ENOUGH) -> Mapping[str, int]:
        """How many dispatches are due, and leased to nobody, at `at`, by subscription; of each no more than `most` are counted."""
        ...

    def depths(self) -> Mapping[str, Depth]:
        """How much there is, by subscription."""
        ...

    def find(self, keys: Iterable[Key], /) -> Mapping[Key, Dispatch]:
        """Those of the dispatches that there are, whatever their status; no lock."""
        ...

    def lock(self, keys: Iterable[Key], /) -> Mapping[Key, Dispatch]:
        """The same, locked in the order of their keys until the transaction ends."""
        ...

    def dead(self, after: Place | None, limit: int, /, subscription: str | None = None) -> Sequence[Dispatch]:
        """Up to `limit` dead letters (of one subscription, if given), the latest event first, those that follow on `after`.

        Letters of one event are in the order of their subscriptions.
        """
        ...

"""The unit of work: state, events and reactions of one transaction are committed together, or not at all.

A use case has one shape: *load* under locks, *decide* without touching anything, *record* state and events. What it records is
seen, before the commit, by the contexts higher up the ladder that have asked for it (`Reactions`): the journal is written in the
same transaction as the capture that it books. Everything else hears of it afterwards, from the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from quarterturn_domain.kernel.dispatch import Dispatches, Forwarded, Message
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import Answers

W = TypeVar("W", bound="UnitOfWork")
W_contra = TypeVar("W_contra", bound="UnitOfWork", contravariant=True)


class Outbox(Protocol):
    """The events of this transaction, kept with the state that they tell of until somebody has delivered them."""

    def append(self, events: Iterable[Event], /) -> None:
        """Keep `events`, in this order; they become visible to others with the commit."""
        ...

    def appended(self) -> Sequence[Event]:
        """The events of this unit of work so far, in order."""
        ...

    def pending(self, limit: int, /, *, after: int = 0) -> Sequence[Message]:
        """Committed messages that are not delivered, oldest first, at most `limit`, those whose sequence is above `after`.

        They are claimed until the transaction ends.
        """
        ...

    def waiting(self) -> tuple[int, datetime | None]:
        """How many committed messages are not delivered, and when the oldest of their events happened."""
        ...

    def delivered(self, ids: Iterable[UUID], /) -> None:
        """Mark messages as delivered; what is unknown or already delivered is passed over."""
        ...

    def forward(self, heard: Mapping[str, Sequence[str]], limit: int, /, *, at: datetime) -> Forwarded:
        """Make dispatches, due `at`, of up to `limit` pending messages, the oldest first, and mark those as delivered.

        `heard` says by which subscriptions events of a tag are heard. Two at once never forward the same message.
        """
        ...

    def archive(self, before: datetime, limit: int, /) -> int:
        """Put away up to `limit` messages that were delivered before an instant and that nobody has still to handle.

        Returns how many. What is archived is out of the way of those that wait.
        """
        ...

    def forget(self, before: datetime, /) -> int:
        """Drop the archived messages that were delivered before an instant, and no others; returns how many there still were."""
        ...


class Inbox(Protocol):
    """What every subscriber has already handled: the memory that turns "at least once" into one effect."""

    def admit(self, subscriber: str, ids: Iterable[UUID], /) -> Sequence[UUID]:
        """Those of `ids` that `subscriber` sees for the first time, in order, noted from now on."""
        ...

    def forget(self, before: datetime, /) -> int:
        """Drop what was noted before an instant, for every subscriber; returns how many notes.

        A message that comes again after that is admitted again: `before` has to be older than any message that may still come.
        """
        ...


class UnitOfWork(Protocol):
    """One transaction: what is read in it is locked as each port says, what is written in it is committed together."""

    @property
    def outbox(self) -> Outbox:
        """The events of this transaction."""
        ...

    @property
    def dispatches(self) -> Dispatches:
        """What is on its way to subscriptions."""
        ...

    @property
    def inbox(self) -> Inbox:
        """What subscribers have handled."""
        ...

    @property
    def answers(self) -> Answers:
        """The first answers to requests that have a key."""
        ...


Begin: TypeAlias = Callable[[], AbstractContextManager[W]]
"""Opens a unit of work: leaving the block commits, an exception rolls everything back."""


class Reaction(Protocol[W_contra]):
    """What a context higher up does about events, in the transaction that made them true."""

    def __call__(self, work: W_contra, events: Sequence[Event], /) -> None:
        """React to `events`, all of types that were subscribed to; may append further events."""
        ...


class Reactions(Generic[W]):
    """Opens units of work that let every subscribed context react before the commit.

    Reactions run in the order of subscription, each with all its events of one round at once, round after round until no new
    event appears; so a reaction can be one set-based write.
    """

    _ROUNDS = 16

    def __init__(self, begin: Begin[W], subscriptions: Iterable[tuple[Iterable[type[Event]], Reaction[W]]] = ()) -> None:
        self._begin = begin
        self._subscriptions = [(frozenset(types), reaction) for types, reaction in subscriptions]

    @contextmanager
    def __call__(self) -> Iterator[W]:
        """A unit of work; leaving the block lets the subscribers react and commits."""
        with self._begin() as work:
            yield work
            self._react(work)

    def _react(self, work: W) -> None:
        seen = 0
        for _ in range(self._ROUNDS):
            fresh = work.outbox.appended()[seen:]
            if not fresh:
                return
            seen += len(fresh)
            present = {type(event) for event in fresh}
            for types, reaction in self._subscriptions:
                if not types.isdisjoint(present):
                    reaction(work, [event for event in fresh if type(event) in types])
        raise AssertionError("reactions answer each other without end")

"""The relay: what was committed to the outbox reaches its subscriptions, at least once, batch by batch.

An event leaves the outbox as one dispatch for each subscription that hears it, in one transaction; each subscription then handles
its dispatches at its own pace. The database is the truth about what is still to be done: whoever carries the word that there is
work may lose it, or say it twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self, TypeAlias
from uuid import UUID

import attrs

from quarterturn_adapters.redaction import said
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.dispatch import Dispatch, DispatchStatus, Forwarded
from quarterturn_domain.kernel.errors import CircuitOpen, Outcome, Unavailable
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import Ids
from quarterturn_domain.kernel.work import Begin

Handler: TypeAlias = Callable[[Sequence[Any]], Sequence[Outcome[object]]]
"""Handles events, all of them idempotently; an `Unavailable` outcome lets its event come again, any other one is an answer."""

_BATCH: Final = 1_000

EVENTS: Final = "events"
"""The queue of what asks nobody but the database."""

PROVIDERS: Final = "providers"
"""The queue of what asks somebody outside, who may be slow."""

LEASE: Final = timedelta(seconds=30)
"""How long a subscriber that is not heard of any more keeps others from its events."""

_LONGEST_REST: Final = timedelta(seconds=24)
"""How long, and a quarter more, before somebody looks whether a circuit has been closed by hand: half a minute at most."""

Told: TypeAlias = Callable[[Dispatch], None]
"""Hears of a dispatch that failed: what it is now, with the last failure."""


@attrs.frozen
class Backoff:
    """How long to wait after a failure: a random part of a span that doubles, so that many do not come back at once."""

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(hours=1)

    def wait(self, failures: int, chance: float) -> timedelta:
        """The wait after so many `failures`, 1 or more; `chance` is from 0 to 1."""
        assert failures > 0
        span = min(self.first * (1 << min(failures - 1, 30)), self.longest)
        return span / 2 + span / 2 * chance


@attrs.frozen(kw_only=True)
class Subscription:
    """Who hears which events: one use case, which gets up to `batch` of them at once.

    After `attempts` failures an event is a dead letter. With `in_order` an event waits until the earlier ones of its aggregate are
    handled. At most `at_once` batches are handled at a time by one process, so that a slow one does not take every thread.
    Workers may be told to serve only some values of `queue`. With `whole` the use case gets messages, which have an id, rather than
    their events. `listens` is asked, in the transaction that forwards, whether it would hear anything at all.
    """

    name: str
    events: tuple[type[Event], ...]
    handle: Handler = attrs.field(repr=False)
    queue: str = EVENTS
    in_order: bool = False
    batch: int = 100
    attempts: int = 12
    at_once: int = 2
    backoff: Backoff = Backoff()
    whole: bool = False
    listens: Callable[[Any], bool] | None = attrs.field(default=None, repr=False)


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


@attrs.frozen
class Handled:
    """What became of a batch: so many dispatches were claimed, and of them handled, due again, dead, put off without a try."""

    claimed: int
    done: int = 0
    again: int = 0
    dead: int = 0
    put_off: int = 0


class Relay:
    """Forwards committed events to their subscriptions, and lets subscriptions handle them.

    No transaction is open while a subscriber works. A crash between its work and the note that it was done delivers once more,
    which is why every subscriber is idempotent. What waits for one subscriber does not keep others from theirs.
    """

    def __init__(
        self,
        begin: Begin[Any],
        subscriptions: Iterable[Subscription],
        clock: Clock,
        ids: Ids,
        *,
        batch: int = _BATCH,
        lease: timedelta = LEASE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`batch` messages leave the outbox at once; `chance` says how much of a wait is waited."""
        self.told: Told = _nobody
        self._begin = begin
        self.subscriptions: Mapping[str, Subscription] = {each.name: each for each in subscriptions}
        self._clock = clock
        self.batch = batch
        self.lease = lease
        self._chance = chance
        self._ids = ids
        self._by: UUID = ids.new()
        self._in_hand: set[UUID] = set()
        self._resting: dict[str, datetime] = {}
        """Until when a subscription would only hear that whom it asks is left alone."""
        heard: dict[str, list[str]] = {}
        for each in self.subscriptions.values():
            for kind in each.events:
                heard.setdefault(kind.tag, []).append(each.name)
        self._heard = heard

    def forward(self) -> Forwarded:
        """Let one batch of events leave the outbox; what nobody hears is done with at once."""
        with self._begin() as work:
            forwarded: Forwarded = work.outbox.forward(self._listening(work), self.batch, at=self._clock.now())
        return forwarded

    def _listening(self, work: Any) -> Mapping[str, Sequence[str]]:  # noqa: ANN401
        """Which subscriptions hear which events now."""
        deaf = {each.name for each in self.subscriptions.values() if each.listens is not None and not each.listens(work)}
        if not deaf:
            return self._heard
        heard = {tag: [name for name in names if name not in deaf] for tag, names in self._heard.items()}
        return {tag: names for tag, names in heard.items() if names}

    def due(self) -> Mapping[str, int]:
        """How many dispatches are due now, and in nobody's hands, by subscription."""
        with self._begin() as work:
            found: Mapping[str, int] = work.dispatches.due(self._clock.now())
        return found

    def handle(self, name: str) -> Handled:
        """Let a subscription handle one batch of what is due; a failure is noted, and tried again later.

        What a `CircuitOpen` has kept from being tried is put off, and no nearer to being a dead letter.
        """
        subscription = self.subscriptions[name]
        resting = self._resting.get(name)
        if resting is not None and self._clock.now() < resting:
            return Handled(0)
        # A batch has a name of its own: the leases of one whose end could not be noted are not kept with those of others.
        by = self._ids.new()
        self._in_hand.add(by)
        try:
            return self._handle(subscription, by)
        finally:
            self._in_hand.discard(by)

    def _handle(self, subscription: Subscription, by: UUID) -> Handled:
        at = self._clock.now()
        with self._begin() as work:
            claimed: Sequence[Dispatch] = work.dispatches.claim(
                subscription.name, subscription.batch, at=at, until=at + self.lease, by=by, in_order=subscription.in_order
            )
        if not claimed:
            return Handled(0)
        outcomes = _asked(subscription, claimed)
        failed = [
            self._failed(subscription, dispatch, outcome)
            for dispatch, outcome in zip(claimed, outcomes, strict=True)
            if isinstance(outcome, Exception)
        ]
        again = {dispatch.key for dispatch in failed}
        with self._begin() as work:
            work.dispatches.settle(by, [dispatch.key for dispatch in claimed if dispatch.key not in again], failed)
        put_off = sum(isinstance(outcome, CircuitOpen) for outcome in outcomes)
        if put_off == len(claimed):
            # What else is due would only be put off, too; it is as safe where it is.
            self._resting[subscription.name] = min(dispatch.due_at for dispatch in failed)
        dead = sum(dispatch.status is DispatchStatus.DEAD for dispatch in failed)
        return Handled(len(claimed), len(claimed) - len(failed), len(failed) - dead - put_off, dead, put_off)

    def keep_leases(self) -> int:
        """Say that what this process has in hand is being worked on; returns how much that is."""
        in_hand = tuple(self._in_hand)
        if not in_hand:
            return 0
        until = self._clock.now() + self.lease
        with self._begin() as work:
            return sum(work.dispatches.renew(by, until) for by in in_hand)

    def drain(self) -> Delivered:
        """Deliver everything that is pending or waits, once, in this thread; events that subscribers cause are delivered too.

        For programs without workers. Whatever failed before is tried as well, whether or not its time has come; what fails is told
        of, waits for the next time, and is no nearer to being a dead letter.
        """
        done = 0
        tried: dict[str, set[UUID]] = {name: set() for name in self.subscriptions}
        failures: list[Exception] = []
        while True:
            forwarded = self.forward()
            done += forwarded.unheard
            handled = sum(self._drain(each, tried[each.name], failures) for each in self.subscriptions.values())
            done += handled
            if not forwarded.messages and not handled:
                return Delivered(done, sum(map(len, tried.values())), tuple(failures))

    def _drain(self, subscription: Subscription, tried: set[UUID], failures: list[Exception]) -> int:
        """Handle what a subscription has not failed at yet; returns how many were handled."""
        done = 0
        at = self._clock.now()
        while True:
            with self._begin() as work:
                claimed: Sequence[Dispatch] = work.dispatches.claim(
                    subscription.name,
                    self.batch,
                    at=at,
                    until=at,
                    by=self._by,
                    in_order=subscription.in_order,
                    early=True,
                    without=tried,
                )
            if not claimed:
                return done
            outcomes = _asked(subscription, claimed)
            finished = [each for each, outcome in zip(claimed, outcomes, strict=True) if not isinstance(outcome, Exception)]
            tried |= {each.message.id for each in claimed} - {each.message.id for each in finished}
            failures += {
                id(each): each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Unavailable)
            }.values()
            with self._begin() as work:
                work.dispatches.done(each.key for each in finished)
            done += len(finished)

    def _failed(self, subscription: Subscription, dispatch: Dispatch, failure: Exception) -> Dispatch:
        at = self._clock.now()
        if isinstance(failure, CircuitOpen):
            wait = min(timedelta(seconds=failure.retry_after_seconds or 1), _LONGEST_REST)
            # Not all at once: only one of them may ask.
            return dispatch.wait(at + wait + wait / 4 * self._chance())
        wait = subscription.backoff.wait(dispatch.attempts + 1, self._chance())
        if isinstance(failure, Unavailable) and failure.retry_after_seconds:
            wait = max(wait, timedelta(seconds=failure.retry_after_seconds))
        after = dispatch.fail(said(failure), at=at, due_at=at + wait, limit=subscription.attempts)
        self.told(after)
        return after


def _nobody(_: Dispatch) -> None:
    """Nobody wants to hear of failures."""


def _asked(subscription: Subscription, claimed: Sequence[Dispatch]) -> Sequence[Exception | None]:
    """For each dispatch why it has to come again, or None where it is handled; a bug in the handler is every one's failure."""
    try:
        messages = [dispatch.message for dispatch in claimed]
        outcomes = subscription.handle(messages if subscription.whole else [message.event for message in messages])
        assert len(outcomes) == len(claimed), f"{subscription.name} has an outcome for every event"
    except Exception as failure:  # noqa: BLE001 - whatever one subscriber does, the others get their events
        return [failure] * len(claimed)
    return [outcome if isinstance(outcome, Unavailable) else None for outcome in outcomes]

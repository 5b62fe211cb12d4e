"""Circuits: somebody outside who fails too often is left alone for a while, then asked once, and then as ever.

A circuit is closed while everybody may ask, open while nobody may, and half open while one asks and the others wait for what comes
of it. A person may force it open or closed, for some time or until somebody takes that back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.texts import short
from quarterturn_domain.operations.events import CircuitClosed, CircuitOpened

MAX_REASON: Final = 200
MAX_FAILURE: Final = 500

CALM: Final = timedelta(minutes=5)
"""How long it has to be closed before it is as if it had never been open: who flaps is left alone longer and longer."""

_PEEP: Final = timedelta(seconds=5)
"""When to ask again whether the one who asks has come back."""

_FORCED: Final = timedelta(minutes=1)
"""When to ask again whether somebody has taken back what holds until then."""


class CircuitStatus(StrEnum):
    """Who may ask: everybody, one, nobody."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


CIRCUIT: Final = StateMachine(
    "circuit",
    initial=CircuitStatus.CLOSED,
    table={
        CircuitStatus.CLOSED: {"trip": CircuitStatus.OPEN},
        # A person closes it without asking first.
        CircuitStatus.OPEN: {"probe": CircuitStatus.HALF_OPEN, "close": CircuitStatus.CLOSED},
        # Whoever asked may never have come back: then another one asks.
        CircuitStatus.HALF_OPEN: {
            "probe": CircuitStatus.HALF_OPEN,
            "trip": CircuitStatus.OPEN,
            "close": CircuitStatus.CLOSED,
        },
    },
)


@attrs.frozen
class Waits:
    """How long somebody is left alone: `first`, twice as long each time in a row, and never longer than `longest`."""

    first: timedelta = timedelta(seconds=15)
    longest: timedelta = timedelta(minutes=5)

    def after(self, trips: int) -> timedelta:
        """The wait after so many times in a row, 1 or more."""
        assert trips > 0
        return min(self.first * (1 << min(trips - 1, 30)), self.longest)


@attrs.frozen
class Force:
    """What a person has said: how it is, whatever happens, `until` an instant or until somebody takes it back."""

    status: CircuitStatus
    reason: str
    until: datetime | None = None


@attrs.frozen(kw_only=True)
class Circuit:
    """A way to somebody outside, such as `stripe/payments`.

    `until` is how long it stays open; half open, how long whoever asks keeps others from asking. `trips` counts how often it was
    opened without having been calm in between; `since` is when its status changed.
    """

    name: str
    status: CircuitStatus = CIRCUIT.initial
    trips: int = 0
    since: datetime | None = None
    until: datetime | None = None
    failure: str | None = None
    force: Force | None = None

    def forced(self, at: datetime) -> CircuitStatus | None:
        """What a person has said it is, if that still holds."""
        if self.force is None or (self.force.until is not None and self.force.until <= at):
            return None
        return self.force.status

    def seen(self, at: datetime) -> CircuitStatus:
        """How it is: as a person has said, else as it came."""
        return self.forced(at) or self.status

    def may_probe(self, at: datetime) -> bool:
        """Whether somebody may ask, alone."""
        return self.forced(at) is None and self.status is not CircuitStatus.CLOSED and (self.until is None or self.until <= at)

    def wait(self, at: datetime) -> timedelta:
        """For how long there is no use in asking, more than nothing; of one that is not closed."""
        if self.forced(at) is not None:
            assert self.force is not None
            return min(_FORCED, self.force.until - at) if self.force.until is not None else _FORCED
        left = _PEEP if self.until is None else self.until - at
        return max(min(left, _PEEP) if self.status is CircuitStatus.HALF_OPEN else left, timedelta(seconds=1))

    def trip(
        self, failure: str, *, at: datetime, waits: Waits, least: timedelta = timedelta()
    ) -> tuple[Circuit, CircuitOpened | None]:
        """Open, after one failure too many; one that is open already stays as it is. At `least` so long it stays open."""
        if self.status is CircuitStatus.OPEN:
            return self, None
        in_a_row = self.status is CircuitStatus.HALF_OPEN or (self.since is not None and at - self.since < CALM)
        trips = self.trips + 1 if in_a_row else 1
        until = at + max(waits.after(trips), min(least, waits.longest))
        said = failure[:MAX_FAILURE]
        opened = attrs.evolve(self, status=CIRCUIT.next(self.status, "trip"), trips=trips, since=at, until=until, failure=said)
        return opened, CircuitOpened(name=self.name, failure=said, trips=trips, retry_at=until, at=at)

    def probe(self, *, at: datetime, until: datetime) -> Circuit | None:
        """Half open for one who asks, who has `until` then to come back; None when it is not to be asked now."""
        if not self.may_probe(at):
            return None
        since = self.since if self.status is CircuitStatus.HALF_OPEN else at
        return attrs.evolve(self, status=CIRCUIT.next(self.status, "probe"), since=since, until=until)

    def give_back(self, *, at: datetime) -> Circuit:
        """After a probe that says nothing about whom it asked: another one may ask at once."""
        return attrs.evolve(self, until=at) if self.status is CircuitStatus.HALF_OPEN else self

    def close(self, *, at: datetime) -> tuple[Circuit, CircuitClosed | None]:
        """Closed, after an answer; one that is closed already stays as it is."""
        if self.status is CircuitStatus.CLOSED:
            return self, None
        closed = attrs.evolve(self, status=CIRCUIT.next(self.status, "close"), since=at, until=None)
        return closed, CircuitClosed(name=self.name, at=at)

    def hold(self, status: CircuitStatus, *, reason: str, at: datetime, lasts: timedelta | None = None) -> Circuit:
        """Open or closed whatever happens, for as long as it `lasts`; raises `Invalid`."""
        short(MAX_REASON, reason=reason)
        if status is CircuitStatus.HALF_OPEN:
            raise Invalid("a circuit that is held half open", "open or closed")
        if not reason.strip():
            raise Invalid("a circuit that is held without a reason", "why, in a few words")
        if lasts is not None and lasts <= timedelta():
            raise Invalid("a circuit that is held for no time", "more than nothing")
        return attrs.evolve(self, force=Force(status, reason, None if lasts is None else at + lasts))

    def let_go(self, *, at: datetime) -> tuple[Circuit, CircuitClosed | None]:
        """Closed, as if it had never been open, and nobody's word holds any more."""
        closed, fact = self.close(at=at)
        return attrs.evolve(closed, force=None, trips=0), fact

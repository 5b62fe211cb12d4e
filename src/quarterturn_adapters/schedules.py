"""Schedules: what recurs is done in time, by one runner at a time, and what was missed is caught up.

A lock says who does it. A schedule that comes every few seconds is left to whoever is at it already, and a missed turn is made up
for by the next. One that comes by the calendar is done once for each time that it is due, whoever is there then: a row in the
database says which time was done last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Final, Self, TypeAlias
from zoneinfo import ZoneInfo

import attrs
from cronsim import CronSim, CronSimError

from quarterturn_adapters.redaction import said
from quarterturn_adapters.turns import Turn, Turns
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Invalid, NotFound, Rejected

MOST_MISSED: Final = 31
"""How many missed times of one schedule are caught up, the latest of them."""

_THREADS: Final = 4
_LOOK_SECONDS: Final = 1.0
_AGAIN: Final = timedelta(minutes=1)


@attrs.frozen(eq=False)
class RunningElsewhere(Rejected):
    """A schedule is being run by somebody else at this moment."""

    name: str

    @property
    def message(self) -> str:
        """Which one."""
        return f"The schedule {self.name} is running elsewhere; ask again when that has ended"


@attrs.frozen
class Every:
    """Again and again, so many seconds after the last time has ended."""

    seconds: float

    def __str__(self) -> str:
        return f"every {self.seconds:g} s"


@attrs.frozen
class Calendar:
    """The times that five fields of cron name, on the clocks of a zone.

    A time that the clocks skip in spring comes as soon as they have; one that they show twice in autumn comes once.

    >>> when = Calendar("0 6 * * *", ZoneInfo("Europe/Berlin"))
    >>> when.following(datetime.fromisoformat("2026-03-28T12:00:00+00:00")).isoformat()
    '2026-03-29T04:00:00+00:00'
    """

    text: str
    zone: ZoneInfo = attrs.field(factory=lambda: ZoneInfo("UTC"))

    def __attrs_post_init__(self) -> None:
        try:
            CronSim(self.text, datetime(2026, 1, 1, tzinfo=self.zone))
        except CronSimError as wrong:
            raise Invalid(f"the schedule {self.text!r}", "five fields of cron, such as 0 6 * * *") from wrong

    def following(self, at: datetime) -> datetime:
        """The first time after an instant."""
        return next(self._after(at))

    def between(self, after: datetime, until: datetime) -> Sequence[datetime]:
        """The times after an instant, up to another one; of very many the latest."""
        found: list[datetime] = []
        for each in self._after(after):
            if each > until:
                return found
            found = [*found[-MOST_MISSED + 1 :], each]
        return found

    def _after(self, at: datetime) -> Iterator[datetime]:
        zone = ZoneInfo("UTC")
        for each in CronSim(self.text, at.astimezone(self.zone)):
            yield each.astimezone(zone)

    def __str__(self) -> str:
        return f"{self.text} ({self.zone.key})"


When: TypeAlias = Every | Calendar


@attrs.frozen
class Schedule:
    """What is done when: `act` is told the time that it was due.

    With `each` every missed time is caught up, else only the last one. What is `shared` comes so often that asking for the lock
    would cost more than it saves, and may be done by several at once.
    """

    name: str
    when: When
    act: Callable[[datetime], object] = attrs.field(repr=False)
    each: bool = False
    shared: bool = False


Told: TypeAlias = Callable[[str, float, Exception | None], None]
"""Hears that a turn of a schedule has ended: how many seconds it took, and why it failed, if it did."""


class Scheduler:
    """Does what is due, in threads, until it is closed; a turn that fails is told of, and harms no other schedule."""

    def __init__(
        self, schedules: Sequence[Schedule], turns: Turns, clock: Clock, told: Told, *, look_seconds: float = _LOOK_SECONDS
    ) -> None:
        self.schedules: Mapping[str, Schedule] = {each.name: each for each in schedules}
        self._turns = turns
        self._clock = clock
        self._told = told
        self._look_seconds = look_seconds
        self._over = threading.Event()
        self._under_way: set[str] = set()
        self._known: dict[str, datetime] = {}

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="schedule")
        self._thread = threading.Thread(target=self._serve, name="schedules", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._pool.shutdown()

    def run(self, name: str) -> Turn:
        """Do a schedule now, in this thread; raises `NotFound`, `RunningElsewhere`, and whatever goes wrong."""
        schedule = self.schedules.get(name)
        if schedule is None:
            raise NotFound("schedule", f"{name}; there are {', '.join(self.schedules)}")
        with self._turns.alone(name) as mine:
            if not mine:
                raise RunningElsewhere(name)
            before = self._turns.last().get(name)
            turn, failure = self._turn(schedule, self._clock.now())
            if before is not None:
                # By the calendar it is due as before.
                self._turns.keep(attrs.evolve(turn, due_at=before.due_at))
        if failure is not None:
            raise failure
        return turn

    def due(self, schedule: Schedule, now: datetime) -> Sequence[datetime]:
        """Which times of a calendar's schedule are to be done now; none before it was first heard of."""
        assert isinstance(schedule.when, Calendar)
        last = self._turns.last().get(schedule.name)
        if last is None:
            # From now on: what was due before anybody knew of it was not missed.
            self._turns.keep(Turn(schedule.name, now, now, now))
            return ()
        missed = schedule.when.between(last.due_at, now)
        return missed if schedule.each else missed[-1:]

    def catch_up(self, schedule: Schedule) -> int:
        """Do what is due of a calendar's schedule, each time for itself, unless somebody else does; returns how many times."""
        done = 0
        with self._turns.alone(schedule.name) as mine:
            if mine:
                before = self._turns.last().get(schedule.name)
                for due_at in self.due(schedule, self._clock.now()):
                    turn, failure = self._turn(schedule, due_at)
                    done += 1
                    if failure is not None:
                        # It is still due: everything that is done here may be done again.
                        self._turns.keep(attrs.evolve(turn, due_at=turn.due_at if before is None else before.due_at))
                        self._known[schedule.name] = self._clock.now() + _AGAIN
                        break
                    before = turn
        return done

    def _turn(self, schedule: Schedule, due_at: datetime) -> tuple[Turn, Exception | None]:
        began, began_at = monotonic(), self._clock.now()
        failure: Exception | None = None
        try:
            schedule.act(due_at)
        except Exception as wrong:  # noqa: BLE001 - whatever it was, it is told of, and the next schedule goes on
            failure = wrong
        turn = Turn(schedule.name, due_at, began_at, self._clock.now(), None if failure is None else said(failure))
        self._turns.keep(turn)
        self._told(schedule.name, monotonic() - began, failure)
        return turn, failure

    def _serve(self) -> None:
        next_at = {name: monotonic() + each.when.seconds for name, each in self.schedules.items() if isinstance(each.when, Every)}
        looked = monotonic() - self._look_seconds
        while not self._over.is_set():
            for name, at in next_at.items():
                if monotonic() >= at and name not in self._under_way:
                    next_at[name] = monotonic() + _every(self.schedules[name]).seconds
                    self._submit(name, self._often)
            if monotonic() - looked >= self._look_seconds:
                looked = monotonic()
                for name, each in self.schedules.items():
                    if isinstance(each.when, Calendar) and name not in self._under_way and self._may_be_due(each.when, name):
                        self._submit(name, self.catch_up)
            wait = min([looked + self._look_seconds, *next_at.values()]) - monotonic()
            self._over.wait(min(max(wait, 0.01), self._look_seconds))

    def _may_be_due(self, when: Calendar, name: str) -> bool:
        """Whether it is worth asking the database: not again before the next time on the calendar."""
        now = self._clock.now()
        if now < self._known.get(name, now):
            return False
        self._known[name] = when.following(now)
        return True

    def _submit(self, name: str, act: Callable[[Schedule], object]) -> None:
        self._under_way.add(name)

        def do() -> None:
            try:
                act(self.schedules[name])
            except Exception as failure:  # noqa: BLE001 - the database is away, which is told of; it is asked again
                self._known.pop(name, None)
                self._told(name, 0.0, failure)
            finally:
                self._under_way.discard(name)

        self._pool.submit(do)

    def _often(self, schedule: Schedule) -> None:
        if schedule.shared:
            self._once(schedule)
            return
        with self._turns.alone(schedule.name) as mine:
            if mine:
                self._once(schedule)

    def _once(self, schedule: Schedule) -> None:
        began = monotonic()
        try:
            schedule.act(self._clock.now())
        except Exception as failure:  # noqa: BLE001 - it comes again
            self._told(schedule.name, monotonic() - began, failure)
        else:
            self._told(schedule.name, monotonic() - began, None)


def _every(schedule: Schedule) -> Every:
    assert isinstance(schedule.when, Every)
    return schedule.when


def next_turn(when: When, last: Turn | None, now: datetime) -> datetime:
    """When a schedule is done next, as far as anybody knows."""
    if isinstance(when, Calendar):
        return when.following(now)
    return now if last is None else last.ended_at + timedelta(seconds=when.seconds)

"""Schedules: the calendar goes forward, what was missed is caught up, and a turn that fails comes again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_adapters.clock import ManualClock, SystemClock
from quarterturn_adapters.schedules import MOST_MISSED, Calendar, Every, RunningElsewhere, Schedule, Scheduler, next_turn
from quarterturn_adapters.turns import MemoryTurns, Turn
from quarterturn_domain.kernel.errors import Invalid, NotFound

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAILY = Calendar("0 6 * * *", BERLIN)

zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]).map(ZoneInfo)
texts = st.sampled_from(["0 6 * * *", "*/15 * * * *", "30 2 * * *", "0 0 1 * *", "5 4 * * sun", "59 23 31 12 *"])
instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


def nobody(_: str, __: float, ___: Exception | None) -> None:
    """Nobody is told."""


@given(text=texts, zone=zones, at=instants)
def test_the_calendar_goes_forward(text: str, zone: ZoneInfo, at: datetime) -> None:
    """The next time is later, is a time of the calendar on the clocks of its zone, and nothing lies between."""
    when = Calendar(text, zone)
    following = when.following(at)
    assert following > at
    assert UTC.utcoffset(None) == following.utcoffset()
    assert [following] == list(when.between(at, following))
    assert [] == list(when.between(at, following - timedelta(seconds=1)))
    assert following == when.following(following - timedelta(seconds=1))


@given(zone=zones, at=instants)
def test_every_day_has_its_time_once(zone: ZoneInfo, at: datetime) -> None:
    """Whatever the clocks do in spring and autumn, a daily schedule comes once on each date."""
    times = Calendar("30 2 * * *", zone).between(at, at + timedelta(days=20))
    dates = [each.astimezone(zone).date() for each in times]
    assert sorted(set(dates)) == dates
    assert {(later - earlier).days for earlier, later in pairwise(dates)} == {1}


@pytest.mark.parametrize("text", ["", "every day", "61 * * * *", "* * * *", "0 0 30 2 *"])
def test_a_text_that_names_no_times_is_refused(text: str) -> None:
    """With what it should look like."""
    with pytest.raises(Invalid, match="five fields of cron"):
        Calendar(text)


class Shop:
    """A scheduler over one schedule, with a clock that a test turns."""

    def __init__(self, *, each: bool, fails: int = 0) -> None:
        self.clock = ManualClock(AT)
        self.turns = MemoryTurns()
        self.done: list[datetime] = []
        self.fails = fails
        self.schedule = Schedule("daily", DAILY, self.act, each=each)
        self.scheduler = Scheduler([self.schedule], self.turns, self.clock, nobody)

    def act(self, due_at: datetime) -> None:
        """Note the time, or fail."""
        if self.fails:
            self.fails -= 1
            raise OSError("no")
        self.done.append(due_at)

    def look(self, **later: int) -> int:
        """Look what is due, after so much time."""
        self.clock.advance(timedelta(**later))
        return self.scheduler.catch_up(self.schedule)


@pytest.mark.parametrize(("each", "days"), [(True, [21, 22, 23]), (False, [23])])
def test_what_was_missed_is_caught_up(*, each: bool, days: list[int]) -> None:
    """Each time, or only the last one; never what was due before anybody had heard of it, and never twice."""
    shop = Shop(each=each)
    assert 0 == shop.look()
    assert len(days) == shop.look(days=3)
    assert [datetime(2026, 11, day, 5, tzinfo=UTC) for day in days] == shop.done
    assert 0 == shop.look()
    assert 1 == shop.look(days=1)


def test_what_was_only_heard_of_is_not_done() -> None:
    """Until its first turn has ended, well or not."""
    shop = Shop(each=True, fails=1)
    shop.look()
    assert not shop.turns.last()["daily"].done
    for _ in range(2):
        shop.look(days=1)
        assert shop.turns.last()["daily"].done


def test_of_very_many_missed_times_the_latest_are_caught_up() -> None:
    """A machine that was off for a year does not pay 365 times."""
    shop = Shop(each=True)
    shop.look()
    assert MOST_MISSED == shop.look(days=365)
    assert datetime(2027, 11, 20, 5, tzinfo=UTC) == shop.done[-1]


def test_a_turn_that_fails_is_still_due() -> None:
    """It is told with its reason, and done the next time that somebody looks, in its order."""
    shop = Shop(each=True, fails=1)
    shop.look()
    assert 1 == shop.look(days=2)
    assert ([], "OSError: no") == (shop.done, shop.turns.last()["daily"].failure)
    assert 2 == shop.look()
    assert [21, 22] == [each.day for each in shop.done]
    assert shop.turns.last()["daily"].failure is None


def test_there_is_one_runner_at_a_time() -> None:
    """Whoever comes second does nothing, and is told so when it asked by name; an unknown name is told what there is."""
    shop = Shop(each=True)
    shop.look()
    with shop.turns.alone("daily") as mine:
        assert mine
        assert 0 == shop.look(days=1)
        with pytest.raises(RunningElsewhere):
            shop.scheduler.run("daily")
    assert AT + timedelta(days=1) == shop.scheduler.run("daily").due_at
    with pytest.raises(NotFound, match="there are daily"):
        shop.scheduler.run("weekly")


def test_what_recurs_often_goes_on_beside_what_is_slow_or_fails() -> None:
    """A turn that lasts, or that fails, keeps no other from its own; what lasts is not begun twice; closing waits for it."""
    gate, begun, enough = threading.Event(), threading.Event(), threading.Event()
    turns: list[str] = []
    told: list[str] = []

    def slow(_: datetime) -> None:
        turns.append("slow")
        begun.set()
        assert gate.wait(10)

    def broken(_: datetime) -> None:
        raise OSError("no")

    def good(_: datetime) -> None:
        turns.append("good")
        if turns.count("good") == 5:
            enough.set()

    schedules = [Schedule(act.__name__, Every(0.01), act) for act in (slow, broken, good)]
    scheduler = Scheduler(
        schedules, MemoryTurns(), SystemClock(), lambda name, _, failure: told.append(f"{name}: {failure}"), look_seconds=0.02
    )
    with scheduler:
        assert begun.wait(10)
        assert enough.wait(10)
        assert 1 == turns.count("slow")
        gate.set()
    assert "broken: no" in told
    assert told.count("broken: no") >= 2
    assert "slow: None" in told


@pytest.mark.parametrize("shared", [False, True])
def test_what_somebody_else_is_at_is_left_to_them(*, shared: bool) -> None:
    """However often it comes; what is shared is done by everybody. As soon as nobody is at it, it is done again."""
    done = threading.Event()
    turns = MemoryTurns()
    schedule = Schedule("often", Every(0.01), lambda _: done.set(), shared=shared)
    with turns.alone("often") as mine, Scheduler([schedule], turns, ManualClock(AT), lambda *_: None, look_seconds=0.01):
        assert mine
        assert shared is done.wait(0.3)
    done.clear()
    with Scheduler([schedule], turns, ManualClock(AT), lambda *_: None, look_seconds=0.01):
        assert done.wait(10)


def test_a_calendar_is_looked_at_by_itself() -> None:
    """A schedule that has become due is done without anybody asking."""
    clock, turns = ManualClock(AT), MemoryTurns()
    done = threading.Event()
    due: list[datetime] = []

    def act(due_at: datetime) -> None:
        due.append(due_at)
        done.set()

    turns.keep(Turn("daily", AT, AT, AT))
    with Scheduler([Schedule("daily", DAILY, act, each=True)], turns, clock, nobody, look_seconds=0.01):
        clock.advance(timedelta(days=1))
        assert done.wait(10)
    assert [datetime(2026, 11, 21, 5, tzinfo=UTC)] == due


def test_the_next_turn_is_told() -> None:
    """By the calendar, or so long after the last one."""
    turn = Turn("often", AT, AT, AT)
    assert datetime(2026, 11, 21, 5, tzinfo=UTC) == next_turn(DAILY, None, AT)
    assert AT + timedelta(seconds=30) == next_turn(Every(30), turn, AT)
    assert AT == next_turn(Every(30), None, AT)
    assert ("every 30 s", "0 6 * * * (Europe/Berlin)") == (str(Every(30)), str(DAILY))

"""Ids and clocks: ids grow and are laid out as RFC 9562 says, and a manual clock moves only when told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from time import time_ns
from uuid import RFC_4122

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_adapters.clock import ManualClock, SystemClock
from quarterturn_adapters.ids import GrowingIds, SeededIds, SystemIds
from quarterturn_domain.kernel.errors import Invalid

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(times=st.lists(st.integers(0, 2**40), min_size=1, max_size=50), high=st.booleans())
def test_ids_grow_whatever_the_clock_does(times: list[int], high: bool) -> None:
    """Each id is greater than the one before it, also when the clock stands still, steps back, or the counter is spent."""
    ticks = iter(times)
    ids = GrowingIds(lambda: next(ticks), lambda bits: (1 << bits) - 1 if high else 0)
    made = [ids.new() for _ in times]
    assert made == sorted(set(made))
    assert {(7, RFC_4122)} == {(each.version, each.variant) for each in made}


def test_a_spent_counter_borrows_the_next_millisecond() -> None:
    """When a millisecond has no number left, the id takes the next one and still grows."""
    ids = GrowingIds(lambda: 5, lambda _: 0)
    first = ids.new()
    ids._counter = (1 << 42) - 1
    last, following = ids.new(), ids.new()
    assert [5, 6, 6] == [each.int >> 80 for each in (first, last, following)]
    assert first < last < following


def test_an_id_begins_with_the_time() -> None:
    """The first 48 bits are the Unix time in milliseconds."""
    before = time_ns() // 1_000_000
    made = SystemIds().new().int >> 80
    assert before <= made <= time_ns() // 1_000_000


def test_threads_never_get_the_same_id() -> None:
    """Ids made by many threads at once are all different, and each thread's own grow."""
    ids = SystemIds()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: [ids.new() for _ in range(500)], range(8)))
    assert 4_000 == len({each for own in made for each in own})
    assert all(own == sorted(own) for own in made)


def test_seeded_ids_repeat() -> None:
    """The same seed gives the same ids, another one others; with a clock they tell its time."""
    first, again, other = SeededIds(7), SeededIds(7), SeededIds(8)
    assert [first.new() for _ in range(20)] == [again.new() for _ in range(20)]
    assert first.new() != other.new()
    assert int(NOON.timestamp() * 1000) == SeededIds(7, ManualClock(NOON)).new().int >> 80


def test_a_manual_clock_moves_only_when_told() -> None:
    """It shows what was set, moves on by what is told, and neither by itself nor back by advancing."""
    clock = ManualClock(NOON)
    assert NOON == clock.now()
    assert NOON + timedelta(hours=1) == clock.advance(timedelta(hours=1)) == clock.now()
    clock.set(NOON)
    assert NOON == clock.now()
    with pytest.raises(AssertionError, match="backwards"):
        clock.advance(timedelta(seconds=-1))


def test_a_clock_is_in_utc() -> None:
    """The machine's clock tells UTC, and a manual one takes nothing else."""
    assert timedelta(0) == SystemClock().now().utcoffset()
    with pytest.raises(Invalid):
        ManualClock(NOON.astimezone(timezone(timedelta(hours=1))))


def test_many_threads_advance_one_clock() -> None:
    """No advance is lost."""
    clock = ManualClock(NOON)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [clock.advance(timedelta(seconds=1)) for _ in range(200)], range(8)))
    assert NOON + timedelta(seconds=1_600) == clock.now()

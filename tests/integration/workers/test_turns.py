"""Schedules on one database: whoever runs one is alone, also after a death, and each due time makes one payout run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

from tests.integration.workers.scenes import until

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.postgres.turns import PostgresTurns
from quarterturn_adapters.schedules import Calendar, Schedule, Scheduler
from quarterturn_adapters.turns import Turn

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)

HOLD = """import sys, time
from quarterturn_adapters.postgres.turns import PostgresTurns
with PostgresTurns(sys.argv[1]).alone("daily") as mine:
    print(mine, flush=True)
    time.sleep(3600)
"""


def test_turns_are_remembered(url: str) -> None:
    """The last one of each schedule, with its failure, to the microsecond."""
    turns = PostgresTurns(url)
    first = Turn("daily", AT, AT, AT + timedelta(microseconds=1))
    again = Turn("daily", AT + timedelta(days=1), AT, AT, "OSError: no")
    other = Turn("hourly", AT, AT, AT)
    assert {} == turns.last()
    turns.keep(first)
    assert {"daily": first} == turns.last()
    turns.keep(again)
    turns.keep(other)
    assert {"daily": again, "hourly": other} == turns.last()


def test_two_machines_never_do_the_same_turn(url: str) -> None:
    """Of many that look at the same moment one does each time that is due, and none is left out."""
    done: list[datetime] = []
    lock = threading.Lock()

    def act(due_at: datetime) -> None:
        with lock:
            done.append(due_at)

    schedule = Schedule("daily", Calendar("0 6 * * *"), act, each=True)
    clock = ManualClock(AT)
    schedulers = [Scheduler([schedule], PostgresTurns(url), clock, lambda *_: None) for _ in range(4)]
    schedulers[0].catch_up(schedule)
    for _ in range(3):
        clock.advance(timedelta(days=2))
        threads = [threading.Thread(target=each.catch_up, args=(schedule,)) for each in schedulers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [datetime(2026, 11, day, 6, tzinfo=UTC) for day in range(21, 27)] == done


def test_who_dies_leaves_the_turn_to_others(url: str) -> None:
    """The lock of a killed process ends with it, and what it had begun is still due."""
    child = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert "True" == child.stdout.readline().strip()
        turns = PostgresTurns(url)
        with turns.alone("daily") as mine:
            assert not mine
        with turns.alone("hourly") as mine:
            assert mine
        os.kill(child.pid, signal.SIGKILL)

        def free() -> bool:
            with turns.alone("daily") as mine:
                return mine

        until(free)
    finally:
        child.kill()
        child.communicate()

"""Workers: every event is handled, whatever happens to brokers and processes, and nobody's trouble is somebody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.integration.workers.scenes import SOON, Hearer, commit, reinstated, relay_of, suspended, until

from quarterturn_adapters.bell import Bell
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_adapters.postgres.calling import Caller, Listener
from quarterturn_adapters.relay import Relay, Subscription
from quarterturn_adapters.worker import Workers
from quarterturn_adapters.worker.metrics import WorkerMetrics
from quarterturn_domain.identity.events import AccountReinstated, AccountSuspended
from quarterturn_domain.kernel.dispatch import DispatchStatus
from quarterturn_domain.kernel.errors import Unavailable

LATE = 3_600.0
"""So seldom do these workers look by themselves: what happens sooner, happens because the bell rang."""


def subscription(hearer: Hearer, name: str = "hearer", **how: Any) -> Subscription:
    """Hears of accounts that may be used again."""
    return Subscription(**{"name": name, "events": (AccountReinstated,), "handle": hearer, "backoff": SOON, **how})


def test_what_is_committed_is_handled_when_the_bell_rings() -> None:
    """In memory and in threads of this process: at once, each once, whoever commits."""
    database, bell, hearer = MemoryDatabase(), Bell(), Hearer()
    database.ring = bell.ring
    with Workers(relay_of(database.begin, subscription(hearer)), bell, look_seconds=LATE):
        for number in range(1, 21):
            commit(database.begin, reinstated(number))
        until(lambda: len(hearer.heard) >= 20)
    assert list(range(1, 21)) == sorted(hearer.heard)


def test_what_nobody_rang_about_is_found_by_looking(database: PostgresDatabase) -> None:
    """Also what was committed before the workers were there."""
    hearer = Hearer()
    commit(database.begin, *(reinstated(number) for number in range(1, 301)))
    with Workers(relay_of(database.begin, subscription(hearer)), Bell(), look_seconds=0.05):
        until(lambda: len(hearer.heard) >= 300)
        commit(database.begin, reinstated(301))
        until(lambda: len(hearer.heard) >= 301)
    assert list(range(1, 302)) == sorted(hearer.heard)
    with database.begin() as work:
        assert {} == work.dispatches.depths()


def test_what_fails_comes_again_and_at_last_is_a_dead_letter(database: PostgresDatabase) -> None:
    """With the history of its failures, while its neighbours are handled; retried by hand, it is handled, too."""
    hearer = Hearer(lambda number: Unavailable("the mailer") if number == 2 else None)
    bell = Bell()
    database.ring = bell.ring
    relay = relay_of(database.begin, subscription(hearer, attempts=3))
    with Workers(relay, bell, look_seconds=0.02):
        commit(database.begin, reinstated(1), reinstated(2), reinstated(3))

        def buried() -> bool:
            with database.begin() as work:
                return bool(work.dispatches.dead(None, 10))

        until(buried)
        with database.begin() as work:
            (dead,) = work.dispatches.dead(None, 10)
            assert (DispatchStatus.DEAD, 3) == (dead.status, dead.attempts)
            assert ["the mailer is not available"] * 3 == [failure.what for failure in dead.failures]
            hearer.rule = lambda _: None
            work.dispatches.save([dead.retry(at=dead.due_at)])
        until(lambda: hearer.heard.count(2) == 4)
    assert [1, 2, 2, 2, 2, 3] == sorted(hearer.heard)


def test_a_bug_in_a_subscriber_is_kept_and_harms_no_other(database: PostgresDatabase) -> None:
    """Its events wait with what went wrong; other subscribers of the same events have theirs."""

    def broken(_: int) -> object:
        raise KeyError("a bug")

    good = Hearer()
    relay = relay_of(database.begin, subscription(Hearer(broken), "broken", attempts=2), subscription(good, "good"))
    commit(database.begin, reinstated(1))
    with Workers(relay, Bell(), look_seconds=0.02):
        until(lambda: good.heard == [1])

        def buried() -> bool:
            with database.begin() as work:
                return [each.failures[-1].what for each in work.dispatches.dead(None, 10)] == ["KeyError: 'a bug'"]

        until(buried)


def test_a_slow_subscriber_takes_no_place_of_others(database: PostgresDatabase) -> None:
    """However much waits for it, it has its own few threads, and the others go on."""
    slow, quick = Hearer(), Hearer()
    slow.gate.clear()
    relay = relay_of(
        database.begin, subscription(slow, "slow", batch=1, at_once=2), subscription(quick, "quick", events=(AccountSuspended,))
    )
    bell = Bell()
    database.ring = bell.ring
    try:
        with Workers(relay, bell, threads=3, look_seconds=0.05):
            commit(database.begin, *(reinstated(number) for number in range(1, 41)))
            assert slow.entered.wait(10)
            for number in range(1, 11):
                commit(database.begin, suspended(number))
            until(lambda: len(quick.heard) == 10)
            assert [] == slow.heard
            slow.gate.set()
            until(lambda: len(slow.heard) == 40)
    finally:
        slow.gate.set()
    assert list(range(1, 41)) == sorted(slow.heard)


def test_order_is_kept_by_many_workers(database: PostgresDatabase) -> None:
    """Events of one account arrive in their order, whoever handles them and whatever fails in between."""
    failed: set[int] = set()
    told: list[tuple[int, str]] = []

    class Ordered(Hearer):
        def __call__(self, events: Sequence[Any]) -> Sequence[Any]:
            outcomes: list[object] = []
            for event in events:
                number = event.account_id.int
                if number % 3 == 0 and number not in failed:
                    failed.add(number)
                    outcomes.append(Unavailable("the mailer"))
                else:
                    told.append((number, event.tag))
                    outcomes.append(None)
            return outcomes

    how: dict[str, Any] = {"events": (AccountSuspended, AccountReinstated), "in_order": True, "batch": 3, "at_once": 4}
    relays = [relay_of(database.begin, subscription(Ordered(), **how)) for _ in range(2)]
    for number in range(1, 31):
        commit(database.begin, suspended(number))
        commit(database.begin, reinstated(number))
    with Workers(relays[0], Bell(), look_seconds=0.02), Workers(relays[1], Bell(), look_seconds=0.02):
        until(lambda: len(told) == 60)
    for number in range(1, 31):
        assert ["account.suspended", "account.reinstated"] == [tag for each, tag in told if each == number]


def test_a_broker_that_loses_everything_loses_nothing(database: PostgresDatabase, redis: tuple[Any, str]) -> None:
    """Redis is emptied again and again in the middle of the work; every event is handled all the same."""
    server, url = redis
    hearer = Hearer()
    bell = Bell()
    database.ring = bell.ring
    relay = relay_of(database.begin, subscription(hearer, batch=5))
    with Workers(relay, bell, broker_url=url, look_seconds=0.1):
        for number in range(1, 201):
            commit(database.begin, reinstated(number))
            if number % 20 == 0:
                server.flushall()
        until(lambda: len(set(hearer.heard)) == 200)
    assert list(range(1, 201)) == sorted(hearer.heard)


def test_processes_share_the_work(database: PostgresDatabase, redis: tuple[Any, str]) -> None:
    """Two that serve the same broker handle every event once between them; one forwards what the other one's bell rang about."""
    _, url = redis
    hearers = [Hearer(), Hearer()]
    relays = [relay_of(database.begin, subscription(hearer, batch=2)) for hearer in hearers]
    commit(database.begin, *(reinstated(number) for number in range(1, 101)))
    with Workers(relays[0], Bell(), broker_url=url, look_seconds=0.1), Workers(relays[1], Bell(), broker_url=url, look_seconds=0.1):
        until(lambda: sum(len(hearer.heard) for hearer in hearers) >= 100)
    assert list(range(1, 101)) == sorted(hearers[0].heard + hearers[1].heard)


def test_a_bell_rings_in_other_processes(url: str, database: PostgresDatabase) -> None:
    """Whoever commits calls, and whoever listens hears it; a connection that is lost is made anew."""
    bell = Bell()
    with Listener(url, bell), Caller(url) as caller:
        assert bell.wait(10), "it rings when it begins to listen: nobody knows what was said before"
        database.ring = caller.ring
        commit(database.begin, reinstated(1))
        assert bell.wait(10)
        assert not bell.wait(0.05)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'quarterturn bell'")
        assert bell.wait(10), "it rings when it listens again"

        def heard() -> bool:
            commit(database.begin, reinstated(2))
            return bell.wait(0.2)

        until(heard)


def test_leases_are_kept_while_somebody_works(database: PostgresDatabase) -> None:
    """What takes longer than a lease is not begun by another one meanwhile."""
    hearer = Hearer()
    hearer.gate.clear()
    lease = timedelta(seconds=0.6)
    first, second = (relay_of(database.begin, subscription(hearer), lease=lease) for _ in range(2))
    commit(database.begin, reinstated(1))
    with Workers(first, Bell(), look_seconds=0.05), Workers(second, Bell(), look_seconds=0.05):
        assert hearer.entered.wait(10)
        time.sleep(1.5)
        hearer.gate.set()
        until(lambda: bool(hearer.heard))
    assert [1] == hearer.heard


def test_who_is_closed_finishes_what_is_in_hand_and_begins_nothing_more(database: PostgresDatabase) -> None:
    """However much waits, each place ends with the batch that it has; the rest is there for others."""
    hearer = Hearer()
    hearer.gate.clear()
    commit(database.begin, *(reinstated(number) for number in range(1, 101)))
    workers = Workers(relay_of(database.begin, subscription(hearer, batch=10, at_once=1)), Bell(), look_seconds=0.05)
    with workers:
        assert hearer.entered.wait(10)
        closing = threading.Timer(0.5, hearer.gate.set)
        closing.start()
    closing.join()
    assert list(range(1, 11)) == sorted(hearer.heard)
    with database.begin() as work:
        assert 90 == work.dispatches.depths()["hearer"].waiting


def test_an_end_that_could_not_be_noted_is_no_reason_to_keep_others_from_it(database: PostgresDatabase) -> None:
    """The lease of a batch whose end the database did not take is over in its time, however busy the process is that had it."""
    relay = relay_of(database.begin, subscription(Hearer()), lease=timedelta(seconds=0.3))
    commit(database.begin, reinstated(1))
    relay.forward()

    def away(_: Sequence[Any]) -> Sequence[Any]:
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'quarterturn' AND datname = current_database()"
            )
        return [None]

    broken = relay_of(database.begin, subscription(Hearer(), handle=away), lease=timedelta(seconds=0.3))
    with pytest.raises(Unavailable):
        broken.handle("hearer")
    assert 0 == broken.keep_leases()
    until(lambda: relay.handle("hearer").done == 1)


def test_what_a_killed_process_had_in_hand_is_handled_by_another(url: str, database: PostgresDatabase, tmp_path: Path) -> None:
    """`kill -9` in the middle of the work: when its lease is over, somebody else does it."""
    commit(database.begin, *(reinstated(number) for number in range(1, 6)))
    mark = tmp_path / "began"
    child = subprocess.Popen([sys.executable, str(Path(__file__).parent / "stuck.py"), url, str(mark)])
    try:
        until(mark.exists)
        os.kill(child.pid, signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
    hearer = Hearer()
    with Workers(relay_of(database.begin, subscription(hearer)), Bell(), look_seconds=0.05):
        until(lambda: len(hearer.heard) == 5)
    assert [1, 2, 3, 4, 5] == sorted(hearer.heard)


def test_figures_say_what_was_handled_and_what_waits(database: PostgresDatabase) -> None:
    """Counted by subscription and outcome."""
    metrics = WorkerMetrics()
    hearer = Hearer(lambda number: Unavailable("the mailer") if number == 2 else None)
    relay: Relay = relay_of(database.begin, subscription(hearer, attempts=1))
    commit(database.begin, reinstated(1), reinstated(2))
    with Workers(relay, Bell(), look_seconds=0.05, metrics=metrics):
        until(lambda: len(hearer.heard) == 2)
    counted = {
        tuple(sample.labels.values()): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "quarterturn_handled_total"
    }
    assert {("hearer", "done"): 1.0, ("hearer", "dead"): 1.0} == counted


@pytest.mark.parametrize("number", [1, 2])
def test_an_event_of_an_older_program_waits_for_who_knows_it(database: PostgresDatabase, number: int) -> None:
    """A dispatch for a subscription that this program does not have stays where it is, and is in nobody's way."""
    hearer = Hearer()
    commit(database.begin, reinstated(number))
    with database.begin() as work:
        work.outbox.forward({"account.reinstated": ["of-yesterday", "hearer"]}, 10, at=reinstated(1).at)
    with Workers(relay_of(database.begin, subscription(hearer)), Bell(), look_seconds=0.02):
        until(lambda: hearer.heard == [UUID(int=number).int])
    with database.begin() as work:
        assert ["of-yesterday"] == list(work.dispatches.depths())

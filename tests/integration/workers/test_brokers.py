"""Brokers: whichever carries the word, and whatever becomes of it, every event is handled, and by one of the workers."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.brokers import KINDS, Server, broker
from tests.integration.workers.scenes import SOON, Hearer, commit, reinstated, relay_of, until

from quarterturn_adapters.bell import Bell
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_adapters.relay import Subscription
from quarterturn_adapters.worker import Workers
from quarterturn_domain.identity.events import AccountReinstated

# The clients of both brokers leave the sockets of connections that broke, or were refused, to the garbage collector.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server of each kind that there is here."""
    with broker(request.param, tmp_path) as made:
        yield made
    gc.collect()


def subscription(hearer: Hearer, **how: Any) -> Subscription:
    """Hears of accounts that may be used again."""
    return Subscription(name="hearer", events=(AccountReinstated,), handle=hearer, backoff=SOON, **how)


def test_two_share_the_work(database: PostgresDatabase, server: Server) -> None:
    """Every event once between them."""
    hearers = [Hearer(), Hearer()]
    relays = [relay_of(database.begin, subscription(hearer, batch=2)) for hearer in hearers]
    commit(database.begin, *(reinstated(number) for number in range(1, 101)))
    with (
        Workers(relays[0], Bell(), broker_url=server.url, look_seconds=0.1),
        Workers(relays[1], Bell(), broker_url=server.url, look_seconds=0.1),
    ):
        until(lambda: sum(len(hearer.heard) for hearer in hearers) >= 100)
    assert list(range(1, 101)) == sorted(hearers[0].heard + hearers[1].heard)


def test_one_that_dies_with_all_it_knows_loses_nothing(database: PostgresDatabase, server: Server) -> None:
    """Killed in the middle of the work, and started anew with nothing: what was committed, whenever it was, is handled."""
    hearer = Hearer()
    bell = Bell()
    database.ring = bell.ring
    with Workers(relay_of(database.begin, subscription(hearer, batch=1)), bell, broker_url=server.url, look_seconds=0.2):
        for number in range(1, 51):
            commit(database.begin, reinstated(number))
        until(lambda: bool(hearer.heard))
        hearer.gate.clear()
        commit(database.begin, *(reinstated(number) for number in range(51, 101)))
        server.kill()
        hearer.gate.set()
        commit(database.begin, *(reinstated(number) for number in range(101, 151)))
        server.start()
        commit(database.begin, *(reinstated(number) for number in range(151, 201)))
        until(lambda: len(set(hearer.heard)) == 200)
    assert list(range(1, 201)) == sorted(hearer.heard)


def test_one_that_comes_late_is_waited_for(database: PostgresDatabase, server: Server) -> None:
    """Workers begin while nobody is there, and work when somebody is."""
    server.kill()
    hearer = Hearer()
    commit(database.begin, *(reinstated(number) for number in range(1, 21)))
    with Workers(relay_of(database.begin, subscription(hearer)), Bell(), broker_url=server.url, look_seconds=0.1):
        server.start()
        until(lambda: len(hearer.heard) >= 20)
    assert list(range(1, 21)) == sorted(hearer.heard)

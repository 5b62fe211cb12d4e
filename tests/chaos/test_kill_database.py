"""`kill -9` of the database's backends, and pulling its plug, under load: callers hear `Unavailable`, and the desk serves on."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Final

import psycopg
import pytest
from tests.chaos.memory import Life, Memory, settle
from tests.chaos.provider import provider
from tests.chaos.shop import FIGURES, FULL, SKUS, ills, open_shop
from tests.databases import EMBEDDED, server, wait_for

pytestmark = pytest.mark.slow

ROUNDS: Final = 50 if FULL else 4
SERVES_ON_WITHIN_SECONDS: Final = 20
_BACKENDS: Final = """SELECT pid FROM pg_stat_activity
WHERE application_name = 'quarterturn' AND datname = current_database() ORDER BY state = 'active' DESC, random() LIMIT 1"""


@pytest.mark.parametrize("how", ["kill -9 of a backend", "stop -m immediate"])
def test_a_database_that_dies_loses_nothing_and_the_desk_serves_on(how: str) -> None:
    """After each death all that was acknowledged is there, once, and every law holds; the same program takes orders again."""
    chance = random.Random(11)
    memory = Memory()
    began = time.perf_counter()
    slowest = 0.0
    # What a dead server must not lose has to be on the disk: nothing here is faster than in production.
    with server(EMBEDDED, fsync="on", full_page_writes="on") as fragile, provider() as address:
        url = fragile.migrated()
        open_shop(url, dict.fromkeys(SKUS, 10_000_000))
        life = Life(url=url, provider=address, seed=0)
        try:
            for _ in range(ROUNDS):
                life.wait("placed", 5)
                time.sleep(chance.uniform(0, 0.5))
                if how == "stop -m immediate":
                    fragile.stop("immediate")
                    time.sleep(chance.uniform(0, 0.5))
                    fragile.start()
                else:
                    _kill_a_backend(url)
                wait_for(url)
                slowest = max(slowest, life.wait("placed", 1, seconds=SERVES_ON_WITHIN_SECONDS))
                heard = Memory()
                heard.keep(life)
                assert set() == heard.lost(url)
                assert [] == ills(url)
        finally:
            life.close()
        memory.keep(life)
        memory.compare(url)
        captured = settle(url, address)
    assert life.count("away") > 0
    counts = ", ".join(f"{len(memory.of(what))} {what}" for what in ("asked", "placed", "paid", "cancelled"))
    FIGURES.append(
        f"{ROUNDS} times {how} in {time.perf_counter() - began:.0f} s: orders {counts}; captured {captured}; "
        f"{life.count('away')} times unavailable; served on within {slowest:.1f} s"
    )


def test_after_a_long_absence_the_desk_serves_on_soon() -> None:
    """However long the database was away, whoever asks after it is back need not wait as long again."""
    with server(EMBEDDED) as fragile, provider() as address:
        url = fragile.migrated()
        open_shop(url, dict.fromkeys(SKUS, 10_000_000))
        life = Life(url=url, provider=address, seed=0)
        try:
            life.wait("placed", 5)
            fragile.stop("immediate")
            time.sleep(40 if FULL else 12)
            fragile.start()
            wait_for(url)
            took = life.wait("placed", 20, seconds=SERVES_ON_WITHIN_SECONDS)
        finally:
            life.close()
        memory = Memory()
        memory.keep(life)
        memory.compare(url)
    FIGURES.append(f"after a long absence: 20 orders within {took:.1f} s")


def _kill_a_backend(url: str) -> None:
    """SIGKILL to one server process that works for the program, and wait until its server, which is ours, ends all others over it.

    The server hears of the death a moment later. Whoever connects before that moment is let in, and thrown out.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(_BACKENDS).fetchone()
        assert found is not None, "the program has no connection"
        os.kill(found[0], signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(%s)", (SERVES_ON_WITHIN_SECONDS,))

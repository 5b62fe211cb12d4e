"""`kill -9` of the program under load: what was acknowledged is there, once, and nothing is half done."""

from __future__ import annotations

import random
import time
from typing import Final

import pytest
from tests.chaos.memory import Life, Memory, settle
from tests.chaos.provider import provider
from tests.chaos.shop import FIGURES, FULL, SKUS, open_shop
from tests.databases import EMBEDDED, running

pytestmark = pytest.mark.slow

ROUNDS: Final = 50 if FULL else 4
ASKED_AGAIN: Final = 24


def test_a_killed_program_loses_nothing_and_does_nothing_twice() -> None:
    """After each kill all that was acknowledged is there, once, and every law holds; the next program goes on, and asks again."""
    chance = random.Random(9)
    server = running(EMBEDDED)
    url = server.migrated()
    memory = Memory()
    began = time.perf_counter()
    with provider() as address:
        open_shop(url, dict.fromkeys(SKUS, 10_000_000))
        for number in range(ROUNDS):
            life = Life(url=url, provider=address, seed=number, again=memory.last(ASKED_AGAIN))
            try:
                # Mostly under load, and now and then in the middle of its start.
                if number % 8 != 3:
                    life.wait("placed", 1)
                time.sleep(chance.uniform(0, 1.2))
            finally:
                life.kill()
            memory.keep(life)
            memory.compare(url)
        last = Life(url=url, provider=address, seed=ROUNDS, again=memory.last(ASKED_AGAIN))
        try:
            last.wait("placed", ASKED_AGAIN)
        finally:
            last.close()
        memory.keep(last)
        memory.compare(url)
        captured = settle(url, address)
    server.drop(url)
    counts = ", ".join(f"{len(memory.of(what))} {what}" for what in ("asked", "placed", "paid", "cancelled"))
    FIGURES.append(f"{ROUNDS} kills of the program in {time.perf_counter() - began:.0f} s: orders {counts}; captured {captured}")

"""The race for the last units: 64 threads in 4 processes, and exactly what there is is sold."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from tests.chaos.provider import provider, reached
from tests.chaos.shop import FIGURES, FULL, SKUS, ills, open_shop, start, stock_of, wired
from tests.databases import running, versions

from quarterturn_adapters.postgres import PostgresDatabase

pytestmark = pytest.mark.slow

PROCESSES: Final = 4
THREADS: Final = 16
"""In each process."""

SCALE: Final = 1 if FULL else 5
BUYERS: Final = 2_000 // SCALE
UNITS: Final = dict(zip(SKUS, (200 // SCALE, 200 // SCALE, 100 // SCALE), strict=True))
HOLD_SECONDS: Final = 1.0


@pytest.fixture(params=versions())
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of its own on a server of each version."""
    server = running(request.param)
    made = server.migrated()
    yield made
    server.drop(made)


@pytest.fixture
def gateway() -> Iterator[str]:
    """Where the payment provider is."""
    with provider() as address:
        yield address


def everybody(**told: Any) -> Counter[str]:
    """Let all processes do what they are `told` at the same time: what came of it, and that nobody heard what nobody may hear."""
    started = [start("buyers", json.dumps({"threads": THREADS, "seed": number, **told})) for number in range(PROCESSES)]
    came_to: Counter[str] = Counter()
    unexpected: list[str] = []
    try:
        for each in started:
            assert each.stdout is not None
            assert b"ready\n" == each.stdout.readline()
        for each in started:
            assert each.stdin is not None
            each.stdin.write(b"go\n")
            each.stdin.flush()
        for each in started:
            said = json.loads(each.communicate(timeout=300)[0])
            came_to.update(said["came_to"])
            unexpected += said["unexpected"]
            assert 0 == each.returncode
    finally:
        for each in started:
            if each.poll() is None:
                each.kill()
                each.communicate()
    assert [] == unexpected
    return came_to


@pytest.mark.parametrize("through", ["desk", "place_orders"])
def test_exactly_the_stock_is_sold(url: str, gateway: str, through: str) -> None:
    """Whatever buyers do, nobody is refused what is there, nothing is oversold, nothing stays reserved, and every law holds."""
    open_shop(url, UNITS)
    began = time.perf_counter()
    rush = everybody(act="rush", url=url, provider=gateway, through=through, buyers=BUYERS // PROCESSES, hold=HOLD_SECONDS)
    took = time.perf_counter() - began
    FIGURES.append(
        f"race through {through}: {BUYERS} buyers, {sum(UNITS.values())} units, {took:.1f} s: {dict(sorted(rush.items()))}"
    )
    # Else it was no race.
    assert all(rush[what] for what in ("asked twice", "forgets", "gives up", "regrets", "found too little", "payment captured"))
    assert [] == ills(url)
    _sold_out(url, gateway, through)


@pytest.mark.parametrize("through", ["desk", "place_orders"])
def test_what_was_forgotten_is_sold_to_others(url: str, gateway: str, through: str) -> None:
    """When everything is held by buyers who never pay, the next ones take it as soon as the holds are over, and buy all of it."""
    open_shop(url, UNITS)
    held = everybody(act="forget", url=url, provider=gateway, through=through, buyers=BUYERS // PROCESSES // 2, hold=HOLD_SECONDS)
    assert held["forgets"]
    assert held["found too little"]
    assert [] == ills(url)
    _sold_out(url, gateway, through)


@pytest.mark.parametrize("through", ["desk", "place_orders"])
def test_nobody_is_turned_away_while_units_are_left(url: str, gateway: str, through: str) -> None:
    """Of 200 who want one of 50 units, 50 get one and 150 are told that there are none."""
    open_shop(url, {SKUS[0]: 50})
    came_to = everybody(act="singles", url=url, provider=gateway, through=through, buyers=200 // PROCESSES, hold=60)
    assert {"payment captured": 50, "refused a single unit": 150} == dict(came_to)
    assert {SKUS[0]: (0, 0, 50)} == stock_of(url)
    assert [] == ills(url)


def _sold_out(url: str, gateway: str, through: str) -> None:
    """Buy what is left, unit by unit, until every buyer is refused: exactly what came in is sold then."""
    # Those who never paid have lost their hold. Nobody sweeps up behind them: whoever wants the units takes them.
    time.sleep(HOLD_SECONDS)
    drain = everybody(act="drain", url=url, provider=gateway, through=through, hold=60)
    assert PROCESSES * THREADS * len(SKUS) == drain["refused a single unit"]
    after = stock_of(url)
    assert UNITS == {sku: sold for sku, (_, _, sold) in after.items()}
    assert {0} == {on_hand for on_hand, _, _ in after.values()}
    with PostgresDatabase(url) as database:
        app = wired(database, reached(gateway), hold=timedelta(minutes=1))
        while app.expire_orders():
            pass
        app.relay.drain()
        app.seal_journal()
    assert dict.fromkeys(SKUS, (0, 0)) == {sku: (on_hand, reserved) for sku, (on_hand, reserved, _) in stock_of(url).items()}
    assert [] == ills(url)

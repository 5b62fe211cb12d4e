"""The race for the last units: 64 threads in 4 processes, and exactly what there is is sold."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from subprocess import Popen
from typing import Final, Self

import pytest
from tests.chaos.provider import provider, reached
from tests.chaos.shop import FIGURES, FULL, SKUS, deadlocks, ills, open_shop, start, stock_of, wired
from tests.databases import EMBEDDED, OLDEST, running, versions

from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_domain.kernel.ids import Sku

pytestmark = pytest.mark.slow

PROCESSES: Final = 4
THREADS: Final = 16
"""In each process."""

SCALE: Final = 1 if FULL else 5
BUYERS: Final = 2_000 // SCALE
UNITS: Final = dict(zip(SKUS, (200 // SCALE, 200 // SCALE, 100 // SCALE), strict=True))
HOLD_SECONDS: Final = 1.0


DESK, DIRECT = "desk", "place_orders"
THROUGH: Final = (DESK, DIRECT)
# In its full size everything is shown on every server, through the desk and past it.
EVERY: Final = list(product(versions(), THROUGH))
QUICK: Final = [each for each in EVERY if each != (OLDEST, DESK)]


class Crowd:
    """The buyers of all processes; what they do they do at the same time."""

    def __init__(self, url: str, gateway: str, through: str) -> None:
        told = {"url": url, "provider": gateway, "through": through, "threads": THREADS}
        self._processes = [start("buyers", json.dumps({**told, "seed": number})) for number in range(PROCESSES)]

    def __enter__(self) -> Self:
        for each in self._processes:
            assert "ready" == json.loads(self._hear(each))
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._processes:
            try:
                each.communicate(timeout=60)
            finally:
                each.kill()
                each.wait()
            assert 0 == each.returncode

    def all(self, act: str, *, hold: float, buyers: int = 0) -> Counter[str]:
        """What came of it; nobody heard what nobody may hear."""
        for each in self._processes:
            assert each.stdin is not None
            each.stdin.write(json.dumps({"act": act, "hold": hold, "buyers": buyers // PROCESSES}).encode() + b"\n")
            each.stdin.flush()
        came_to: Counter[str] = Counter()
        unexpected: list[str] = []
        for each in self._processes:
            said = json.loads(self._hear(each))
            came_to.update(said["came_to"])
            unexpected += said["unexpected"]
        assert [] == unexpected
        return came_to

    @staticmethod
    def _hear(process: Popen[bytes]) -> bytes:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the process ended with {process.wait()}"
        return line


@pytest.fixture
def gateway() -> Iterator[str]:
    """Where the payment provider is."""
    with provider() as address:
        yield address


@contextmanager
def shop(version: int, units: Mapping[Sku, int]) -> Iterator[str]:
    """The URL of a shop of its own, with these units, on a server of this version."""
    server = running(version)
    url = server.migrated()
    open_shop(url, units)
    yield url
    server.drop(url)


@pytest.mark.parametrize(("version", "through"), EVERY if FULL else QUICK)
def test_exactly_the_stock_is_sold(version: int, gateway: str, through: str) -> None:
    """Whatever buyers do, nobody is refused what is there, nothing is oversold, nothing stays reserved, and every law holds."""
    with shop(version, UNITS) as url, Crowd(url, gateway, through) as crowd:
        began = time.perf_counter()
        rush = crowd.all("rush", buyers=BUYERS, hold=HOLD_SECONDS)
        took = time.perf_counter() - began
        FIGURES.append(
            f"race on {version} through {through}: {BUYERS} buyers for {sum(UNITS.values())} units, {took:.1f} s: {dict(rush)}; "
            f"{deadlocks(url)} deadlocks that nobody heard of"
        )
        # Else it was no race.
        assert all(rush[what] for what in ("asked twice", "forgets", "gives up", "regrets", "found too little", "pays"))
        assert [] == ills(url)
        _sell_out(crowd, url, gateway)


@pytest.mark.parametrize(("version", "through"), EVERY if FULL else [(EMBEDDED, DESK)])
def test_what_was_forgotten_is_sold_to_others(version: int, gateway: str, through: str) -> None:
    """When everything is held by buyers who never pay, the next ones take it as soon as the holds are over, and buy all of it."""
    with shop(version, UNITS) as url, Crowd(url, gateway, through) as crowd:
        held = crowd.all("forget", buyers=BUYERS // 2, hold=HOLD_SECONDS)
        assert held["forgets"]
        assert held["found too little"]
        assert [] == ills(url)
        sold = _sell_out(crowd, url, gateway)
        assert sum(UNITS.values()) == sold["payment captured"]


@pytest.mark.parametrize(("version", "through"), EVERY if FULL else [(EMBEDDED, DIRECT)])
def test_nobody_is_turned_away_while_units_are_left(version: int, gateway: str, through: str) -> None:
    """Of 200 who want one of 50 units, 50 get one and 150 are told that there are none."""
    with shop(version, {SKUS[0]: 50}) as url, Crowd(url, gateway, through) as crowd:
        came_to = crowd.all("singles", buyers=200, hold=60)
        assert {"payment captured": 50, "refused a single unit": 150} == dict(came_to)
        assert {SKUS[0]: (0, 0, 50)} == stock_of(url)
        assert [] == ills(url)


def _sell_out(crowd: Crowd, url: str, gateway: str) -> Counter[str]:
    """Buy what is left, unit by unit, until every buyer is refused: exactly what came in is sold then."""
    # Those who never paid have lost their hold. Nobody sweeps up behind them: whoever wants the units takes them.
    time.sleep(HOLD_SECONDS)
    drain = crowd.all("drain", hold=60)
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
    return drain

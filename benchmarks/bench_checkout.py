"""Orders a second through the desk, against `pgbench` doing the least SQL that such an order needs, in one run.

Both write the same rows of an order of 4 lines from 2 vendors to an embedded PostgreSQL with fsync on: spread over 2,000 SKUs, and
on 4 hot ones. Callers of the desk wait in an event loop, as those of the API do, or each in a thread of its own, which costs a
switch of threads for every order. Rounds of all alternate, so that a change of the machine's speed meets everybody. `--seconds N`
is how long a round takes.
"""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

import uvloop
from figures import Figure, report
from shop import QUARTER, basket, database, server, stock_up, wired

from quarterturn_adapters.desk import Desk
from quarterturn_adapters.embedded import PROGRAMS
from quarterturn_adapters.garbage import settle
from quarterturn_adapters.postgres import PostgresDatabase

SCRIPT = Path(__file__).parent / "pgbench" / "order.sql"
CLIENTS = 32
ROUNDS = 3


def by_pgbench(url: str, spread: int, seconds: int) -> float:
    """Orders a second by `pgbench`: prepared statements, 32 clients."""
    parts = urlsplit(url)
    place = parse_qs(parts.query)
    command = [
        *(str(PROGRAMS / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2"),
        *(f"--time={seconds}", f"--define=spread={spread}", f"--file={SCRIPT}"),
        *("-h", place["host"][0], "-p", place["port"][0], "-U", parts.username or "postgres", parts.path.lstrip("/")),
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own server's program
    found = re.search(r"^tps = ([\d.]+)", said.stdout, re.MULTILINE)
    assert found is not None, said.stdout + said.stderr
    assert "number of failed transactions: 0" in said.stdout, said.stdout
    return float(found[1])


def by_desk(found: PostgresDatabase, spread: int, callers: int, seconds: int) -> tuple[float, float]:
    """Orders a second through the desk with so many callers, each of whom waits for the answer.

    And the 99th percentile of the wait.
    """
    app = wired(found)
    until = time.perf_counter() + seconds
    waits: list[float] = []

    def call(seed: int, desk: Desk) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same baskets in every run
        while (asked := time.perf_counter()) < until:
            desk.submit(basket(spread, chance)).result()
            waits.append(time.perf_counter() - asked)

    with Desk(app.place_orders) as desk:
        began = time.perf_counter()
        threads = [threading.Thread(target=call, args=(seed, desk)) for seed in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - began
    return len(waits) / took, sorted(waits)[int(len(waits) * 0.99)] * 1000


def by_loop(found: PostgresDatabase, spread: int, callers: int, seconds: int) -> tuple[float, float]:
    """The same with callers in one event loop, as those of the API are."""
    app = wired(found)
    until = time.perf_counter() + seconds
    waits: list[float] = []

    async def call(seed: int, desk: Desk) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same baskets in every run
        while (asked := time.perf_counter()) < until:
            await desk.placed(basket(spread, chance))
            waits.append(time.perf_counter() - asked)

    async def call_all(desk: Desk) -> None:
        async with asyncio.TaskGroup() as group:
            for seed in range(callers):
                group.create_task(call(seed, desk))

    with Desk(app.place_orders) as desk, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        began = time.perf_counter()
        runner.run(call_all(desk))
        took = time.perf_counter() - began
    return len(waits) / took, sorted(waits)[int(len(waits) * 0.99)] * 1000


Callers: TypeAlias = Callable[[PostgresDatabase, int, int, int], tuple[float, float]]

KINDS: Final[tuple[tuple[str, Callers, int], ...]] = (
    ("32 callers", by_loop, 32),
    ("256 callers", by_loop, 256),
    ("32 threads", by_desk, 32),
    ("256 threads", by_desk, 256),
)


def main() -> None:
    """Print every figure and the ratios that are aimed at."""
    seconds = int(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 6
    figures = []
    with server() as url, database(url) as found:
        stock_up(wired(found), url)
        settle()
        for shape, spread, aim in (("spread over 2,000 SKUs", QUARTER - 1, "at least 0.8"), ("4 hot SKUs", 0, "at least 2.5")):
            least: list[float] = []
            ours: dict[str, list[tuple[float, float]]] = {kind: [] for kind, _, _ in KINDS}
            by_pgbench(url, spread, 2)
            by_loop(found, spread, CLIENTS, 2)
            for _ in range(ROUNDS):
                least.append(by_pgbench(url, spread, seconds))
                for kind, run, callers in KINDS:
                    ours[kind].append(run(found, spread, callers, seconds))
            figures.append(Figure(f"{shape}: pgbench, {CLIENTS} clients", median(least), "orders/s"))
            for kind, rounds in ours.items():
                rate = median(rate for rate, _ in rounds)
                ratio = median(ours_rate / theirs for (ours_rate, _), theirs in zip(rounds, least, strict=True))
                figures += [
                    Figure(f"{shape}: desk, {kind}", rate, "orders/s"),
                    Figure(f"{shape}: desk, {kind}, 99th percentile of the wait", median(p for _, p in rounds), "ms"),
                    Figure(f"{shape}: desk, {kind}, against pgbench", ratio, "times", aim),
                ]
    report("checkout against the least SQL", figures)


if __name__ == "__main__":
    main()

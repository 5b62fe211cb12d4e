"""Checkout and reads over HTTP, against a bare Litestar route that parses and answers the same JSON, and against what is below.

That is the desk without HTTP, and the least SQL that writes the same rows, by `pgbench`, without HTTP and without Python.

One worker process serves `POST /orders` (signed in, 4 lines of 2 vendors, an idempotency key each) and `GET /products` (20 of
100,000) from an embedded PostgreSQL with fsync on; the client is another process. Rounds alternate, so that a change of the
machine's speed meets all of them. `--seconds N` is how long a round takes.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

from bench_checkout import by_loop, by_pgbench
from figures import Figure, report
from load import Load, load, request
from shop import QUARTER, database, name, server, stock_up, wired
from window import PRODUCTS, fill_window

from quarterturn_adapters.garbage import settle
from quarterturn_adapters.postgres import PostgresDatabase

ROUNDS = 3
HERE = Path(__file__).parent
NO_LIMITS = "public=0,signed-in=0,payments=0,admin=0"


def main() -> None:
    """Print every figure and the ratios that are aimed at."""
    seconds = int(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 6
    figures: list[Figure] = []
    with server() as url, database(url) as found:
        stock_up(wired(found), url)
        fill_window(wired(found), url)
        settle()
        with served(url) as ours:
            token = register(ours)
            order, page = sample(ours, token)
            with bare(order, page) as limit:
                figures += checkout(found, ours, limit, token, seconds)
                figures += reads(ours, limit, seconds)
    report("over HTTP", figures)


def checkout(found: PostgresDatabase, ours: str, limit: str, token: str, seconds: int) -> Iterator[Figure]:
    """Orders over HTTP, beside the bare route and the desk."""
    for connections in (32, 128):
        rounds: list[tuple[Load, Load, float, float]] = []
        load(ours, ordering(token), connections=connections, seconds=2, status=201)
        for _ in range(ROUNDS):
            least = load(limit, ordering(token), connections=connections, seconds=seconds, status=201)
            mine = load(ours, ordering(token), connections=connections, seconds=seconds, status=201)
            desk, _ = by_loop(found, QUARTER - 1, connections, seconds)
            rounds.append((least, mine, desk, by_pgbench(found.url, QUARTER - 1, seconds)))
        yield Figure(f"bare route, {connections} connections", median(each.rate for each, *_ in rounds), "orders/s")
        yield Figure(f"POST /orders, {connections} connections", median(each.rate for _, each, *_ in rounds), "orders/s")
        aim = "under 100" if connections == 32 else ""  # noqa: PLR2004
        yield Figure(
            f"POST /orders, {connections} connections: 99th percentile", median(each.p99_ms for _, each, *_ in rounds), "ms", aim
        )
        yield Figure(
            f"POST /orders, {connections} connections: against the bare route",
            median(mine.rate / least.rate for least, mine, *_ in rounds),
            "times",
            "at least 0.25",
        )
        yield Figure(
            f"POST /orders, {connections} connections: against the desk without HTTP",
            median(mine.rate / desk for _, mine, desk, _ in rounds),
            "times",
        )
        yield Figure(
            f"the desk without HTTP, {connections} callers: against the bare route",
            median(desk / least.rate for least, _, desk, _ in rounds),
            "times",
        )
        yield Figure(
            f"pgbench, 32 clients, beside {connections} connections: against the bare route",
            median(sql / least.rate for least, _, _, sql in rounds),
            "times",
        )


def reads(ours: str, limit: str, seconds: int) -> Iterator[Figure]:
    """Pages of products over HTTP, beside the bare route."""

    def read(_: int) -> bytes:
        return request("GET", "/api/v1/products?limit=20", headers={})

    rounds = []
    load(ours, read, connections=32, seconds=2, status=200)
    for _ in range(ROUNDS):
        least = load(limit, read, connections=32, seconds=seconds, status=200)
        rounds.append((least, load(ours, read, connections=32, seconds=seconds, status=200)))
    yield Figure("bare route, GET, 32 connections", median(least.rate for least, _ in rounds), "pages/s")
    yield Figure(f"GET /products, 20 of {PRODUCTS:,}, 32 connections", median(mine.rate for _, mine in rounds), "pages/s")
    yield Figure("GET /products: 99th percentile", median(mine.p99_ms for _, mine in rounds), "ms")
    yield Figure(
        "GET /products: against the bare route", median(mine.rate / least.rate for least, mine in rounds), "times", "at least 0.3"
    )


def basket(chance: random.Random) -> bytes:
    """The body of an order of 4 lines from 2 vendors, spread over all SKUs."""
    first = chance.randint(0, QUARTER - 1)
    lines = [{"sku": name(first + step), "quantity": 1} for step in (0, QUARTER, 2 * QUARTER, 3 * QUARTER)]
    return json.dumps({"lines": lines}).encode()


def ordering(token: str) -> Callable[[int], bytes]:
    """Makes requests for orders, each with a key of its own."""
    chance = random.Random(5)  # noqa: S311 - the same baskets in every run
    mark = uuid4().hex

    def make(number: int) -> bytes:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{mark}-{number}"}
        return request("POST", "/api/v1/orders", headers=headers, body=basket(chance))

    return make


def register(ours: str) -> str:
    """The access token of a new account."""
    body = {"email": f"{uuid4().hex}@example.org", "name": "Bench", "password": f"a long one {uuid4().hex}"}
    return str(call(f"{ours}/api/v1/auth/register", body, {"Idempotency-Key": uuid4().hex})["accessToken"])


def sample(ours: str, token: str) -> tuple[bytes, bytes]:
    """An order and a page of products as they are answered."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
    order = call(f"{ours}/api/v1/orders", json.loads(basket(random.Random(1))), headers)  # noqa: S311
    with urllib.request.urlopen(f"{ours}/api/v1/products?limit=20") as answer:  # noqa: S310 - our own server
        page = answer.read()
    assert len(json.loads(page)["items"]) == 20, "a full page"  # noqa: PLR2004
    return json.dumps(order, separators=(",", ":")).encode(), page


def call(url: str, body: object, headers: dict[str, str] | None = None) -> dict[str, object]:
    """The answer to a POST."""
    asked = urllib.request.Request(  # noqa: S310 - our own server
        url, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
    )
    with urllib.request.urlopen(asked) as answer:  # noqa: S310
        return json.loads(answer.read())  # type: ignore[no-any-return]


@contextmanager
def served(url: str) -> Iterator[str]:
    """`quarterturn serve` over the database at `url`, in a process of its own; its log goes to a file, as it would."""
    with tempfile.TemporaryDirectory(prefix="qt-bench-") as folder:
        port = free_port()
        environment = {
            **os.environ,
            "QUARTERTURN_DATABASE_URL": url,
            "QUARTERTURN_DATA_FOLDER": folder,
            "QUARTERTURN_LIMITS": NO_LIMITS,
        }
        command = [sys.executable, "-m", "quarterturn_api", "serve", "--port", str(port)]
        with running(command, environment, port, Path(folder) / "log") as address:
            yield address


@contextmanager
def bare(order: bytes, page: bytes) -> Iterator[str]:
    """The bare route, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="qt-bench-") as folder:
        port = free_port()
        environment = {**os.environ, "BARE_PORT": str(port), "BARE_ORDER": order.decode(), "BARE_PRODUCTS": page.decode()}
        with running([sys.executable, str(HERE / "bare.py")], environment, port, Path(folder) / "log") as address:
            yield address


@contextmanager
def running(command: list[str], environment: dict[str, str], port: int, log: Path) -> Iterator[str]:
    """A server, once it is ready, until the block ends."""
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as file, subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process:  # noqa: S603
        try:
            for _ in range(300):
                assert process.poll() is None, log.read_text()
                try:
                    urllib.request.urlopen(f"{address}/health/ready").close()  # noqa: S310
                except OSError:
                    time.sleep(0.1)
                else:
                    break
            yield address
        finally:
            process.terminate()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()

"""What a checkout costs with nothing, a million and five million orders in the tables.

Each size has a database of its own beside the others on one server, and rounds go over all of them in turn, so that a change of the
machine's speed meets everybody. The orders of before are written as rows by SQL: paid, their reservations committed, their events
delivered, with ids that grow with time as ours do. `--orders 1000000,5000000` says how many; a million take some minutes and a few
gigabytes.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from statistics import median
from urllib.parse import urlsplit

import psycopg
from bench_checkout import CLIENTS, by_loop
from figures import Figure, report
from shop import QUARTER, database, server, stock_up, wired

from quarterturn_adapters.garbage import settle
from quarterturn_adapters.postgres import PostgresDatabase

CHUNK = 50_000
ROUNDS = 7
SECONDS = 5

OLD_ID = """CREATE OR REPLACE FUNCTION old_id(i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
SELECT (lpad(to_hex(1600000000000 + i), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid $$"""

OLD_ROWS = (
    """INSERT INTO orders (id, total, currency, placed_at, deadline, fingerprint, state)
    SELECT old_id(i), 9196, 'EUR', 'epoch'::timestamptz + (1600000000 + i) * interval '1 second',
        'epoch'::timestamptz + (1600000900 + i) * interval '1 second', md5(i::text) || md5((-i)::text), 'paid'
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i""",
    """INSERT INTO vendor_orders (order_id, vendor_id, position, placed_at, status, shipments)
    SELECT old_id(i), lpad((v + 1)::text, 32, '0')::uuid, v, 'epoch'::timestamptz + (1600000000 + i) * interval '1 second',
        'confirmed', '[]'
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i, generate_series(0, 1) AS v""",
    """INSERT INTO order_lines
    SELECT old_id(i), n + 1, lpad((n / 2 + 1)::text, 32, '0')::uuid, 'SKU-' || 100000 + i %% 500 + n * 500,
        lpad('1', 32, '0')::uuid, 'An offer of the bench', 'EUR', 1999, 300, 1, 0,
        1999, 1799, 200, 0, 0, 0, 300, 300, 0, 0, 0, 0, '[]', lpad('0', 32, '0')::uuid, 1,
        '[["rate", "commission", "commission", 1999, 1, 10, 200, "goods", 0]]', 0, 0, 0, 0, 0, 0, 0
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i, generate_series(0, 3) AS n""",
    """INSERT INTO reservations (order_id, sku, location_id, quantity, deadline, status, returned)
    SELECT old_id(i), 'SKU-' || 100000 + i %% 500 + n * 500, lpad((n / 2 + 1)::text, 32, '0')::uuid, 1,
        'epoch'::timestamptz + (1600000900 + i) * interval '1 second', 'committed', 0
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i, generate_series(0, 3) AS n""",
    """INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, version, headers, timestamp, delivered_at)
    SELECT old_id(i), 'order', old_id(i)::text, 'order.placed', jsonb_build_object('order_id', old_id(i), 'total', 9196), 1, '{}',
        'epoch'::timestamptz + (1600000000 + i) * interval '1 second', now()
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i""",
)


def grown(stack: ExitStack, url: str, orders: int) -> PostgresDatabase:
    """A stocked shop on the server at `url`, in a database of its own with so many orders of before; `stack` closes it."""
    name = f"with_{orders}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    own = urlsplit(url)._replace(path=f"/{name}").geturl()
    found = stack.enter_context(database(own))
    stock_up(wired(found), own)
    fill(own, orders)
    return found


def fill(url: str, orders: int) -> None:
    """Write so many orders of before, and tell how far it is."""
    began = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(OLD_ID)
        for first in range(1, orders + 1, CHUNK):
            last = min(first + CHUNK - 1, orders)
            for sql in OLD_ROWS:
                connection.execute(sql, {"first": first, "last": last})
            print(f"  {last:,} of {orders:,} orders after {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def main() -> None:
    """Print the cost of a checkout at each size, and how it compares with that of the same round in the smallest."""
    given = sys.argv[sys.argv.index("--orders") + 1] if "--orders" in sys.argv else "1000000,5000000"
    sizes = [0, *(int(each) for each in given.split(","))]
    costs: dict[int, list[float]] = {size: [] for size in sizes}
    with server() as url, ExitStack() as stack:
        shops = {size: grown(stack, url, size) for size in sizes}
        settle()
        for found in shops.values():
            by_loop(found, QUARTER - 1, CLIENTS, 2)
        for _ in range(ROUNDS):
            for size, found in shops.items():
                costs[size].append(1e6 / by_loop(found, QUARTER - 1, CLIENTS, SECONDS)[0])
    least = costs[sizes[0]]
    figures = []
    for size, rounds in costs.items():
        figures.append(Figure(f"a checkout with {size:,} orders in the tables", median(rounds), "microseconds"))
        if size:
            ratio = median(cost / base for cost, base in zip(rounds, least, strict=True))
            figures.append(Figure(f"... against none, with {size:,} orders", ratio, "times", "within 0.8 to 1.2"))
    report("checkout as the tables grow", figures)


if __name__ == "__main__":
    main()

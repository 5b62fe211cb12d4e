"""`kill -9` of workers, relays, the API, and Redis with all that it knows, under load: every event has its effect exactly once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from tests.api.people import People
from tests.chaos.machines import SECRET, Machine, Machines
from tests.chaos.shop import FIGURES, FULL, ROOT, ills
from tests.chaos.visitors import Visitors
from tests.chaos.worker import FAILING, TABLE, TRIES, known_as, made_to_fail
from tests.databases import EMBEDDED, running

from quarterturn_adapters.chance import PlainHasher
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.codec import decode_event
from quarterturn_adapters.databases import opened
from quarterturn_adapters.settings import Settings
from quarterturn_api.assembly import assembled

pytestmark = pytest.mark.slow

ROUNDS: Final = 20 if FULL else 2
LEASE_SECONDS: Final = 30.0 if FULL else 4.0
QUIET_WITHIN_SECONDS: Final = 300
CALM_SECONDS: Final = 4
VISITORS: Final = 4
UNITS: Final = 10_000_000

# Whoever is killed takes a relay along when it is a worker: both of them together are all relays that there are.
VICTIMS: Final = (("worker 1", "worker 2"), ("redis", "worker 2"), ("worker 1",), ("redis",), ("api",), ("worker 2",))

# What waits: events that are not forwarded, dispatches, webhooks that are not handled, refunds that are not known to have arrived.
_WAITING: Final = """SELECT (SELECT count(*) FROM outbox WHERE delivered_at IS NULL),
    (SELECT count(*) FROM dispatches WHERE status = 'waiting'),
    (SELECT count(*) FROM webhooks WHERE status = 'waiting'),
    (SELECT count(*) FROM refunds WHERE status IN ('requested', 'sent'))"""

# Each effect beside the event that asks for it: what an event has not had, or has had twice, is a row.
_EFFECTS: Final = {
    "a webhook that was received is handled": """SELECT w.event_id, w.status, count(o.id) FROM webhooks w
        LEFT JOIN outbox o ON o.type = 'webhook.received' AND o.aggregateid = w.event_id
        GROUP BY 1, 2 HAVING w.status <> 'handled' OR count(o.id) <> 1""",
    "a refund that was asked for is sent": """SELECT r.id, r.status, count(o.id) FROM refunds r
        LEFT JOIN outbox o ON o.type = 'refund.requested' AND o.aggregateid = r.id::text
        GROUP BY 1, 2 HAVING r.status <> 'succeeded' OR count(o.id) <> 1""",
    "a refund is booked": """SELECT r.id, count(e.number) FROM refunds r LEFT JOIN journal_entries e ON e.kind = 'refund'
        AND e.fact LIKE 'refund:' || r.id || '%' GROUP BY 1 HAVING count(e.number) <> 1""",
    "a payment is booked": """SELECT p.id, count(e.number) FROM payments p LEFT JOIN journal_entries e ON e.kind = 'capture'
        AND e.order_id = p.order_id WHERE p.captured > 0 GROUP BY 1 HAVING count(e.number) <> 1""",
    "an order is placed and paid once": """SELECT type, aggregateid, count(*) FROM outbox
        WHERE type IN ('order.placed', 'order.paid') GROUP BY 1, 2 HAVING count(*) <> 1""",
}


@pytest.fixture
def urls() -> Iterator[tuple[str, str]]:
    """A migrated database, and one for the witness."""
    server = running(EMBEDDED)
    made, witness = server.migrated(), server.empty()
    with psycopg.connect(witness) as connection:
        connection.execute(TABLE)
    yield made, witness
    server.drop(made)
    server.drop(witness)


def test_whoever_is_killed_every_event_has_its_effect_once(urls: tuple[str, str], tmp_path: Path) -> None:
    """Nothing is lost, nothing happens twice, order is kept, books and provider agree; dead is only what was made to fail."""
    url, witness = urls
    chance = random.Random(6)
    settings = Settings.from_environment({"QUARTERTURN_SECRET": SECRET})
    with opened(url, settings) as database, assembled(database, settings, clock=SystemClock(), hasher=PlainHasher()) as service:
        people = People(service)
        seller, headers = people.vendor(units=UNITS), people.client().headers
    machines = Machines(url, witness, tmp_path, workers=2, lease_seconds=LEASE_SECONDS)
    by_name = {each.name: each for each in (machines.redis, machines.api, *machines.workers)}
    began = time.perf_counter()
    killed: list[str] = []
    try:
        machines.begin()
        with Visitors(machines.port, headers, seller.sku, threads=VISITORS, seed=6) as visitors:
            for number in range(ROUNDS):
                visitors.wait("paid", 3, seconds=60)
                time.sleep(chance.uniform(0, 2))
                names = VICTIMS[number] if number < len(VICTIMS) else chance.choice(VICTIMS)
                _kill([by_name[name] for name in names], chance)
                killed += names
            visitors.wait("paid", 3, seconds=60)
        loaded = time.perf_counter() - began
        _until_all_is_quiet(url)
        statuses = machines.stop()
    finally:
        machines.close()
    assert [] == visitors.unexpected
    assert {0} == set(statuses.values()), statuses
    assert (0, 0, 0, 0) == _waiting(url)
    events, again = _compare(url, witness)
    dead = _dead(url)
    for what, sql in _EFFECTS.items():
        assert (what, []) == (what, _rows(url, sql))
    assert [] == ills(url)
    assert {"healthy": True, "findings": []} == _said(url, tmp_path, "doctor", "healthy", "findings")
    assert {"unexplained": 0, "differences": []} == _said(url, tmp_path, "reconcile", "unexplained", "differences")
    FIGURES.append(
        f"{ROUNDS} rounds of kill -9 of {', '.join(f'{killed.count(name)} {name}' for name in sorted(by_name))} in {loaded:.0f} s, "
        f"quiet after {time.perf_counter() - began:.0f} s: {dict(visitors.came_to)}; {events} events, each heard; {again} of them "
        f"more than once; {dead} dead letters, each made to fail"
    )


def _kill(victims: Sequence[Machine], chance: random.Random) -> None:
    """`kill -9`, and after a moment begin anew: Redis knows nothing then."""
    for each in victims:
        each.kill()
    time.sleep(chance.uniform(0, 1))
    for each in victims:
        each.begin()
    if any(each.name == "api" for each in victims):
        victims[0].wait()


def _until_all_is_quiet(url: str) -> None:
    """Wait until nothing waits, and nothing comes for a while: the provider tells of what was done a moment later."""
    until = time.monotonic() + QUIET_WITHIN_SECONDS
    since, before = time.monotonic(), -1
    while time.monotonic() - since < CALM_SECONDS:
        waiting, ((events,),) = _waiting(url), _rows(url, "SELECT count(*) FROM outbox")
        if any(waiting) or events != before:
            since, before = time.monotonic(), events
        assert time.monotonic() < until, f"it never came to rest: {waiting}"
        time.sleep(0.2)


def _compare(url: str, witness: str) -> tuple[int, int]:
    """Assert that the witness heard of every event, and of none else, those of one aggregate in their order.

    How many there are, and how many came more than once.
    """
    rows = _rows(url, "SELECT type, version, payload FROM outbox ORDER BY sequence")
    happened = [decode_event(*row) for row in rows]
    heard = _rows(witness, "SELECT event, times FROM heard ORDER BY number")
    assert len({known_as(event) for event in happened}) == len(happened), "every event can be told from all others"
    assert {known_as(event) for event in happened} == {event for event, _ in heard}
    assert _by_aggregate([known_as(event) for event in happened]) == _by_aggregate([event for event, _ in heard])
    return len(happened), sum(times > 1 for _, times in heard)


def _by_aggregate(events: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for event in events:
        tag, about, _ = event.split(" ")
        found.setdefault((tag.partition(".")[0], about), []).append(event)
    return found


def _dead(url: str) -> int:
    """Assert that what was made to fail is dead, after all its tries, and nothing else; how many there are."""
    rows = _rows(
        url,
        "SELECT d.subscription, o.aggregateid, d.attempts FROM dispatches d JOIN outbox o ON o.id = d.message_id "
        "WHERE d.status = 'dead' ORDER BY 1, 2",
    )
    wanted = _rows(url, "SELECT aggregateid FROM outbox WHERE type = 'refund.requested' ORDER BY 1")
    expected = [(FAILING, refund_id, TRIES) for (refund_id,) in wanted if made_to_fail(refund_id)]
    assert expected == rows
    return len(rows)


def _waiting(url: str) -> tuple[Any, ...]:
    (row,) = _rows(url, _WAITING)
    return tuple(row)


def _rows(url: str, sql: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()


def _said(url: str, folder: Path, command: str, *parts: str) -> dict[str, Any]:
    """Some parts of what a command says, which ends with 0."""
    words = [sys.executable, "-m", "quarterturn_api", command, "--json", "--database", url]
    environment = {**os.environ, "QUARTERTURN_DATA_FOLDER": str(folder), "QUARTERTURN_SECRET": SECRET}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    said = json.loads(done.stdout)
    return {part: said[part] for part in parts}

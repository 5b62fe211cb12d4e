"""Health: a container knows by an exit status whether what runs in it is well, and Prometheus reads what it needs."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from tests.databases import EMBEDDED, server, unused_port
from tests.operations.programs import PATIENCE_SECONDS, begun, command, environment, figures, total

from quarterturn_api.command import main

pytestmark = pytest.mark.slow


def test_nobody_who_is_not_there_is_well(tmp_path: Path) -> None:
    """1 when nobody listens, 2 when the question makes no sense."""
    given = environment("postgresql://nobody@127.0.0.1:1/nothing", tmp_path)
    assert 1 == command("health", "--port", str(unused_port()), given=given)
    assert 1 == command("health", "--worker", "--port", str(unused_port()), given=given)
    assert 2 == command("health", "--port", "99999", given=given)


@pytest.mark.parametrize("worker", [False, True])
def test_nobody_who_listens_is_said_in_words(worker: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """The address that was asked, and what to start there."""
    port = unused_port()
    program = "quarterturn worker --metrics-port" if worker else "quarterturn serve --port"
    assert 1 == main(["health", "--port", str(port), *(["--worker"] if worker else [])])
    said = capsys.readouterr().err
    assert said.startswith(f"quarterturn health: Nobody listens at 127.0.0.1:{port}. Start `{program} {port}`, or ")
    assert 1 == len(said.splitlines())


@pytest.mark.parametrize(("answer", "expected"), [(b"", "has not answered within 0.3 s"), (b"SSH-2.0\r\n", "does not speak HTTP")])
def test_somebody_else_who_listens_is_said_in_words(answer: bytes, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever says nothing, or something that is no answer, at the address that was asked."""
    with socket.create_server(("127.0.0.1", 0)) as other, ThreadPoolExecutor(1) as threads:
        port = other.getsockname()[1]
        asked = threads.submit(main, ["health", "--port", str(port), "--timeout", "0.3"])
        with other.accept()[0] as caller:
            caller.recv(1_000)
            caller.sendall(answer)
            assert 1 == asked.result(PATIENCE_SECONDS)
    said = capsys.readouterr().err
    assert f"127.0.0.1:{port} " in said
    assert expected in said


def test_a_database_that_is_away_is_said_soon_and_waited_for_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However many ask whether the service is ready, each hears within seconds that it is not, and that it is again."""
    port = unused_port()
    with server(EMBEDDED) as database:
        given = environment(database.migrated(), tmp_path)
        well = ("health", "--port", str(port))
        with begun(
            *("serve", "--port", str(port)), given=given, log=tmp_path / "log", well=lambda: command(*well, given=given) == 0
        ) as process:
            database.stop()
            program = psutil.Process(process.pid)
            assert (HTTPStatus.SERVICE_UNAVAILABLE, True) == _ready(port)
            before = program.num_threads()
            with ThreadPoolExecutor(30) as threads:
                answers = set(threads.map(_ready, [port] * 60))
                waiting = program.num_threads()
            assert {(HTTPStatus.SERVICE_UNAVAILABLE, True)} == answers
            assert before + 1 >= waiting
            assert 1 == main(["health", "--port", str(port)])
            assert f"The service at 127.0.0.1:{port} cannot use its database (503)." in capsys.readouterr().err
            database.start()
            end = time.monotonic() + PATIENCE_SECONDS
            while (HTTPStatus.OK, True) != _ready(port):
                assert time.monotonic() < end
                time.sleep(0.2)


def _ready(port: int) -> tuple[int, bool]:
    """The status of readiness, and whether it came within five seconds."""
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status, time.monotonic() < began + 5
    finally:
        connection.close()


def test_a_service_of_several_processes_is_well_under_its_own_name_and_adds_its_figures_up(url: str, tmp_path: Path) -> None:
    """It answers only to its names, and `health` knows them; whichever process is asked, it tells the figures of both."""
    port = unused_port()
    given = environment(url, tmp_path, QUARTERTURN_ALLOWED_HOSTS="api.shop.example, api")
    well = ("health", "--port", str(port))
    with begun(
        *("serve", "--workers", "2", "--port", str(port)),
        given=given,
        log=tmp_path / "log",
        well=lambda: command(*well, given=given) == 0,
    ) as process:
        assert 1 == command(*well, given={**given, "QUARTERTURN_ALLOWED_HOSTS": "other.example"})
        end = time.monotonic() + PATIENCE_SECONDS
        # Each writes down what it has every second.
        while total((found := figures(port, "api"))["quarterturn_pool_max"]) != 20:
            assert time.monotonic() < end, found["quarterturn_pool_max"]
            time.sleep(0.2)
        assert 1 == total(found["quarterturn_build_info"])
        assert {"version", "python"} == set(found["quarterturn_build_info"].samples[0].labels)
        assert total(found["quarterturn_pool_available"]) <= total(found["quarterturn_pool_size"]) <= 20
        assert 0 == total(found["quarterturn_pool_waiting"])
        assert "quarterturn_outbox_waiting" in found
        victim = next(each for each in psutil.Process(process.pid).children() if "spawn_main" in " ".join(each.cmdline()))
        victim.kill()
        # What it said of itself goes with it, and another one takes its place.
        seen: set[float] = set()
        now = 0.0
        while len(seen) < 2 or now != 20:
            with suppress(OSError):
                # Somebody may have asked it just then.
                seen.add(now := total(figures(port, "api")["quarterturn_pool_max"]))
            assert seen <= {10.0, 20.0}
            assert time.monotonic() < end + PATIENCE_SECONDS, seen
            time.sleep(0.1)


def test_a_worker_is_well_while_it_reaches_its_database(url: str, tmp_path: Path) -> None:
    """Its figures are served without a name, and say how its pool is used."""
    port = unused_port()
    given = environment(url, tmp_path)
    well = ("health", "--worker", "--port", str(port))
    with begun(
        *("worker", "--threads", "2", "--metrics-port", str(port)),
        given=given,
        log=tmp_path / "log",
        well=lambda: command(*well, given=given) == 0,
    ):
        found = figures(port)
        assert 10 == total(found["quarterturn_pool_max"])
        assert 0 == total(found["quarterturn_outbox_waiting"])
        assert "process_resident_memory_bytes" in found

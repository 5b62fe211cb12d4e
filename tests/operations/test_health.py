"""Health: a container knows by an exit status whether what runs in it is well, and Prometheus reads what it needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from tests.databases import EMBEDDED, running, unused_port
from tests.operations.programs import PATIENCE_SECONDS, begun, command, environment, figures, total

pytestmark = pytest.mark.slow


@pytest.fixture
def url() -> Iterator[str]:
    """A migrated database of this test."""
    server = running(EMBEDDED)
    made = server.migrated()
    yield made
    server.drop(made)


def test_nobody_who_is_not_there_is_well(tmp_path: Path) -> None:
    """1 when nobody listens, 2 when the question makes no sense."""
    given = environment("postgresql://nobody@127.0.0.1:1/nothing", tmp_path)
    assert 1 == command("health", "--port", str(unused_port()), given=given)
    assert 1 == command("health", "--worker", "--port", str(unused_port()), given=given)
    assert 2 == command("health", "--port", "99999", given=given)


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

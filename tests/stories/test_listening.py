"""`quarterturn serve` and its port: what it says when it listens, why it cannot, and that nobody holds it who was left behind."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from tests.databases import EMBEDDED, running, unused_port
from tests.stories.test_serve import SECRET, Served, serving

from quarterturn_adapters.embedded import EmbeddedPostgres
from quarterturn_adapters.unusable import Unusable
from quarterturn_api.commands.listening import bound, url_port

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 30
WORKERS = ["1", "2"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for an embedded database, which whoever runs its server may enter; no server is left in it."""
    made = Path(tempfile.mkdtemp(prefix="qts-"))
    made.chmod(0o755)
    yield made
    if (made / "postgres" / "postmaster.pid").exists():
        # Whoever uses it last stops it.
        with EmbeddedPostgres(made / "postgres"):
            pass
    shutil.rmtree(made, ignore_errors=True)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command, which ends by itself."""
    environment = {**os.environ, "QUARTERTURN_DATA_FOLDER": str(folder), "QUARTERTURN_SECRET": SECRET}
    command = [sys.executable, "-m", "quarterturn_api", "serve", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def until(holds: Callable[[], object], served: Served) -> None:
    """Wait until something holds, or fail with what the program has said."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, served.log.read_text()
        time.sleep(0.05)


@pytest.mark.parametrize("workers", WORKERS)
def test_a_port_that_is_taken_is_said(workers: str, url: str, tmp_path: Path) -> None:
    """Where somebody listens already it ends with 3, and says what to do, and nothing else."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, "--workers", workers, "--port", str(port), "--database", url)
    expected = f"quarterturn serve: The port {port} of 127.0.0.1 is taken by another program. Choose another one with --port.\n"
    assert (3, expected, "") == (done.returncode, done.stderr, done.stdout)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "This machine has no address 192.0.2.1. Choose one that it has with --host."),
        ("nobody.invalid", "The host nobody.invalid is not known here. Name an address of this machine with --host."),
    ],
)
def test_a_host_that_is_not_here_is_said(host: str, said: str) -> None:
    """Whether it is another machine's address or nobody's name."""
    with pytest.raises(Unusable) as refused, bound(host, 0):
        pass
    assert said == str(refused.value)


def test_a_port_is_free_again_when_nobody_needs_it() -> None:
    """Meanwhile callers reach it, and nobody else can take it."""
    with bound("127.0.0.1", 0) as sockets:
        port = url_port(sockets)
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(Unusable, match="taken by another program"), bound("127.0.0.1", port):
            pass
    with bound("127.0.0.1", port) as sockets:
        assert port == url_port(sockets)


@pytest.mark.parametrize("workers", WORKERS)
def test_a_database_that_is_not_migrated_is_said(workers: str, tmp_path: Path) -> None:
    """Nothing is begun over it, however many were to serve."""
    server = running(EMBEDDED)
    empty = server.empty()
    done = run(tmp_path, "--workers", workers, "--port", str(unused_port()), "--database", empty)
    server.drop(empty)
    assert (3, "") == (done.returncode, done.stdout)
    assert "quarterturn migrate" in done.stderr
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize("workers", WORKERS)
def test_the_log_says_once_what_is_served(workers: str, url: str, tmp_path: Path) -> None:
    """The address, the database without whoever uses it, and that no money moves."""
    secret = url.replace("//postgres@", "//postgres:hush@")
    with serving(secret, tmp_path, "--workers", workers) as served:
        until(lambda: _served(served), served)
        served.process.send_signal(signal.SIGTERM)
        assert 0 == served.wait()
    (said,) = _served(served)
    assert (f"http://127.0.0.1:{served.port}", "sandbox", False) == (said["url"], said["provider"], said["money_moves"])
    assert str(said["database"]).endswith(url.partition("?")[0].rpartition("/")[2])
    assert "hush" not in served.log.read_text()


@pytest.mark.parametrize(("options", "database"), [(("--database", "memory"), "memory"), (("--workers", "2"), "test_")])
def test_a_terminal_is_told_in_a_line(options: Sequence[str], database: str, url: str, tmp_path: Path) -> None:
    """Where somebody watches, words say what is served, and where; they can be gone to at once."""
    port = unused_port()
    environment = {**os.environ, "QUARTERTURN_DATA_FOLDER": str(tmp_path), "QUARTERTURN_DATABASE_URL": url}
    command = [sys.executable, "-m", "quarterturn_api", "serve", "--port", str(port), *options]
    watching, terminal = pty.openpty()
    with (
        os.fdopen(watching, encoding="utf-8") as screen,
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=terminal) as process,
    ):
        os.close(terminal)
        try:
            line = screen.readline()
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) in {0, -signal.SIGTERM}
        finally:
            process.kill()
    assert line.startswith(
        f"The API listens at http://127.0.0.1:{port}, described at http://127.0.0.1:{port}/schema; its database is "
    )
    assert database in line
    assert "no money moves" in line


def test_processes_whose_parent_is_killed_end_and_leave_the_port(folder: Path) -> None:
    """After `kill -9` of who began them nobody keeps the port, and the service is there again at the next start."""
    with serving("", folder, "--workers", "2", "--database", "embedded:left") as served:
        children = [each for each in psutil.Process(served.process.pid).children() if "spawn_main" in " ".join(each.cmdline())]
        assert 2 == len(children)
        served.process.kill()
        served.wait()
        until(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in children), served)
        with bound("127.0.0.1", served.port):
            pass
    with serving("", folder, "--workers", "2", "--database", "embedded:left") as served:
        assert (200, {"status": "ok"}) == served.ask("GET", "/health/ready")
        served.process.send_signal(signal.SIGTERM)
        assert 0 == served.wait()


def test_a_process_that_finds_no_database_says_so_and_ends(tmp_path: Path) -> None:
    """One of several that is begun anew while the database is away: a line in the log, and no stack trace."""
    away = {"QUARTERTURN_DATABASE_URL": "postgresql://me:hush@localhost:1/none", "QUARTERTURN_DATA_FOLDER": str(tmp_path)}
    command = [sys.executable, "-c", "from quarterturn_api.serving import app; app()"]
    done = subprocess.run(command, env={**os.environ, **away}, capture_output=True, text=True, timeout=60, check=False)
    assert (1, "") == (done.returncode, done.stderr)
    assert "The database at localhost:1/none cannot be reached." in done.stdout
    assert 1 == len(done.stdout.splitlines())


def _served(served: Served) -> Sequence[dict[str, object]]:
    """The lines that say what is served; the last line of a log may not be whole yet."""
    with suppress(ValueError):
        return [line for line in served.lines() if line.get("event") == "serving"]
    return []

"""The database from a wheel: it starts in an empty folder, keeps what it was told, and comes back after a crash."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from quarterturn_adapters.embedded import VERSION, EmbeddedFailed, EmbeddedPostgres, NoSuchDatabase
from quarterturn_adapters.postgres import PostgresDatabase, migrate
from quarterturn_domain.testing import samples

pytestmark = pytest.mark.slow

PROGRAM = """
    import sys, time
    from pathlib import Path
    from quarterturn_adapters.embedded import EmbeddedPostgres
    url = EmbeddedPostgres(Path(sys.argv[1])).start()
    print(url, flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for the server's data, which is not there yet; its path is short enough for a socket."""
    parent = Path(tempfile.mkdtemp(prefix="qte-"))
    parent.chmod(0o755)
    yield parent / "data"
    _kill_server(parent / "data")
    shutil.rmtree(parent, ignore_errors=True)


def program(folder: Path, seconds: float) -> tuple[subprocess.Popen[str], str]:
    """Another program that starts the server and stays for a while, with the URL that it was given."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder), str(seconds)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    url = started.stdout.readline().strip()
    started.stdout.close()
    return started, url


def server_of(folder: Path) -> int | None:
    """The process id of the server, if there is one."""
    note = folder / "postmaster.pid"
    return int(note.read_text(encoding="utf-8").split()[0]) if note.exists() else None


def _kill_server(folder: Path) -> None:
    process = server_of(folder)
    if process is None or not psutil.pid_exists(process):
        return
    os.kill(process, signal.SIGKILL)
    with contextlib.suppress(psutil.NoSuchProcess):
        # Where nobody collects the dead it stays on the list as one of them.
        while psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)


def test_it_starts_keeps_and_stops(folder: Path) -> None:
    """It starts where nothing was, keeps what was committed over a restart, and is gone when it is stopped, twice at no harm."""
    embedded = EmbeddedPostgres(folder)
    with embedded:
        migrate(embedded.url)
        with PostgresDatabase.connect(embedded.url) as database, database.begin() as work:
            work.vendors.add([samples.a_vendor(1)])
        with psycopg.connect(embedded.url) as connection:
            assert VERSION == connection.info.server_version // 10_000
            assert connection.execute("SHOW listen_addresses").fetchone() in {("",), ("127.0.0.1",)}
            assert ("on",) == connection.execute("SHOW fsync").fetchone()
    embedded.stop()
    assert server_of(folder) is None
    with EmbeddedPostgres(folder) as again, PostgresDatabase.connect(again.url) as database, database.begin() as work:
        assert [samples.vendor_id(1)] == [vendor.id for vendor in work.vendors.page(None, 9)]


def test_the_end_of_the_program_is_its_end(folder: Path) -> None:
    """When the program that started it ends, the server ends with it."""
    started, url = program(folder, 0)
    assert url.startswith("postgresql://")
    assert 0 == started.wait(30)
    assert server_of(folder) is None


def test_a_program_that_was_killed_leaves_a_database_that_starts_again(folder: Path) -> None:
    """After `kill -9` of the program, and even of the server with it, the next program finds what was committed."""
    started, url = program(folder, 60)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS value")
    started.kill()
    started.wait(30)
    for server_too in (False, True):
        embedded = EmbeddedPostgres(folder)
        if server_too:
            embedded.start()
            _kill_server(folder)
        with psycopg.connect(embedded.start()) as connection:
            assert (1,) == connection.execute("SELECT value FROM kept").fetchone()
        # The killed program counts as nobody: whoever is left is the last one, and stops the server.
        embedded.stop()
        assert server_of(folder) is None


def test_a_note_of_another_process_is_no_server(folder: Path) -> None:
    """A note that names a process which is no PostgreSQL, or that was cut short, does not keep the server from starting."""
    EmbeddedPostgres(folder).start()
    _kill_server(folder)
    note = folder / "postmaster.pid"
    lines = note.read_text(encoding="utf-8").splitlines()
    for text in ("\n".join([str(os.getpid()), *lines[1:]]), "12"):
        note.write_text(text + "\n", encoding="utf-8")
        embedded = EmbeddedPostgres(folder)
        with psycopg.connect(embedded.start()) as connection:
            assert (1,) == connection.execute("SELECT 1").fetchone()
        _kill_server(folder)


def test_what_has_to_be_there_is_not_made(folder: Path) -> None:
    """Of a folder without a server nothing is started; a server says which databases it has, and is stopped again."""
    with pytest.raises(NoSuchDatabase, match=r"`embedded:kept`.*none was made"):
        EmbeddedPostgres(folder, "kept", there=True).start()
    assert not folder.exists()
    with EmbeddedPostgres(folder), EmbeddedPostgres(folder, "kept"):
        pass
    for _ in range(2):
        with pytest.raises(NoSuchDatabase) as refused:
            EmbeddedPostgres(folder, "kpt", there=True).start()
        assert ("kept", "quarterturn") == refused.value.names
        assert "there is `embedded:kept` and `embedded`." in refused.value.problem
        assert server_of(folder) is None
    with EmbeddedPostgres(folder, "kept", there=True) as again, psycopg.connect(again.url) as connection:
        assert ("kept",) == connection.execute("SELECT current_database()").fetchone()


def test_a_folder_that_is_none(folder: Path) -> None:
    """Where no server can be, the reason is said."""
    folder.mkdir()
    (folder / "PG_VERSION").write_text("9\n", encoding="utf-8")
    with pytest.raises(EmbeddedFailed, match="did not start"):
        EmbeddedPostgres(folder).start()

"""Real PostgreSQL servers for tests: each started once, and an empty database of a migrated template for every test that asks."""

from __future__ import annotations

import atexit
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg

from quarterturn_adapters.embedded import PROGRAMS, VERSION
from quarterturn_adapters.postgres import migrate

EMBEDDED = VERSION
"""The version that comes as a wheel."""
OLDEST = 15
"""The oldest version that we promise; tested where its programs are on the machine."""

ELSEWHERE = "QUARTERTURN_TEST_POSTGRES"
"""The environment's name for folders with the programs of other versions, as in PATH: each is tested, too."""


def _others() -> dict[int, Path]:
    """The versions that the environment names, and where their programs are."""
    found = {}
    for each in map(Path, filter(None, os.environ.get(ELSEWHERE, "").split(os.pathsep))):
        said = subprocess.run([each / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        found[int(said.split()[2].partition(".")[0])] = each
    return found


_PLACES = {EMBEDDED: PROGRAMS, OLDEST: Path("/usr/lib/postgresql/15/bin"), **_others()}
_TEMPLATE = "quarterturn_template"
# A test's data need not survive the machine: what is tested there is not the disk.
# Rows are deleted without asking the laws: nothing may be deleted where they are asked.
_EMPTY = """DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'price_editions')
    LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
END $$"""
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "5s",
    "listen_addresses": "",
}


def versions() -> list[int]:
    """The versions whose programs are on this machine."""
    return [version for version, programs in _PLACES.items() if (programs / "postgres").exists()]


class TestServer:
    """A server on a folder of its own, reached by a Unix socket; `url` names one of its databases."""

    __test__ = False

    def __init__(self, programs: Path, folder: Path, settings: dict[str, str]) -> None:
        self.programs = programs
        self.folder = folder
        self.data = folder / "data"
        self._settings = settings
        self._numbers = count(1)
        self._shared: str | None = None
        # PostgreSQL refuses to run as root: whoever runs the tests as root lends it another user.
        self._user = _unprivileged() if os.geteuid() == 0 else None

    def create(self) -> None:
        """Make the data folder."""
        if self._user is not None:
            shutil.chown(self.folder, self._user)
            _let_in(self.folder)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "--no-sync", "-D", str(self.data))

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = " ".join(f"-c {name}={value or _QUOTED_NOTHING}" for name, value in self._settings.items())
        options += f" -k {self.folder} -p {_PORT}"
        self._run("pg_ctl", "-w", "-D", str(self.data), "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: `immediate` is as good as pulling the plug."""
        self._run("pg_ctl", "-w", "-D", str(self.data), "-m", mode, "stop")

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Where a database of this server is."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.folder), safe='')}&port={_PORT}"

    def empty(self) -> str:
        """The URL of a new database without tables."""
        return self.url(self._created("template0"))

    def migrated(self) -> str:
        """The URL of a new database, migrated and empty, copied from a template."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_TEMPLATE,)).fetchone()
        if known is None:
            name = self._created("template0", _TEMPLATE)
            migrate(self.url(name))
        return self.url(self._created(_TEMPLATE))

    def copied(self, url: str) -> str:
        """The URL of a new database that is a copy of the one at `url`, which nobody uses meanwhile."""
        return self.url(self._created(_name(url)))

    def drop(self, url: str) -> None:
        """Drop a database that a test has done with."""
        name = _name(url)
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def database(self) -> str:
        """The URL of a database that is migrated and empty, in milliseconds: the same one for every test, emptied before each."""
        if self._shared is None:
            self._shared = self.migrated()
        with psycopg.connect(self._shared, autocommit=True) as connection:
            connection.execute(_EMPTY)
        return self._shared

    def _created(self, template: str, name: str | None = None) -> str:
        name = name or f"test_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        # The server inherits what pg_ctl writes to: a pipe would stay open for as long as it runs.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(command, user=self._user, stdout=said, stderr=said, cwd=self.folder, check=False)
            if done.returncode:
                said.seek(0)
                message = f"{program} ended with {done.returncode}: {said.read().decode(errors='replace')}"
                raise RuntimeError(message)


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


_PORT = 5432
_QUOTED_NOTHING = "''"


@contextmanager
def server(version: int, **settings: str) -> Iterator[TestServer]:
    """A running server of this version, with `settings` beside the ones that make tests quick; gone afterwards."""
    # The path of a Unix socket may have 107 bytes: not every temporary folder of pytest leaves room for it.
    folder = Path(tempfile.mkdtemp(prefix=f"qt{version}-"))
    made = TestServer(_PLACES[version], folder, {**_SETTINGS, **settings})
    try:
        made.create()
        made.start()
        try:
            yield made
        finally:
            with suppress(RuntimeError):
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def running(version: int) -> TestServer:
    """The server of this version that all tests of this process share; it goes with the process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(server(version))


def unused_port(in_a_row: int = 1) -> int:
    """The first of so many TCP ports of the loopback address where nobody listens.

    None of them is one of those that systems hand out by themselves: what nobody listens at yet may be anybody's own end of a
    connection a moment later.
    """
    while True:
        # Hypothesis seeds the other chance, for every process alike.
        first = random.SystemRandom().randrange(20_000, 32_000)
        with ExitStack() as taken, suppress(OSError):
            for port in range(first, first + in_a_row):
                taken.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def wait_for(url: str, *, seconds: int = 30) -> None:
    """Wait until a server answers again."""
    end = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _unprivileged() -> str:
    for name in ("pgserver", "postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    message = "the tests run as root, and there is no other user to run PostgreSQL as"
    raise RuntimeError(message)


def _let_in(folder: Path) -> None:
    """Let other users reach a folder of root's."""
    folder.chmod(0o755)
    for programs in _PLACES.values():
        for each in (programs, *programs.parents):
            with suppress(OSError):
                each.chmod(each.stat().st_mode | 0o011)

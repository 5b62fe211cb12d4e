"""`kill -9` of a program that runs its own database, of that database, and of both: the folder starts again with all in it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]
import pytest
from tests.chaos.memory import Life, Memory, settle
from tests.chaos.provider import provider
from tests.chaos.shop import FIGURES, FULL, SKUS, open_shop

from quarterturn_adapters.embedded import EmbeddedPostgres
from quarterturn_adapters.postgres import migrate

pytestmark = pytest.mark.slow

ROUNDS: Final = 12 if FULL else 3
WHOM: Final = ("the program", "the server and the program", "the program and the server")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for the data, whose path is short enough for a socket."""
    parent = Path(tempfile.mkdtemp(prefix="qtc-"))
    parent.chmod(0o755)
    yield parent / "data"
    _kill_server(parent / "data")
    shutil.rmtree(parent, ignore_errors=True)


def test_a_folder_starts_again_with_all_that_was_acknowledged(folder: Path) -> None:
    """Whoever of the two is killed, and in which order: the next program finds every acknowledged order, once, and every law."""
    chance = random.Random(5)
    memory = Memory()
    began = time.perf_counter()
    with provider() as address:
        with EmbeddedPostgres(folder) as embedded:
            migrate(embedded.url)
            open_shop(embedded.url, dict.fromkeys(SKUS, 10_000_000))
        for number in range(ROUNDS):
            life = Life(folder=str(folder), provider=address, seed=number, again=memory.last(16))
            whom = WHOM[number % len(WHOM)]
            try:
                life.wait("placed", 3)
                time.sleep(chance.uniform(0, 0.5))
                if whom == "the server and the program":
                    _kill_server(folder)
            finally:
                life.kill()
            if whom == "the program and the server":
                _kill_server(folder)
            memory.keep(life)
            with EmbeddedPostgres(folder) as again:
                memory.compare(again.url)
        with EmbeddedPostgres(folder) as again:
            captured = settle(again.url, address)
    counts = ", ".join(f"{len(memory.of(what))} {what}" for what in ("asked", "placed", "paid", "cancelled"))
    FIGURES.append(f"{ROUNDS} kills of embedded in {time.perf_counter() - began:.0f} s: orders {counts}; captured {captured}")


def _kill_server(folder: Path) -> None:
    """SIGKILL to the server that runs on `folder`, if one does."""
    note = folder / "postmaster.pid"
    lines = note.read_text(encoding="utf-8").split() if note.exists() else []
    if not lines or not psutil.pid_exists(int(lines[0])):
        return
    server = int(lines[0])
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        os.kill(server, signal.SIGKILL)
        # Where nobody collects the dead it stays on the list as one of them.
        while psutil.Process(server).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)

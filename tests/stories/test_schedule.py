"""`quarterturn schedule` as an operator knows it, and what recurs where several processes could do it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.databases import EMBEDDED, running
from tests.stories.test_serve import SECRET, serving
from tests.stories.test_worker import until, working

from quarterturn_adapters.postgres.turns import PostgresTurns
from quarterturn_adapters.turns import Turn

pytestmark = pytest.mark.slow

MISSED_DAYS = 3


def schedule(url: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command itself, and what it came to."""
    environment = {
        **os.environ,
        "QUARTERTURN_DATABASE_URL": url,
        "QUARTERTURN_DATA_FOLDER": str(folder),
        "QUARTERTURN_SECRET": SECRET,
    }
    command = [sys.executable, "-m", "quarterturn_api", "schedule", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def listed(url: str, folder: Path) -> dict[str, dict[str, Any]]:
    """What `schedule list --json` says, by name."""
    done = schedule(url, folder, "list", "--json")
    assert 0 == done.returncode, done.stderr
    return {each["name"]: each for each in json.loads(done.stdout)["schedules"]}


def missed(url: str) -> None:
    """Let the daily reconciliation be three days behind."""
    at = datetime.now(UTC) - timedelta(days=MISSED_DAYS)
    PostgresTurns(url).keep(Turn("reconcile", at, at, at))


def reconciled(log: Path) -> Sequence[tuple[str, str]]:
    """The periods that were compared, in the order of their ends in the log."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [(line["since"], line["until"]) for line in lines if line.get("event") == "reconciled"]


def test_what_there_is_can_be_listed_and_done_now(url: str, tmp_path: Path) -> None:
    """Names, times, what was done last; done by hand it comes by itself as before, and nobody is asked to do it then."""
    before = listed(url, tmp_path)
    assert {"clean-up", "expire-orders", "reconcile", "run-payouts", "seal-journal", "verify-chain"} <= set(before)
    assert {None} == {each["lastEnded"] for each in before.values()}
    plain = schedule(url, tmp_path, "list")
    assert 0 == plain.returncode
    assert "verify-chain" in plain.stdout
    done = schedule(url, tmp_path, "run", "verify-chain")
    assert (0, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("verify-chain: done in ")
    after = listed(url, tmp_path)
    assert {"verify-chain"} == {name for name, each in after.items() if each["lastEnded"]}
    assert None is after["verify-chain"]["failure"]


def test_what_was_only_heard_of_is_not_done_yet(url: str, tmp_path: Path) -> None:
    """Who begins to keep a calendar notes since when, which is no turn of it."""
    at = datetime.now(UTC) - timedelta(hours=1)
    PostgresTurns(url).keep(Turn("verify-chain", at, at, at))
    PostgresTurns(url).keep(Turn("clean-up", at, at, at + timedelta(seconds=1)))
    known = listed(url, tmp_path)
    assert (None, None) == (known["verify-chain"]["lastDue"], known["verify-chain"]["lastEnded"])
    assert (at + timedelta(seconds=1)).isoformat() == known["clean-up"]["lastEnded"]
    lines = {line.split()[0]: line for line in schedule(url, tmp_path, "list").stdout.splitlines() if line.strip()}
    assert ("not yet" in lines["verify-chain"], "not yet" in lines["clean-up"]) == (True, False)
    assert (at + timedelta(seconds=1)).isoformat() in lines["clean-up"]


def test_a_name_that_nobody_knows_is_refused(url: str, tmp_path: Path) -> None:
    """One sentence that names those that there are, and the status of a no."""
    done = schedule(url, tmp_path, "run", "nowhere")
    assert (1, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert "nowhere" in done.stderr
    assert "verify-chain" in done.stderr


def test_two_never_do_the_same_at_once(url: str, tmp_path: Path) -> None:
    """Whoever asks while somebody else does it is told so; of others nothing is held up."""
    with PostgresTurns(url).alone("clean-up") as mine:
        assert mine
        refused = schedule(url, tmp_path, "run", "clean-up")
        other = schedule(url, tmp_path, "run", "verify-chain")
    assert (1, 0) == (refused.returncode, other.returncode)
    assert "quarterturn schedule: The schedule clean-up is running elsewhere; ask again when that has ended\n" == refused.stderr
    assert 0 == schedule(url, tmp_path, "run", "clean-up").returncode


def test_a_database_that_is_not_migrated_is_said(tmp_path: Path) -> None:
    """Before anything is done."""
    server = running(EMBEDDED)
    empty = server.empty()
    done = schedule(empty, tmp_path, "run", "clean-up")
    server.drop(empty)
    assert 3 == done.returncode
    assert "quarterturn migrate" in done.stderr


def test_missed_times_are_caught_up_once_by_several_workers(url: str, tmp_path: Path) -> None:
    """Each day that was missed is compared, one after the other, by one of the processes."""
    missed(url)
    with working(url, tmp_path, "--processes", "2") as (process, log):
        until(lambda: len(reconciled(log)) >= MISSED_DAYS, log)
        until(lambda: log.read_text().count('"working"') == 2, log)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(30)
    assert 0 == schedule(url, tmp_path, "run", "clean-up").returncode
    _once_each(reconciled(log))


def test_missed_times_are_caught_up_once_by_several_servers(url: str, tmp_path: Path) -> None:
    """Also where `serve --workers 2` does it besides answering."""
    missed(url)
    with serving(url, tmp_path, "--workers", "2") as served:
        until(lambda: len(reconciled(served.log)) >= MISSED_DAYS, served.log)
        served.process.send_signal(signal.SIGTERM)
        assert 0 == served.wait()
    _once_each(reconciled(served.log))


def _once_each(periods: Sequence[tuple[str, str]]) -> None:
    """Assert that these are as many days as were missed, one after the other."""
    assert MISSED_DAYS == len(periods)
    assert [end for _, end in periods[:-1]] == [begin for begin, _ in periods[1:]]

"""The commands over a real database: migrate, demo, replay and doctor, as a user calls them, with good and with bad answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.databases import EMBEDDED, running, unused_port

from quarterturn_api.command import main
from quarterturn_api.commands.statuses import NONSENSE, UNUSABLE

SHOP = Path(__file__).parents[1] / "data" / "shop"
SOMETHING = "01890a5d-ac96-774b-bcce-b302099a8057"
ONLY_LOOKS = (
    ("circuits", "list"),
    ("dead-letters", "list"),
    ("doctor",),
    ("explain", "order", SOMETHING),
    ("ledger", "export", "{folder}/ledger.jsonl"),
    ("payouts", "run"),
    ("reconcile",),
    ("schedule", "list"),
    ("schedule", "run", "clean-up"),
    ("users", "set-password", "ada@shop.example"),
)
"""Commands that begin nothing: what they look at, or change, is there already."""


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database without tables."""
    found = running(EMBEDDED).empty()
    yield found
    running(EMBEDDED).drop(found)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit status of a command, what it answered, and what it complained of."""
    status = main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def test_a_marketplace_in_postgres(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Migrate, replay, examine: the figures are those of memory, every law holds, and a second replay is refused."""
    assert said(capsys, "migrate", "--database", url)[0] == 0
    status, first, _ = said(capsys, "replay", str(SHOP), "--database", url, "--json")
    assert status == 0
    _, memory, _ = said(capsys, "replay", str(SHOP), "--json")
    timeless = [{name: value for name, value in json.loads(each).items() if "seconds" not in name} for each in (first, memory)]
    assert timeless[0] == timeless[1]
    status, healthy, _ = said(capsys, "doctor", "--database", url)
    assert (0, True) == (status, healthy.startswith("Healthy"))
    status, _, complaint = said(capsys, "replay", str(SHOP), "--database", url)
    assert (status, complaint.startswith("quarterturn replay: This needs an empty database")) == (1, True)


def test_the_doctor_names_what_is_broken(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A violation is told with its law and rows, for people and for programs, and the exit status is 1."""
    said(capsys, "migrate", "--database", url)
    said(capsys, "demo", "--once", "--database", url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE stock_items SET on_hand = on_hand + 1")
    status, told, _ = said(capsys, "doctor", "--database", url)
    assert status == 1
    assert "on-hand: What is on hand is the sum of its movements. 2 rows break it:" in told
    status, told, _ = said(capsys, "doctor", "--database", url, "--json")
    assert status == 1
    findings = {each["check"]: each for each in json.loads(told)["findings"]}
    assert {"on-hand"} == set(findings)
    assert {"KETTLEBELL-16", "YOGA-MAT"} == {row["sku"] for row in findings["on-hand"]["rows"]}


def test_migrating_twice_changes_nothing(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The second time the schema is the one that is needed already."""
    assert said(capsys, "migrate", "--database", url) == said(capsys, "migrate", "--database", url)


@pytest.mark.parametrize("command", [["doctor"], ["demo"], ["replay", str(SHOP)]])
def test_a_database_without_tables_is_said_so(url: str, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    """One sentence, what to do about it, no stack trace, and an exit status of its own."""
    status, answer, complaint = said(capsys, *command, "--database", url)
    assert (UNUSABLE, "") == (status, answer)
    assert "no tables yet. Run `quarterturn migrate`." in complaint
    assert "Traceback" not in complaint


@pytest.mark.parametrize("command", [["migrate"], ["doctor"], ["demo"], ["replay", str(SHOP)]])
def test_a_database_that_is_away_is_said_so(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    """The same where nobody listens; the password of the URL is not repeated."""
    away = f"postgresql://shop:hunter2@127.0.0.1:{unused_port()}/shop"
    status, answer, complaint = said(capsys, *command, "--database", away)
    assert (UNUSABLE, "") == (status, answer)
    assert "cannot be reached" in complaint
    assert "hunter2" not in complaint


@pytest.mark.parametrize("where", [(), ("--database", "embedded:typo")])
@pytest.mark.parametrize("command", ONLY_LOOKS)
def test_where_nobody_has_begun_there_is_nothing_to_look_at(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: tuple[str, ...],
    where: tuple[str, ...],
) -> None:
    """One sentence and what to do, instead of a database that is made to be looked at."""
    monkeypatch.setenv("QUARTERTURN_DATA_FOLDER", str(tmp_path))
    status, answer, complaint = said(capsys, *[word.format(folder=tmp_path) for word in command], *where)
    assert (UNUSABLE, "") == (status, answer)
    called = "embedded:typo" if where else "embedded"
    assert f"There is no database `{called}` in {tmp_path / 'postgres'}; none was made there yet." in complaint
    assert f"`quarterturn migrate --database {called}`" in complaint
    assert [] == list(tmp_path.iterdir())


def test_a_name_that_is_misspelt_makes_no_database(capsys: pytest.CaptureFixture[str]) -> None:
    """Those that there are are named; it is not there the next time either, and the right name is."""
    at = ("--database", "embedded:production")
    assert 0 == said(capsys, "migrate", *at)[0]
    for command in (("doctor",), ("reconcile",)):
        status, answer, complaint = said(capsys, *command, "--database", "embedded:prduction")
        assert (UNUSABLE, "") == (status, answer)
        assert "There is no database `embedded:prduction`" in complaint
        assert "`embedded:production`" in complaint.partition("there is")[2]
    assert 0 == said(capsys, "doctor", *at)[0]


@pytest.mark.parametrize("where", [("--database", "memory"), ()])
def test_a_folder_that_cannot_be_is_said_so(where: tuple[str, ...]) -> None:
    """The program's own folder is no question of the user's: it is named, with the variable that names another one."""
    # In a process of its own: whoever serves sets up the log of the whole process.
    command = [sys.executable, "-m", "quarterturn_api", "serve", "--port", "0", *where]
    environment = {**os.environ, "QUARTERTURN_DATA_FOLDER": "/proc/quarterturn"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (UNUSABLE, "") == (done.returncode, done.stdout)
    assert "The folder /proc/quarterturn for the program's own data cannot be used: no such file or directory." in done.stderr
    assert "QUARTERTURN_DATA_FOLDER" in done.stderr


@pytest.mark.parametrize(
    ("case", "where"), [("a word", "somewhere"), ("another database", "mysql://host/shop"), ("a bad name", "embedded:NO!")]
)
@pytest.mark.parametrize("command", [["migrate"], ["doctor"], ["demo"], ["replay", str(SHOP)]])
def test_a_database_that_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], case: str, where: str, command: list[str]
) -> None:
    """The refusal says what may stand there."""
    status, _, complaint = said(capsys, *command, "--database", where)
    assert status == NONSENSE, case
    assert "expected" in complaint

"""Dead letters from the command line, over a real database: found, looked at, tried anew by the program itself, given up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.databases import EMBEDDED, running

from quarterturn_adapters.bootstrap import application
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_api.command import main
from quarterturn_api.commands.statuses import NO, NONSENSE
from quarterturn_domain.kernel.dispatch import Dispatch
from quarterturn_domain.search.events import WindowOpened

AT = datetime(2026, 11, 20, tzinfo=UTC)
NAME = "dress-window"


@pytest.fixture
def database() -> Iterator[tuple[PostgresDatabase, str]]:
    """A migrated and empty database, and where it is."""
    url = running(EMBEDDED).database()
    with PostgresDatabase.connect(url) as found:
        yield found, url


def bury(database: PostgresDatabase, count: int) -> list[Dispatch]:
    """So many dead letters, the oldest first."""
    with database.begin() as work:
        work.outbox.append([WindowOpened(revision=f"r{n}", at=AT) for n in range(count)])
    with database.begin() as work:
        work.outbox.forward({WindowOpened.tag: [NAME]}, count, at=AT)
        claimed = work.dispatches.claim(NAME, count, at=AT, until=AT + timedelta(minutes=1), by=uuid4())
        dead = [each.fail("no \x1b[31mred", at=AT, due_at=AT, limit=1) for each in claimed]
        work.dispatches.save(dead)
    return dead


def said(capsys: pytest.CaptureFixture[str], *words: str, expected: int = 0) -> tuple[str, str]:
    """What `quarterturn dead-letters` answers, and what it complains of."""
    assert expected == main(["dead-letters", *words])
    out, err = capsys.readouterr()
    return out, err


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:  # noqa: ANN401
    """What a program reads of the list."""
    return json.loads(said(capsys, "list", *words, "--json")[0])


def test_dead_letters_are_found_looked_at_and_tried_anew(
    database: tuple[PostgresDatabase, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What is retried is handled by its real subscriber, once; and nothing is left."""
    db, url = database
    at = ("--database", url)
    letters = bury(db, 3)
    ids = [str(each.message.id) for each in reversed(letters)]
    answer = listed(capsys, *at)
    assert (ids, False) == ([each["messageId"] for each in answer["deadLetters"]], answer["more"])
    answer = listed(capsys, "--limit", "2", "--subscription", NAME, *at)
    assert (ids[:2], True) == ([each["messageId"] for each in answer["deadLetters"]], answer["more"])
    assert [] == listed(capsys, "--subscription", "nobody", *at)["deadLetters"]
    out, err = said(capsys, "list", "--limit", "1", *at)
    assert ids[0] in out
    assert "There are more" in err
    assert "\x1b" not in out

    shown = json.loads(said(capsys, "show", NAME, ids[0], "--json", *at)[0])
    assert {"revision": "r2", "at": AT.isoformat()} == shown["content"]
    assert ["no \x1b[31mred"] == [each["what"] for each in shown["failures"]]
    out, _ = said(capsys, "show", NAME, ids[0], *at)
    assert "r2" in out
    assert "\x1b" not in out

    assert "1 due again.\n" == said(capsys, "retry", NAME, ids[0], *at)[0]
    out, err = said(capsys, "retry", NAME, ids[0], ids[1], *at, expected=NO)
    assert ("1 due again.\n", True) == (out, "that is waiting cannot retry" in err)
    assert "1 due again.\n" == said(capsys, "retry", NAME, "--all", *at)[0]
    sandbox = Sandbox(SystemClock())
    app = application(
        db.begin,
        payments=SandboxPayments(sandbox),
        transfers=SandboxTransfers(sandbox),
        clock=SystemClock(),
        ids=SystemIds(),
    )
    assert 3 == app.relay.handle(NAME).done
    assert {} == app.read_dead_letters.depths()


def test_what_is_given_up_needs_a_reason(database: tuple[PostgresDatabase, str], capsys: pytest.CaptureFixture[str]) -> None:
    """By id or all of a subscription; one that there is not is named, and the rest is done."""
    db, url = database
    at = ("--database", url)
    first, *_ = bury(db, 3)
    assert NONSENSE == main(["dead-letters", "discard", NAME, str(first.message.id), *at])
    assert "--reason" in capsys.readouterr().err
    because = ("--reason", "a test of ours")
    out, err = said(capsys, "discard", NAME, str(UUID(int=5)), str(first.message.id), *because, *at, expected=NO)
    assert ("1 given up.\n", f"There is no dead letter {UUID(int=5)} of {NAME}\n") == (out, err)
    assert {"done": 2, "refused": {}} == json.loads(said(capsys, "discard", NAME, "--all", *because, "--json", *at)[0])
    assert [] == listed(capsys, *at)["deadLetters"]


@pytest.mark.parametrize(
    ("case", "words", "complaint"),
    [
        ("nothing named", ("retry", NAME), "ids of messages, or --all"),
        ("ids and all", ("retry", NAME, str(UUID(int=5)), "--all"), "ids of messages, or --all"),
        ("no id", ("show", NAME, "first"), "ID"),
        ("a limit of nothing", ("list", "--limit", "0"), "a number from 1"),
        ("a database in memory", ("list", "--database", "memory"), "embedded"),
    ],
)
def test_what_makes_no_sense(case: str, words: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused with 2, and says what would."""
    assert (case, NONSENSE) == (case, main(["dead-letters", *words]))
    assert complaint in capsys.readouterr().err

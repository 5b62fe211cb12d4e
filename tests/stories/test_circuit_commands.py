"""Circuits from the command line: seen, opened and closed by hand, and kept to by a program that runs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.databases import EMBEDDED, running

from quarterturn_adapters.circuits import Breakers
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_api.command import main
from quarterturn_api.commands.circuits import span
from quarterturn_api.commands.statuses import NO, NONSENSE
from quarterturn_domain.kernel.errors import CircuitOpen

NAME = "sandbox/payments"
BECAUSE = ("--reason", "they told us \x1b[31m[red]")


@pytest.fixture
def url() -> str:
    """Where a migrated and empty database is."""
    return running(EMBEDDED).database()


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `quarterturn circuits` answers."""
    assert 0 == main(["circuits", *words]), capsys.readouterr().err
    return capsys.readouterr().out


def listed(capsys: pytest.CaptureFixture[str], url: str) -> dict[str, Any]:
    """What a program reads of the list, by name."""
    found = json.loads(said(capsys, "list", "--json", "--database", url))
    return {each["name"]: each for each in found["circuits"]}


def test_a_circuit_is_opened_and_closed_by_hand(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that runs refuses calls as soon as it looks again, and lets them through again after that."""
    at = ("--database", url)
    assert {NAME: "closed", "sandbox/transfers": "closed"} == {name: each["status"] for name, each in listed(capsys, url).items()}
    with PostgresDatabase.connect(url) as database:
        seconds = [0.0]
        breakers = Breakers(database.begin, SystemClock(), timer=lambda: seconds[0])
        breaker = breakers.breaker("sandbox", "payments")
        assert "yes" == breaker.call(lambda: "yes")
        assert f"{NAME} is open until it is closed.\n" == said(capsys, "open", NAME, *BECAUSE, *at)
        seconds[0] += 1.0
        with pytest.raises(CircuitOpen):
            breaker.call(lambda: "yes")
        shown = listed(capsys, url)[NAME]
        assert ("open", "open", None, BECAUSE[1]) == (shown["status"], shown["held"], shown["heldUntil"], shown["reason"])
        table = said(capsys, "list", *at)
        assert NAME in table
        assert "\x1b" not in table
        assert f"{NAME} is closed.\n" == said(capsys, "close", NAME, "--reason", "they are back", *at)
        seconds[0] += 1.0
        assert "yes" == breaker.call(lambda: "yes")
        held = json.loads(said(capsys, "close", NAME, "--reason", "we know better", "--for", "2h", "--json", *at))
        assert ("closed", "closed") == (held["status"], held["held"])
        assert held["heldUntil"] is not None


@pytest.mark.parametrize(
    ("case", "words", "status", "complaint"),
    [
        ("one that there is not", ("open", "nobody", *BECAUSE), NO, "There is no circuit nobody"),
        ("without a reason", ("open", NAME), NONSENSE, "--reason"),
        ("an empty reason", ("open", NAME, "--reason", " "), NONSENSE, "without a reason"),
        ("no span", ("open", NAME, *BECAUSE, "--for", "soon"), NONSENSE, "90s, 30m, 2h or 1d"),
        ("no time", ("open", NAME, *BECAUSE, "--for", "0s"), NONSENSE, "more than nothing"),
    ],
)
def test_what_makes_no_sense(
    case: str, words: tuple[str, ...], status: int, complaint: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused, and says what would; nothing is changed."""
    assert (case, status) == (case, main(["circuits", *words, "--database", url]))
    assert complaint in capsys.readouterr().err
    assert {"closed"} == {each["status"] for each in listed(capsys, url).values()}


def test_spans() -> None:
    """A number and its unit."""
    expected = [timedelta(seconds=90), timedelta(minutes=30), timedelta(hours=2), timedelta(days=1)]
    assert expected == [span(text) for text in ("90s", "30m", "2h", "1d")]

"""Tables: whatever the screen is like, nothing of a cell is cut off."""

from __future__ import annotations

import pytest

from quarterturn_api.commands.tables import Screen, table

NAME = "release-earnings"
ID = "01890a5d-ac96-774b-bcce-b302099a8057"
WHY = "the provider was away " * 9


def shown() -> None:
    """Print a table that is wider than a screen."""
    Screen(highlight=False).print(table("Turns", ("name", "id", "why"), [(NAME, ID, WHY), ("[red]", ID, "")], figures=("id",)))


def test_in_a_pipe_a_row_is_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever searches finds the whole row, as it was written."""
    monkeypatch.delenv("COLUMNS", raising=False)
    shown()
    lines = capsys.readouterr().out.splitlines()
    assert [[NAME, ID, WHY.strip()]] == [line.split(maxsplit=2) for line in (each.strip() for each in lines) if NAME in line]
    assert 1 == sum("[red]" in line for line in lines)


@pytest.mark.parametrize("width", [60, 80])
def test_where_there_is_little_room_it_goes_on_below(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is longer than `COLUMNS` allows, as on a terminal; every letter is there."""
    monkeypatch.setenv("COLUMNS", str(width))
    shown()
    lines = capsys.readouterr().out.splitlines()
    assert width >= max(map(len, lines))
    written = "".join(lines)
    assert {letter: (NAME + WHY + "why").count(letter) for letter in "wy"} == {each: written.count(each) for each in "wy"}
    assert 2 * ID.count("9") == written.count("9")

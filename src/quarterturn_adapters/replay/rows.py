"""Rows: a CSV file read line by line, so that whatever is wrong can be named by file, line and column.

A byte-order mark, CRLF and blank lines are read as what they are: harmless. A row stands on one line; quotes may enclose a field.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid

LONGEST_FIELD: Final = 1_000
_LONGEST_LINE: Final = 100_000
_SHOWN: Final = 40
_BOM: Final = b"\xef\xbb\xbf"


@attrs.frozen(order=True)
class Problem:
    """What is wrong in a file, where, and what was expected; `line` counts from 1 and the header is line 1."""

    file: str
    line: int
    column: str
    what: str
    expected: str

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}, line {self.line}{column}: {self.what}; expected {self.expected}"


@attrs.frozen(eq=False)
class Unreadable(Invalid):
    """A file is missing, empty or lacks a column: nothing of it can be read, whatever may be passed over."""

    problems: tuple[Problem, ...] = ()


@attrs.frozen
class Row:
    """The fields of one line by column; of a `broken` one those that could be told apart."""

    file: str
    line: int
    fields: Mapping[str, str]
    broken: Problem | None = None

    def problem(self, column: str, what: str, expected: str) -> Problem:
        """What is wrong with a field of this row."""
        return Problem(self.file, self.line, column, what, expected)


@attrs.frozen
class _Broken(Exception):
    """A line that is no row."""

    column: str
    what: str
    expected: str


def shown(text: str) -> str:
    """`text` as a message may repeat it: quoted, escaped, and not longer than a line bears."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}... ({len(text):,} characters)"


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a file that has these `columns`, in any order and beside others; a line that is no row is `broken`.

    Raises `Unreadable` when there is no such file, or no header that names every column.
    """
    lines = _lines(path, columns)
    header = _header(path, lines[0], columns)
    for number, raw in enumerate(lines[1:], start=2):
        if not raw:
            continue
        try:
            fields = _split(raw, header)
        except _Broken as broken:
            legible = raw.decode(errors="replace").split(",")
            problem = Problem(path.name, number, broken.column, broken.what, broken.expected)
            yield Row(path.name, number, dict(zip(header, legible, strict=False)), problem)
        else:
            yield Row(path.name, number, dict(zip(header, fields, strict=True)))


def _lines(path: Path, columns: Sequence[str]) -> list[bytes]:
    expected = f"a CSV file whose first line names {', '.join(columns)}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _unreadable(path, "", "there is no such file", expected) from None
    except OSError as failed:
        raise _unreadable(path, "", f"the file cannot be read ({failed.strerror})", expected) from None
    lines = [line.removesuffix(b"\r") for line in content.removeprefix(_BOM).split(b"\n")]
    if not any(line.strip() for line in lines):
        raise _unreadable(path, columns[0], "the file is empty", expected)
    return lines


def _header(path: Path, raw: bytes, columns: Sequence[str]) -> list[str]:
    try:
        header = [name.strip() for name in _split(raw, [])]
    except _Broken as broken:
        raise _unreadable(path, broken.column, broken.what, broken.expected) from None
    missing = [name for name in columns if name not in header]
    if missing:
        found = f"the columns {shown(', '.join(header))}"
        problems = [Problem(path.name, 1, name, "the column is missing", f"it among {found}") for name in missing]
        raise Unreadable(str(problems[0]), problems=tuple(problems))
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        raise _unreadable(path, twice[0], "the column is there twice", "each column once")
    return header


def _split(raw: bytes, header: Sequence[str]) -> list[str]:
    if len(raw) > _LONGEST_LINE:
        raise _Broken(_at(header, 0), f"a line of {len(raw):,} bytes", f"at most {_LONGEST_LINE:,}")
    try:
        line = raw.decode()
    except UnicodeDecodeError as wrong:
        column = _at(header, raw[: wrong.start].count(b","))
        raise _Broken(column, f"the byte 0x{raw[wrong.start]:02x} is not UTF-8", "text in UTF-8") from None
    if "\0" in line:
        raise _Broken(_at(header, line[: line.index("\0")].count(",")), "a NUL byte", "text in UTF-8 without NUL bytes")
    fields = _quoted(line, header) if '"' in line else line.split(",")
    if header and len(fields) != len(header):
        short = len(fields) < len(header)
        column = header[len(fields)] if short else header[-1]
        raise _Broken(
            column,
            f"the row has {len(fields)} of {len(header)} fields" if short else f"the row has {len(fields)} fields",
            f"{len(header)} fields: {', '.join(header)}",
        )
    for position, field in enumerate(fields):
        if len(field) > LONGEST_FIELD:
            raise _Broken(_at(header, position), f"a field of {len(field):,} characters", f"at most {LONGEST_FIELD:,}")
    return fields


def _quoted(line: str, header: Sequence[str]) -> list[str]:
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as wrong:
        column = _at(header, line[: line.index('"')].count(","))
        raise _Broken(column, f"quotes that do not match ({wrong})", "a field in quotes to end on its line") from None


def _at(header: Sequence[str], position: int) -> str:
    return header[min(position, len(header) - 1)] if header else str(position + 1)


def _unreadable(path: Path, column: str, what: str, expected: str) -> Unreadable:
    problem = Problem(path.name, 1, column, what, expected)
    return Unreadable(str(problem), problems=(problem,))

"""The screen: tables and progress bars for people, lines of `key=value` for logs, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

Watch: TypeAlias = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is."""

_STEPS = 10


def say_json(said: Mapping[str, object]) -> None:
    """Print an object for a program, and nothing else."""
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def complain(sentence: str) -> None:
    """Tell what is wrong where it does not mix with the answer."""
    sys.stderr.write(f"{sentence}\n")


def counted(count: int, one: str, many: str) -> str:
    """So many of what is called `one`, or `many` of them.

    >>> counted(1, "entry", "entries"), counted(1_000, "entry", "entries")
    ('1 entry', '1,000 entries')
    """
    return f"{count:,} {one if count == 1 else many}"


@contextmanager
def watching(what: str) -> Iterator[Watch]:
    """Show how a long piece of work goes on: a bar where a terminal watches, else a line for every tenth of it."""
    if not sys.stderr.isatty():
        yield _lines(what)
        return
    # Only who sees it pays for loading it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done)

        yield show


def _lines(what: str) -> Watch:
    told: dict[str, int] = {}

    def tell(stage: str, done: int, total: int) -> None:
        step = done * _STEPS // total if total else _STEPS
        if told.get(stage) != step:
            told[stage] = step
            sys.stderr.write(f"command={what} stage={stage} done={done} total={total}\n")
            sys.stderr.flush()

    return tell

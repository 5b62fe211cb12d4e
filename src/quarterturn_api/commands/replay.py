"""`quarterturn replay DIR`: a marketplace's orders, read from CSV files, lived through every use case and proved."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

from quarterturn_adapters.databases import EMBEDDED, MEMORY, opened
from quarterturn_adapters.replay import Problem, Unreadable, check, replay
from quarterturn_adapters.settings import Settings
from quarterturn_api.commands.screen import complain, say_json, watching

_TOLD: Final = 20
"""How many problems are told one by one."""


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Read vendors.csv, products.csv and order_lines.csv of DIR and live every order through the real use cases: stock in, "
        "place, capture, ship, deliver, pay out. Everything is checked before anything is imported."
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder with the three files")
    parser.add_argument("--json", action="store_true", help="print the figures for a program")
    parser.add_argument("--keep-going", action="store_true", help="refuse rows that make no sense, with their orders, and go on")
    parser.add_argument(
        "--troubles",
        metavar="SEED",
        type=int,
        help="let 3 %% of the orders be refunded, 0.5 %% disputed, and 1 %% of the payouts fail, the same for the same number; "
        "afterwards nothing may be left to reconcile",
    )
    parser.add_argument(
        "--database",
        metavar="WHERE",
        default=MEMORY,
        help="`memory` (the default), `embedded` (made anew, kept as `embedded:replay`), or the URL of an empty, migrated database",
    )


def run(options: argparse.Namespace) -> int:
    """0 when all of it was lived and balances, 1 when something was refused or does not, 2 when nothing was imported."""
    began = perf_counter()
    try:
        source = check(options.folder)
    except Unreadable as unreadable:
        return _nothing_imported(unreadable.problems)
    if source.problems and not options.keep_going:
        return _nothing_imported(source.problems)
    _tell(source.problems)
    where, settings = options.database, Settings.from_environment()
    if where == EMBEDDED:
        where = f"{EMBEDDED}:replay"
    with opened(where, settings, fresh=True) as database, watching("replay") as watch, _values_only():
        figures = replay(source, watch, since=began, on=database, troubles=options.troubles)
    for refusal in figures.refusals[:_TOLD]:
        complain(f"order {refusal.order}: {refusal.reason}")
    if options.json:
        say_json(figures.said())
    else:
        from quarterturn_api.commands.tables import show_replay  # noqa: PLC0415 (a program does not wait for it)

        show_replay(figures, options.folder)
    return 0 if figures.proof.balanced and not figures.refused else 1


def _nothing_imported(problems: Sequence[Problem]) -> int:
    _tell(problems)
    complain("Nothing was imported.")
    return 2


def _tell(problems: Sequence[Problem]) -> None:
    for problem in sorted(problems)[:_TOLD]:
        complain(str(problem))
    if len(problems) > _TOLD:
        complain(f"... and {len(problems) - _TOLD:,} more problems")


@contextmanager
def _values_only() -> Iterator[None]:
    """Let the collector of cycles rest: aggregates are values and make none, and looking for them doubles the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

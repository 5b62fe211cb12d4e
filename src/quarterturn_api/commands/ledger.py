"""`quarterturn ledger export|verify FILE`: the sealed journal leaves the database, and is verified where there is none."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from quarterturn_api.commands.files import read, written
from quarterturn_api.commands.running import ask_for_database, running
from quarterturn_api.commands.screen import complain, counted, say_json, watching
from quarterturn_domain.settlement.exporting import verify_lines

_SEALED_AT_ONCE: Final = 1_000
_STEP: Final = 10_000


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = "Export the sealed journal, or verify an export."
    acts = parser.add_subparsers(title="acts", dest="act", metavar="ACT", required=True)
    out = acts.add_parser(
        "export",
        help="write the sealed journal to a file",
        description="Seal what is booked, and write every entry with its hash: one JSON object a line, in the order of the chain.",
    )
    out.add_argument("file", metavar="FILE", type=Path, help="the file to write; it is there whole, or not at all")
    ask_for_database(out)
    back = acts.add_parser(
        "verify",
        help="verify an export; this needs no database",
        description=(
            "Verify that every line is in its place, every hash is made of its entry and the hash before, and every entry "
            "balances. Whoever wrote down the last hash of an earlier export knows by it that nothing is missing at the end."
        ),
    )
    back.add_argument("file", metavar="FILE", type=Path, help="an export")
    back.add_argument("--last", metavar="HASH", help="the last hash of an earlier export, which has to be there")
    back.add_argument("--json", action="store_true", help="print the verdict for a program")


def run(options: argparse.Namespace) -> int:
    """0 when it was written, or holds; 1 when the chain is broken."""
    return _export(options) if options.act == "export" else _verify(options)


def _export(options: argparse.Namespace) -> int:
    count, last = 0, ""
    with written(options.file) as draft, running(options.database) as app, watching("ledger") as watch:
        while app.seal_journal(_SEALED_AT_ONCE) == _SEALED_AT_ONCE:
            pass
        for line in app.export_chain():
            draft.write(f"{line}\n")
            last, count = line, count + 1
            if not count % _STEP:
                watch("export", count, count)
    digest = verify_lines(()).hash if not count else last.partition('"hash":"')[2].partition('"')[0]
    sys.stdout.write(f"{counted(count, 'entry is', 'entries are')} written; the last hash is {digest}\n")
    return 0


def _verify(options: argparse.Namespace) -> int:
    seen: list[bool] = []
    with read(options.file, "a file that `quarterturn ledger export` has written") as file:
        verdict = verify_lines(_looking(file, options.last, seen))
    missing = options.last is not None and not seen and verdict.broken is None
    broken = verdict.broken
    if options.json:
        where = None if broken is None else {"position": broken.position, "reason": broken.reason}
        whole = broken is None and not missing
        say_json({"entries": verdict.entries, "hash": verdict.hash, "whole": whole, "broken": where, "lastFound": not missing})
    elif broken is not None:
        complain(f"The chain breaks at position {broken.position:,}: {broken.reason}.")
    elif missing:
        complain(f"The hash {options.last} is not in it: entries are missing.")
    else:
        sys.stdout.write(f"The chain is whole: {counted(verdict.entries, 'entry', 'entries')}, up to {verdict.hash}\n")
    return 1 if broken is not None or missing else 0


def _looking(lines: Iterator[str], wanted: str | None, seen: list[bool]) -> Iterator[str]:
    """The same lines; notes that the wanted hash is one of theirs."""
    for line in lines:
        if wanted is not None and f'"hash":"{wanted}"' in line:
            seen.append(True)
        yield line

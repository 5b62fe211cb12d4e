"""`quarterturn doctor`: every law is checked on the data as they stand, and each violation is named with its rows."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from quarterturn_adapters.databases import located
from quarterturn_adapters.settings import Settings
from quarterturn_api.commands.screen import say_json, watching

if TYPE_CHECKING:
    from quarterturn_adapters.postgres.doctor import Report


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Check every law on the data of a database as they stand: stock equals its movements, reservations equal what is reserved, "
        "the journal balances and equals the orders, nothing is orphaned, the chain is whole. It only reads. Exit status 1 when a "
        "law is broken."
    )
    parser.add_argument("--json", action="store_true", help="print the findings for a program")
    parser.add_argument(
        "--database",
        metavar="WHERE",
        help="`embedded`, or a URL that begins with postgresql:// (default: QUARTERTURN_DATABASE_URL, else embedded)",
    )


def run(options: argparse.Namespace) -> int:
    """0 when every law holds, 1 when one is broken."""
    from quarterturn_adapters.postgres.doctor import examine  # noqa: PLC0415 (an extra: who asks for help does not need it)

    with located(options.database, Settings.from_environment(), there=True) as url, watching("doctor") as watch:
        report = examine(url, lambda _, number, total: watch("laws", number, total))
    if options.json:
        say_json(_said(report))
    else:
        _show(report)
    return 0 if report.healthy else 1


def _said(report: Report) -> dict[str, object]:
    return {
        "healthy": report.healthy,
        "at": report.at.isoformat(),
        "checks": list(report.checks),
        "findings": [
            {"check": each.check, "law": each.law, "count": each.count, "rows": [dict(row) for row in each.rows]}
            for each in report.findings
        ],
    }


def _show(report: Report) -> None:
    write = sys.stdout.write
    for finding in report.findings:
        write(f"{finding.check}: {finding.law} {finding.count:,} rows break it:\n")
        for row in finding.rows:
            write(f"  {', '.join(f'{column} {value}' for column, value in row)}\n")
        if finding.count > len(finding.rows):
            write(f"  ... and {finding.count - len(finding.rows):,} more\n")
        write("\n")
    if report.healthy:
        write(f"Healthy: all {len(report.checks)} laws hold.\n")
    else:
        write(f"{len(report.findings)} of {len(report.checks)} laws are broken.\n")

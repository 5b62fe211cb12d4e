"""`quarterturn reconcile`: orders, journal and the provider's statement of a period are compared, and every difference is named."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from quarterturn_api.commands.files import written
from quarterturn_api.commands.running import ask_for_database, instant, running
from quarterturn_api.commands.screen import complain, say_json
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payouts.reconciliation import Difference, Reconciliation, Row
from quarterturn_domain.payouts.reconciling import BEGINNING, ReconcilePeriod

COLUMNS: Final = (
    *("what", "subject", "at", "line", "line_kind", "source", "currency", "amount_there", "fee_there"),
    *("fact", "order", "amount_here", "fee_here", "because"),
)
"""The columns of the report."""

_TOLD: Final = 50
"""How many differences are told one by one."""


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Match every line of the provider's statement with the journal and with the order, payment, refund, dispute or payout that "
        "it belongs to. Each difference has a type: missing_there, missing_here, amount, currency, fee, duplicate, or timing, "
        "which explains itself. Nothing is changed. The exit status is 1 when a difference is left for a person."
    )
    parser.add_argument("--from", dest="since", metavar="DATE", help="the first day (default: the beginning)")
    parser.add_argument("--to", dest="until", metavar="DATE", help="the last day (default: now)")
    parser.add_argument("--json", action="store_true", help="print the findings for a program")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write every line, matched or not, as a CSV report")
    ask_for_database(parser)


def run(options: argparse.Namespace) -> int:
    """0 when every difference explains itself, 1 when one does not."""
    since = BEGINNING if options.since is None else instant(options.since)
    until = None if options.until is None else instant(options.until, end_of_day=True)
    if until is not None and until <= since:
        raise Invalid(f"a period from {options.since} to {options.until}", "one that ends after it begins")
    with _report(options.csv) as report, running(options.database) as app:
        found = app.reconcile(ReconcilePeriod(since=since, until=until or app.clock.now()), report.row)
        for difference in found.differences:
            report.difference(difference)
    if options.json:
        say_json(said(found))
    else:
        from quarterturn_api.commands.money import show_reconciliation  # noqa: PLC0415 (a program does not wait for it)

        show_reconciliation(found, _TOLD)
    for each in found.unexplained[:_TOLD]:
        complain(f"{each.kind}: {each.subject}: {each.because}")
    return 1 if found.unexplained else 0


def said(found: Reconciliation) -> Mapping[str, object]:
    """A reconciliation as a program reads it."""
    return {
        "from": found.since.isoformat(),
        "until": found.until.isoformat(),
        "lines": found.lines,
        "entries": found.entries,
        "rows": {what.value: count for what, count in found.rows.items()},
        "provider": _amounts(found.there),
        "journal": _amounts(found.here),
        "own": _amounts(found.own),
        "unexplained": len(found.unexplained),
        "differences": [
            {
                "type": each.kind.value,
                "explained": each.explained,
                "sides": each.sides,
                "subject": each.subject,
                "at": each.at.isoformat(),
                "here": _money(each.here),
                "there": _money(each.there),
                "because": each.because,
                "order": None if each.order_id is None else str(each.order_id),
                "line": each.reference,
                "fact": each.fact,
            }
            for each in found.differences
        ],
    }


class _Silent:
    """No report."""

    def row(self, row: Row) -> None:
        """Nothing is written."""

    def difference(self, difference: Difference) -> None:
        """Nothing is written."""


class _Csv(_Silent):
    """A report of every line, written as it is found; those that differ between orders and journal come at the end."""

    def __init__(self, write: Callable[[tuple[object, ...]], Any]) -> None:
        self._write = write
        write(COLUMNS)

    def row(self, row: Row) -> None:
        """Write a line, its booking, or both."""
        line, booking = row.line, row.booking
        one = line or booking
        assert one is not None
        there = ("", "", "") if line is None else (line.reference, line.kind.value, line.source)
        amounts = ("", "") if line is None else (line.amount.amount, line.fee.amount)
        here = (
            ("", "", "", "")
            if booking is None
            else (booking.fact, booking.order_id or "", booking.amount.amount, booking.fee.amount)
        )
        self._write((row.what.value, row.subject, one.at.isoformat(), *there, one.amount.currency.code, *amounts, *here, ""))

    def difference(self, difference: Difference) -> None:
        """Write a difference that is on no line of the statement."""
        if difference.sides == "journal and provider":
            return
        here, there = difference.here, difference.there
        unit = there or here
        self._write(
            (
                *(difference.kind.value, difference.subject, difference.at.isoformat(), "", "", difference.sides),
                *("" if unit is None else unit.currency.code, "" if there is None else there.amount, ""),
                *(difference.fact or "", difference.order_id or "", "" if here is None else here.amount, "", difference.because),
            )
        )


@contextmanager
def _report(path: Path | None) -> Iterator[_Silent]:
    """The report at `path`, which is there whole or not at all."""
    if path is None:
        yield _Silent()
        return
    with written(path) as draft:
        yield _Csv(csv.writer(draft).writerow)


def _amounts(amounts: Mapping[str, Money]) -> Mapping[str, str]:
    return {code: amount.amount for code, amount in amounts.items()}


def _money(amount: Money | None) -> Mapping[str, str] | None:
    return None if amount is None else {"amount": amount.amount, "currency": amount.currency.code}

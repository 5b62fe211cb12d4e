"""`quarterturn circuits`: who outside is left alone, and how to say that somebody is, or is not."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from quarterturn_api.commands.running import ask_for_database, running
from quarterturn_api.commands.screen import say_json
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.operations.circuit import Circuit
from quarterturn_domain.operations.overriding import CloseCircuit, OpenCircuit

_UNITS: Final = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_SPAN: Final = re.compile(r"([0-9]{1,6})([smhd])")


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "A circuit is a way to a provider. When that fails too often the circuit is open for a while: nobody asks, and work "
        "waits. Every process keeps to what is said here within a second or two."
    )
    acts = parser.add_subparsers(title="acts", dest="act", metavar="ACT", required=True)
    own = acts.add_parser("list", help="how the circuits are")
    own.add_argument("--json", action="store_true", help="print them for a program")
    ask_for_database(own)
    _overrides(
        acts.add_parser(
            "open",
            help="leave a provider alone",
            description="Ask nobody there, whether or not they answer, until it is closed, or for some time.",
        )
    )
    _overrides(
        acts.add_parser(
            "close",
            help="ask a provider again",
            description="Ask again as ever from now on; with --for, whatever happens in that time.",
        )
    )


def _overrides(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="which one, such as stripe/payments; `circuits list` names them")
    parser.add_argument("--reason", required=True, help="why, for the audit trail and for whoever wonders")
    parser.add_argument("--for", dest="lasts", metavar="SPAN", help="for how long, such as 90s, 30m, 2h or 1d")
    parser.add_argument("--json", action="store_true", help="print the circuit for a program")
    ask_for_database(parser)


def run(options: argparse.Namespace) -> int:
    """0 when it was done."""
    lasts = None if options.act == "list" or options.lasts is None else span(options.lasts)
    with running(options.database) as app:
        now = app.clock.now()
        if options.act == "list":
            _show([*app.read_circuits().values()], now, as_json=options.json)
            return 0
        kind = OpenCircuit if options.act == "open" else CloseCircuit
        after = app.override_circuits(kind(name=options.name, reason=options.reason, lasts=lasts, at=now))
    if options.json:
        say_json(_row(after, now))
    else:
        held = after.force
        how = "" if held is None else " until it is closed" if held.until is None else f" until {held.until.isoformat()}"
        sys.stdout.write(f"{after.name} is {after.seen(now).value}{how}.\n")
    return 0


def span(text: str) -> timedelta:
    """The time that `90s`, `30m`, `2h` or `1d` says; `Invalid` for anything else."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Invalid(f"the time {text!r}", "a number and its unit, such as 90s, 30m, 2h or 1d")
    return int(found[1]) * _UNITS[found[2]]


def _row(circuit: Circuit, now: datetime) -> Mapping[str, object]:
    """A circuit as a program reads it."""
    held = circuit.force if circuit.forced(now) is not None else None
    return {
        "name": circuit.name,
        "status": circuit.seen(now).value,
        "since": _text(circuit.since),
        "retryAt": _text(circuit.until),
        "trips": circuit.trips,
        "failure": circuit.failure,
        "held": None if held is None else held.status.value,
        "heldUntil": None if held is None else _text(held.until),
        "reason": None if held is None else held.reason,
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _show(circuits: Sequence[Circuit], now: datetime, *, as_json: bool) -> None:
    if as_json:
        say_json({"circuits": [_row(each, now) for each in circuits]})
        return
    from quarterturn_api.commands.tables import Screen, plain, table  # noqa: PLC0415 (a program does not wait for it)

    columns = {
        "name": "circuit",
        "status": "status",
        "since": "since",
        "retryAt": "tried again at",
        "failure": "last failure",
        "heldUntil": "held until",
        "reason": "because",
    }
    rows = [[plain(_row(each, now)[key] or "") for key in columns] for each in circuits]
    Screen(highlight=False).print(table("Circuits", [*columns.values()], rows, figures=("circuit",)))

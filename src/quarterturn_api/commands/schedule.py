"""`quarterturn schedule`: what recurs, when it was done last and comes next; or do it now."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime

from quarterturn_adapters.databases import opened
from quarterturn_adapters.schedules import Calendar, Schedule, next_turn
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.turns import Turn
from quarterturn_api.commands.running import ask_for_database
from quarterturn_api.commands.screen import complain, say_json


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = "What `quarterturn serve` and `quarterturn worker` do by themselves."
    acts = parser.add_subparsers(title="acts", dest="act", metavar="ACT", required=True)
    own = acts.add_parser("list", help="what there is, when it was done last, and when it comes next")
    own.add_argument("--json", action="store_true", help="print it for a program")
    ask_for_database(own)
    own = acts.add_parser(
        "run", help="do one now", description="Do one now, unless somebody does at this moment; it comes by itself as before."
    )
    own.add_argument("name", metavar="NAME", help="which one; `schedule list` names them")
    ask_for_database(own)


def run(options: argparse.Namespace) -> int:
    """0 when it was done; what goes wrong is said as ever."""
    from quarterturn_api.assembly import assembled, scheduler  # noqa: PLC0415 (an extra: help does not need it)
    from quarterturn_api.edge.logs import configure  # noqa: PLC0415

    settings = Settings.from_environment()
    with opened(options.database, settings, there=True) as database, assembled(database, settings) as service:
        known = scheduler(service)
        if options.act == "list":
            _show(_rows([*known.schedules.values()], service.turns.last(), service.clock.now()), as_json=options.json)
            return 0
        configure(settings.log_level)
        turn = known.run(options.name)
    complain(f"{turn.name}: done in {(turn.ended_at - turn.began_at).total_seconds():.1f} s")
    return 0


def _rows(schedules: Sequence[Schedule], last: Mapping[str, Turn], now: datetime) -> Sequence[Mapping[str, object]]:
    rows = []
    for each in schedules:
        known = last.get(each.name) if isinstance(each.when, Calendar) else None
        turn = known if known is not None and known.done else None
        rows.append(
            {
                "name": each.name,
                "when": str(each.when),
                "lastDue": None if turn is None else turn.due_at.isoformat(),
                "lastEnded": None if turn is None else turn.ended_at.isoformat(),
                "failure": None if turn is None else turn.failure,
                "next": next_turn(each.when, turn, now).isoformat() if isinstance(each.when, Calendar) else None,
            }
        )
    return rows


def _show(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    if as_json:
        say_json({"schedules": rows})
        return
    from quarterturn_api.commands.tables import Screen, table  # noqa: PLC0415 (a program does not wait for it)

    # What comes every few seconds leaves no note of it.
    rows = [{**row, "lastEnded": row["lastEnded"] or (row["next"] and "not yet")} for row in rows]
    shown = [[str(row[key] or "") for key in ("name", "when", "lastEnded", "failure", "next")] for row in rows]
    Screen(highlight=False).print(table("Schedules", ("name", "when", "done last", "failure", "next"), shown))

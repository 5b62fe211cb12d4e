"""`quarterturn dead-letters`: what nobody tries any more, why, and what shall become of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.codec import unstructure
from quarterturn_api.commands.running import ask_for_database, running
from quarterturn_api.commands.screen import complain, say_json
from quarterturn_domain.kernel.dispatch import Dispatch
from quarterturn_domain.kernel.errors import DomainError, Invalid
from quarterturn_domain.operations.mending import MendDeadLetter, Mending, MendSubscription

_LISTED: Final = 50
_MOST_LISTED: Final = 10_000


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Events that a subscription has failed at too often. To have one tried anew is safe: what was done before is not done "
        "again."
    )
    acts = parser.add_subparsers(title="acts", dest="act", metavar="ACT", required=True)
    own = acts.add_parser("list", help="what there is, the latest event first")
    own.add_argument("--subscription", metavar="NAME", help="only of this one")
    own.add_argument("--limit", type=int, default=_LISTED, metavar="COUNT", help=f"so many at most (default: {_LISTED})")
    own.add_argument("--json", action="store_true", help="print them for a program")
    ask_for_database(own)
    own = acts.add_parser("show", help="one of them: its event, and the history of its failures")
    own.add_argument("subscription", metavar="SUBSCRIPTION", help="who could not handle it")
    own.add_argument("message_id", metavar="ID", type=UUID, help="which message; `dead-letters list` names it")
    own.add_argument("--json", action="store_true", help="print it for a program")
    ask_for_database(own)
    _mends(acts.add_parser("retry", help="have some tried anew, or all of a subscription", description="They are due at once."))
    own = acts.add_parser(
        "discard",
        help="give some up, or all of a subscription",
        description="Their events never have this effect. Where order is kept, later events of the same thing go on.",
    )
    _mends(own)
    own.add_argument("--reason", required=True, help="why, for the audit trail")


def _mends(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subscription", metavar="SUBSCRIPTION", help="whose")
    parser.add_argument("message_ids", metavar="ID", type=UUID, nargs="*", help="which messages")
    parser.add_argument("--all", action="store_true", help="all of the subscription")
    parser.add_argument("--json", action="store_true", help="print what was done for a program")
    ask_for_database(parser)


def run(options: argparse.Namespace) -> int:
    """0 when it was done, 1 when one of those that were named could not be mended."""
    if options.act == "list" and not 1 <= options.limit <= _MOST_LISTED:
        raise Invalid(f"a limit of {options.limit}", f"a number from 1 to {_MOST_LISTED}")
    if options.act in {"retry", "discard"} and bool(options.message_ids) == options.all:
        raise Invalid(f"what to {options.act}", "ids of messages, or --all")
    with running(options.database) as app:
        if options.act == "list":
            return _list(app, options)
        if options.act == "show":
            return _show(app, options)
        return _mend(app, options)


def _list(app: Application, options: argparse.Namespace) -> int:
    found = app.read_dead_letters.page(None, options.limit + 1, subscription=options.subscription)
    shown, more = found[: options.limit], len(found) > options.limit
    if options.json:
        say_json({"deadLetters": [_row(each) for each in shown], "more": more})
        return 0
    from quarterturn_api.commands.tables import Screen, plain, table  # noqa: PLC0415 (a program does not wait for it)

    rows = [[plain(_row(each)[key] or "") for key in _COLUMNS] for each in shown]
    Screen(highlight=False).print(table("Dead letters", [*_COLUMNS.values()], rows, figures=("attempts", "id")))
    if more:
        complain(f"There are more; --limit shows more than {options.limit}.")
    return 0


_COLUMNS: Final = {
    "subscription": "subscription",
    "messageId": "id",
    "event": "event",
    "about": "about",
    "attempts": "attempts",
    "lastFailure": "last failure",
}


def _row(dispatch: Dispatch) -> Mapping[str, object]:
    """A dead letter as a program reads it."""
    last = dispatch.failures[-1] if dispatch.failures else None
    return {
        "subscription": dispatch.subscription,
        "messageId": str(dispatch.message.id),
        "event": dispatch.message.event.tag,
        "about": dispatch.about,
        "happenedAt": dispatch.message.event.at.isoformat(),
        "attempts": dispatch.attempts,
        "lastFailure": None if last is None else last.what,
        "lastFailedAt": None if last is None else last.at.isoformat(),
    }


def _show(app: Application, options: argparse.Namespace) -> int:
    letter = app.read_dead_letters.letter(options.subscription, options.message_id)
    content = unstructure(letter.message.event)
    failures = [{"at": each.at.isoformat(), "what": each.what} for each in letter.failures]
    if options.json:
        say_json({**_row(letter), "content": content, "failures": failures})
        return 0
    from quarterturn_api.commands.tables import Screen, plain, table  # noqa: PLC0415

    console = Screen(highlight=False)
    row = _row(letter)
    facts = [(name, plain(row[key])) for key, name in _COLUMNS.items() if key != "lastFailure"]
    facts.append(("happened", plain(row["happenedAt"])))
    console.print(table("Dead letter", ("", ""), facts))
    said = content.items() if isinstance(content, dict) else ()
    console.print(table("Event", ("field", "value"), [(name, plain(value)) for name, value in said]))
    console.print(table("Failures", ("at", "what"), [(each["at"], plain(each["what"])) for each in failures]))
    return 0


def _mend(app: Application, options: argparse.Namespace) -> int:
    act: Mending = options.act
    reason = options.reason if act == "discard" else ""
    at = app.clock.now()
    refused: dict[UUID, DomainError] = {}
    if options.all:
        done = app.mend_subscriptions(MendSubscription(act=act, subscription=options.subscription, reason=reason, at=at))
    else:
        for each in dict.fromkeys(options.message_ids):
            command = MendDeadLetter(act=act, subscription=options.subscription, message_id=each, reason=reason, at=at)
            try:
                app.mend_dead_letters(command)
            except DomainError as refusal:
                refused[each] = refusal
        done = len(set(options.message_ids)) - len(refused)
    if options.json:
        say_json({"done": done, "refused": {str(each): why.message for each, why in refused.items()}})
    else:
        sys.stdout.write(f"{done} {'due again' if act == 'retry' else 'given up'}.\n")
        for why in refused.values():
            complain(why.message)
    return 1 if refused else 0

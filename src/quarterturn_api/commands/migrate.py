"""`quarterturn migrate`: the database gets the tables that this program needs, all of them or, when something fails, none."""

from __future__ import annotations

import argparse
import sys

from quarterturn_adapters.databases import located
from quarterturn_adapters.settings import Settings


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Bring the database to the schema that this program needs, from an empty database or from an older schema, in one "
        "transaction. Run twice, it changes nothing the second time."
    )
    parser.add_argument(
        "--database",
        metavar="WHERE",
        help="`embedded`, or a URL that begins with postgresql:// (default: QUARTERTURN_DATABASE_URL, else embedded)",
    )


def run(options: argparse.Namespace) -> int:
    """0 when the schema is the one that is needed."""
    from quarterturn_adapters.postgres import migrate  # noqa: PLC0415 (an extra: who asks for help does not need it)

    with located(options.database, Settings.from_environment()) as url:
        revision = migrate(url)
    sys.stdout.write(f"The schema is of revision {revision}.\n")
    return 0

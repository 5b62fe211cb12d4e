"""Running: a marketplace over the database that a command was given, with the provider that the settings name."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Final

from quarterturn_adapters.bootstrap import Application, application
from quarterturn_adapters.circuits import Breakers
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.databases import EMBEDDED, located, opened
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.providers import behind, provider
from quarterturn_adapters.settings import Settings
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.webhooks.receiver import Receivers

_DAY: Final = "a date such as 2026-03-31, or an instant with its offset such as 2026-03-31T18:00:00+00:00"


def ask_for_database(parser: argparse.ArgumentParser) -> None:
    """Let a command take the database that it works on."""
    parser.add_argument(
        "--database",
        metavar="WHERE",
        help="`embedded`, `embedded:NAME`, or a URL that begins with postgresql:// "
        "(default: QUARTERTURN_DATABASE_URL, else embedded)",
    )


@contextmanager
def running(where: str | None, *, begins: bool = False) -> Iterator[Application]:
    """Every use case over a database that is there already; `Invalid` for `memory`, where nobody has left anything.

    For a command that `begins` a marketplace an embedded database is made where there is none.
    """
    settings = Settings.from_environment()
    choice = where or settings.database_url or EMBEDDED
    with located(choice, settings, there=not begins) as url, opened(url, settings) as database, ExitStack() as stack:
        clock = SystemClock()
        breakers = Breakers(database.begin, clock)
        pays = behind(provider(settings, clock, database.url), breakers)
        stack.callback(pays.close)
        yield application(
            database.begin,
            payments=pays.payments,
            transfers=pays.transfers,
            clock=clock,
            ids=SystemIds(),
            provider=pays.name,
            retried=database.retried,
            receivers=Receivers(anywhere=settings.unsafe_webhooks),
            circuits=breakers.names,
        )


def instant(text: str, *, end_of_day: bool = False) -> datetime:
    """The instant that an argument names, in UTC: of a date its beginning, or the end of that day; `Invalid` for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1 if end_of_day else 0)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"the time {text!r}", _DAY) from None
    if at.tzinfo is None:
        raise Invalid(f"the time {text!r}", _DAY)
    return at.astimezone(UTC)

"""Databases: in memory, embedded, or wherever a URL says; opened fit for use, and closed when the work is done."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, cast

import attrs

from quarterturn_adapters.bootstrap import Decorator, as_it_is
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.settings import Settings
from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.kernel.ids import Ids
from quarterturn_domain.kernel.work import Begin

MEMORY: Final = "memory"
EMBEDDED: Final = "embedded"

_PERSISTENT: Final = (EMBEDDED, "postgresql://", "postgres://")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")


@attrs.frozen
class PoolUse:
    """How many connections a process may have at `most`, and has; how many of them are free; how many units of work wait."""

    most: int
    size: int
    available: int
    waiting: int


@attrs.frozen
class Opened:
    """A database that is fit for use: `begin` opens units of work, `retried` wraps use cases, `url` is where it is, if anywhere."""

    begin: Begin[Any]
    retried: Decorator = as_it_is
    url: str | None = attrs.field(default=None, repr=False)
    tell: Callable[[Callable[[], None]], None] = attrs.field(default=lambda _: None, repr=False)
    """Lets somebody know of every commit that had events; by this process alone."""
    pool: Callable[[], PoolUse] | None = attrs.field(default=None, repr=False)
    """How its connections are used, where there are any."""


class NotEmpty(Rejected):
    """What begins with an empty database was given one that has vendors or orders already."""

    @property
    def message(self) -> str:
        """What is needed, and how one comes by it."""
        return (
            "This needs an empty database, and that one has vendors or orders already; "
            "make another one, run `quarterturn migrate` on it, and name it with --database"
        )


@contextmanager
def opened(
    choice: str | None, settings: Settings, ids: Ids | None = None, *, fresh: bool = False, there: bool = False
) -> Iterator[Opened]:
    """The database that `choice` names: `memory`, `embedded` (or `embedded:NAME`), or a URL.

    Without a choice it is what the settings say, else the embedded one. An embedded database is started, migrated, and stopped at
    the end; with `fresh` it is made anew, and with `there` it has to be there already, as one at a URL has to be, and migrated.
    Raises `Invalid` for a choice that is none of these, and `Unusable` when the database cannot be used.
    """
    where = choice or settings.database_url or EMBEDDED
    if where == MEMORY:
        memory = MemoryDatabase(ids)
        yield Opened(memory.begin, tell=partial(setattr, memory, "ring"))
    elif not where.startswith(_PERSISTENT):
        raise Invalid(f"the database {where!r}", f"{MEMORY}, {EMBEDDED}, {EMBEDDED}:NAME, or a URL: postgresql://host/name")
    else:
        with located(where, settings, fresh=fresh, there=there) as url, _connected(url, ids) as found:
            yield found


@contextmanager
def located(choice: str | None, settings: Settings, *, fresh: bool = False, there: bool = False) -> Iterator[str]:
    """The URL of the PostgreSQL database that `choice` names, as in `opened`; an embedded one runs, and is migrated, meanwhile."""
    where = choice or settings.database_url or EMBEDDED
    kind, _, name = where.partition(":")
    if kind != EMBEDDED:
        if not where.startswith(_PERSISTENT):
            raise Invalid(f"the database {where!r}", f"{EMBEDDED}, {EMBEDDED}:NAME, or a URL: postgresql://host/name")
        yield where
        return
    if name and not _NAME.fullmatch(name):
        raise Invalid(f"the name {name!r} of an embedded database", "a word of up to 30 small letters, digits and _")
    # Who keeps everything in memory needs neither PostgreSQL nor its driver.
    from quarterturn_adapters.embedded import EmbeddedPostgres  # noqa: PLC0415
    from quarterturn_adapters.postgres import migrate  # noqa: PLC0415

    with EmbeddedPostgres(settings.data_folder / "postgres", name or None, there=there) as server:
        if fresh:
            server.renew()
        migrate(server.url)
        yield server.url


def refuse_unless_empty(database: Opened) -> None:
    """Raise `NotEmpty` when a marketplace is in the database already."""
    with database.begin() as work:
        if work.vendors.page(None, 1) or work.orders.page(None, 1):
            raise NotEmpty


@contextmanager
def _connected(url: str, ids: Ids | None) -> Iterator[Opened]:
    from quarterturn_adapters.postgres import PostgresDatabase, retried  # noqa: PLC0415

    database = PostgresDatabase.connect(url, ids)
    try:
        yield Opened(
            database.begin,
            cast("Decorator", retried),
            url,
            partial(setattr, database, "ring"),
            lambda: PoolUse(*database.pool()),
        )
    finally:
        database.close()

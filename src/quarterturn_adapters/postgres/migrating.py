"""Migrating: from an empty database, or an older schema, to the one that this program needs; all of it, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import Connection
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from quarterturn_adapters.postgres.unfit import DatabaseUnfit, unfit

REVISIONS: Final = Path(__file__).parent / "migrations"
"""Where the revisions are kept; they come with the package."""

# Two programs that migrate at once follow one another.
_MIGRATION_LOCK: Final = 7_303


def migrate(url: str, *, revisions: Path = REVISIONS) -> str:
    """Bring the database at `url` to the newest revision, in one transaction; returns that revision.

    Raises `DatabaseUnfit` when it cannot be reached or was migrated by a newer program. When a revision fails, everything is as it
    was, and its own error is raised.
    """
    scheme, _, rest = url.partition("://")
    assert scheme.startswith("postgres"), "a URL that begins with postgresql://"
    config = _config(revisions)
    newest = _newest(config)
    engine = create_engine(f"postgresql+psycopg://{rest}", poolclass=NullPool, connect_args={"connect_timeout": 5})
    where = engine.url.render_as_string(hide_password=True).partition("@")[2]
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            driver: Any = connection.connection.driver_connection
            _refuse_newer(_current(driver), config, where)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.OperationalError | psycopg.errors.ReadOnlySqlTransaction):
            raise unfit(error.orig, where) from None
        raise
    finally:
        engine.dispose()
    return newest


def refuse_unless_current(connection: Connection[Any], where: str) -> None:
    """Raise `DatabaseUnfit` unless the schema is the one that this program needs."""
    config = _config(REVISIONS)
    current = _current(connection)
    _refuse_newer(current, config, where)
    if current is None:
        raise DatabaseUnfit(f"The database at {where} has no tables yet.", "Run `quarterturn migrate`.")
    newest = _newest(config)
    if current != newest:
        raise DatabaseUnfit(
            f"The schema of the database at {where} is of revision {current}, and this program needs {newest}.",
            "Run `quarterturn migrate`.",
        )


def _refuse_newer(current: str | None, config: Config, where: str) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseUnfit(
            f"The database at {where} was migrated by a newer QuarterTurn, to revision {current}.", "Update this program."
        )


def _current(connection: Connection[Any]) -> str | None:
    """The revision that the database is of, or None when it was never migrated."""
    if connection.execute("SELECT to_regclass('alembic_version') IS NULL").fetchone() == (True,):
        return None
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if found is None else str(found[0])


def _newest(config: Config) -> str:
    newest = ScriptDirectory.from_config(config).get_current_head()
    assert newest is not None, "the package comes with revisions"
    return newest


def _config(revisions: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(revisions).replace("%", "%%"))
    return config

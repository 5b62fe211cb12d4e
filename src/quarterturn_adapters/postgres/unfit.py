"""What keeps a database from being used at all, as one sentence and what to do about it."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import errors

from quarterturn_adapters.unusable import Unusable

OLDEST: Final = 15
"""The oldest major version of PostgreSQL that will do."""


class DatabaseUnfit(Unusable):
    """The database cannot be used."""


def unfit(error: psycopg.Error, where: str) -> DatabaseUnfit:
    """What a failure to connect to, or to write to, the database at `where` (which names no password) means."""
    said = str(error)
    if isinstance(error, errors.DiskFull) or "No space left on device" in said:
        return DatabaseUnfit(f"The disk of the database at {where} is full.", "Make room on it, then try again.")
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return read_only(where)
    if "password authentication failed" in said or "no password supplied" in said:
        return DatabaseUnfit(
            f"The database at {where} refused the user name or the password.", "Check both in QUARTERTURN_DATABASE_URL."
        )
    if "pg_hba.conf" in said or "authentication" in said:
        return DatabaseUnfit(
            f"The database at {where} does not let this user in from here.", "Check pg_hba.conf and QUARTERTURN_DATABASE_URL."
        )
    if "does not exist" in said:
        return DatabaseUnfit(f"There is no such database or user at {where}.", "Create it, or check QUARTERTURN_DATABASE_URL.")
    if "too many" in said or "remaining connection slots" in said:
        return DatabaseUnfit(
            f"The database at {where} has no connection left.", "Raise its max_connections, or use fewer processes."
        )
    if isinstance(error, psycopg.ProgrammingError):
        return DatabaseUnfit("The database's URL makes no sense.", 'Write it as "postgresql://user:password@host:port/name".')
    return DatabaseUnfit(f"The database at {where} cannot be reached.", "Check that it runs, and QUARTERTURN_DATABASE_URL.")


def read_only(where: str) -> DatabaseUnfit:
    """The database takes no writes."""
    return DatabaseUnfit(
        f"The database at {where} is read-only.", "Use its primary server; only `quarterturn doctor` is content with a replica."
    )


def too_old(where: str, version: str) -> DatabaseUnfit:
    """The server is older than the oldest that will do."""
    return DatabaseUnfit(f"The server at {where} is PostgreSQL {version}, which is too old.", f"Use version {OLDEST} or newer.")

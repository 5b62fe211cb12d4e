"""Every port kept in PostgreSQL 15 or newer: nothing lost, nothing oversold, and as quick as the database allows."""

from quarterturn_adapters.postgres.database import PostgresDatabase
from quarterturn_adapters.postgres.migrating import migrate
from quarterturn_adapters.postgres.refusals import Contended
from quarterturn_adapters.postgres.retrying import retried
from quarterturn_adapters.postgres.unfit import DatabaseUnfit
from quarterturn_adapters.postgres.work import PostgresWork

__all__ = ["Contended", "DatabaseUnfit", "PostgresDatabase", "PostgresWork", "migrate", "retried"]

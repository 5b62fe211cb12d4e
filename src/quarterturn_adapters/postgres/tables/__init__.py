"""Every table of the database, one module for each context, and the metadata that holds them all."""

from quarterturn_adapters.postgres.tables.columns import metadata

__all__ = ["metadata"]

"""Alembic's environment: it runs on the connection, and in the transaction, that `migrate` has opened."""

from __future__ import annotations

from alembic import context

from quarterturn_adapters.postgres.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()

"""The first schema: every table, law and trigger, as `r0001_initial.sql` says it."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    run_beside(__file__)

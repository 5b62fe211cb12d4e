"""Webhooks of providers as they arrived, and what reconciliation needs."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

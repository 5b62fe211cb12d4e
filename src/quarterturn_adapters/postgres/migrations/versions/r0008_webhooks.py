"""Endpoints that are told of events, and what was sent to them."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

"""What is on its way from the outbox to its subscribers, and what was delivered long ago."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

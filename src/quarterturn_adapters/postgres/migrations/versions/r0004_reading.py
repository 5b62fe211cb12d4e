"""Reading in pages what the edge lists, and the figures of the marketplace."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

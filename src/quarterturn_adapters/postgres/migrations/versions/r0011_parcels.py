"""What each parcel captures."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

"""Which providers are left alone for a while."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

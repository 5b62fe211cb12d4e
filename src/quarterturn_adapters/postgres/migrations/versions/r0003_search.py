"""Finding products: by words, by filters, near a place."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

"""Where orders go."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

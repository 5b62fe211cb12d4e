"""When what recurs was done last, and carts that nobody touches any more."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

"""Letters: what only whoever reads an e-mail address may do."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

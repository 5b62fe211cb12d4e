"""Who may do what: passwords, sessions, API keys, roles, members, addresses, wishlists, the audit trail."""

from __future__ import annotations

from quarterturn_adapters.postgres.migrations.scripts import run_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Carry the SQL out."""
    run_beside(__file__)

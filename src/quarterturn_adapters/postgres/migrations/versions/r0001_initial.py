"""The first schema: every table, law and trigger, as `r0001_initial.sql` says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    sql = Path(__file__).with_name("r0001_initial.sql").read_text(encoding="utf-8")
    driver: Any = op.get_bind().connection.driver_connection
    # Without parameters the driver sends many statements at once, and reads no percent sign as a place for one.
    driver.execute(sql)

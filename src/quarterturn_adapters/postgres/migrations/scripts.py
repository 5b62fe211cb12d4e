"""Revisions written as SQL: each is the file beside its module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import op


def run_beside(module: str) -> None:
    """Run the SQL that stands beside `module`, the path of a revision, under the same name."""
    sql = Path(module).with_suffix(".sql").read_text(encoding="utf-8")
    driver: Any = op.get_bind().connection.driver_connection
    # Without parameters the driver sends many statements at once, and reads no percent sign as a place for one.
    driver.execute(sql)

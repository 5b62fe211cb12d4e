"""The table of everything that the sandbox provider was asked, so that every process over this database knows the same sandbox."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table

from quarterturn_adapters.postgres.tables.columns import document, metadata

CALLS: Final = Table(
    "sandbox_calls",
    metadata,
    Column("number", BigInteger(), primary_key=True, autoincrement=False),
    document("call"),
)

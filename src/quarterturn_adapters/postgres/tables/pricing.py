"""The tables of the terms: commission rules in every version, discounts, taxes, and the edition of them all."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, SmallInteger, Table, UniqueConstraint, text

from quarterturn_adapters.postgres.tables.columns import count, document, identity, law, metadata
from quarterturn_adapters.postgres.tables.columns import text as text_column

EDITIONS: Final = Table(
    "price_editions",
    metadata,
    Column("singleton", SmallInteger(), primary_key=True, autoincrement=False),
    # Grows with every ruling: a process that has read this edition need not read the terms again.
    Column("edition", BigInteger(), nullable=False),
    law("singleton", "singleton = 1"),
)

COMMISSION_RULES: Final = Table(
    "commission_rules",
    metadata,
    identity("id", primary_key=True),
    Column("version", SmallInteger(), primary_key=True, autoincrement=False),
    Column("in_force", Boolean(), nullable=False),
    count("position"),
    document("terms"),
    law("version", "version >= 1"),
)
Index("commission_rules_in_force_idx", COMMISSION_RULES.c.id, unique=True, postgresql_where=text("in_force"))

DISCOUNTS: Final = Table(
    "discounts",
    metadata,
    identity("id", primary_key=True),
    text_column("code", nullable=True),
    count("position"),
    document("terms"),
    UniqueConstraint("code", name="discounts_code_key"),
)

TAXES: Final = Table("taxes", metadata, identity("id", primary_key=True), document("terms"))

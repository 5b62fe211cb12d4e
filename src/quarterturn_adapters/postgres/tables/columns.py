"""Columns and checks that many tables have: identities, amounts, instants, states."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Column, Integer, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

metadata: Final = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

FILLFACTOR: Final = "fillfactor"
"""How full, in percent, pages of a table are made; what is left is room for the next version of their rows."""


def identity(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[Any]:
    """An id."""
    return Column(name, UUID(as_uuid=True), primary_key=primary_key, nullable=nullable)


def sku(name: str = "sku", *, primary_key: bool = False) -> Column[Any]:
    """A SKU, ordered by its bytes as Python orders it, so that the lock order is one everywhere."""
    return Column(name, Text(collation="C"), primary_key=primary_key, nullable=False)


def text(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[Any]:
    """A text, ordered by its bytes."""
    return Column(name, Text(collation="C"), primary_key=primary_key, nullable=nullable)


def minor(name: str, *, nullable: bool = False) -> Column[Any]:
    """An amount in minor units; the table's `currency` says of what."""
    return Column(name, BigInteger(), nullable=nullable)


def currency(*, primary_key: bool = False) -> Column[Any]:
    """The ISO 4217 code of a row's amounts."""
    return Column("currency", CHAR(3), primary_key=primary_key, nullable=False)


def count(name: str) -> Column[Any]:
    """A whole number."""
    return Column(name, Integer(), nullable=False)


def instant(name: str, *, nullable: bool = False) -> Column[Any]:
    """An instant, to the microsecond."""
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def document(name: str, *, nullable: bool = False) -> Column[Any]:
    """Values that are read and written as a whole, as JSON."""
    return Column(name, JSONB(none_as_null=True), nullable=nullable)


def one_of(column: str, states: Iterable[StrEnum]) -> CheckConstraint:
    """`column` holds one of the states of a lifecycle, or one of the members of an enumeration."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(state.value) for state in states)})", name=f"{column}_known")


def law(name: str, condition: str) -> CheckConstraint:
    """A law of the domain that SQL can say."""
    return CheckConstraint(condition, name=name)

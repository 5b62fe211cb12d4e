"""The whole schema as SQL, from the tables and the laws: what the first revision is made of, and where every later one leads."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from quarterturn_adapters.postgres import laws
from quarterturn_adapters.postgres.tables import (
    catalog,
    identity,
    kernel,
    metadata,
    operations,
    ordering,
    payments,
    payouts,
    pricing,
    sandbox,
    search,
    settlement,
    stock,
    webhooks,
)
from quarterturn_adapters.postgres.tables.columns import FILLFACTOR

CONTEXTS = (
    kernel,
    identity,
    catalog,
    stock,
    pricing,
    ordering,
    payments,
    settlement,
    payouts,
    sandbox,
    search,
    webhooks,
    operations,
)


def statements() -> Iterator[str]:
    """Every statement that makes the schema in an empty database, in order."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect)).strip()
        if FILLFACTOR in table.info:
            yield f"ALTER TABLE {table.name} SET (fillfactor = {table.info[FILLFACTOR]})"
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect, compile_kwargs={"literal_binds": True})).strip()
    yield from laws.statements()


def script() -> str:
    """The same as a script."""
    return "\n\n".join(f"{statement};" for statement in statements()) + "\n"

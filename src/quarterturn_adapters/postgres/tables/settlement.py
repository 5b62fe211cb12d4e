"""The tables of the journal, its balances and its seals, and of earnings."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Identity, Index, SmallInteger, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from quarterturn_adapters.postgres.tables.columns import FILLFACTOR, currency, identity, instant, law, metadata, minor, one_of
from quarterturn_adapters.postgres.tables.columns import text as text_column
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.journal import EntryKind

ENTRIES: Final = Table(
    "journal_entries",
    metadata,
    Column("number", BigInteger(), Identity(always=True), primary_key=True),
    text_column("fact"),
    text_column("kind"),
    identity("order_id", nullable=True),
    instant("at"),
    UniqueConstraint("fact", name="journal_entries_fact_key"),
    one_of("kind", EntryKind),
)
# Entries come almost in the order of time: such an index costs next to nothing, and a period is found by it.
Index("journal_entries_at_idx", ENTRIES.c.at, postgresql_using="brin")
Index("journal_entries_order_idx", ENTRIES.c.order_id, postgresql_where=ENTRIES.c.order_id.is_not(None))
# When orders were captured: what was sold in a range of days is one range of this.
Index("journal_entries_captured_idx", ENTRIES.c.at, ENTRIES.c.order_id, postgresql_where=text("kind = 'capture'"))

POSTINGS: Final = Table(
    "postings",
    metadata,
    Column("entry", BigInteger(), primary_key=True, autoincrement=False),
    Column("position", SmallInteger(), primary_key=True, autoincrement=False),
    text_column("account"),
    identity("vendor_id", nullable=True),
    minor("amount"),
    currency(),
    # The entry's own, so that a vendor's period is one range of an index.
    instant("at"),
    one_of("account", AccountKind),
    law("amount", "amount <> 0"),
)
Index(
    "postings_vendor_idx", POSTINGS.c.vendor_id, POSTINGS.c.at, POSTINGS.c.entry, postgresql_where=POSTINGS.c.vendor_id.is_not(None)
)
# The entries of an account that few captures touch; those of the others are found among all.
DENSE: Final = sorted(
    {AccountKind.PROCESSOR_CLEARING, AccountKind.PROCESSOR_FEES, AccountKind.VENDOR_PENDING, AccountKind.COMMISSION_REVENUE}
)
"""The accounts that every capture posts to."""
Index("postings_account_idx", POSTINGS.c.account, POSTINGS.c.entry, postgresql_where=POSTINGS.c.account.not_in(DENSE))

BALANCES: Final = Table(
    "account_balances",
    metadata,
    text_column("account"),
    Column("vendor_id", UUID(as_uuid=True), nullable=True),
    currency(),
    # Accounts of the whole platform are kept in several rows, so that no two captures wait for one of them.
    Column("shard", SmallInteger(), nullable=False),
    minor("amount"),
    UniqueConstraint("account", "vendor_id", "currency", "shard", name="account_balances_key", postgresql_nulls_not_distinct=True),
    one_of("account", AccountKind),
    info={FILLFACTOR: 50},
)
Index(
    "account_balances_owing_idx",
    BALANCES.c.vendor_id,
    BALANCES.c.currency,
    postgresql_where=text("account = 'vendor_available' AND vendor_id IS NOT NULL"),
)

SEALS: Final = Table(
    "seals",
    metadata,
    Column("position", BigInteger(), primary_key=True, autoincrement=False),
    Column("number", BigInteger(), nullable=False),
    text_column("hash"),
    UniqueConstraint("number", name="seals_number_key"),
    ForeignKeyConstraint(["number"], ["journal_entries.number"], name="seals_number_fkey"),
    law("position", "position >= 1"),
    law("hash", "hash ~ '^[0-9a-f]{64}$'"),
)

UNSEALED: Final = Table(
    "unsealed_entries",
    metadata,
    # The numbers of entries that wait for their seal, so that the sealer never looks for them among all others.
    Column("number", BigInteger(), primary_key=True, autoincrement=False),
)

EARNINGS: Final = Table(
    "earnings",
    metadata,
    identity("order_id", primary_key=True),
    identity("vendor_id", primary_key=True),
    minor("pending"),
    minor("reserved"),
    currency(),
    instant("due_at", nullable=True),
    instant("released_at", nullable=True),
    instant("reserve_until", nullable=True),
    law("released", "released_at IS NULL OR pending = 0"),
)
Index(
    "earnings_due_idx",
    EARNINGS.c.due_at,
    EARNINGS.c.order_id,
    EARNINGS.c.vendor_id,
    postgresql_where=text("due_at IS NOT NULL AND released_at IS NULL"),
)
_RESERVED: Final = text("reserved <> 0 AND reserve_until IS NOT NULL")
Index("earnings_reserves_idx", EARNINGS.c.reserve_until, EARNINGS.c.order_id, EARNINGS.c.vendor_id, postgresql_where=_RESERVED)
Index(
    "earnings_vendor_reserves_idx", EARNINGS.c.vendor_id, EARNINGS.c.currency, EARNINGS.c.reserve_until, postgresql_where=_RESERVED
)

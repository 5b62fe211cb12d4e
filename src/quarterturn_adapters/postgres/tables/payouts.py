"""The tables of payout terms, payouts and debts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from quarterturn_adapters.postgres.tables.columns import currency, document, identity, instant, law, metadata, minor, one_of
from quarterturn_adapters.postgres.tables.columns import text as text_column
from quarterturn_domain.payouts.payout import PAYOUT

TERMS: Final = Table(
    "payout_terms",
    metadata,
    # No vendor: the terms of all vendors that have none of their own.
    Column("vendor_id", UUID(as_uuid=True), nullable=True),
    document("terms"),
    UniqueConstraint("vendor_id", name="payout_terms_vendor_id_key", postgresql_nulls_not_distinct=True),
)

PAYOUTS: Final = Table(
    "payouts",
    metadata,
    identity("id", primary_key=True),
    identity("run_id"),
    identity("vendor_id"),
    text_column("account"),
    minor("amount"),
    minor("recalled"),
    currency(),
    instant("scheduled_at"),
    text_column("status"),
    text_column("transfer", nullable=True),
    text_column("reference", nullable=True),
    text_column("failure", nullable=True),
    one_of("status", PAYOUT.states),
    law("amounts", "amount >= 0 AND 0 <= recalled AND recalled <= amount"),
)
Index("payouts_open_idx", PAYOUTS.c.id, postgresql_where=text("status IN ('scheduled', 'unknown', 'sent')"))
Index("payouts_reference_idx", PAYOUTS.c.reference, postgresql_where=PAYOUTS.c.reference.is_not(None))
Index("payouts_transfer_idx", PAYOUTS.c.transfer, postgresql_where=PAYOUTS.c.transfer.is_not(None))
Index("payouts_run_idx", PAYOUTS.c.run_id, PAYOUTS.c.id)
Index("payouts_vendor_idx", PAYOUTS.c.vendor_id, PAYOUTS.c.id)
Index("payouts_latest_idx", PAYOUTS.c.scheduled_at, PAYOUTS.c.id)
Index("payouts_status_idx", PAYOUTS.c.status, PAYOUTS.c.scheduled_at, PAYOUTS.c.id)
Index("payouts_vendor_latest_idx", PAYOUTS.c.vendor_id, PAYOUTS.c.scheduled_at, PAYOUTS.c.id)
Index("payouts_vendor_status_idx", PAYOUTS.c.vendor_id, PAYOUTS.c.status, PAYOUTS.c.scheduled_at, PAYOUTS.c.id)
Index(
    "payouts_reversible_idx",
    PAYOUTS.c.vendor_id,
    PAYOUTS.c.currency,
    PAYOUTS.c.scheduled_at,
    PAYOUTS.c.id,
    postgresql_where=text("status IN ('sent', 'paid') AND transfer IS NOT NULL AND amount > recalled"),
)

DEBTS: Final = Table(
    "debts",
    metadata,
    identity("vendor_id", primary_key=True),
    currency(primary_key=True),
    instant("since"),
)

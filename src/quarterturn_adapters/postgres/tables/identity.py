"""The tables of accounts and vendors."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CHAR, Boolean, Column, Index, Table, UniqueConstraint

from quarterturn_adapters.postgres.tables.columns import document, identity, instant, law, metadata, one_of, text
from quarterturn_domain.identity.account import ACCOUNT
from quarterturn_domain.identity.vendor import VENDOR

ACCOUNTS: Final = Table(
    "accounts",
    metadata,
    identity("id", primary_key=True),
    text("email"),
    text("name"),
    text("status"),
    instant("registered_at"),
    UniqueConstraint("email", name="accounts_email_key"),
    one_of("status", ACCOUNT.states),
    law("email_lower", "email = lower(email)"),
)

VENDORS: Final = Table(
    "vendors",
    metadata,
    identity("id", primary_key=True),
    identity("owner_id", nullable=True),
    text("name"),
    Column("country", CHAR(2), nullable=False),
    text("status"),
    instant("applied_at"),
    text("payout_reference", nullable=True),
    Column("payout_ready", Boolean(), nullable=False),
    document("payout_requirements"),
    one_of("status", VENDOR.states),
    law("payout_account", "payout_reference IS NOT NULL OR NOT payout_ready"),
)
Index("vendors_status_idx", VENDORS.c.status, VENDORS.c.id)

"""The tables of accounts, vendors, and everything that says who may do what."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CHAR, BigInteger, Boolean, Column, Identity, Index, Table, UniqueConstraint
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB

from quarterturn_adapters.postgres.tables.columns import count, document, identity, instant, law, metadata, one_of, text
from quarterturn_domain.identity.account import ACCOUNT
from quarterturn_domain.identity.letter import LETTER, LetterPurpose
from quarterturn_domain.identity.role import Role, VendorRole
from quarterturn_domain.identity.session import SESSION
from quarterturn_domain.identity.vendor import VENDOR

_ROLES: Final = ", ".join(f'"{role.value}"' for role in Role)

ACCOUNTS: Final = Table(
    "accounts",
    metadata,
    identity("id", primary_key=True),
    text("email"),
    text("name"),
    text("status"),
    instant("registered_at"),
    Column("roles", JSONB(none_as_null=True), nullable=False, server_default=sql_text("'[\"client\"]'::jsonb")),
    UniqueConstraint("email", name="accounts_email_key"),
    one_of("status", ACCOUNT.states),
    law("email_lower", "email = lower(email)"),
    law("roles_known", f"roles <@ '[{_ROLES}]'::jsonb AND jsonb_array_length(roles) > 0"),
)
Index("accounts_admins_idx", ACCOUNTS.c.id, postgresql_where=sql_text("roles @> '[\"admin\"]'::jsonb"))

CREDENTIALS: Final = Table(
    "credentials",
    metadata,
    identity("account_id", primary_key=True),
    text("hash"),
    instant("set_at"),
)

ATTEMPTS: Final = Table(
    "attempts",
    metadata,
    text("address", primary_key=True),
    count("failures"),
    instant("last_at"),
    instant("locked_until", nullable=True),
    law("failures", "failures >= 0"),
)
Index("attempts_last_idx", ATTEMPTS.c.last_at)

SESSIONS: Final = Table(
    "sessions",
    metadata,
    identity("id", primary_key=True),
    identity("account_id"),
    text("device"),
    instant("opened_at"),
    instant("used_at"),
    instant("expires_at"),
    text("family"),
    text("token"),
    text("status"),
    text("reason"),
    one_of("status", SESSION.states),
    law("times", "opened_at <= used_at AND used_at < expires_at"),
)
Index("sessions_active_idx", SESSIONS.c.account_id, SESSIONS.c.id, postgresql_where=SESSIONS.c.status == "active")
Index("sessions_expires_idx", SESSIONS.c.expires_at)

API_KEYS: Final = Table(
    "api_keys",
    metadata,
    identity("id", primary_key=True),
    identity("account_id"),
    identity("vendor_id", nullable=True),
    text("name"),
    document("scopes"),
    text("hash"),
    instant("made_at"),
    instant("expires_at", nullable=True),
    instant("revoked_at", nullable=True),
    law("scopes", "jsonb_array_length(scopes) > 0"),
)
Index("api_keys_account_idx", API_KEYS.c.account_id, API_KEYS.c.id, postgresql_where=API_KEYS.c.revoked_at.is_(None))

LETTERS: Final = Table(
    "letters",
    metadata,
    identity("id", primary_key=True),
    text("purpose"),
    text("email"),
    identity("account_id", nullable=True),
    identity("vendor_id", nullable=True),
    text("role", nullable=True),
    identity("written_by", nullable=True),
    text("former", nullable=True),
    instant("written_at"),
    instant("expires_at"),
    text("status"),
    one_of("purpose", LetterPurpose),
    one_of("status", LETTER.states),
    one_of("role", VendorRole),
    law(
        "invitation",
        "(purpose = 'join_vendor') = (vendor_id IS NOT NULL) AND (purpose = 'join_vendor') = (role IS NOT NULL)"
        " AND (purpose = 'join_vendor') = (account_id IS NULL)",
    ),
    law("former", "(purpose = 'change_email') = (former IS NOT NULL)"),
    law("times", "written_at < expires_at"),
)
Index("letters_account_idx", LETTERS.c.account_id, LETTERS.c.id, postgresql_where=LETTERS.c.status == "open")
Index("letters_vendor_idx", LETTERS.c.vendor_id, LETTERS.c.id, postgresql_where=LETTERS.c.status == "open")
Index("letters_expires_idx", LETTERS.c.expires_at)

MEMBERSHIPS: Final = Table(
    "memberships",
    metadata,
    identity("vendor_id", primary_key=True),
    identity("account_id", primary_key=True),
    text("role"),
    instant("since"),
    one_of("role", VendorRole),
)
Index("memberships_account_idx", MEMBERSHIPS.c.account_id, MEMBERSHIPS.c.vendor_id)

ADDRESSES: Final = Table(
    "addresses",
    metadata,
    identity("id", primary_key=True),
    identity("account_id"),
    text("label"),
    text("name"),
    document("lines"),
    text("city"),
    text("postal_code"),
    text("region"),
    Column("country", CHAR(2), nullable=False),
    text("phone"),
    Column("is_default", Boolean(), nullable=False),
)
Index("addresses_account_idx", ADDRESSES.c.account_id, ADDRESSES.c.id)

AUDIT_ENTRIES: Final = Table(
    "audit_entries",
    metadata,
    Column("number", BigInteger(), Identity(always=True), primary_key=True),
    instant("at"),
    identity("actor_id", nullable=True),
    text("action"),
    text("subject_kind"),
    text("subject_id"),
    document("details"),
)
Index("audit_entries_subject_idx", AUDIT_ENTRIES.c.subject_id, AUDIT_ENTRIES.c.number)

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
Index("vendors_payout_idx", VENDORS.c.payout_reference, postgresql_where=VENDORS.c.payout_reference.is_not(None))
Index("vendors_status_idx", VENDORS.c.status, VENDORS.c.id)

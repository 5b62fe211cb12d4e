"""What the database's errors mean: a conflict, a service that is away, a transaction that lost against another, or a bug."""

from __future__ import annotations

import re
from typing import Final

import attrs
import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from quarterturn_adapters.postgres.exchange import stale
from quarterturn_domain.kernel.errors import Conflict, Unavailable

_KEY: Final = re.compile(r"\((?P<columns>.*?)\)=\((?P<values>.*?)\) (?:already exists|conflicts)")

_KINDS: Final = {
    "accounts": "account",
    "account_balances": "balance",
    "addresses": "address",
    "answers": "answer",
    "api_keys": "API key",
    "carts": "cart",
    "categories": "category",
    "commission_rules": "commission rule",
    "credentials": "credential",
    "debts": "debt",
    "discounts": "discount",
    "disputes": "dispute",
    "earnings": "earning",
    "journal_entries": "journal entry",
    "kit_parts": "kit",
    "kits": "kit",
    "locations": "location",
    "memberships": "member",
    "movements": "movement",
    "offers": "offer",
    "order_lines": "order",
    "orders": "order",
    "outbox": "message",
    "payments": "payment",
    "payouts": "payout",
    "products": "product",
    "refunds": "refund",
    "reservations": "reservation",
    "returns": "return",
    "seals": "seal",
    "sessions": "session",
    "stock_items": "stock item",
    "variants": "product",
    "vendor_orders": "order",
    "vendor_refunds": "refund",
    "vendors": "vendor",
    "wishes": "wish",
}

_REASONS: Final = {
    "accounts_email_key": "this e-mail address has an account",
    "carts_open_owner_key": "the account has another open cart",
    "discounts_code_key": "another discount has this code",
    "journal_entries_fact_key": "it is booked already",
    "movements_cause_key": "it was recorded already",
    "payments_reference_key": "the reference belongs to another payment",
    "seals_number_key": "the entry is sealed already",
}

# Rows that are made where none could be locked: two makers at the same moment are a race, not a contradiction.
_RACES: Final = frozenset({"stock_items_pkey", "account_balances_key"})


@attrs.frozen(eq=False)
class Contended(Unavailable):
    """The database gave up this transaction in favour of another one; nothing was done, and it can be tried again at once."""


@attrs.frozen(eq=False)
class TookTooLong(Unavailable):
    """A statement, or its wait for a lock that another transaction holds, took longer than is allowed; nothing was done."""


def translated(error: psycopg.Error) -> Exception:
    """What a use case hears instead of the driver's error."""
    if isinstance(error, errors.UniqueViolation):
        return _taken(error)
    if isinstance(error, (errors.SerializationFailure, errors.DeadlockDetected)):
        return Contended("The database's transaction, which lost against another one,")
    if stale(error):
        return Contended("The database's statement, whose tables were changed since it was prepared,")
    if isinstance(error, (errors.LockNotAvailable, errors.QueryCanceled)):
        return TookTooLong("The database, which took too long,", 1)
    if isinstance(error, errors.DiskFull):
        return Unavailable("The database, whose disk is full,")
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return Unavailable("The database, which is read-only,")
    if isinstance(error, (PoolTimeout, TooManyRequests)):
        return Unavailable("A connection to the database", 1)
    if isinstance(error, (psycopg.OperationalError, PoolClosed, errors.AdminShutdown)):
        return Unavailable("The database")
    return AssertionError(f"the database refused what the domain allows: {error}")


def _taken(error: errors.UniqueViolation) -> Exception:
    table, constraint = error.diag.table_name or "", error.diag.constraint_name or ""
    found = _KEY.search(error.diag.message_detail or "")
    key = found["values"].partition(",")[0] if found else constraint
    if constraint in _RACES:
        return Contended(f"The {_KINDS[table]} {key}, which another transaction made at the same moment,")
    return Conflict(_KINDS.get(table, table), key, _REASONS.get(constraint, "it exists already"))

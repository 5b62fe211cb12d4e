"""Everything that says who may do what, kept in PostgreSQL: credentials, sessions, API keys, members, the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from quarterturn_adapters.codec import dumps
from quarterturn_adapters.postgres.arrays import uuids
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_adapters.postgres.tables.identity import (
    ADDRESSES,
    API_KEYS,
    ATTEMPTS,
    AUDIT_ENTRIES,
    CREDENTIALS,
    LETTERS,
    MEMBERSHIPS,
    SESSIONS,
)
from quarterturn_domain.identity.account import AccountStatus
from quarterturn_domain.identity.address import Address
from quarterturn_domain.identity.api_key import ApiKey
from quarterturn_domain.identity.attempts import Attempts
from quarterturn_domain.identity.audit import AuditEntry
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.letter import Letter, LetterPurpose, LetterStatus
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.ports import KeyStanding, MemberKey, SessionStanding
from quarterturn_domain.identity.role import Permission, Role, VendorRole
from quarterturn_domain.identity.session import Session, SessionStatus
from quarterturn_domain.kernel.ids import AccountId, AddressId, ApiKeyId, LetterId, SessionId, VendorId

# Of an account: whether it may be used, its roles, and its memberships as one object.
_ACCOUNT: Final = """a.status, a.roles,
    (SELECT jsonb_object_agg(m.vendor_id, m.role) FROM memberships m WHERE m.account_id = a.id)"""

_OF_SESSIONS: Final = f"""SELECT s.id, s.account_id, s.status, s.expires_at, {_ACCOUNT}
FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.id = ANY(%s::uuid[])"""  # noqa: S608

# A row that is made if there is none, and locked: two first attempts at once are two attempts.
_LOCK_ATTEMPTS: Final = """INSERT INTO attempts (address, failures, last_at, locked_until) VALUES (%s, 0, %s, NULL)
ON CONFLICT (address) DO UPDATE SET address = excluded.address RETURNING address, failures, last_at, locked_until"""


class PostgresCredentials(PostgresRepository[AccountId, Credential]):
    """The credential of every account that can sign in."""

    writing = Writing.of(CREDENTIALS)

    @staticmethod
    def key(value: Credential) -> AccountId:
        """The account's id."""
        return value.account_id

    @staticmethod
    def row(value: Credential) -> Row:
        """A credential as a row."""
        return (value.account_id, value.hash, value.set_at)

    @staticmethod
    def value(row: Row) -> Credential:
        """A row as a credential."""
        return Credential(*row)


class PostgresAttempts:
    """Attempts to sign in, by the digest of the address."""

    _writing = Writing.of(ATTEMPTS)

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def lock(self, address: str, at: datetime, /) -> Attempts:
        """Those for an address, none if it was never tried; whoever else wants them waits until the transaction ends."""
        (row,) = self._statements.rows(_LOCK_ATTEMPTS, address, at)
        return Attempts(*row)

    def save(self, attempts: Attempts, /) -> None:
        """Replace attempts that were locked in this transaction."""
        row = (attempts.address, attempts.failures, attempts.last_at, attempts.locked_until)
        self._statements.later(self._writing.update, *self._writing.encoded([row]), rows=1)

    def forget(self, before: datetime, /) -> int:
        """Drop those whose last one was before an instant; returns how many."""
        return len(self._statements.rows("DELETE FROM attempts WHERE last_at < %s RETURNING 1", before))


class PostgresSessions(PostgresRepository[SessionId, Session]):
    """Every session."""

    writing = Writing.of(SESSIONS)

    @staticmethod
    def key(value: Session) -> SessionId:
        """The session's id."""
        return value.id

    @staticmethod
    def row(value: Session) -> Row:
        """A session as a row."""
        times = (value.opened_at, value.used_at, value.expires_at)
        return (value.id, value.account_id, value.device, *times, value.family, value.token, value.status, value.reason)

    @staticmethod
    def value(row: Row) -> Session:
        """A row as a session."""
        fields = dict(zip(PostgresSessions.writing.columns, row, strict=True))
        return Session(**{**fields, "status": SessionStatus(fields["status"])})

    def of_account(self, account_id: AccountId, after: SessionId | None, limit: int, /) -> Sequence[Session]:
        """Up to `limit` sessions of an account that are active, expired or not, the latest id first, those after `after`."""
        behind = "" if after is None else " AND id < %s"
        which = f"WHERE account_id = %s AND status = 'active'{behind} ORDER BY id DESC LIMIT %s"
        return self.select(which, account_id, *([] if after is None else [after]), limit)

    def lock_active(self, account_id: AccountId, /) -> Sequence[Session]:
        """Every active session of an account, locked in the order of their ids until the transaction ends."""
        return self.select("WHERE account_id = %s AND status = 'active' ORDER BY id FOR UPDATE", account_id)

    def forget(self, before: datetime, /) -> int:
        """Drop the sessions that expired before an instant, whatever their status; returns how many."""
        return len(self._statements.rows("DELETE FROM sessions WHERE expires_at < %s RETURNING 1", before))


class PostgresApiKeys(PostgresRepository[ApiKeyId, ApiKey]):
    """Every API key, revoked ones too."""

    writing = Writing.of(API_KEYS)

    @staticmethod
    def key(value: ApiKey) -> ApiKeyId:
        """The key's id."""
        return value.id

    @staticmethod
    def row(value: ApiKey) -> Row:
        """A key as a row."""
        what = (value.name, dumps(sorted(value.scopes)), value.hash)
        return (value.id, value.account_id, value.vendor_id, *what, value.made_at, value.expires_at, value.revoked_at)

    @staticmethod
    def value(row: Row) -> ApiKey:
        """A row as a key."""
        key_id, account_id, vendor_id, name, scopes, *rest = row
        return ApiKey(key_id, account_id, vendor_id, name, frozenset(map(Permission, scopes)), *rest)

    def of_account(self, account_id: AccountId, after: ApiKeyId | None, limit: int, /) -> Sequence[ApiKey]:
        """Up to `limit` keys of an account that are not revoked, the latest id first, those after `after`."""
        behind = "" if after is None else " AND id < %s"
        which = f"WHERE account_id = %s AND revoked_at IS NULL{behind} ORDER BY id DESC LIMIT %s"
        return self.select(which, account_id, *([] if after is None else [after]), limit)


class PostgresLetters(PostgresRepository[LetterId, Letter]):
    """Every letter, of which the tokens are not kept."""

    writing = Writing.of(LETTERS)

    @staticmethod
    def key(value: Letter) -> LetterId:
        """The letter's id."""
        return value.id

    @staticmethod
    def row(value: Letter) -> Row:
        """A letter as a row."""
        about = (value.account_id, value.vendor_id, value.role, value.by, value.former)
        return (value.id, value.purpose, value.email, *about, value.written_at, value.expires_at, value.status)

    @staticmethod
    def value(row: Row) -> Letter:
        """A row as a letter."""
        letter_id, purpose, email, account_id, vendor_id, role, by, former, written_at, expires_at, status = row
        return Letter(
            id=letter_id,
            purpose=LetterPurpose(purpose),
            email=email,
            account_id=account_id,
            vendor_id=vendor_id,
            role=None if role is None else VendorRole(role),
            by=by,
            former=former,
            written_at=written_at,
            expires_at=expires_at,
            status=LetterStatus(status),
        )

    def open_of_account(self, account_id: AccountId, /) -> Sequence[Letter]:
        """The open letters about an account, too old or not, in the order of their ids."""
        return self.select("WHERE account_id = %s AND status = 'open' ORDER BY id", account_id)

    def open_of_vendor(self, vendor_id: VendorId, /) -> Sequence[Letter]:
        """The open invitations of a vendor, too old or not, in the order of their ids."""
        return self.select("WHERE vendor_id = %s AND status = 'open' ORDER BY id", vendor_id)

    def forget(self, before: datetime, /) -> int:
        """Drop the letters that expired before an instant, whatever their status; returns how many."""
        return len(self._statements.rows("DELETE FROM letters WHERE expires_at < %s RETURNING 1", before))


class PostgresMemberships(PostgresRepository[MemberKey, Membership]):
    """Who is a member of which vendor."""

    writing = Writing.of(MEMBERSHIPS)

    @staticmethod
    def key(value: Membership) -> MemberKey:
        """The vendor and the account."""
        return value.vendor_id, value.account_id

    @staticmethod
    def row(value: Membership) -> Row:
        """A membership as a row."""
        return (value.vendor_id, value.account_id, value.role, value.since)

    @staticmethod
    def value(row: Row) -> Membership:
        """A row as a membership."""
        vendor_id, account_id, role, since = row
        return Membership(vendor_id, account_id, VendorRole(role), since)

    def of_vendor(self, vendor_id: VendorId, /) -> Sequence[Membership]:
        """The members of a vendor in the order of the accounts' ids."""
        return self.select("WHERE vendor_id = %s ORDER BY account_id", vendor_id)

    def of_account(self, account_id: AccountId, /) -> Sequence[Membership]:
        """The memberships of an account in the order of the vendors' ids."""
        return self.select("WHERE account_id = %s ORDER BY vendor_id", account_id)

    def remove(self, keys: Iterable[MemberKey], /) -> None:
        """Drop memberships; those that do not exist are passed over."""
        gone = list(keys)
        if gone:
            self._statements.later(f"DELETE FROM memberships WHERE {self.writing.has_key()}", *self.writing.key_arrays(gone))  # noqa: S608


class PostgresAddresses(PostgresRepository[AddressId, Address]):
    """The postal addresses of every account."""

    writing = Writing.of(ADDRESSES)

    @staticmethod
    def key(value: Address) -> AddressId:
        """The address's id."""
        return value.id

    @staticmethod
    def row(value: Address) -> Row:
        """An address as a row."""
        place = (dumps(value.lines), value.city, value.postal_code, value.region, value.country)
        return (value.id, value.account_id, value.label, value.name, *place, value.phone, value.is_default)

    @staticmethod
    def value(row: Row) -> Address:
        """A row as an address."""
        fields = dict(zip(PostgresAddresses.writing.columns, row, strict=True))
        return Address(**{**fields, "lines": tuple(fields["lines"])})

    def of_account(self, account_id: AccountId, /) -> Sequence[Address]:
        """The addresses of an account in the order of their ids."""
        return self.select("WHERE account_id = %s ORDER BY id", account_id)

    def remove(self, keys: Iterable[AddressId], /) -> None:
        """Drop addresses; those that do not exist are passed over."""
        gone = list(keys)
        if gone:
            self._statements.later("DELETE FROM addresses WHERE id = ANY(%s::uuid[])", uuids(gone))


class PostgresAuditTrail:
    """Every change of access; the database refuses to change or drop an entry."""

    _writing = Writing.of(AUDIT_ENTRIES, without=["number"])

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def append(self, entries: Iterable[AuditEntry], /) -> None:
        """Keep entries, in this order."""
        rows = [
            (each.at, each.actor_id, each.action, each.subject_kind, each.subject_id, dumps(dict(each.details))) for each in entries
        ]
        if rows:
            self._writing.add(self._statements, rows)

    def page(self, before: int | None, limit: int, /, subject_id: str | None = None) -> Sequence[AuditEntry]:
        """Up to `limit` entries, those with a smaller number than `before`, the latest first; about one subject if it is named."""
        given = {"number < %s": before, "subject_id = %s": subject_id}
        conditions = {condition: value for condition, value in given.items() if value is not None}
        where = " AND ".join(conditions) or "true"
        sql = f"SELECT {self._writing.names}, number FROM audit_entries WHERE {where} ORDER BY number DESC LIMIT %s"  # noqa: S608
        return [AuditEntry(*row) for row in self._statements.rows(sql, *conditions.values(), limit)]


class PostgresStandings:
    """What is read on every request: one statement for many, each part found by its key."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def of_sessions(self, ids: Iterable[SessionId], /) -> Mapping[SessionId, SessionStanding]:
        """The standing of those of `ids` that exist, with an account."""
        wanted = list(ids)
        if not wanted:
            return {}
        return {
            session_id: SessionStanding(
                account_id=account_id,
                status=AccountStatus(status),
                roles=frozenset(map(Role, roles)),
                vendors=_vendors(vendors),
                session_status=SessionStatus(session_status),
                expires_at=expires_at,
            )
            for session_id, account_id, session_status, expires_at, status, roles, vendors in self._statements.rows(
                _OF_SESSIONS, uuids(wanted)
            )
        }

    def of_keys(self, ids: Iterable[ApiKeyId], /) -> Mapping[ApiKeyId, KeyStanding]:
        """The standing of those of `ids` that exist, with an account."""
        wanted = list(ids)
        if not wanted:
            return {}
        return {
            key.id: KeyStanding(
                account_id=key.account_id,
                status=AccountStatus(status),
                roles=frozenset(map(Role, roles)),
                vendors=_vendors(vendors),
                key=key,
            )
            for *columns, status, roles, vendors in self._statements.rows(_OF_KEYS, uuids(wanted))
            for key in [PostgresApiKeys.value(tuple(columns))]
        }


def _vendors(found: Mapping[str, str] | None) -> Mapping[VendorId, VendorRole]:
    return {VendorId(UUID(vendor_id)): VendorRole(role) for vendor_id, role in (found or {}).items()}


_OF_KEYS: Final = f"""SELECT {", ".join(f"k.{name}" for name in PostgresApiKeys.writing.columns)}, {_ACCOUNT}
FROM api_keys k JOIN accounts a ON a.id = k.account_id WHERE k.id = ANY(%s::uuid[])"""  # noqa: S608

"""Accounts, vendors and everything that says who may do what, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

import attrs

from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Counter, Table, Transactions
from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.address import Address
from quarterturn_domain.identity.api_key import ApiKey
from quarterturn_domain.identity.attempts import Attempts
from quarterturn_domain.identity.audit import AuditEntry
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.letter import Letter, LetterStatus
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.ports import EVERYBODY, KeyStanding, MemberKey, SessionStanding, Wanted
from quarterturn_domain.identity.session import Session, SessionStatus
from quarterturn_domain.identity.vendor import Vendor, VendorStatus
from quarterturn_domain.kernel.ids import AccountId, AddressId, ApiKeyId, LetterId, SessionId, VendorId


class MemoryAccounts(MemoryRepository[AccountId, Account]):
    """Every account, one for each e-mail address."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "account", lambda account: account.id)
        self._by_email = self.rows.unique(lambda account: account.email, "this e-mail address has an account")
        self._in_order = self.rows.sorted(lambda account: (account.id.int,))
        self._admins = self.rows.sorted(lambda account: (account.id.int,), by=lambda account: account.governs or None)

    def by_email(self, email: str, /) -> Account | None:
        """The account with this address in lower case, if there is one."""
        return self._by_email.get(email)

    def page(self, after: AccountId | None, limit: int, /, wanted: Wanted = EVERYBODY) -> Sequence[Account]:
        """Up to `limit` of the accounts that are wanted, in the order of their ids, those after `after`."""
        following = self._in_order.rows(since=() if after is None else (after.int,))
        return list(islice((each for each in following if each.id != after and wanted.meets(each)), limit))

    def admins(self) -> Sequence[Account]:
        """Every active administrator, in the order of their ids."""
        return list(self._admins.rows(True))  # noqa: FBT003 - the group of those who govern.


class MemoryCredentials(MemoryRepository[AccountId, Credential]):
    """The credential of every account that can sign in."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "credential", lambda credential: credential.account_id)


class MemoryAttempts:
    """Attempts to sign in, by the digest of the address."""

    def __init__(self, transactions: Transactions) -> None:
        self._rows: Table[str, Attempts] = Table(transactions, "attempts", lambda attempts: attempts.address)
        self._by_age = self._rows.sorted(lambda attempts: (attempts.last_at,))

    def lock(self, address: str, at: datetime, /) -> Attempts:
        """Those for an address, none if it was never tried."""
        return self._rows.get(address) or Attempts.none(address, at)

    def save(self, attempts: Attempts, /) -> None:
        """Replace attempts."""
        self._rows.replace([attempts])

    def forget(self, before: datetime, /) -> int:
        """Drop those whose last one was before an instant; returns how many."""
        return self._rows.drop([each.address for each in list(self._by_age.rows()) if each.last_at < before])


class MemorySessions(MemoryRepository[SessionId, Session]):
    """Every session."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "session", lambda session: session.id)
        self._active = self.rows.sorted(
            lambda session: (-session.id.int,),
            by=lambda session: session.account_id if session.status is SessionStatus.ACTIVE else None,
        )
        self._by_end = self.rows.sorted(lambda session: (session.expires_at,))

    def of_account(self, account_id: AccountId, after: SessionId | None, limit: int, /) -> Sequence[Session]:
        """Up to `limit` sessions of an account that are active, expired or not, the latest id first, those after `after`."""
        return self._active.page(None if after is None else (-after.int,), limit, of=account_id)

    def lock_active(self, account_id: AccountId, /) -> Sequence[Session]:
        """Every active session of an account, in the order of their ids."""
        return list(self._active.rows(account_id))[::-1]

    def forget(self, before: datetime, /) -> int:
        """Drop the sessions that expired before an instant, whatever their status; returns how many."""
        return self.rows.drop([each.id for each in list(self._by_end.rows()) if each.expires_at < before])


class MemoryApiKeys(MemoryRepository[ApiKeyId, ApiKey]):
    """Every API key, revoked ones too."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "API key", lambda key: key.id)
        self._of_account = self.rows.sorted(
            lambda key: (-key.id.int,), by=lambda key: key.account_id if key.revoked_at is None else None
        )

    def of_account(self, account_id: AccountId, after: ApiKeyId | None, limit: int, /) -> Sequence[ApiKey]:
        """Up to `limit` keys of an account that are not revoked, the latest id first, those after `after`."""
        return self._of_account.page(None if after is None else (-after.int,), limit, of=account_id)


class MemoryLetters(MemoryRepository[LetterId, Letter]):
    """Every letter, of which the tokens are not kept."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "letter", lambda letter: letter.id)
        self._of_account = self.rows.sorted(
            lambda letter: (letter.id.int,), by=lambda letter: letter.account_id if _open(letter) else None
        )
        self._of_vendor = self.rows.sorted(
            lambda letter: (letter.id.int,), by=lambda letter: letter.vendor_id if _open(letter) else None
        )
        self._by_end = self.rows.sorted(lambda letter: (letter.expires_at,))

    def open_of_account(self, account_id: AccountId, /) -> Sequence[Letter]:
        """The open letters about an account, too old or not, in the order of their ids."""
        return list(self._of_account.rows(account_id))

    def open_of_vendor(self, vendor_id: VendorId, /) -> Sequence[Letter]:
        """The open invitations of a vendor, too old or not, in the order of their ids."""
        return list(self._of_vendor.rows(vendor_id))

    def forget(self, before: datetime, /) -> int:
        """Drop the letters that expired before an instant, whatever their status; returns how many."""
        return self.rows.drop([each.id for each in list(self._by_end.rows()) if each.expires_at < before])


def _open(letter: Letter) -> bool:
    return letter.status is LetterStatus.OPEN


class MemoryMemberships(MemoryRepository[MemberKey, Membership]):
    """Who is a member of which vendor."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "member", lambda member: (member.vendor_id, member.account_id))
        self._of_vendor = self.rows.sorted(lambda member: (member.account_id.int,), by=lambda member: member.vendor_id)
        self._of_account = self.rows.sorted(lambda member: (member.vendor_id.int,), by=lambda member: member.account_id)

    def of_vendor(self, vendor_id: VendorId, /) -> Sequence[Membership]:
        """The members of a vendor in the order of the accounts' ids."""
        return list(self._of_vendor.rows(vendor_id))

    def of_account(self, account_id: AccountId, /) -> Sequence[Membership]:
        """The memberships of an account in the order of the vendors' ids."""
        return list(self._of_account.rows(account_id))

    def remove(self, keys: Iterable[MemberKey], /) -> None:
        """Drop memberships; those that do not exist are passed over."""
        self.rows.drop(keys)


class MemoryAddresses(MemoryRepository[AddressId, Address]):
    """The postal addresses of every account."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "address", lambda address: address.id)
        self._of_account = self.rows.sorted(lambda address: (address.id.int,), by=lambda address: address.account_id)

    def of_account(self, account_id: AccountId, /) -> Sequence[Address]:
        """The addresses of an account in the order of their ids."""
        return list(self._of_account.rows(account_id))

    def remove(self, keys: Iterable[AddressId], /) -> None:
        """Drop addresses; those that do not exist are passed over."""
        self.rows.drop(keys)


class MemoryAuditTrail:
    """Every change of access."""

    def __init__(self, transactions: Transactions) -> None:
        self._rows: Table[int, AuditEntry] = Table(transactions, "audit entry", lambda entry: entry.number)
        self._latest = self._rows.sorted(lambda entry: (-entry.number,))
        self._of_subject = self._rows.sorted(lambda entry: (-entry.number,), by=lambda entry: entry.subject_id)
        self._numbers = Counter(transactions)

    def append(self, entries: Iterable[AuditEntry], /) -> None:
        """Keep entries, in this order."""
        fresh = list(entries)
        numbered = zip(self._numbers.take(len(fresh)), fresh, strict=True)
        self._rows.put(attrs.evolve(entry, number=number) for number, entry in numbered)

    def page(self, before: int | None, limit: int, /, subject_id: str | None = None) -> Sequence[AuditEntry]:
        """Up to `limit` entries, those with a smaller number than `before`, the latest first; about one subject if it is named."""
        after = None if before is None else (-before,)
        return self._latest.page(after, limit) if subject_id is None else self._of_subject.page(after, limit, of=subject_id)


class MemoryStandings:
    """What is read on every request."""

    def __init__(
        self, accounts: MemoryAccounts, memberships: MemoryMemberships, sessions: MemorySessions, keys: MemoryApiKeys
    ) -> None:
        self._accounts = accounts
        self._memberships = memberships
        self._sessions = sessions
        self._keys = keys

    def of_sessions(self, ids: Iterable[SessionId], /) -> Mapping[SessionId, SessionStanding]:
        """The standing of those of `ids` that exist, with an account."""
        sessions = self._sessions.find(ids)
        accounts = self._accounts.find({each.account_id for each in sessions.values()})
        return {
            key: SessionStanding(
                account_id=account.id,
                status=account.status,
                roles=account.roles,
                vendors={each.vendor_id: each.role for each in self._memberships.of_account(account.id)},
                session_status=session.status,
                expires_at=session.expires_at,
            )
            for key, session in sessions.items()
            if (account := accounts.get(session.account_id)) is not None
        }

    def of_keys(self, ids: Iterable[ApiKeyId], /) -> Mapping[ApiKeyId, KeyStanding]:
        """The standing of those of `ids` that exist, with an account."""
        keys = self._keys.find(ids)
        accounts = self._accounts.find({each.account_id for each in keys.values()})
        return {
            key_id: KeyStanding(
                account_id=account.id,
                status=account.status,
                roles=account.roles,
                vendors={each.vendor_id: each.role for each in self._memberships.of_account(account.id)},
                key=key,
            )
            for key_id, key in keys.items()
            if (account := accounts.get(key.account_id)) is not None
        }


class MemoryVendors(MemoryRepository[VendorId, Vendor]):
    """Every vendor."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "vendor", lambda vendor: vendor.id)
        self._by_payout_account = self.rows.sorted(
            lambda vendor: (vendor.id.int,), by=lambda vendor: vendor.payout_account and vendor.payout_account.reference
        )
        self._in_order = self.rows.sorted(lambda vendor: (vendor.id.int,))
        self._by_status = self.rows.sorted(lambda vendor: (vendor.id.int,), by=lambda vendor: vendor.status)

    def by_payout_account(self, references: Iterable[str], /) -> Mapping[str, VendorId]:
        """Which vendors have these accounts at the provider."""
        return {reference: vendor.id for reference in references for vendor in self._by_payout_account.rows(reference)}

    def page(self, after: VendorId | None, limit: int, /, status: VendorStatus | None = None) -> Sequence[Vendor]:
        """Up to `limit` vendors (of one status, if given) in the order of their ids, those after `after`."""
        place = None if after is None else (after.int,)
        return self._in_order.page(place, limit) if status is None else self._by_status.page(place, limit, of=status)

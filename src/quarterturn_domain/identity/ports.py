"""Where accounts, vendors and everything that says who may do what are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, TypeAlias

import attrs

from quarterturn_domain.identity.account import Account, AccountStatus
from quarterturn_domain.identity.address import Address
from quarterturn_domain.identity.api_key import ApiKey
from quarterturn_domain.identity.attempts import Attempts
from quarterturn_domain.identity.audit import AuditEntry
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.letter import Letter
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.role import Role, VendorRole
from quarterturn_domain.identity.session import Session, SessionStatus
from quarterturn_domain.identity.vendor import Vendor, VendorStatus
from quarterturn_domain.kernel.ids import AccountId, AddressId, ApiKeyId, LetterId, SessionId, VendorId
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.kernel.work import UnitOfWork

MemberKey: TypeAlias = tuple[VendorId, AccountId]
"""What a membership is known by."""


@attrs.frozen(kw_only=True)
class Wanted:
    """Which accounts a list shows: those whose address begins with `email`, with this role, with this status; None is any."""

    email: str | None = None
    role: Role | None = None
    status: AccountStatus | None = None

    def meets(self, account: Account) -> bool:
        """Whether an account is wanted."""
        return (
            (self.email is None or account.email.startswith(self.email))
            and (self.role is None or self.role in account.roles)
            and (self.status is None or account.status is self.status)
        )


EVERYBODY: Final = Wanted()
"""Accounts of whatever address, role and status."""


class Accounts(Repository[AccountId, Account], Protocol):
    """Every account; an e-mail address belongs to one of them, else `add` and `save` raise `Conflict`."""

    def by_email(self, email: str, /) -> Account | None:
        """The account with this address in lower case, if there is one."""
        ...

    def page(self, after: AccountId | None, limit: int, /, wanted: Wanted = EVERYBODY) -> Sequence[Account]:
        """Up to `limit` of the accounts that are wanted, in the order of their ids, those after `after`."""
        ...

    def admins(self) -> Sequence[Account]:
        """Every active administrator, locked in the order of their ids until the transaction ends."""
        ...


class Credentials(Repository[AccountId, Credential], Protocol):
    """The credential of every account that can sign in, by the account."""


class AllAttempts(Protocol):
    """Attempts to sign in, by the digest of the address."""

    def lock(self, address: str, at: datetime, /) -> Attempts:
        """Those for an address, none if it was never tried; whoever else wants them waits until the transaction ends."""
        ...

    def save(self, attempts: Attempts, /) -> None:
        """Replace attempts that were locked in this transaction."""
        ...

    def forget(self, before: datetime, /) -> int:
        """Drop those whose last one was before an instant; returns how many."""
        ...


class Sessions(Repository[SessionId, Session], Protocol):
    """Every session."""

    def of_account(self, account_id: AccountId, after: SessionId | None, limit: int, /) -> Sequence[Session]:
        """Up to `limit` sessions of an account that are active, expired or not, the latest id first, those after `after`."""
        ...

    def lock_active(self, account_id: AccountId, /) -> Sequence[Session]:
        """Every active session of an account, locked in the order of their ids until the transaction ends."""
        ...

    def forget(self, before: datetime, /) -> int:
        """Drop the sessions that expired before an instant, whatever their status; returns how many."""
        ...


class ApiKeys(Repository[ApiKeyId, ApiKey], Protocol):
    """Every API key, revoked ones too."""

    def of_account(self, account_id: AccountId, after: ApiKeyId | None, limit: int, /) -> Sequence[ApiKey]:
        """Up to `limit` keys of an account that are not revoked, the latest id first, those after `after`."""
        ...


class Memberships(Repository[MemberKey, Membership], Protocol):
    """Who is a member of which vendor."""

    def of_vendor(self, vendor_id: VendorId, /) -> Sequence[Membership]:
        """The members of a vendor in the order of the accounts' ids. Who changes them has locked the vendor."""
        ...

    def of_account(self, account_id: AccountId, /) -> Sequence[Membership]:
        """The memberships of an account in the order of the vendors' ids."""
        ...

    def remove(self, keys: Iterable[MemberKey], /) -> None:
        """Drop memberships; those that do not exist are passed over."""
        ...


class Letters(Repository[LetterId, Letter], Protocol):
    """Every letter, of which the tokens are not kept."""

    def open_of_account(self, account_id: AccountId, /) -> Sequence[Letter]:
        """The open letters about an account, too old or not, in the order of their ids. Who writes them has locked the account."""
        ...

    def open_of_vendor(self, vendor_id: VendorId, /) -> Sequence[Letter]:
        """The open invitations of a vendor, too old or not, in the order of their ids. Who writes them has locked the vendor."""
        ...

    def forget(self, before: datetime, /) -> int:
        """Drop the letters that expired before an instant, whatever their status; returns how many."""
        ...


class Addresses(Repository[AddressId, Address], Protocol):
    """The postal addresses of every account."""

    def of_account(self, account_id: AccountId, /) -> Sequence[Address]:
        """The addresses of an account in the order of their ids. Who changes them has locked the account."""
        ...

    def remove(self, keys: Iterable[AddressId], /) -> None:
        """Drop addresses; those that do not exist are passed over."""
        ...


class AuditTrail(Protocol):
    """Every change of access, append-only."""

    def append(self, entries: Iterable[AuditEntry], /) -> None:
        """Keep entries, in this order."""
        ...

    def page(self, before: int | None, limit: int, /, subject_id: str | None = None) -> Sequence[AuditEntry]:
        """Up to `limit` entries, those with a smaller number than `before`, the latest first; about one subject if it is named."""
        ...


@attrs.frozen(kw_only=True)
class Standing:
    """Everything about an account that decides whether it may ask, in one reading."""

    account_id: AccountId
    status: AccountStatus
    roles: frozenset[Role]
    vendors: Mapping[VendorId, VendorRole]


@attrs.frozen(kw_only=True)
class SessionStanding(Standing):
    """The same, for one of its sessions."""

    session_status: SessionStatus
    expires_at: datetime


@attrs.frozen(kw_only=True)
class KeyStanding(Standing):
    """The same, for one of its API keys."""

    key: ApiKey


class Standings(Protocol):
    """What is read on every request: many at once, in one query and without a lock."""

    def of_sessions(self, ids: Iterable[SessionId], /) -> Mapping[SessionId, SessionStanding]:
        """The standing of those of `ids` that exist, with an account."""
        ...

    def of_keys(self, ids: Iterable[ApiKeyId], /) -> Mapping[ApiKeyId, KeyStanding]:
        """The standing of those of `ids` that exist, with an account."""
        ...


class Vendors(Repository[VendorId, Vendor], Protocol):
    """Every vendor."""

    def by_payout_account(self, references: Iterable[str], /) -> Mapping[str, VendorId]:
        """Which vendors have these accounts at the provider, by reference; no lock."""
        ...

    def page(self, after: VendorId | None, limit: int, /, status: VendorStatus | None = None) -> Sequence[Vendor]:
        """Up to `limit` vendors (of one status, if given) in the order of their ids, those after `after`."""
        ...


class IdentityWork(UnitOfWork, Protocol):
    """A unit of work that reaches accounts, vendors and what they may do."""

    @property
    def accounts(self) -> Accounts:
        """The accounts."""
        ...

    @property
    def credentials(self) -> Credentials:
        """What they sign in with."""
        ...

    @property
    def attempts(self) -> AllAttempts:
        """Attempts to sign in."""
        ...

    @property
    def sessions(self) -> Sessions:
        """The sessions."""
        ...

    @property
    def api_keys(self) -> ApiKeys:
        """The API keys."""
        ...

    @property
    def letters(self) -> Letters:
        """The letters."""
        ...

    @property
    def memberships(self) -> Memberships:
        """Who is a member of which vendor."""
        ...

    @property
    def standings(self) -> Standings:
        """What is read on every request."""
        ...

    @property
    def addresses(self) -> Addresses:
        """The postal addresses."""
        ...

    @property
    def audit(self) -> AuditTrail:
        """Every change of access."""
        ...

    @property
    def vendors(self) -> Vendors:
        """The vendors."""
        ...

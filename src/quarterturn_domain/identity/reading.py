"""Reading accounts: what a person may see of themselves, and the platform of everybody."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.identity.account import Account, email_address
from quarterturn_domain.identity.address import Address
from quarterturn_domain.identity.api_key import ApiKey
from quarterturn_domain.identity.audit import AuditEntry
from quarterturn_domain.identity.letter import Letter
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.ports import IdentityWork, Wanted
from quarterturn_domain.identity.session import Session
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import AccountId, AddressId, ApiKeyId, SessionId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


class ReadAccounts:
    """Answers who there is; who asks for what is somebody else's hears that there is no such thing."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def account(self, account_id: AccountId) -> Account:
        """An account; raises `NotFound`."""
        with self._work() as work:
            return required(work.accounts.find([account_id]), account_id, "account")

    def account_of(self, email: str) -> Account:
        """The account with this address, however it is written, for who may name it; raises `NotFound` or `Invalid`."""
        address = email_address(email)
        with self._work() as work:
            found = work.accounts.by_email(address)
        if found is None:
            raise NotFound("account", address)
        return found

    def page(self, after: AccountId | None, limit: int, *, wanted: Wanted | None = None) -> Sequence[Account]:
        """Up to `limit` accounts, for the platform, in the order of their ids, those after `after`."""
        with self._work() as work:
            return work.accounts.page(after, limit, wanted or Wanted())

    def sessions_of(self, account_id: AccountId, after: SessionId | None, limit: int) -> Sequence[Session]:
        """Up to `limit` sessions of an account that are active, the latest id first, those after `after`."""
        with self._work() as work:
            return work.sessions.of_account(account_id, after, limit)

    def keys_of(self, account_id: AccountId, after: ApiKeyId | None, limit: int) -> Sequence[ApiKey]:
        """Up to `limit` API keys of an account that are not revoked, the latest id first, those after `after`."""
        with self._work() as work:
            return work.api_keys.of_account(account_id, after, limit)

    def addresses_of(self, account_id: AccountId) -> Sequence[Address]:
        """The addresses of an account in the order of their ids."""
        with self._work() as work:
            return work.addresses.of_account(account_id)

    def address_of(self, account_id: AccountId, address_id: AddressId) -> Address:
        """An address of this account; raises `NotFound`, also for another one's."""
        with self._work() as work:
            address = required(work.addresses.find([address_id]), address_id, "address")
        if address.account_id != account_id:
            raise NotFound("address", str(address_id))
        return address

    def memberships_of(self, account_id: AccountId) -> Sequence[Membership]:
        """For which vendors an account works, in the order of the vendors' ids."""
        with self._work() as work:
            return work.memberships.of_account(account_id)

    def members_of(self, vendor_id: VendorId) -> Sequence[tuple[Membership, Account]]:
        """Who works for a vendor, in the order of the accounts' ids."""
        with self._work() as work:
            members = work.memberships.of_vendor(vendor_id)
            accounts = work.accounts.find([member.account_id for member in members])
        return [(member, accounts[member.account_id]) for member in members]

    def invitations_of(self, vendor_id: VendorId) -> Sequence[Letter]:
        """Whom a vendor has asked to work for it, who has not answered yet: too late for some."""
        with self._work() as work:
            return work.letters.open_of_vendor(vendor_id)

    def audit(self, before: int | None, limit: int, *, subject_id: str | None = None) -> Sequence[AuditEntry]:
        """Up to `limit` entries of the audit trail, for the platform, the latest first, those numbered below `before`."""
        with self._work() as work:
            return work.audit.page(before, limit, subject_id)

"""Accounts and vendors, kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_adapters.codec import dumps
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row
from quarterturn_adapters.postgres.tables.identity import ACCOUNTS, VENDORS
from quarterturn_domain.identity.account import Account, AccountStatus
from quarterturn_domain.identity.vendor import PayoutAccount, Vendor, VendorStatus
from quarterturn_domain.kernel.ids import AccountId, VendorId


class PostgresAccounts(PostgresRepository[AccountId, Account]):
    """Every account, one for each e-mail address."""

    writing = Writing.of(ACCOUNTS)

    @staticmethod
    def key(value: Account) -> AccountId:
        """The account's id."""
        return value.id

    @staticmethod
    def row(value: Account) -> Row:
        """An account as a row."""
        return (value.id, value.email, value.name, value.status, value.registered_at)

    @staticmethod
    def value(row: Row) -> Account:
        """A row as an account."""
        account_id, email, name, status, registered_at = row
        return Account(account_id, email, name, AccountStatus(status), registered_at)

    def by_email(self, email: str, /) -> Account | None:
        """The account with this address in lower case, if there is one."""
        return next(iter(self.select("WHERE email = %s", email)), None)


class PostgresVendors(PostgresRepository[VendorId, Vendor]):
    """Every vendor."""

    writing = Writing.of(VENDORS)

    @staticmethod
    def key(value: Vendor) -> VendorId:
        """The vendor's id."""
        return value.id

    @staticmethod
    def row(value: Vendor) -> Row:
        """A vendor as a row."""
        account = value.payout_account
        payout = ("", False, ()) if account is None else (account.reference, account.ready, account.requirements)
        reference, ready, requirements = payout
        named = None if account is None else reference
        identity = (value.id, value.owner_id, value.name, value.country, value.status, value.applied_at)
        return (*identity, named, ready, dumps(requirements))

    @staticmethod
    def value(row: Row) -> Vendor:
        """A row as a vendor."""
        vendor_id, owner_id, name, country, status, applied_at, reference, ready, requirements = row
        account = None if reference is None else PayoutAccount(reference, ready, tuple(requirements))
        return Vendor(vendor_id, owner_id, name, country, VendorStatus(status), applied_at, account)

    def page(self, after: VendorId | None, limit: int, /) -> Sequence[Vendor]:
        """Up to `limit` vendors in the order of their ids, those after `after`."""
        if after is None:
            return self.select("ORDER BY id LIMIT %s", limit)
        return self.select("WHERE id > %s ORDER BY id LIMIT %s", after, limit)

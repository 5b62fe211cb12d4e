"""Accounts and vendors, kept in PostgreSQL; what they may do is in `access`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quarterturn_adapters.codec import dumps
from quarterturn_adapters.postgres.arrays import texts
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row
from quarterturn_adapters.postgres.tables.identity import ACCOUNTS, VENDORS
from quarterturn_domain.identity.account import Account, AccountStatus
from quarterturn_domain.identity.ports import EVERYBODY, Wanted
from quarterturn_domain.identity.role import Role
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
        return (value.id, value.email, value.name, value.status, value.registered_at, dumps(sorted(value.roles)))

    @staticmethod
    def value(row: Row) -> Account:
        """A row as an account."""
        account_id, email, name, status, registered_at, roles = row
        return Account(account_id, email, name, AccountStatus(status), registered_at, frozenset(map(Role, roles)))

    def by_email(self, email: str, /) -> Account | None:
        """The account with this address in lower case, if there is one."""
        return next(iter(self.select("WHERE email = %s", email)), None)

    def page(self, after: AccountId | None, limit: int, /, wanted: Wanted = EVERYBODY) -> Sequence[Account]:
        """Up to `limit` of the accounts that are wanted, in the order of their ids, those after `after`."""
        conditions: list[tuple[str, tuple[Any, ...]]] = []
        if after is not None:
            conditions.append(("id > %s", (after,)))
        if wanted.email is not None:
            # A range of the index, which is in the order of bytes: nothing in UTF-8 comes after U+10FFFF.
            conditions.append(("email >= %s AND email < %s", (wanted.email, f"{wanted.email}\U0010ffff")))
        if wanted.role is not None:
            # Words of our own, spelled out so that the partial index is found.
            conditions.append((f"roles @> '[\"{wanted.role.value}\"]'::jsonb", ()))
        if wanted.status is not None:
            conditions.append((f"status = '{wanted.status.value}'", ()))
        where = " AND ".join(condition for condition, _ in conditions) or "true"
        parameters = [each for _, given in conditions for each in given]
        return self.select(f"WHERE {where} ORDER BY id LIMIT %s", *parameters, limit)

    def admins(self) -> Sequence[Account]:
        """Every active administrator, locked in the order of their ids until the transaction ends."""
        return self.select("WHERE roles @> '[\"admin\"]'::jsonb AND status = 'active' ORDER BY id FOR UPDATE")


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

    def by_payout_account(self, references: Iterable[str], /) -> Mapping[str, VendorId]:
        """Which vendors have these accounts at the provider; no lock."""
        wanted = list(dict.fromkeys(references))
        if not wanted:
            return {}
        sql = "SELECT payout_reference, id FROM vendors WHERE payout_reference = ANY(%s::text[])"
        return dict(self._statements.rows(sql, texts(wanted)))

    def page(self, after: VendorId | None, limit: int, /, status: VendorStatus | None = None) -> Sequence[Vendor]:
        """Up to `limit` vendors (of one status, if given) in the order of their ids, those after `after`."""
        wanted = {"status = %s": status, "id > %s": after}
        given = {condition: value for condition, value in wanted.items() if value is not None}
        where = f"WHERE {' AND '.join(given)} " if given else ""
        return self.select(f"{where}ORDER BY id LIMIT %s", *given.values(), limit)

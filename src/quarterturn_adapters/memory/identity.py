"""Accounts and vendors, kept in memory."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Transactions
from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.vendor import Vendor
from quarterturn_domain.kernel.ids import AccountId, VendorId


class MemoryAccounts(MemoryRepository[AccountId, Account]):
    """Every account, one for each e-mail address."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "account", lambda account: account.id)
        self._by_email = self.rows.unique(lambda account: account.email, "this e-mail address has an account")

    def by_email(self, email: str, /) -> Account | None:
        """The account with this address in lower case, if there is one."""
        return self._by_email.get(email)


class MemoryVendors(MemoryRepository[VendorId, Vendor]):
    """Every vendor."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "vendor", lambda vendor: vendor.id)
        self._in_order = self.rows.sorted(lambda vendor: (vendor.id.int,))

    def page(self, after: VendorId | None, limit: int, /) -> Sequence[Vendor]:
        """Up to `limit` vendors in the order of their ids, those after `after`."""
        return self._in_order.page(None if after is None else (after.int,), limit)

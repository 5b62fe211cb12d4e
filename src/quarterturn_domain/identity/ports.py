"""Where accounts and vendors are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.vendor import Vendor
from quarterturn_domain.kernel.ids import AccountId, VendorId
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.kernel.work import UnitOfWork


class Accounts(Repository[AccountId, Account], Protocol):
    """Every account; an e-mail address belongs to one of them, else `add` and `save` raise `Conflict`."""

    def by_email(self, email: str, /) -> Account | None:
        """The account with this address in lower case, if there is one."""
        ...


class Vendors(Repository[VendorId, Vendor], Protocol):
    """Every vendor."""

    def page(self, after: VendorId | None, limit: int, /) -> Sequence[Vendor]:
        """Up to `limit` vendors in the order of their ids, those after `after`."""
        ...


class IdentityWork(UnitOfWork, Protocol):
    """A unit of work that reaches accounts and vendors."""

    @property
    def accounts(self) -> Accounts:
        """The accounts."""
        ...

    @property
    def vendors(self) -> Vendors:
        """The vendors."""
        ...

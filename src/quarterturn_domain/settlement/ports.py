"""Where the journal and the earnings are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.settlement.chain import Seal
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.journal import Booked, Entry

Moment: TypeAlias = tuple[datetime, int]
"""Where a page of entries that are in the order of time goes on: the instant and the number of the last entry before."""

AccountPlace: TypeAlias = tuple[LedgerAccount, str]
"""Where a page of balances goes on: the account and the currency code of the last one before."""


class Journal(Protocol):
    """Every entry, append-only; balances are sums of postings."""

    def append(self, entries: Iterable[Entry], /) -> None:
        """Book entries, in this order; raises `Conflict` when a fact is booked already, and then books none."""
        ...

    def booked(self, facts: Iterable[str], /) -> frozenset[str]:
        """Those of `facts` that are booked."""
        ...

    def of_facts(self, facts: Iterable[str], /) -> Mapping[str, Booked]:
        """The entries of those of `facts` that are booked."""
        ...

    def between(self, since: datetime, until: datetime, after: int, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries with `since <= at < until` in the order of their numbers, those numbered above `after`."""
        ...

    def balances(self, accounts: Iterable[LedgerAccount], /) -> Mapping[tuple[LedgerAccount, Currency], Money]:
        """The balances of these accounts in every currency that was ever posted to them."""
        ...

    def totals(self) -> Mapping[tuple[AccountKind, Currency], Money]:
        """The trial balance: the sum over all accounts of each kind, by currency; they sum to zero in each."""
        ...

    def owing(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[tuple[VendorId, Money]]:
        """Up to `limit` vendors' available balances that are not zero, as the vendor sees them (positive is the vendor's money).

        In the order of (vendor, currency code), those after `after`.
        """
        ...

    def owed(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[tuple[VendorId, Money]]:
        """Of `owing` only what vendors owe: the negative balances, in the same order."""
        ...

    def entries(self, after: int, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries in the order of their numbers, those numbered above `after`."""
        ...

    def of_order(self, order_id: OrderId, /) -> Sequence[Booked]:
        """The entries of one order, in the order of their numbers."""
        ...

    def orders(self, order_ids: Iterable[OrderId], /) -> frozenset[OrderId]:
        """Those of these orders that have an entry."""
        ...

    def latest(self, before: int | None, limit: int, /, kind: AccountKind | None = None) -> Sequence[Booked]:
        """Up to `limit` entries (with a posting to an account of this kind, if given), the last first, numbered below `before`."""
        ...

    def of_vendor(
        self, vendor_id: VendorId, since: datetime, until: datetime, after: Moment | None, limit: int, /
    ) -> Sequence[Booked]:
        """Up to `limit` entries with a posting to an account of this vendor and `since <= at < until`.

        In the order of time, and of their numbers where it is the same, those after `after`.
        """
        ...

    def latest_of_vendor(self, vendor_id: VendorId, after: Moment | None, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries with a posting to an account of this vendor, against the order of time, those after `after`."""
        ...

    def accounts(
        self, after: AccountPlace | None, limit: int, /, kind: AccountKind | None = None
    ) -> Sequence[tuple[LedgerAccount, Money]]:
        """Up to `limit` balances of all accounts (of one kind, if given), each in every currency that was ever posted to it.

        Those of the platform first, then those of vendors; each by kind, vendor and currency code.
        """
        ...

    def vendor_balance(self, vendor_id: VendorId, currency: Currency, before: datetime, /) -> Money:
        """What was the vendor's (pending, available and reserve; positive is the vendor's money) before an instant."""
        ...

    def unsealed(self, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries without a seal, in the order of their numbers; one sealer at a time, others wait."""
        ...

    def last_seal(self) -> Seal | None:
        """The end of the chain."""
        ...

    def seal(self, seals: Iterable[Seal], /) -> None:
        """Keep seals, in order."""
        ...

    def chain(self, after: int, limit: int, /) -> Sequence[tuple[Seal, Entry]]:
        """Up to `limit` seals with their entries in the order of their positions, those above `after`."""
        ...


class Earnings(Repository[tuple[OrderId, VendorId], Earning], Protocol):
    """What each vendor earned with each vendor order."""

    def due(self, at: datetime, limit: int, /) -> Sequence[Earning]:
        """Up to `limit` unreleased earnings that can be released at `at`, the longest due first.

        Locked, those locked by others left out.
        """
        ...

    def reserves_due(self, at: datetime, limit: int, /) -> Sequence[Earning]:
        """Up to `limit` earnings of which the reserve can be released at `at`; locked, those locked by others left out."""
        ...

    def reserved_of(self, vendor_id: VendorId, currency: Currency, /) -> Sequence[Earning]:
        """A vendor's earnings of which something is kept in reserve, the soonest to be released first; locked."""
        ...


class SettlementWork(PaymentsWork, Protocol):
    """A unit of work that reaches the books."""

    @property
    def journal(self) -> Journal:
        """The journal."""
        ...

    @property
    def earnings(self) -> Earnings:
        """The earnings."""
        ...

"""The journal and the earnings, kept in memory; every balance is kept up with its postings, so that reading one adds up nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice, takewhile
from uuid import UUID

import attrs

from quarterturn_adapters.memory.indexes import EVERY, Sorted, latest_first
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Counter, Table, Transactions
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chain import Seal
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind, LedgerAccount
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.journal import Booked, Entry, EntryKind
from quarterturn_domain.settlement.ports import AccountPlace, Moment


@attrs.frozen
class _Balance:
    """The sum of the postings to an account in one currency."""

    account: LedgerAccount
    amount: Money


@attrs.frozen
class _Touch:
    """That an entry has a posting to an account of a vendor."""

    number: int
    vendor_id: VendorId
    at: datetime


class MemoryJournal:
    """Every entry, append-only, with what follows from it."""

    def __init__(self, transactions: Transactions) -> None:
        self._numbers = Counter(transactions)
        self._entries: Table[int, Booked] = Table(transactions, "journal entry", lambda booked: booked.number)
        self._by_fact = self._entries.unique(lambda booked: booked.entry.fact, "it is booked already")
        self._by_order = self._entries.sorted(lambda booked: (booked.number,), by=lambda booked: booked.entry.order_id)
        self._captures = self._entries.sorted(
            lambda booked: (booked.entry.at, booked.number),
            by=lambda booked: EVERY if booked.entry.kind is EntryKind.CAPTURE else None,
        )
        self._balances: Table[tuple[LedgerAccount, Currency], _Balance] = Table(
            transactions, "balance", lambda balance: (balance.account, balance.amount.currency)
        )
        self._by_account = self._balances.grouped(lambda balance: balance.account)
        self._in_order = self._balances.sorted(_account)
        self._by_kind = self._balances.sorted(_account, by=lambda balance: balance.account.kind)
        self._owing = self._balances.sorted(_place, by=lambda balance: EVERY if _is_owing(balance) else None)
        self._owed = self._balances.sorted(
            _place, by=lambda balance: EVERY if _is_owing(balance) and balance.amount.minor > 0 else None
        )
        self._touches: Table[tuple[int, VendorId], _Touch] = Table(
            transactions, "journal entry of a vendor", lambda touch: (touch.number, touch.vendor_id)
        )
        self._by_vendor = self._touches.sorted(lambda touch: (touch.at, touch.number), by=lambda touch: touch.vendor_id)
        self._latest_of = self._touches.sorted(
            lambda touch: latest_first(touch.at, UUID(int=touch.number)), by=lambda touch: touch.vendor_id
        )
        self._unsealed: Table[int, int] = Table(transactions, "journal entry without a seal", lambda number: number)
        self._waiting = self._unsealed.sorted(lambda number: (number,))
        self._seals: Table[int, Seal] = Table(transactions, "seal", lambda seal: seal.position)
        self._seals.unique(lambda seal: seal.number, "the entry is sealed already")
        self._chain = self._seals.sorted(lambda seal: (seal.position,))
        self._newest_first = self._seals.sorted(lambda seal: (-seal.position,))

    def append(self, entries: Iterable[Entry], /) -> None:
        """Book entries, in this order; raises `Conflict` when a fact is booked already, and then books none."""
        fresh = list(entries)
        booked = list(map(Booked, self._numbers.following(len(fresh)), fresh))
        self._entries.add(booked)
        self._numbers.take(len(booked))
        self._unsealed.put(each.number for each in booked)
        self._touches.put(
            _Touch(each.number, vendor_id, each.entry.at)
            for each in booked
            for vendor_id in {posting.account.vendor_id for posting in each.entry.postings}
            if vendor_id is not None
        )
        self._post(fresh)

    def booked(self, facts: Iterable[str], /) -> frozenset[str]:
        """Those of `facts` that are booked."""
        return frozenset(booked.entry.fact for booked in self._by_fact.find(facts))

    def of_facts(self, facts: Iterable[str], /) -> Mapping[str, Booked]:
        """The entries of those of `facts` that are booked."""
        return {booked.entry.fact: booked for booked in self._by_fact.find(facts)}

    def between(self, since: datetime, until: datetime, after: int, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries with `since <= at < until` in the order of their numbers, those numbered above `after`."""
        # Numbers have no gaps.
        later = (self._entries.get(number) for number in range(after + 1, self._numbers.last + 1))
        within = (booked for booked in later if booked is not None and since <= booked.entry.at < until)
        return list(islice(within, limit))

    def balances(self, accounts: Iterable[LedgerAccount], /) -> Mapping[tuple[LedgerAccount, Currency], Money]:
        """The balances of these accounts in every currency that was ever posted to them."""
        return {
            (account, balance.amount.currency): balance.amount for account in accounts for balance in self._by_account.of(account)
        }

    def totals(self) -> Mapping[tuple[AccountKind, Currency], Money]:
        """The trial balance: the sum over all accounts of each kind, by currency."""
        sums: dict[tuple[AccountKind, Currency], Money] = {}
        for (account, currency), balance in self._balances.all().items():
            sums[account.kind, currency] = sums.get((account.kind, currency), Money.zero(currency)) + balance.amount
        return sums

    def owing(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[tuple[VendorId, Money]]:
        """Up to `limit` vendors' available balances that are not zero, as the vendor sees them, by vendor and currency code."""
        return _seen(self._owing, after, limit)

    def owed(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[tuple[VendorId, Money]]:
        """Of `owing` only what vendors owe: the negative balances, in the same order."""
        return _seen(self._owed, after, limit)

    def entries(self, after: int, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries in the order of their numbers, those numbered above `after`."""
        # Numbers have no gaps.
        return list(self._entries.find(range(after + 1, min(after + limit, self._numbers.last) + 1)).values())

    def of_order(self, order_id: OrderId, /) -> Sequence[Booked]:
        """The entries of one order, in the order of their numbers."""
        return list(self._by_order.rows(order_id))

    def orders(self, order_ids: Iterable[OrderId], /) -> frozenset[OrderId]:
        """Those of these orders that have an entry."""
        return frozenset(order_id for order_id in order_ids if any(True for _ in self._by_order.rows(order_id)))

    def latest(self, before: int | None, limit: int, /, kind: AccountKind | None = None) -> Sequence[Booked]:
        """Up to `limit` entries (with a posting to an account of this kind, if given), the last first, numbered below `before`."""
        numbers = range(self._numbers.last if before is None else min(before - 1, self._numbers.last), 0, -1)
        entries = (booked for number in numbers if (booked := self._entries.get(number)) is not None)
        touching = (each for each in entries if kind is None or any(part.account.kind is kind for part in each.entry.postings))
        return list(islice(touching, limit))

    def of_vendor(
        self, vendor_id: VendorId, since: datetime, until: datetime, after: Moment | None, limit: int, /
    ) -> Sequence[Booked]:
        """Up to `limit` entries with a posting to an account of this vendor and `since <= at < until`, in the order of time."""
        following = self._by_vendor.following(after, of=vendor_id, since=(since,))
        within = takewhile(lambda touch: touch.at < until, following)
        return list(self._entries.find(touch.number for touch in islice(within, limit)).values())

    def latest_of_vendor(self, vendor_id: VendorId, after: Moment | None, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries with a posting to an account of this vendor, against the order of time, those after `after`."""
        place = None if after is None else latest_first(after[0], UUID(int=after[1]))
        return list(self._entries.find(touch.number for touch in self._latest_of.page(place, limit, of=vendor_id)).values())

    def accounts(
        self, after: AccountPlace | None, limit: int, /, kind: AccountKind | None = None
    ) -> Sequence[tuple[LedgerAccount, Money]]:
        """Up to `limit` balances of all accounts, those of the platform first; each by kind, vendor and currency code."""
        place = None if after is None else _account_place(*after)
        page = self._in_order.page(place, limit) if kind is None else self._by_kind.page(place, limit, of=kind)
        return [(balance.account, balance.amount) for balance in page]

    def captured(self, since: datetime, until: datetime) -> Iterator[Booked]:
        """The entries that book captures with `since <= at < until`, in the order of time."""
        return takewhile(lambda booked: booked.entry.at < until, self._captures.rows(since=(since,)))

    def vendor_balance(self, vendor_id: VendorId, currency: Currency, before: datetime, /) -> Money:
        """What was the vendor's before an instant; positive is the vendor's money."""
        earlier = takewhile(lambda touch: touch.at < before, self._by_vendor.rows(vendor_id))
        owed = sum(
            posting.amount.minor
            for booked in self._entries.find(touch.number for touch in earlier).values()
            for posting in booked.entry.postings
            if posting.amount.currency is currency
            and posting.account.vendor_id == vendor_id
            and posting.account.kind in OF_A_VENDOR
        )
        return Money(-owed, currency)

    def unsealed(self, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries without a seal, in the order of their numbers."""
        return list(self._entries.find(self._waiting.page(None, limit)).values())

    def last_seal(self) -> Seal | None:
        """The end of the chain."""
        return next(self._newest_first.rows(), None)

    def seal(self, seals: Iterable[Seal], /) -> None:
        """Keep seals, in order; raises `Conflict` when a place is taken or an entry sealed already."""
        fresh = list(seals)
        self._seals.add(fresh)
        self._unsealed.drop(each.number for each in fresh)

    def chain(self, after: int, limit: int, /) -> Sequence[tuple[Seal, Entry]]:
        """Up to `limit` seals with their entries in the order of their positions, those above `after`."""
        seals = self._chain.page((after,), limit)
        entries = self._entries.find(each.number for each in seals)
        return [(each, entries[each.number].entry) for each in seals]

    def _post(self, entries: Iterable[Entry]) -> None:
        sums: dict[tuple[LedgerAccount, Currency], int] = {}
        for entry in entries:
            for posting in entry.postings:
                key = (posting.account, posting.amount.currency)
                sums[key] = sums.get(key, 0) + posting.amount.minor
        before = self._balances.find(sums)
        self._balances.put(
            _Balance(
                account, Money(minor + (before[account, currency].amount.minor if (account, currency) in before else 0), currency)
            )
            for (account, currency), minor in sums.items()
        )


class MemoryEarnings(MemoryRepository[tuple[OrderId, VendorId], Earning]):
    """What each vendor earned with each vendor order."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "earning", lambda earning: earning.key)
        self._due = self.rows.sorted(
            lambda earning: (earning.due_at, earning.order_id.int, earning.vendor_id.int),
            by=lambda earning: EVERY if earning.due_at is not None and earning.released_at is None else None,
        )
        self._reserves = self.rows.sorted(_by_reserve, by=lambda earning: EVERY if _keeps(earning) else None)
        self._reserves_of = self.rows.sorted(
            _by_reserve, by=lambda earning: (earning.vendor_id, earning.reserved.currency) if _keeps(earning) else None
        )

    def due(self, at: datetime, limit: int, /) -> Sequence[Earning]:
        """Up to `limit` unreleased earnings that can be released at `at`, the longest due first."""
        due = takewhile(lambda earning: earning.due_at is not None and earning.due_at <= at, self._due.rows())
        return list(islice(due, limit))

    def reserves_due(self, at: datetime, limit: int, /) -> Sequence[Earning]:
        """Up to `limit` earnings of which the reserve can be released at `at`, the longest due first."""
        due = takewhile(lambda earning: earning.reserve_until is not None and earning.reserve_until <= at, self._reserves.rows())
        return list(islice(due, limit))

    def reserved_of(self, vendor_id: VendorId, currency: Currency, /) -> Sequence[Earning]:
        """A vendor's earnings of which something is kept in reserve, the soonest to be released first."""
        return list(self._reserves_of.rows((vendor_id, currency)))


def _keeps(earning: Earning) -> bool:
    return bool(earning.reserved) and earning.reserve_until is not None


def _by_reserve(earning: Earning) -> tuple[datetime | None, int, int]:
    return (earning.reserve_until, earning.order_id.int, earning.vendor_id.int)


def _seen(
    balances: Sorted[tuple[LedgerAccount, Currency], _Balance], after: tuple[VendorId, str] | None, limit: int
) -> Sequence[tuple[VendorId, Money]]:
    """A page of vendors' balances, as the vendor sees them."""
    place = None if after is None else (after[0].int, after[1])
    return [
        (balance.account.vendor_id, -balance.amount)
        for balance in balances.page(place, limit)
        if balance.account.vendor_id is not None
    ]


def _is_owing(balance: _Balance) -> bool:
    return balance.account.kind is AccountKind.VENDOR_AVAILABLE and balance.account.vendor_id is not None and bool(balance.amount)


def _account(balance: _Balance) -> tuple[bool, str, int, str]:
    return _account_place(balance.account, balance.amount.currency.code)


def _account_place(account: LedgerAccount, code: str) -> tuple[bool, str, int, str]:
    vendor_id = account.vendor_id
    return (vendor_id is not None, account.kind.value, 0 if vendor_id is None else vendor_id.int, code)


def _place(balance: _Balance) -> tuple[int, str]:
    assert balance.account.vendor_id is not None
    return (balance.account.vendor_id.int, balance.amount.currency.code)

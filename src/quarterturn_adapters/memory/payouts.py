"""Payout terms, payouts and debts, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from quarterturn_adapters.memory.indexes import EVERY, latest_first
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.payouts.payout import Payout, PayoutStatus
from quarterturn_domain.payouts.recovery import Debt
from quarterturn_domain.payouts.schedule import PayoutTerms

_OPEN: Final = frozenset({PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN, PayoutStatus.SENT})


class MemoryPayoutTerms:
    """The terms of every vendor."""

    def __init__(self, transactions: Transactions) -> None:
        self._terms: Table[VendorId | None, PayoutTerms] = Table(transactions, "payout terms", lambda terms: terms.vendor_id)

    def of(self, vendor_ids: Iterable[VendorId], /) -> Mapping[VendorId, PayoutTerms]:
        """The terms of each of these vendors: its own, else those of all vendors, else `PayoutTerms()`."""
        wanted = list(vendor_ids)
        for_all = self._terms.get(None) or PayoutTerms()
        own = self._terms.find(wanted)
        return {vendor_id: own.get(vendor_id, for_all) for vendor_id in wanted}

    def set(self, terms: PayoutTerms, /) -> None:
        """Put terms in force, for their vendor or for all."""
        self._terms.put([terms])


class MemoryPayouts(MemoryRepository[PayoutId, Payout]):
    """Every payout."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "payout", lambda payout: payout.id)
        self._open = self.rows.sorted(_by_id, by=lambda payout: EVERY if payout.status in _OPEN else None)
        self._by_vendor = self.rows.sorted(_by_id, by=lambda payout: payout.vendor_id)
        self._by_reference = self.rows.sorted(_by_id, by=lambda payout: payout.reference)
        self._by_transfer = self.rows.sorted(_by_id, by=lambda payout: payout.transfer)
        self._latest = self.rows.sorted(_scheduled)
        self._by_status = self.rows.sorted(_scheduled, by=lambda payout: payout.status)
        self._latest_of = self.rows.sorted(_scheduled, by=lambda payout: payout.vendor_id)
        self._by_vendor_and_status = self.rows.sorted(_scheduled, by=lambda payout: (payout.vendor_id, payout.status))
        self._by_run = self.rows.sorted(_by_id, by=lambda payout: payout.run_id)
        self._reversible = self.rows.sorted(
            _scheduled,
            by=lambda payout: (payout.vendor_id, payout.amount.currency) if payout.reversible else None,
        )

    def open(self, after: PayoutId | None, limit: int, /) -> Sequence[PayoutId]:
        """Up to `limit` payouts that are scheduled, unknown or sent, in the order of their ids, those after `after`."""
        return [payout.id for payout in self._open.page(None if after is None else (after.int,), limit)]

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PayoutId]:
        """Which payouts have these references at the provider."""
        return {reference: payout.id for reference in references for payout in self._by_reference.rows(reference)}

    def by_transfer(self, transfers: Iterable[str], /) -> Mapping[str, PayoutId]:
        """Which payouts have these transfers at the provider."""
        return {transfer: payout.id for transfer in transfers for payout in self._by_transfer.rows(transfer)}

    def of_vendor(self, vendor_id: VendorId, after: PayoutId | None, limit: int, /) -> Sequence[Payout]:
        """Up to `limit` payouts of a vendor in the order of their ids, those after `after`."""
        return self._by_vendor.page(None if after is None else (after.int,), limit, of=vendor_id)

    def latest_of_vendor(
        self, vendor_id: VendorId, after: tuple[datetime, PayoutId] | None, limit: int, /, status: PayoutStatus | None = None
    ) -> Sequence[Payout]:
        """Up to `limit` payouts of a vendor (of one status, if given), the latest first, those after `after` in that order."""
        place = after and latest_first(*after)
        if status is None:
            return self._latest_of.page(place, limit, of=vendor_id)
        return self._by_vendor_and_status.page(place, limit, of=(vendor_id, status))

    def page(self, after: tuple[datetime, PayoutId] | None, limit: int, /, status: PayoutStatus | None = None) -> Sequence[Payout]:
        """Up to `limit` payouts (of one status, if given), the latest first, those after `after` in that order."""
        place = after and latest_first(*after)
        return self._latest.page(place, limit) if status is None else self._by_status.page(place, limit, of=status)

    def of_run(self, run_id: UUID, after: PayoutId | None, limit: int, /) -> Sequence[Payout]:
        """Up to `limit` payouts that a run claimed, in the order of their ids, those after `after`."""
        return self._by_run.page(None if after is None else (after.int,), limit, of=run_id)

    def reversible(self, vendor_id: VendorId, currency: Currency, /) -> Sequence[Payout]:
        """The vendor's payouts in a currency of which something can be taken back, the latest first."""
        return list(self._reversible.rows((vendor_id, currency)))


class MemoryDebts(MemoryRepository[tuple[VendorId, str], Debt]):
    """Who owes the platform, and since when."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "debt", lambda debt: debt.key)
        self._in_order = self.rows.sorted(lambda debt: (debt.vendor_id.int, debt.currency_code))

    def page(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[Debt]:
        """Up to `limit` debts in the order of (vendor, currency code), those after `after`."""
        return self._in_order.page(None if after is None else (after[0].int, after[1]), limit)

    def remove(self, keys: Iterable[tuple[VendorId, str]], /) -> None:
        """Forget debts that are covered."""
        self.rows.drop(keys)


def _scheduled(payout: Payout) -> tuple[int, int]:
    return latest_first(payout.scheduled_at, payout.id)


def _by_id(payout: Payout) -> tuple[int]:
    return (payout.id.int,)

"""Where payout terms, payouts and debts are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.payouts.payout import Payout, PayoutStatus
from quarterturn_domain.payouts.recovery import Debt
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.settlement.ports import SettlementWork


class PayoutTermsBook(Protocol):
    """The terms of every vendor."""

    def of(self, vendor_ids: Iterable[VendorId], /) -> Mapping[VendorId, PayoutTerms]:
        """The terms of each of these vendors: its own, else those of all vendors, else `PayoutTerms()`."""
        ...

    def set(self, terms: PayoutTerms, /) -> None:
        """Put terms in force, for their vendor or for all."""
        ...


class Payouts(Repository[PayoutId, Payout], Protocol):
    """Every payout."""

    def open(self, after: PayoutId | None, limit: int, /) -> Sequence[PayoutId]:
        """Up to `limit` payouts that are scheduled, unknown or sent, in the order of their ids, those after `after`; no lock."""
        ...

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PayoutId]:
        """Which payouts have these references at the provider; no lock."""
        ...

    def by_transfer(self, transfers: Iterable[str], /) -> Mapping[str, PayoutId]:
        """Which payouts have these transfers at the provider; no lock."""
        ...

    def of_vendor(self, vendor_id: VendorId, after: PayoutId | None, limit: int, /) -> Sequence[Payout]:
        """Up to `limit` payouts of a vendor in the order of their ids, those after `after`."""
        ...

    def latest_of_vendor(
        self, vendor_id: VendorId, after: tuple[datetime, PayoutId] | None, limit: int, /, status: PayoutStatus | None = None
    ) -> Sequence[Payout]:
        """Up to `limit` payouts of a vendor (of one status, if given), the latest first, those after `after` in that order."""
        ...

    def page(self, after: tuple[datetime, PayoutId] | None, limit: int, /, status: PayoutStatus | None = None) -> Sequence[Payout]:
        """Up to `limit` payouts (of one status, if given), the latest first, those after `after` in that order."""
        ...

    def of_run(self, run_id: UUID, after: PayoutId | None, limit: int, /) -> Sequence[Payout]:
        """Up to `limit` payouts that a run claimed, in the order of their ids, those after `after`."""
        ...

    def reversible(self, vendor_id: VendorId, currency: Currency, /) -> Sequence[Payout]:
        """The vendor's payouts in a currency of which something can be taken back, the latest first."""
        ...


class Debts(Repository[tuple[VendorId, str], Debt], Protocol):
    """Who owes the platform, and since when."""

    def page(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[Debt]:
        """Up to `limit` debts in the order of (vendor, currency code), those after `after`; no lock."""
        ...

    def remove(self, keys: Iterable[tuple[VendorId, str]], /) -> None:
        """Forget debts that are covered."""
        ...


class PayoutsWork(SettlementWork, Protocol):
    """A unit of work that reaches payouts: all that there is."""

    @property
    def payout_terms(self) -> PayoutTermsBook:
        """The terms."""
        ...

    @property
    def payouts(self) -> Payouts:
        """The payouts."""
        ...

    @property
    def debts(self) -> Debts:
        """The debts."""
        ...

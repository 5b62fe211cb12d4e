"""Reading payouts: what was paid out, and under which terms, for the platform and a vendor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payouts.payout import Payout, PayoutStatus
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.schedule import PayoutTerms

_NOBODY: Final = VendorId(UUID(int=0))
"""A vendor that never is, so that it has no terms of its own."""


class ReadPayouts:
    """Answers what became of payouts; who asks for another vendor's hears that there is no such thing."""

    def __init__(self, work: Begin[PayoutsWork]) -> None:
        self._work = work

    def payout(self, payout_id: PayoutId) -> Payout:
        """A payout, for the platform; raises `NotFound`."""
        with self._work() as work:
            return required(work.payouts.find([payout_id]), payout_id, "payout")

    def page(self, after: tuple[datetime, PayoutId] | None, limit: int, *, status: PayoutStatus | None = None) -> Sequence[Payout]:
        """Up to `limit` payouts, for the platform, the latest first, those after `after`."""
        with self._work() as work:
            return work.payouts.page(after, limit, status)

    def payout_of_vendor(self, vendor_id: VendorId, payout_id: PayoutId) -> Payout:
        """A payout of this vendor; raises `NotFound`, also for another one's."""
        found = self.payout(payout_id)
        if found.vendor_id != vendor_id:
            raise NotFound("payout", str(payout_id))
        return found

    def of_vendor(
        self, vendor_id: VendorId, after: tuple[datetime, PayoutId] | None, limit: int, *, status: PayoutStatus | None = None
    ) -> Sequence[Payout]:
        """Up to `limit` payouts of a vendor, the latest first, those after `after`."""
        with self._work() as work:
            return work.payouts.latest_of_vendor(vendor_id, after, limit, status)

    def terms_of(self, vendor_id: VendorId) -> PayoutTerms:
        """The terms under which a vendor is paid."""
        with self._work() as work:
            return work.payout_terms.of([vendor_id])[vendor_id]

    def terms_of_all(self) -> PayoutTerms:
        """The terms of all vendors that have none of their own."""
        return self.terms_of(_NOBODY)

"""What happened to payouts and to what vendors owe."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money


@attrs.frozen(kw_only=True)
class PayoutScheduled(Event, tag="payout.scheduled", about="payout_id"):
    """A vendor's available balance was claimed for a payout."""

    payout_id: PayoutId
    vendor_id: VendorId
    amount: Money
    at: datetime


@attrs.frozen(kw_only=True)
class PayoutMoved(Event, tag="payout.moved", about="payout_id"):
    """A payout was sent, paid, failed or returned, or nobody knows whether it was sent."""

    payout_id: PayoutId
    vendor_id: VendorId
    amount: Money
    act: str
    status: str
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class DebtRecovered(Event, tag="debt.recovered", about="vendor_id"):
    """What a vendor owed was covered, or written off: `step` says how."""

    vendor_id: VendorId
    step: str
    amount: Money
    at: datetime

"""What happened to earnings, and which entries were corrected; all else that is booked happened somewhere else first."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money


@attrs.frozen(kw_only=True)
class EarningReleased(Event, tag="earning.released", about="order_id"):
    """A vendor's earning can be paid out, less what is kept as a rolling reserve until `reserve_until`."""

    order_id: OrderId
    vendor_id: VendorId
    available: Money
    reserved: Money
    reserve_until: datetime | None
    at: datetime


@attrs.frozen(kw_only=True)
class ReserveReleased(Event, tag="earning.reserve_released", about="order_id"):
    """What was kept of an earning as a rolling reserve can be paid out."""

    order_id: OrderId
    vendor_id: VendorId
    amount: Money
    at: datetime


@attrs.frozen(kw_only=True)
class EntryCorrected(Event, tag="entry.corrected", about="fact"):
    """The journal entry for a fact was taken back by `actor`, for this reason."""

    fact: str
    actor: str
    reason: str
    at: datetime

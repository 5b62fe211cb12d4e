"""A shipment: a parcel with units of one vendor order."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.ids import ShipmentId
from quarterturn_domain.ordering.events import Units


@attrs.frozen
class Shipment:
    """A parcel; it has arrived when `delivered_at` is known."""

    id: ShipmentId
    units: tuple[Units, ...]
    carrier: str
    tracking: str
    sent_at: datetime
    delivered_at: datetime | None = None

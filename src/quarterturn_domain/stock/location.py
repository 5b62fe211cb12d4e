"""A location: a place where a vendor keeps stock."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import LocationId, VendorId
from quarterturn_domain.stock.events import LocationOpened


@attrs.frozen
class Location:
    """A vendor's place; orders are taken from locations of lower `priority` first."""

    id: LocationId
    vendor_id: VendorId
    name: str
    priority: int = 0

    @classmethod
    def open(cls, location: Location, *, at: datetime) -> tuple[Location, LocationOpened]:
        """A new location, or `Invalid` when it has no name."""
        if not location.name.strip():
            raise Invalid("a location without a name", "a name")
        fact = LocationOpened(location_id=location.id, vendor_id=location.vendor_id, name=location.name, at=at)
        return location, fact

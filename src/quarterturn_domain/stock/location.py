"""A location: a place where a vendor keeps stock."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import LocationId, VendorId
from quarterturn_domain.kernel.texts import written
from quarterturn_domain.stock.events import LocationOpened
from quarterturn_domain.stock.geography import Coordinates

MAX_PRIORITY: Final = 1_000_000


@attrs.frozen
class Location:
    """A vendor's place; orders are taken from locations of lower `priority` first."""

    id: LocationId
    vendor_id: VendorId
    name: str
    priority: int = 0
    coordinates: Coordinates | None = None

    @classmethod
    def open(cls, location: Location, *, at: datetime) -> tuple[Location, LocationOpened]:
        """A new location, or `Invalid`: without a name, with a priority beyond `MAX_PRIORITY`, or not on Earth."""
        if not location.name.strip():
            raise Invalid("a location without a name", "a name")
        written(name=location.name)
        if abs(location.priority) > MAX_PRIORITY:
            raise Invalid(f"a priority of {location.priority}", f"-{MAX_PRIORITY} to {MAX_PRIORITY}")
        if location.coordinates is not None:
            location.coordinates.refuse_unless_on_earth()
        fact = LocationOpened(location_id=location.id, vendor_id=location.vendor_id, name=location.name, at=at)
        return location, fact

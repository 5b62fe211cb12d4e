"""Reading stock: what lies where, and what came and went, for the vendor whose it is."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import LocationId, Sku, VendorId, sku
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement
from quarterturn_domain.stock.ports import StockWork
from quarterturn_domain.stock.stock_item import StockItem


class ReadStock:
    """Answers what a vendor has; who asks for another vendor's hears that there is no such thing."""

    def __init__(self, work: Begin[StockWork]) -> None:
        self._work = work

    def locations_of_vendor(self, vendor_id: VendorId, after: LocationId | None, limit: int) -> Sequence[Location]:
        """Up to `limit` places of a vendor in the order of their ids, those after `after`."""
        with self._work() as work:
            return work.locations.of_vendor(vendor_id, after, limit)

    def levels_of_vendor(
        self, vendor_id: VendorId, after: tuple[Sku, LocationId] | None, limit: int
    ) -> Sequence[tuple[StockItem, Location]]:
        """Up to `limit` items of a vendor, each with its place, in the order of (SKU, location), those after `after`."""
        with self._work() as work:
            items = work.stock.of_vendor(vendor_id, after, limit)
            locations = work.locations.find({item.location_id for item in items})
        return [(item, locations[item.location_id]) for item in items]

    def movements_of_vendor(self, vendor_id: VendorId, wanted: Sku, after: int, limit: int) -> Sequence[tuple[int, Movement]]:
        """Up to `limit` movements of a vendor's SKU, oldest first, each with its number, those numbered above `after`.

        Raises `NotFound`, also for another one's SKU, or `Invalid` for what is no SKU.
        """
        with self._work() as work:
            if required(work.offers.find([sku(wanted)]), wanted, "offer").vendor_id != vendor_id:
                raise NotFound("offer", wanted)
            return work.stock.movements(wanted, after, limit)

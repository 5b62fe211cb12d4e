"""Where stock is kept, and the one lock order in which it is changed.

Every change of a stock item or of a reservation happens under the lock of the items of its SKU, taken in the order of
(SKU, location), after those of the offers, carts and orders that are changed with it. A payment is locked before or after the
items, but only by who holds its order, so that nobody waits for it while somebody else waits for his items. An adapter that locks
in this order never deadlocks, and one that locks at all never oversells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku, VendorId
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement
from quarterturn_domain.stock.reservation import Reservation
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockItem


class Locations(Repository[LocationId, Location], Protocol):
    """Every place where stock lies."""

    def of_vendor(self, vendor_id: VendorId, after: LocationId | None, limit: int, /) -> Sequence[Location]:
        """Up to `limit` places of one vendor in the order of their ids, those after `after`."""
        ...


class Kits(Repository[Sku, Kit], Protocol):
    """Every SKU that is made of others."""


class Stock(Protocol):
    """The stock items, their reservations and their movements."""

    def lock(self, skus: Iterable[Sku], /) -> Shelf:
        """The items of `skus`, and of the components of those that are kits, locked until the transaction ends."""
        ...

    def lock_orders(self, order_ids: Iterable[OrderId], /) -> Shelf:
        """The reservations of these orders, and every item of the SKUs (kits' components too) that they ever reserved, locked."""
        ...

    def lapsed(self, skus: Iterable[Sku], at: datetime, /) -> Sequence[Reservation]:
        """The reservations of these SKUs that are held though their deadline is `at` or earlier; their items are locked already."""
        ...

    def record(self, allocation: Allocation, /) -> None:
        """Write the changed items and reservations and the new movements, a statement for each kind.

        Raises `Conflict` when a movement of the same cause, SKU, location and kind exists.
        """
        ...

    def caused(self, causes: Iterable[str], /) -> Mapping[str, Sequence[Movement]]:
        """The movements that these causes have made, by cause."""
        ...

    def levels(self, skus: Iterable[Sku], /) -> Sequence[StockItem]:
        """The items of `skus` as they are, without a lock, in the order of (SKU, location)."""
        ...

    def of_vendor(self, vendor_id: VendorId, after: tuple[Sku, LocationId] | None, limit: int, /) -> Sequence[StockItem]:
        """Up to `limit` items that lie in this vendor's places, without a lock, in the order of (SKU, location)."""
        ...

    def movements(self, sku: Sku, after: int, limit: int, /) -> Sequence[tuple[int, Movement]]:
        """Up to `limit` movements of `sku`, oldest first, each with its ever growing number; those numbered above `after`."""
        ...


class StockWork(CatalogWork, Protocol):
    """A unit of work that reaches stock."""

    @property
    def locations(self) -> Locations:
        """The locations."""
        ...

    @property
    def kits(self) -> Kits:
        """The kits."""
        ...

    @property
    def stock(self) -> Stock:
        """The stock."""
        ...

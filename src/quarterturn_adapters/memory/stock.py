"""Locations, kits, stock items, reservations and movements, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice, takewhile

import attrs

from quarterturn_adapters.memory.indexes import EVERY
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Counter, Table, Transactions
from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku, VendorId
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement
from quarterturn_domain.stock.reservation import Reservation, ReservationStatus
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockItem


class MemoryLocations(MemoryRepository[LocationId, Location]):
    """Every location."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "location", lambda location: location.id)
        self._by_vendor = self.rows.sorted(lambda location: (location.id.int,), by=lambda location: location.vendor_id)

    def of_vendor(self, vendor_id: VendorId, after: LocationId | None, limit: int, /) -> Sequence[Location]:
        """Up to `limit` places of one vendor in the order of their ids, those after `after`."""
        return self._by_vendor.page(None if after is None else (after.int,), limit, of=vendor_id)

    def every_of(self, vendor_id: VendorId) -> Iterator[LocationId]:
        """The ids of all places of one vendor."""
        return (location.id for location in self._by_vendor.rows(vendor_id))


class MemoryKits(MemoryRepository[Sku, Kit]):
    """Every kit, and which kits a SKU is a part of."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "kit", lambda kit: kit.sku)
        self._parts: Table[tuple[Sku, Sku], tuple[Sku, Sku]] = Table(transactions, "part of a kit", lambda pair: pair)
        self._by_part = self._parts.grouped(lambda pair: pair[0])

    def add(self, values: Iterable[Kit], /) -> None:
        """Keep new kits; raises `Conflict` when one of them exists already, and then adds none."""
        kits = list(values)
        super().add(kits)
        self._parts.put((part, kit.sku) for kit in kits for part, _ in kit.components)

    def save(self, values: Iterable[Kit], /) -> None:
        """Replace kits, which exist."""
        kits = list(values)
        before = self.rows.find(kit.sku for kit in kits)
        super().save(kits)
        self._parts.drop((part, kit.sku) for kit in before.values() for part, _ in kit.components)
        self._parts.put((part, kit.sku) for kit in kits for part, _ in kit.components)

    def made_of(self, parts: Iterable[Sku]) -> Mapping[Sku, Kit]:
        """The kits that contain one of `parts`."""
        return self.rows.find(dict.fromkeys(kit for part in parts for _, kit in self._by_part.of(part)))


@attrs.frozen
class _Numbered:
    number: int
    movement: Movement

    @property
    def once(self) -> tuple[str, Sku, LocationId, str]:
        """What only one movement may have."""
        each = self.movement
        return (each.cause, each.sku, each.location_id, each.kind)


class MemoryStock:
    """The stock items, their reservations and their movements."""

    def __init__(self, transactions: Transactions, kits: MemoryKits, locations: MemoryLocations) -> None:
        self._kits = kits
        self._locations = locations
        self._items: Table[tuple[Sku, LocationId], StockItem] = Table(transactions, "stock item", lambda item: item.key)
        self._items_by_sku = self._items.grouped(lambda item: item.sku)
        self._items_by_location = self._items.sorted(_place, by=lambda item: item.location_id)
        self._reservations: Table[tuple[OrderId, Sku, LocationId], Reservation] = Table(
            transactions, "reservation", lambda reservation: reservation.key
        )
        self._by_order = self._reservations.grouped(lambda reservation: reservation.order_id)
        self._held = self._reservations.sorted(_deadline, by=_held)
        self._held_by_sku = self._reservations.sorted(_deadline, by=lambda each: each.sku if _held(each) else None)
        self._movements: Table[int, _Numbered] = Table(transactions, "movement", lambda numbered: numbered.number)
        self._once = self._movements.unique(lambda numbered: numbered.once, "it was recorded already")
        self._by_cause = self._movements.sorted(_number, by=lambda numbered: numbered.movement.cause)
        self._by_sku = self._movements.sorted(_number, by=lambda numbered: numbered.movement.sku)
        self._numbers = Counter(transactions)

    def lock(self, skus: Iterable[Sku], /) -> Shelf:
        """The items of `skus`, and of the components of those that are kits."""
        wanted = dict.fromkeys(skus)
        kits = self._kits.lock(wanted)
        wanted.update((part, None) for kit in kits.values() for part, _ in kit.components)
        return Shelf(self._shelved(wanted), kits)

    def lock_orders(self, order_ids: Iterable[OrderId], /) -> Shelf:
        """The reservations of these orders, and every item of the SKUs that they ever reserved.

        An order reserves a kit's components, so the shelf also holds the kits that contain them: one of them may be what it bought.
        """
        reservations = {
            order_id: tuple(sorted(each, key=lambda reservation: reservation.key))
            for order_id in dict.fromkeys(order_ids)
            if (each := self._by_order.of(order_id))
        }
        skus = dict.fromkeys(reservation.sku for each in reservations.values() for reservation in each)
        return Shelf(self._shelved(skus), self._kits.made_of(skus), reservations)

    def lapsed(self, skus: Iterable[Sku], at: datetime, /) -> Sequence[Reservation]:
        """The reservations of these SKUs that are held although their deadline is `at` or earlier."""
        return [
            reservation
            for sku in dict.fromkeys(skus)
            for reservation in takewhile(lambda each: each.deadline <= at, self._held_by_sku.rows(sku))
        ]

    def overdue(self, at: datetime, limit: int, /) -> Sequence[OrderId]:
        """Up to `limit` orders with a held reservation whose deadline is `at` or earlier, the most overdue first."""
        found: dict[OrderId, None] = {}
        for reservation in self._held.rows():
            if reservation.deadline > at or len(found) >= limit:
                break
            found[reservation.order_id] = None
        return list(found)

    def record(self, allocation: Allocation, /) -> None:
        """Write the changed items and reservations and the new movements; raises `Conflict` when a movement exists already."""
        numbers = self._numbers.following(len(allocation.movements))
        self._movements.add(map(_Numbered, numbers, allocation.movements))
        self._numbers.take(len(numbers))
        self._items.put(allocation.changed_items.values())
        self._reservations.put(allocation.changed_reservations.values())

    def caused(self, causes: Iterable[str], /) -> Mapping[str, Sequence[Movement]]:
        """The movements that these causes have made, by cause."""
        found = {cause: [each.movement for each in self._by_cause.rows(cause)] for cause in dict.fromkeys(causes)}
        return {cause: movements for cause, movements in found.items() if movements}

    def levels(self, skus: Iterable[Sku], /) -> Sequence[StockItem]:
        """The items of `skus`, in the order of (SKU, location)."""
        return [item for sku in sorted(set(skus)) for item in sorted(self._items_by_sku.of(sku), key=lambda item: item.key)]

    def of_vendor(self, vendor_id: VendorId, after: tuple[Sku, LocationId] | None, limit: int, /) -> Sequence[StockItem]:
        """Up to `limit` items that lie in this vendor's places, in the order of (SKU, location)."""
        place = None if after is None else (after[0], after[1].int)
        pages = [self._items_by_location.page(place, limit, of=each) for each in self._locations.every_of(vendor_id)]
        return list(islice(merge(*pages, key=_place), limit))

    def movements(self, sku: Sku, after: int, limit: int, /) -> Sequence[tuple[int, Movement]]:
        """Up to `limit` movements of `sku`, oldest first, each with its number; those numbered above `after`."""
        return [(each.number, each.movement) for each in self._by_sku.page((after,), limit, of=sku)]

    def _shelved(self, skus: Iterable[Sku]) -> Mapping[Sku, tuple[StockItem, ...]]:
        shelved: dict[Sku, tuple[StockItem, ...]] = {}
        for sku in skus:
            items = self._items_by_sku.of(sku)
            if len(items) > 1:
                items.sort(key=lambda item: (item.priority, item.location_id))
            if items:
                shelved[sku] = tuple(items)
        return shelved


def _place(item: StockItem) -> tuple[Sku, int]:
    return (item.sku, item.location_id.int)


def _held(reservation: Reservation) -> str | None:
    return EVERY if reservation.status is ReservationStatus.HELD else None


def _deadline(reservation: Reservation) -> tuple[datetime, int]:
    return (reservation.deadline, reservation.order_id.int)


def _number(numbered: _Numbered) -> tuple[int]:
    return (numbered.number,)

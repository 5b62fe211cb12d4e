"""Locations, kits, stock items, reservations and movements, kept in PostgreSQL; here is the lock that nobody oversells under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from quarterturn_adapters.postgres.arrays import texts, uuids
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_adapters.postgres.tables.stock import KIT_PARTS, KITS, LOCATIONS, MOVEMENTS, RESERVATIONS, STOCK_ITEMS
from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku, VendorId
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.stock.reservation import Reservation, ReservationStatus
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockItem

_ITEMS: Final = Writing.of(STOCK_ITEMS)
_RESERVATIONS: Final = Writing.of(RESERVATIONS)
_MOVEMENTS: Final = Writing.of(MOVEMENTS, without=["number"])
_UPDATE_ITEMS: Final = _ITEMS.update_of("on_hand", "reserved")
_UPDATE_RESERVATIONS: Final = _RESERVATIONS.update_of("quantity", "deadline", "status", "returned")

# The SKUs are an array, and not joined: whatever the planner believes of a young table, it looks each of them up.
# PostgreSQL locks rows in the order in which the sort below hands them over: by (SKU, location), everywhere the same.
LOCK: Final = """SELECT i.sku, i.location_id, i.on_hand, i.reserved, i.priority,
    (SELECT jsonb_object_agg(kit, parts) FROM (
        SELECT kit, jsonb_agg(jsonb_build_array(part, quantity) ORDER BY position) AS parts
        FROM kit_parts WHERE kit = ANY(%s::text[]) GROUP BY kit) AS kits)
FROM stock_items i
WHERE i.sku = ANY(ARRAY(SELECT unnest(%s::text[]) UNION SELECT part FROM kit_parts WHERE kit = ANY(%s::text[])))
ORDER BY i.sku, i.location_id FOR UPDATE OF i"""

_LOCK_ORDERS: Final = """SELECT i.sku, i.location_id, i.on_hand, i.reserved, i.priority FROM stock_items i
WHERE i.sku = ANY(ARRAY(SELECT r.sku FROM reservations r WHERE r.order_id = ANY(%s::uuid[])))
ORDER BY i.sku, i.location_id FOR UPDATE OF i"""

_KITS: Final = "SELECT kit, part, quantity FROM kit_parts WHERE kit = ANY(%s::text[]) ORDER BY kit, position"
_KITS_OF: Final = """SELECT kit, part, quantity FROM kit_parts
WHERE kit IN (SELECT kit FROM kit_parts WHERE part = ANY(%s::text[])) ORDER BY kit, position"""


class PostgresLocations(PostgresRepository[LocationId, Location]):
    """Every location."""

    writing = Writing.of(LOCATIONS)

    @staticmethod
    def key(value: Location) -> LocationId:
        """The location's id."""
        return value.id

    @staticmethod
    def row(value: Location) -> Row:
        """A location as a row."""
        where = value.coordinates
        at = (None, None) if where is None else (where.latitude, where.longitude)
        return (value.id, value.vendor_id, value.name, value.priority, *at)

    @staticmethod
    def value(row: Row) -> Location:
        """A row as a location."""
        location_id, vendor_id, name, priority, latitude, longitude = row
        where = None if latitude is None else Coordinates(latitude, longitude)
        return Location(location_id, vendor_id, name, priority, where)

    def of_vendor(self, vendor_id: VendorId, after: LocationId | None, limit: int, /) -> Sequence[Location]:
        """Up to `limit` places of one vendor in the order of their ids, those after `after`."""
        behind, place = ("", ()) if after is None else (" AND id > %s", (after,))
        return self.select(f"WHERE vendor_id = %s{behind} ORDER BY id LIMIT %s", vendor_id, *place, limit)


class PostgresKits:
    """Every kit."""

    _parts: Final = Writing.of(KIT_PARTS)
    _kits: Final = Writing.of(KITS)

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def find(self, keys: Iterable[Sku], /) -> Mapping[Sku, Kit]:
        """Those of `keys` that are kits."""
        wanted = list(dict.fromkeys(keys))
        return _kits(self._statements.rows(_KITS, texts(wanted))) if wanted else {}

    def lock(self, keys: Iterable[Sku], /) -> Mapping[Sku, Kit]:
        """Those of `keys` that are kits, locked in key order until the transaction ends."""
        wanted = list(dict.fromkeys(keys))
        if wanted:
            self._statements.rows("SELECT sku FROM kits WHERE sku = ANY(%s::text[]) ORDER BY sku FOR UPDATE", texts(wanted))
        return self.find(wanted)

    def add(self, values: Iterable[Kit], /) -> None:
        """Keep new kits; raises `Conflict` when one of them exists already."""
        kits = list(values)
        if kits:
            self._statements.now(self._kits.insert, *self._kits.encoded([(kit.sku,) for kit in kits]))
            self._add_parts(kits)

    def save(self, values: Iterable[Kit], /) -> None:
        """Replace kits, which exist."""
        kits = list(values)
        if kits:
            skus = texts([kit.sku for kit in kits])
            known = self._statements.rows("SELECT sku FROM kits WHERE sku = ANY(%s::text[])", skus)
            assert len(known) == len(kits), "a kit is saved, but was never added"
            self._statements.later("DELETE FROM kit_parts WHERE kit = ANY(%s::text[])", skus)
            self._add_parts(kits)

    def _add_parts(self, kits: Sequence[Kit]) -> None:
        rows = [(kit.sku, part, position, quantity) for kit in kits for position, (part, quantity) in enumerate(kit.components)]
        self._statements.later(self._parts.insert, *self._parts.encoded(rows))


class PostgresStock:
    """The stock items, their reservations and their movements."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        # What this transaction has locked, and so may replace; everything else that it records is new.
        self._items: set[tuple[Sku, LocationId]] = set()
        self._reservations: set[tuple[OrderId, Sku, LocationId]] = set()

    def lock(self, skus: Iterable[Sku], /) -> Shelf:
        """The items of `skus`, and of the components of those that are kits, locked until the transaction ends."""
        wanted = list(dict.fromkeys(skus))
        if not wanted:
            return Shelf({})
        asked = texts(wanted)
        rows = self._statements.rows(LOCK, asked, asked, asked)
        # Where nothing lies on any shelf there is no row to bring the kits along.
        found = rows[0][5] if rows else None
        kits = (
            {kit: Kit(kit, tuple((part, count) for part, count in parts)) for kit, parts in found.items()}
            if found
            else _kits(self._statements.rows(_KITS, asked))
            if not rows
            else {}
        )
        return Shelf(self._shelved(rows), kits)

    def lock_orders(self, order_ids: Iterable[OrderId], /) -> Shelf:
        """The reservations of these orders, and every item of the SKUs that they ever reserved, locked.

        An order reserves a kit's components, so the shelf also holds the kits that contain them: one of them may be what it bought.
        """
        wanted = list(dict.fromkeys(order_ids))
        if not wanted:
            return Shelf({})
        asked = uuids(wanted)
        items = self._shelved(self._statements.rows(_LOCK_ORDERS, asked))
        reservations = self._reserved("order_id = ANY(%s::uuid[])", asked)
        kits = _kits(self._statements.rows(_KITS_OF, texts(list(items)))) if items else {}
        return Shelf(items, kits).with_reservations(reservations)

    def lapsed(self, skus: Iterable[Sku], at: datetime, /) -> Sequence[Reservation]:
        """The reservations of these SKUs that are held though their deadline is `at` or earlier; their items are locked already."""
        wanted = list(dict.fromkeys(skus))
        return self._reserved("sku = ANY(%s::text[]) AND status = 'held' AND deadline <= %s", texts(wanted), at) if wanted else []

    def record(self, allocation: Allocation, /) -> None:
        """Write the changed items and reservations and the new movements, a statement for each kind.

        Raises `Conflict` when a movement of the same cause, SKU, location and kind exists.
        """
        statements = self._statements
        items = allocation.changed_items
        changed: list[Row] = []
        new: list[Row] = []
        for key, item in sorted(items.items()):
            if key in self._items:
                changed.append((*key, item.on_hand, item.reserved))
            else:
                new.append((*key, item.on_hand, item.reserved, item.priority))
        if changed:
            names = ("sku", "location_id", "on_hand", "reserved")
            statements.later(_UPDATE_ITEMS, *_ITEMS.encoded(changed, names), rows=len(changed))
        if new:
            statements.later(_ITEMS.insert, *_ITEMS.encoded(new))
        self._items.update(items)
        self._record_reservations(allocation.changed_reservations)
        if allocation.movements:
            rows = [
                (each.cause, each.sku, each.location_id, each.kind, each.quantity, each.reason, each.actor, each.at)
                for each in allocation.movements
            ]
            statements.now(_MOVEMENTS.insert, *_MOVEMENTS.encoded(rows))

    def caused(self, causes: Iterable[str], /) -> Mapping[str, Sequence[Movement]]:
        """The movements that these causes have made, by cause."""
        wanted = list(dict.fromkeys(causes))
        found: dict[str, list[Movement]] = {}
        if wanted:
            for _, movement in self._moved("cause = ANY(%s::text[]) ORDER BY number", texts(wanted)):
                found.setdefault(movement.cause, []).append(movement)
        return found

    def levels(self, skus: Iterable[Sku], /) -> Sequence[StockItem]:
        """The items of `skus` as they are, without a lock, in the order of (SKU, location)."""
        sql = f"SELECT {_ITEMS.names} FROM stock_items WHERE sku = ANY(%s::text[]) ORDER BY sku, location_id"  # noqa: S608
        return [StockItem(*row) for row in self._statements.rows(sql, texts(list(dict.fromkeys(skus))))]

    def of_vendor(self, vendor_id: VendorId, after: tuple[Sku, LocationId] | None, limit: int, /) -> Sequence[StockItem]:
        """Up to `limit` items that lie in this vendor's places, without a lock, in the order of (SKU, location)."""
        # As many of each place as are wanted of all: places are few, and what lies in one is a range of an index.
        behind, place = ("", ()) if after is None else (" AND sku >= %s AND (sku, location_id) > (%s, %s)", (after[0], *after))
        found = self._statements.rows(
            "SELECT i.sku, i.location_id, i.on_hand, i.reserved, i.priority FROM locations l CROSS JOIN LATERAL "  # noqa: S608
            f"(SELECT {_ITEMS.names} FROM stock_items WHERE location_id = l.id{behind} ORDER BY sku LIMIT {limit:d}) i "
            "WHERE l.vendor_id = %s ORDER BY i.sku, i.location_id LIMIT %s",
            *(*place, vendor_id, limit),
        )
        return [StockItem(*row) for row in found]

    def movements(self, sku: Sku, after: int, limit: int, /) -> Sequence[tuple[int, Movement]]:
        """Up to `limit` movements of `sku`, oldest first, each with its number; those numbered above `after`."""
        return self._moved("sku = %s AND number > %s ORDER BY number LIMIT %s", sku, after, limit)

    def _shelved(self, rows: Iterable[Row]) -> dict[Sku, tuple[StockItem, ...]]:
        shelved: dict[Sku, tuple[StockItem, ...]] = {}
        for sku, location_id, on_hand, reserved, priority, *_ in rows:
            item = StockItem(sku, location_id, on_hand, reserved, priority)
            self._items.add((sku, location_id))
            shelved[sku] = (
                tuple(sorted((*shelved[sku], item), key=lambda each: (each.priority, each.location_id)))
                if sku in shelved
                else (item,)
            )
        return shelved

    def _reserved(self, condition: str, *parameters: Any) -> list[Reservation]:
        sql = f"SELECT {_RESERVATIONS.names} FROM reservations WHERE {condition}"  # noqa: S608
        found = [
            Reservation(order_id, sku, location_id, quantity, deadline, ReservationStatus(status), returned)
            for order_id, sku, location_id, quantity, deadline, status, returned in self._statements.rows(sql, *parameters)
        ]
        self._reservations.update(each.key for each in found)
        return found

    def _record_reservations(self, reservations: Mapping[tuple[OrderId, Sku, LocationId], Reservation]) -> None:
        rows: list[Row] = [(*key, each.quantity, each.deadline, each.status, each.returned) for key, each in reservations.items()]
        # Where none was read all are new, and ids are dear to look up: Python computes their hash anew each time.
        known = [row for row in rows if row[:3] in self._reservations] if self._reservations else []
        new = [row for row in rows if row[:3] not in self._reservations] if known else rows
        if known:
            self._statements.later(_UPDATE_RESERVATIONS, *_RESERVATIONS.encoded(known), rows=len(known))
        if new:
            _RESERVATIONS.add(self._statements, new)
            self._reservations.update(reservations)

    def _moved(self, condition: str, *parameters: Any) -> list[tuple[int, Movement]]:
        sql = f"SELECT number, {_MOVEMENTS.names} FROM movements WHERE {condition}"  # noqa: S608
        return [
            (number, Movement(cause, sku, location_id, MovementKind(kind), quantity, reason, actor, at))
            for number, cause, sku, location_id, kind, quantity, reason, actor, at in self._statements.rows(sql, *parameters)
        ]


def _kits(rows: Iterable[Row]) -> dict[Sku, Kit]:
    parts: dict[Sku, list[tuple[Sku, int]]] = {}
    for kit, part, quantity in rows:
        parts.setdefault(kit, []).append((part, quantity))
    return {kit: Kit(kit, tuple(each)) for kit, each in parts.items()}

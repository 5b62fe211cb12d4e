"""Allocation: which location gives the units of which order, decided for a whole batch on one shelf.

One basket is checked as a whole: either every unit of it is held, or nothing of it. A hold whose deadline is over never blocks a
sale: when units are short, lapsed holds of others that the shelf knows are expired first, in the same transaction.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku
from quarterturn_domain.stock.events import ReservationsExpired, StockMoved
from quarterturn_domain.stock.kit import exploded
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.stock.reservation import Reservation, ReservationStatus
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockItem, StockShort

AllocationPolicy: TypeAlias = Callable[[Sequence[StockItem], int], Sequence[tuple[StockItem, int]]]
"""Chooses, among the items of one SKU in priority order, which give how many; raises `StockShort` when it cannot."""

SYSTEM: Final = "system"


def by_priority(items: Sequence[StockItem], quantity: int) -> Sequence[tuple[StockItem, int]]:
    """Take what the first location has, then the next."""
    chosen: list[tuple[StockItem, int]] = []
    wanted = quantity
    for item in items:
        take = min(item.available, wanted)
        if take > 0:
            chosen.append((item, take))
            wanted -= take
            if not wanted:
                return chosen
    raise StockShort(items[0].sku, quantity, quantity - wanted)


def fewest_locations(items: Sequence[StockItem], quantity: int) -> Sequence[tuple[StockItem, int]]:
    """Take all from the first location that has enough, else from the fullest ones: as few parcels as can be."""
    for item in items:
        if item.available >= quantity:
            return [(item, quantity)]
    return by_priority(sorted(items, key=lambda item: -item.available), quantity)


def one_location(items: Sequence[StockItem], quantity: int) -> Sequence[tuple[StockItem, int]]:
    """Take all from the first location that has enough, and never split a SKU over parcels."""
    for item in items:
        if item.available >= quantity:
            return [(item, quantity)]
    raise StockShort(items[0].sku, quantity, max(item.available for item in items))


class Allocation:
    """The changes of one batch to one shelf: next items and reservations, movements and facts; nothing of a refused basket.

    It is what `Shelves.record` writes. The shelf that it starts from is left as it was.
    """

    __slots__ = ("_items", "_policy", "_reservations", "_shelf", "changed_items", "changed_reservations", "facts", "movements")

    def __init__(self, shelf: Shelf, policy: AllocationPolicy = fewest_locations) -> None:
        self._shelf = shelf
        self._policy = policy
        self._items = dict(shelf.items)
        self._reservations = {order_id: list(each) for order_id, each in shelf.reservations.items()}
        self.changed_items: dict[tuple[Sku, LocationId], StockItem] = {}
        self.changed_reservations: dict[tuple[OrderId, Sku, LocationId], Reservation] = {}
        self.movements: list[Movement] = []
        self.facts: list[Event] = []

    def reservations(self, order_id: OrderId) -> Sequence[Reservation]:
        """The reservations of an order as the batch has left them."""
        return tuple(self._reservations.get(order_id, ()))

    def hold(self, order_id: OrderId, wanted: Mapping[Sku, int], *, deadline: datetime, at: datetime) -> Sequence[Reservation]:
        """Hold a whole basket for an order until `deadline`, or raise `StockShort` for its first short SKU and hold nothing."""
        kits = self._shelf.kits
        return self._hold(order_id, exploded(wanted, kits) if kits else wanted, deadline, at)

    def commit(self, order_id: OrderId, *, at: datetime, actor: str = SYSTEM) -> None:
        """Sell what is held for an order: its units leave the shelf."""
        for reservation in self.reservations(order_id):
            if reservation.status is not ReservationStatus.HELD:
                continue
            self._replace(self._of(reservation).commit(reservation.quantity))
            self._settle(reservation.move("commit"))
            self.movements.append(
                Movement(
                    f"order:{order_id}",
                    reservation.sku,
                    reservation.location_id,
                    MovementKind.SALE,
                    -reservation.quantity,
                    "sold",
                    actor,
                    at,
                )
            )

    def release(self, order_id: OrderId) -> None:
        """Let go of everything that is held for an order."""
        for reservation in self.reservations(order_id):
            if reservation.status is ReservationStatus.HELD:
                self._replace(self._of(reservation).release(reservation.quantity))
                self._settle(reservation.move("release"))

    def expire(self, order_id: OrderId, *, at: datetime) -> None:
        """Let go of everything of an order whose deadline is over."""
        self._expire([each for each in self.reservations(order_id) if each.lapsed(at)], at)

    def hold_again(self, order_id: OrderId, wanted: Mapping[Sku, int], *, deadline: datetime, at: datetime) -> None:
        """Hold once more what an order has lost of `wanted` by expiry: all that is missing or, with `StockShort`, nothing."""
        units = exploded(wanted, self._shelf.kits)
        for each in self.reservations(order_id):
            if each.sku in units and each.status in {ReservationStatus.HELD, ReservationStatus.COMMITTED}:
                units[each.sku] -= each.quantity
        missing = {sku: quantity for sku, quantity in units.items() if quantity > 0}
        self._hold(order_id, missing, deadline, at)

    def restock(
        self, order_id: OrderId, returned: Mapping[Sku, int], *, cause: str, reason: str, at: datetime, actor: str = SYSTEM
    ) -> None:
        """Put sold units of an order back where they came from; `cause` names the cancellation or return."""
        units = exploded(returned, self._shelf.kits)
        for sku, quantity in units.items():
            wanted = quantity
            for reservation in self.reservations(order_id):
                back = min(wanted, reservation.restockable) if reservation.sku == sku else 0
                if back:
                    item = self._of(reservation).move(back)
                    self._replace(item)
                    self._settle(attrs.evolve(reservation, returned=reservation.returned + back))
                    self._moved(Movement(cause, sku, reservation.location_id, MovementKind.RETURN, back, reason, actor, at), item)
                    wanted -= back
            assert wanted == 0, f"{wanted} of {sku} come back to {order_id} that were never sold"

    def item(self, sku: Sku, location_id: LocationId, *, priority: int = 0) -> StockItem:
        """The item as the batch has left it; empty when there is none yet."""
        found = next((item for item in self._items.get(sku, ()) if item.location_id == location_id), None)
        return found or StockItem(sku, location_id, priority=priority)

    def move(self, movement: Movement, *, priority: int = 0) -> StockItem:
        """Receive, adjust or otherwise move units of one item; raises `StockShort` when more would go than is free."""
        before = self.item(movement.sku, movement.location_id, priority=priority)
        item = before.move(movement.quantity)
        items = self._items.setdefault(movement.sku, ())
        if all(each.location_id != item.location_id for each in items):
            self._items[movement.sku] = tuple(sorted((*items, before), key=lambda each: (each.priority, each.location_id)))
        self._replace(item)
        self._moved(movement, item)
        return item

    def _hold(self, order_id: OrderId, units: Mapping[Sku, int], deadline: datetime, at: datetime) -> Sequence[Reservation]:
        # Everything that may refuse comes first; from the first change on nothing can.
        chosen: list[tuple[StockItem, int]] = []
        reclaimed: list[Reservation] = []
        for sku, quantity in units.items():
            items = self._items.get(sku)
            if not items:
                raise StockShort(sku, quantity, 0)
            try:
                chosen += self._policy(items, quantity)
            except StockShort:
                lapsed = self._lapsed(sku, order_id, at)
                if not lapsed:
                    raise
                chosen += self._policy(_freed(items, lapsed), quantity)
                reclaimed += lapsed
        before = self._reservations.get(order_id, ())
        held = [_held(before, order_id, item, quantity, deadline) for item, quantity in chosen]
        self._expire(reclaimed, at)
        kept = self._reservations.setdefault(order_id, [])
        for (item, quantity), reservation in zip(chosen, held, strict=True):
            self._replace(item.reserve(quantity))
            self._settle(reservation, kept)
        return held

    def _lapsed(self, sku: Sku, holder: OrderId, at: datetime) -> Sequence[Reservation]:
        """Lapsed holds of `sku` by others than `holder`."""
        return [
            each
            for order_id, reservations in self._reservations.items()
            if order_id != holder
            for each in reservations
            if each.sku == sku and each.lapsed(at)
        ]

    def _expire(self, lapsed: Sequence[Reservation], at: datetime) -> None:
        skus: dict[OrderId, list[Sku]] = {}
        for reservation in lapsed:
            self._replace(self._of(reservation).release(reservation.quantity))
            self._settle(reservation.move("expire"))
            skus.setdefault(reservation.order_id, []).append(reservation.sku)
        self.facts += [ReservationsExpired(order_id=order, skus=tuple(dict.fromkeys(each)), at=at) for order, each in skus.items()]

    def _of(self, reservation: Reservation) -> StockItem:
        return self.item(reservation.sku, reservation.location_id)

    def _replace(self, item: StockItem) -> None:
        items = self._items[item.sku]
        if len(items) == 1:
            self._items[item.sku] = (item,)
        else:
            self._items[item.sku] = tuple(item if each.location_id == item.location_id else each for each in items)
        self.changed_items[item.sku, item.location_id] = item

    def _settle(self, reservation: Reservation, kept: list[Reservation] | None = None) -> None:
        if kept is None:
            kept = self._reservations.setdefault(reservation.order_id, [])
        # In the order of a shelf that was loaded, so that a batch decides what single commands would decide.
        spot = _spot(reservation)
        # A basket that is held in the order of its SKUs, as most are, only ever adds to the end.
        place = len(kept) if not kept or _spot(kept[-1]) < spot else bisect_left(kept, spot, key=_spot)
        if place < len(kept) and _spot(kept[place]) == spot:
            kept[place] = reservation
        else:
            kept.insert(place, reservation)
        self.changed_reservations[reservation.key] = reservation

    def _moved(self, movement: Movement, item: StockItem) -> None:
        self.movements.append(movement)
        self.facts.append(
            StockMoved(
                sku=movement.sku,
                location_id=movement.location_id,
                kind=movement.kind.value,
                quantity=movement.quantity,
                on_hand=item.on_hand,
                at=movement.at,
            )
        )


def _freed(items: Sequence[StockItem], lapsed: Sequence[Reservation]) -> Sequence[StockItem]:
    """`items` of one SKU as they are without what `lapsed` holds of them."""
    held: dict[LocationId, int] = {}
    for each in lapsed:
        held[each.location_id] = held.get(each.location_id, 0) + each.quantity
    return [item.release(held[item.location_id]) if item.location_id in held else item for item in items]


def _held(reserved: Sequence[Reservation], order_id: OrderId, item: StockItem, quantity: int, deadline: datetime) -> Reservation:
    """The hold of `item` for an order that has `reserved` before: a new one, or what it has of the item, held with so many more."""
    for before in reserved:
        if (before.sku, before.location_id) == item.key:
            if before.status is ReservationStatus.HELD:
                return attrs.evolve(before, quantity=before.quantity + quantity, deadline=deadline)
            return before.hold_again(quantity, deadline)
    return Reservation(order_id, item.sku, item.location_id, quantity, deadline)


def _spot(reservation: Reservation) -> tuple[Sku, LocationId]:
    """What tells the reservations of one order apart, and orders them."""
    return (reservation.sku, reservation.location_id)


def wanted_units(lines: Iterable[tuple[Sku, int]]) -> dict[Sku, int]:
    """How many of each SKU a basket wants, however many of its lines name it."""
    wanted: dict[Sku, int] = {}
    for sku, quantity in lines:
        wanted[sku] = wanted.get(sku, 0) + quantity
    return wanted

"""A shelf: the stock items, kits and reservations that one unit of work has locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from quarterturn_domain.kernel.ids import OrderId, Sku
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.reservation import Reservation
from quarterturn_domain.stock.stock_item import StockItem


@attrs.frozen
class Shelf:
    """What was loaded: the items of each SKU in the order of their locations' priority, the kits, and orders' reservations."""

    items: Mapping[Sku, tuple[StockItem, ...]]
    kits: Mapping[Sku, Kit] = attrs.field(factory=dict)
    reservations: Mapping[OrderId, tuple[Reservation, ...]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, items: Iterable[StockItem], kits: Iterable[Kit] = (), reservations: Iterable[Reservation] = ()) -> Shelf:
        """A shelf from loose values, in any order."""
        shelved: dict[Sku, list[StockItem]] = {}
        for item in sorted(items, key=lambda item: (item.priority, item.location_id)):
            shelved.setdefault(item.sku, []).append(item)
        return cls({sku: tuple(each) for sku, each in shelved.items()}, {kit.sku: kit for kit in kits}, _by_order(reservations))

    def with_reservations(self, reservations: Iterable[Reservation]) -> Shelf:
        """The same shelf with these reservations on it, and no others."""
        return attrs.evolve(self, reservations=_by_order(reservations))


def _by_order(reservations: Iterable[Reservation]) -> Mapping[OrderId, tuple[Reservation, ...]]:
    orders: dict[OrderId, list[Reservation]] = {}
    for reservation in sorted(reservations, key=lambda reservation: reservation.key):
        orders.setdefault(reservation.order_id, []).append(reservation)
    return {order_id: tuple(each) for order_id, each in orders.items()}

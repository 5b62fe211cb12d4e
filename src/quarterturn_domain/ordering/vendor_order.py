"""A vendor order: one vendor's part of an order, which is all of the order that the vendor sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Conflict, Invalid, NotFound
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import OrderId, ShipmentId, VendorId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.texts import written
from quarterturn_domain.ordering.events import (
    ShipmentArrived,
    ShipmentSent,
    Units,
    UnitsCancelled,
    VendorOrderDelivered,
    VendorOrderStarted,
)
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.shipment import Shipment
from quarterturn_domain.pricing.split import Split


class VendorOrderStatus(StrEnum):
    """How far the vendor has come."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


FULFILMENT: Final = StateMachine(
    "vendor order",
    initial=VendorOrderStatus.PENDING,
    table={
        VendorOrderStatus.PENDING: {"confirm": VendorOrderStatus.CONFIRMED, "cancel": VendorOrderStatus.CANCELLED},
        VendorOrderStatus.CONFIRMED: {"start": VendorOrderStatus.PROCESSING, "cancel": VendorOrderStatus.CANCELLED},
        VendorOrderStatus.PROCESSING: {"ship": VendorOrderStatus.SHIPPED, "cancel": VendorOrderStatus.CANCELLED},
        VendorOrderStatus.SHIPPED: {"deliver": VendorOrderStatus.DELIVERED},
        VendorOrderStatus.DELIVERED: {},
        VendorOrderStatus.CANCELLED: {},
    },
)


@attrs.frozen
class VendorOrder:
    """A vendor's lines of an order, its parcels and its status; it is `shipped` when nothing is left to ship."""

    order_id: OrderId
    vendor_id: VendorId
    lines: tuple[OrderLine, ...]
    status: VendorOrderStatus = FULFILMENT.initial
    shipments: tuple[Shipment, ...] = ()
    delivered_at: datetime | None = None

    @property
    def total(self) -> Money:
        """What the customer paid for it."""
        # Added as numbers, since every checkout does: the lines of an order are in one currency.
        paid = sum([line.price.goods.paid.minor + line.price.shipping.paid.minor for line in self.lines])
        return Money(paid, self.lines[0].price.goods.paid.currency)

    @property
    def split(self) -> Split:
        """Who has which part of what was paid, after everything that was given back."""
        return sum((line.split for line in self.lines[1:]), self.lines[0].split)

    def line(self, number: int) -> OrderLine:
        """The line with this number, or `NotFound`."""
        for line in self.lines:
            if line.number == number:
                return line
        raise NotFound("order line", f"{self.order_id}/{number}")

    def units(self, asked: Sequence[Units], every: Callable[[OrderLine], int]) -> tuple[Units, ...]:
        """`asked`, or when nothing is named all that `every` counts of each line; `Invalid` when a line is named twice."""
        if not asked:
            return tuple(Units(line.number, count) for line in self.lines if (count := every(line)))
        if len({each.line for each in asked}) < len(asked):
            raise Invalid("a line that is named twice", "each line once")
        return tuple(asked)

    def confirm(self) -> VendorOrder:
        """The vendor may begin: the order is paid."""
        return attrs.evolve(self, status=FULFILMENT.next(self.status, "confirm"))

    def start(self, *, at: datetime) -> tuple[VendorOrder, Sequence[Event]]:
        """The vendor begins to pack; what is being packed already changes nothing."""
        if self.status is VendorOrderStatus.PROCESSING:
            return self, ()
        after = attrs.evolve(self, status=FULFILMENT.next(self.status, "start"))
        return after, (VendorOrderStarted(order_id=self.order_id, vendor_id=self.vendor_id, at=at),)

    def ship(
        self, shipment_id: ShipmentId, asked: Sequence[Units] = (), *, carrier: str = "", tracking: str = "", at: datetime
    ) -> tuple[VendorOrder, Sequence[Event]]:
        """Send a parcel with the units asked for, or with all that is left; the same parcel again changes nothing.

        With another carrier, tracking number or units it is a `Conflict`; when none are named, its units are not compared.
        """
        known = next((shipment for shipment in self.shipments if shipment.id == shipment_id), None)
        if known is not None:
            if asked and known.units != tuple(asked):
                raise Conflict("shipment", str(shipment_id), "it was sent with other units")
            if (known.carrier, known.tracking) != (carrier, tracking):
                raise Conflict("shipment", str(shipment_id), "it was sent by another carrier or under another number")
            return self, ()
        FULFILMENT.next(self.status, "ship")
        written(carrier=carrier, tracking=tracking)
        units = self.units(asked, lambda line: line.unshipped)
        after = self.each(units, OrderLine.ship)
        complete = not any(line.unshipped for line in after.lines)
        shipment = Shipment(shipment_id, units, carrier, tracking, at)
        after = attrs.evolve(after, shipments=(*self.shipments, shipment))
        if complete:
            after = attrs.evolve(after, status=FULFILMENT.next(self.status, "ship"))
        fact = ShipmentSent(
            order_id=self.order_id,
            vendor_id=self.vendor_id,
            shipment_id=shipment_id,
            units=units,
            carrier=carrier,
            tracking=tracking,
            complete=complete,
            at=at,
        )
        return after, (fact,)

    def deliver(self, shipment_id: ShipmentId | None = None, *, at: datetime) -> tuple[VendorOrder, Sequence[Event]]:
        """Let one parcel arrive, or all that are under way; what has arrived already changes nothing."""
        if shipment_id is not None and all(shipment.id != shipment_id for shipment in self.shipments):
            raise NotFound("shipment", str(shipment_id))
        if not self.shipments:
            FULFILMENT.next(self.status, "deliver")
        after, facts = self, list[Event]()
        for number, shipment in enumerate(self.shipments):
            if shipment.delivered_at is None and shipment_id in {None, shipment.id}:
                after = after.each(shipment.units, OrderLine.deliver)
                arrived = attrs.evolve(shipment, delivered_at=at)
                after = attrs.evolve(after, shipments=(*after.shipments[:number], arrived, *after.shipments[number + 1 :]))
                facts.append(ShipmentArrived(order_id=self.order_id, vendor_id=self.vendor_id, shipment_id=shipment.id, at=at))
        return after.delivered_if_complete(facts, at)

    def cancel(
        self, cancellation: str, asked: Sequence[Units] = (), *, reason: str, at: datetime
    ) -> tuple[VendorOrder, Sequence[Event]]:
        """Never ship the units asked for, or all that are not shipped; `cancellation` names the act."""
        assert self.status is not VendorOrderStatus.PENDING, "an order that is not paid is cancelled as a whole"
        FULFILMENT.next(self.status, "cancel")
        units = self.units(asked, lambda line: line.unshipped)
        after = self.each(units, OrderLine.cancel)
        whole = all(line.cancelled == line.quantity for line in after.lines)
        if whole:
            after = attrs.evolve(after, status=FULFILMENT.next(self.status, "cancel"))
        elif not any(line.unshipped for line in after.lines):
            after = attrs.evolve(after, status=FULFILMENT.next(self.status, "ship"))
        fact = UnitsCancelled(
            order_id=self.order_id,
            vendor_id=self.vendor_id,
            cancellation=cancellation,
            units=units,
            reason=reason,
            whole=whole,
            at=at,
        )
        return after.delivered_if_complete((fact,), at)

    def replace(self, line: OrderLine) -> VendorOrder:
        """The vendor order with `line` in the place of the one with its number."""
        return attrs.evolve(self, lines=tuple(line if each.number == line.number else each for each in self.lines))

    def each(self, units: Sequence[Units], change: Callable[[OrderLine, int], OrderLine]) -> VendorOrder:
        """Apply `change` to the line of each of `units`; `NotFound` for a line that is not there."""
        changed = {each.line: change(self.line(each.line), each.quantity) for each in units}
        return attrs.evolve(self, lines=tuple(changed.get(line.number, line) for line in self.lines))

    def delivered_if_complete(self, facts: Sequence[Event], at: datetime) -> tuple[VendorOrder, Sequence[Event]]:
        """The vendor order as delivered, with that fact added to `facts`, when everything that was shipped has arrived."""
        arrived = all(line.delivered == line.quantity - line.cancelled for line in self.lines)
        if self.status is not VendorOrderStatus.SHIPPED or not arrived:
            return self, facts
        after = attrs.evolve(self, status=FULFILMENT.next(self.status, "deliver"), delivered_at=at)
        return after, [*facts, VendorOrderDelivered(order_id=self.order_id, vendor_id=self.vendor_id, at=at)]

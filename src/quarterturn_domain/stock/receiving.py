"""Receiving: a vendor opens a location, units arrive there, and counts are put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from quarterturn_domain.catalog.offer import Offer
from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.errors import Conflict, Invalid, NotFound, Outcome
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import LocationId, Sku, VendorId, possible
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.texts import written
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.stock.ports import StockWork
from quarterturn_domain.stock.stock_item import MAX_ON_HAND, StockItem


@attrs.frozen(kw_only=True)
class OpenLocation:
    """Keep stock at a place; of two places the one with the lower `priority` gives first."""

    location_id: LocationId
    vendor_id: VendorId
    name: str
    priority: int = 0
    coordinates: Coordinates | None = None
    at: datetime = attrs.field(metadata=TIMING)


class OpenLocations:
    """Opens locations, many at once; the same id with the same content is the same location."""

    def __init__(self, work: Begin[StockWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[OpenLocation]) -> Sequence[Outcome[Location]]:
        """For each command its location, or `Invalid`, `NotFound` or `Conflict`."""
        with self._work() as work:
            known = dict(work.locations.lock({command.location_id for command in commands}))
            vendors = work.vendors.find({command.vendor_id for command in commands})
            fresh: dict[LocationId, Location] = {}

            def decide(command: OpenLocation) -> Location:
                required(vendors, command.vendor_id, "vendor")
                wanted = Location(command.location_id, command.vendor_id, command.name, command.priority, command.coordinates)
                location, fact = Location.open(wanted, at=command.at)
                before = known.setdefault(location.id, location)
                if before != location:
                    raise Conflict("location", str(location.id), "it was opened with other content")
                if before is location:
                    fresh[location.id] = location
                    work.outbox.append([fact])
                return before

            outcomes = decide_each(commands, decide)
            work.locations.add(fresh.values())
        return outcomes


@attrs.frozen(kw_only=True)
class MoveStock:
    """Let `quantity` units (signed) of a SKU come to or go from a location; `movement_id` makes it happen once.

    `kind` is a receipt (units arrive) or an adjustment (units were counted); other kinds follow from sales, returns and transfers.
    """

    movement_id: UUID
    vendor_id: VendorId
    sku: Sku
    location_id: LocationId
    quantity: int
    kind: MovementKind = MovementKind.RECEIPT
    reason: str = "received"
    actor: str
    at: datetime = attrs.field(metadata=TIMING)

    @property
    def cause(self) -> str:
        """What names this movement for good."""
        return f"movement:{self.movement_id}"


BY_HAND: Final = frozenset({MovementKind.RECEIPT, MovementKind.ADJUSTMENT})


class MoveStocks:
    """Receives and adjusts stock, many at once, each by its own merit."""

    def __init__(self, work: Begin[StockWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[MoveStock]) -> Sequence[Outcome[StockItem]]:
        """For each command its item afterwards, or `Invalid`, `NotFound`, `StockShort` or `Conflict`."""
        with self._work() as work:
            # Whoever makes a kit of one of these SKUs locks its offer, too: what becomes a kit meanwhile gets no units.
            offers = work.offers.lock(possible(command.sku for command in commands))
            shelf = work.stock.lock(offers)
            done = dict(work.stock.caused({command.cause for command in commands}))
            locations = work.locations.find({command.location_id for command in commands})
            allocation = Allocation(shelf)

            def decide(command: MoveStock) -> StockItem:
                location = _place(command, offers, locations)
                if command.sku in shelf.kits:
                    raise Invalid(f"stock of the kit {command.sku}", "movements of its components")
                movement = Movement(
                    command.cause,
                    command.sku,
                    command.location_id,
                    command.kind,
                    command.quantity,
                    command.reason,
                    command.actor,
                    command.at,
                )
                before = done.setdefault(command.cause, [])
                if before:
                    if attrs.evolve(before[0], at=command.at) != movement:
                        raise Conflict("movement", str(command.movement_id), "it was made with other content")
                    return allocation.item(command.sku, command.location_id)
                item = allocation.move(movement, priority=location.priority)
                done[command.cause] = [movement]
                return item

            outcomes = decide_each(commands, decide)
            work.stock.record(allocation)
            work.outbox.append(allocation.facts)
        return outcomes


def _place(command: MoveStock, offers: Mapping[Sku, Offer], locations: Mapping[LocationId, Location]) -> Location:
    if command.kind not in BY_HAND:
        raise Invalid(f"a {command.kind} by hand", f"one of {', '.join(sorted(BY_HAND))}")
    if command.quantity == 0 or (command.kind is MovementKind.RECEIPT and command.quantity < 0):
        raise Invalid(f"a {command.kind} of {command.quantity}", "units that come, or for an adjustment also units that go")
    if abs(command.quantity) > MAX_ON_HAND:
        raise Invalid(f"a {command.kind} of {command.quantity}", f"at most {MAX_ON_HAND} units")
    written(reason=command.reason, actor=command.actor)
    location = required(locations, command.location_id, "location")
    if location.vendor_id != command.vendor_id:
        raise NotFound("location", str(command.location_id))
    if required(offers, command.sku, "offer").vendor_id != command.vendor_id:
        raise NotFound("offer", command.sku)
    return location

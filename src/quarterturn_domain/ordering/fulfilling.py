"""Fulfilling: vendors begin, send parcels, and parcels arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import attrs

from quarterturn_domain.kernel.batch import Draft, decide_each
from quarterturn_domain.kernel.errors import Outcome
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import OrderId, ShipmentId, VendorId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.ordering.vendor_order import VendorOrder


@attrs.frozen(kw_only=True)
class StartVendorOrder:
    """The vendor begins to pack."""

    order_id: OrderId
    vendor_id: VendorId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class SendShipment:
    """The vendor sends a parcel with `units`, or with all that is left when none are named."""

    order_id: OrderId
    vendor_id: VendorId
    shipment_id: ShipmentId
    units: tuple[Units, ...] = ()
    carrier: str = ""
    tracking: str = ""
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class ConfirmDelivery:
    """A parcel has arrived, or all that are under way when none is named."""

    order_id: OrderId
    vendor_id: VendorId
    shipment_id: ShipmentId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class FulfilVendorOrders:
    """Carries vendor orders from confirmed to delivered, many at once, each by its own merit."""

    def __init__(self, work: Begin[OrderingWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[StartVendorOrder | SendShipment | ConfirmDelivery]) -> Sequence[Outcome[VendorOrder]]:
        """For each command its vendor order afterwards; the same command again changes nothing and tells nothing.

        Or `NotFound`, `InvalidTransition`, `NotThatMany`, `Invalid`, `Conflict`.
        """
        with self._work() as work:
            draft = Draft(work.orders.lock({command.order_id for command in commands}))
            outcomes = decide_each(commands, partial(_fulfil, draft))
            draft.record(work, work.orders)
        return outcomes


def _fulfil(draft: Draft[OrderId, Order], command: StartVendorOrder | SendShipment | ConfirmDelivery) -> VendorOrder:
    order = draft.required(command.order_id, "order")
    before = order.vendor_order(command.vendor_id)
    after, facts = _moved(before, command)
    draft.put(order.id, order.replace(after), *facts)
    return after


def _moved(before: VendorOrder, command: StartVendorOrder | SendShipment | ConfirmDelivery) -> tuple[VendorOrder, Sequence[Event]]:
    if isinstance(command, StartVendorOrder):
        return before.start(at=command.at)
    if isinstance(command, SendShipment):
        return before.ship(command.shipment_id, command.units, carrier=command.carrier, tracking=command.tracking, at=command.at)
    return before.deliver(command.shipment_id, at=command.at)

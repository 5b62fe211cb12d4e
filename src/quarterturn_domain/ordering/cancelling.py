"""Cancelling: an order before it is paid, and units of a vendor order before they are shipped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from quarterturn_domain.kernel.errors import Conflict, NotFound
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import TIMING, Answer, fingerprint
from quarterturn_domain.kernel.ids import AccountId, OrderId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.texts import written
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.ordering.vendor_order import FULFILMENT
from quarterturn_domain.stock.allocation import Allocation, wanted_units


@attrs.frozen(kw_only=True)
class CancelOrder:
    """Give an order up: before it is paid as a whole; after that everything that is not shipped, vendor by vendor.

    `by` is the buyer who asks, or None for the platform.
    """

    cancellation_id: UUID
    order_id: OrderId
    reason: str
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class CancelUnits:
    """Never ship units of a vendor order that is paid: those named, or all that are not shipped."""

    cancellation_id: UUID
    order_id: OrderId
    vendor_id: VendorId
    units: tuple[Units, ...] = ()
    reason: str
    at: datetime = attrs.field(metadata=TIMING)


class CancelOrders:
    """Cancels orders and units; what was held is free, what was sold and not shipped is back on the shelf."""

    def __init__(self, work: Begin[OrderingWork]) -> None:
        self._work = work

    def __call__(self, command: CancelOrder | CancelUnits) -> Order:
        """The order afterwards; the same cancellation again changes nothing.

        Everything that the first one asked for is compared, but not who asked nor when: with other units or for another reason
        it is a `Conflict`. An order that was given up before it was paid stays so under whatever new id it is cancelled again.

        Raises `NotFound`, `InvalidTransition`, `NotThatMany`, `Invalid`, and `NothingToRefund` while the payment is disputed.
        """
        written(reason=command.reason)
        # One id may cancel several orders, and units of several vendors: each of them once.
        whose = f":{command.vendor_id}" if isinstance(command, CancelUnits) else ""
        cancellation = f"cancellation:{command.cancellation_id}:{command.order_id}{whose}"
        mark = fingerprint(attrs.evolve(command, by=None) if isinstance(command, CancelOrder) else command)
        with self._work() as work:
            order = required(work.orders.lock([command.order_id]), command.order_id, "order")
            if isinstance(command, CancelOrder) and command.by is not None and command.by != order.buyer_id:
                raise NotFound("order", str(order.id))
            known = work.answers.find([cancellation]).get(cancellation)
            if known is not None and known.fingerprint != mark:
                raise Conflict("cancellation", str(command.cancellation_id), "it was made with other content")
            if known is not None or order.state is OrderState.CANCELLED or work.stock.caused([cancellation]):
                return order
            allocation = Allocation(work.stock.lock_orders([order.id]))
            if order.state is OrderState.PAID:
                after, facts = _cancel_paid(order, command, cancellation, allocation)
            else:
                if isinstance(command, CancelUnits):
                    # One vendor must not give up what others sell: before it is paid, an order is cancelled as a whole.
                    FULFILMENT.next(order.vendor_order(command.vendor_id).status, "cancel units")
                after, fact = order.cancel(reason=command.reason, at=command.at)
                facts = [fact]
                allocation.release(order.id)
            work.orders.save([after])
            work.stock.record(allocation)
            work.answers.add([Answer(cancellation, mark, "", command.at)])
            work.outbox.append([*facts, *allocation.facts])
        return after


def _cancel_paid(
    order: Order, command: CancelOrder | CancelUnits, cancellation: str, allocation: Allocation
) -> tuple[Order, Sequence[Event]]:
    if isinstance(command, CancelUnits):
        parts, asked = [order.vendor_order(command.vendor_id)], command.units
    else:
        parts, asked = [each for each in order.vendor_orders if FULFILMENT.allows(each.status, "cancel")], ()
        if not parts:
            FULFILMENT.next(order.vendor_orders[0].status, "cancel")
    after = order
    facts: list[Event] = []
    for part in parts:
        next_part, made = part.cancel(cancellation, asked, reason=command.reason, at=command.at)
        after = after.replace(next_part)
        facts += made
        back = {before.number: line.cancelled - before.cancelled for before, line in zip(part.lines, next_part.lines, strict=True)}
        units = wanted_units((line.sku, back[line.number]) for line in part.lines if back[line.number])
        allocation.restock(order.id, units, cause=cancellation, reason="cancelled", at=command.at)
    return after, facts

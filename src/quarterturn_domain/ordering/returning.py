"""Returning: a customer sends units back, and the vendor decides and receives them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Conflict, NotFound
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import TIMING, Answer, fingerprint
from quarterturn_domain.kernel.ids import AccountId, OrderId, ReturnId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.texts import written
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.events import ReturnReceived, ReturnRequested, Units
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.ordering.return_ import RETURN, Return, ReturnStatus
from quarterturn_domain.stock.allocation import Allocation, wanted_units


@attrs.frozen(kw_only=True)
class RequestReturn:
    """Want to send delivered units of a vendor order back: those named, or all; `by` is the buyer, or None for the platform."""

    return_id: ReturnId
    order_id: OrderId
    vendor_id: VendorId
    units: tuple[Units, ...] = ()
    reason: str
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class RequestReturns:
    """Takes requests for returns; the same id with the same content is the same return."""

    def __init__(self, work: Begin[OrderingWork]) -> None:
        self._work = work

    def __call__(self, command: RequestReturn) -> Return:
        """The return; raises `NotFound`, `NotThatMany`, `Invalid` or `Conflict`."""
        written(reason=command.reason)
        with self._work() as work:
            order = required(work.orders.lock([command.order_id]), command.order_id, "order")
            if command.by is not None and command.by != order.buyer_id:
                raise NotFound("order", str(order.id))
            known = work.returns.lock([command.return_id]).get(command.return_id)
            if known is not None:
                same = (known.order_id, known.vendor_id, known.reason) == (command.order_id, command.vendor_id, command.reason)
                if not same or (command.units and known.units != command.units):
                    raise Conflict("return", str(command.return_id), "it was requested with other content")
                return known
            part = order.vendor_order(command.vendor_id)
            units = part.units(command.units, lambda line: line.delivered - line.returning - line.returned)
            if not units:
                raise NotFound("delivered units", str(order.id))
            after = part.each(units, OrderLine.ask_back)
            made = Return(command.return_id, order.id, command.vendor_id, units, command.reason, command.at)
            work.orders.save([order.replace(after)])
            work.returns.add([made])
            fact = ReturnRequested(
                return_id=made.id,
                order_id=order.id,
                vendor_id=made.vendor_id,
                units=units,
                reason=made.reason,
                at=command.at,
            )
            work.outbox.append([fact])
        return made


_DECIDED: Final = {act: after for row in RETURN.table.values() for act, after in row.items()}


@attrs.frozen(kw_only=True)
class DecideReturn:
    """`approve`, `reject`, `withdraw` or `receive` a return.

    Units that are received go back on the shelf with `restock`; the customer is owed what was paid for them, with `refund_shipping`
    also what was paid for sending them. `vendor_id` is the vendor who decides, or None for the platform.
    """

    return_id: ReturnId
    act: str
    restock: bool = True
    refund_shipping: bool = False
    vendor_id: VendorId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class DecideReturns:
    """Decides about returns; the same decision again changes nothing."""

    def __init__(self, work: Begin[OrderingWork]) -> None:
        self._work = work

    def __call__(self, command: DecideReturn) -> Return:
        """The return afterwards; raises `NotFound`, `InvalidTransition` or `Conflict`.

        A return that was received is compared with how it was: with another `restock` or `refund_shipping` it is a `Conflict`.
        Other decisions have no content but the act.
        """
        with self._work() as work:
            seen = required(work.returns.find([command.return_id]), command.return_id, "return")
            if command.vendor_id not in {None, seen.vendor_id}:
                raise NotFound("return", str(command.return_id))
            # Orders are locked before what belongs to them, everywhere.
            order = required(work.orders.lock([seen.order_id]), seen.order_id, "order")
            before = required(work.returns.lock([command.return_id]), command.return_id, "return")
            received, how = f"return:{before.id}:received", f"restock={command.restock} refund_shipping={command.refund_shipping}"
            if before.status is _DECIDED.get(command.act):
                known = work.answers.find([received]).get(received)
                if before.status is ReturnStatus.RECEIVED and known is not None and known.text != how:
                    raise Conflict("return", str(before.id), "it was received with other content")
                return before
            after, decided = before.move(command.act, at=command.at)
            part = order.vendor_order(before.vendor_id)
            facts: list[Event] = [decided]
            if after.status is ReturnStatus.RECEIVED:
                work.answers.add([Answer(received, fingerprint(how), how, command.at)])
                part = part.each(before.units, OrderLine.take_back)
                facts.append(
                    ReturnReceived(
                        return_id=after.id,
                        order_id=order.id,
                        vendor_id=after.vendor_id,
                        units=after.units,
                        restocked=command.restock,
                        refund_shipping=command.refund_shipping,
                        at=command.at,
                    )
                )
                if command.restock:
                    allocation = Allocation(work.stock.lock_orders([order.id]))
                    back = wanted_units((part.line(each.line).sku, each.quantity) for each in before.units)
                    allocation.restock(order.id, back, cause=f"return:{after.id}", reason="returned", at=command.at)
                    work.stock.record(allocation)
                    facts += allocation.facts
            elif after.status in {ReturnStatus.REJECTED, ReturnStatus.WITHDRAWN}:
                part = part.each(before.units, OrderLine.keep)
            work.orders.save([order.replace(part)])
            work.returns.save([after])
            work.outbox.append(facts)
        return after

"""Refunding: money is owed for what is asked for, and for units that were cancelled or came back; it is sent afterwards.

A refund names lines, by amount, by quantity or by shipping, or a sum that is spread over all that is left. It is bounded by what is
left of each line and of the payment. Units that were cancelled or came back are refunded by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import attrs

from quarterturn_domain.kernel.errors import Conflict, Invalid
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import OrderId, RefundId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.kernel.rate import half_up
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.events import ReturnReceived, UnitsCancelled
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payments.owing import ONLY_AUTHORISED, NothingToRefund, Owing, paying
from quarterturn_domain.payments.payment import PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.refund import LineRefund, Refund, spread

OWED: Final = UUID("2b1c8f52-7f0e-5a43-8d6e-0f4c2f0f9a21")
"""The namespace of refunds that follow from a cancellation or a return."""


@attrs.frozen
class RefundLine:
    """What to refund of a line: `goods` and `shipping` as amounts, or `units` at what was paid for each (goods only)."""

    line: int
    goods: Money | None = None
    shipping: Money | None = None
    units: int | None = None


@attrs.frozen(kw_only=True)
class RequestRefund:
    """Owe the customer of an order money: for `lines`, or `amount` spread over all that is left.

    Or everything when neither is given.
    """

    refund_id: RefundId
    order_id: OrderId
    lines: tuple[RefundLine, ...] = ()
    amount: Money | None = None
    reason: str
    at: datetime = attrs.field(metadata=TIMING)


class RequestRefunds:
    """Decides what is owed; the same id with the same content is the same refund."""

    def __init__(self, work: Begin[PaymentsWork]) -> None:
        self._work = work

    def __call__(self, command: RequestRefund) -> Refund:
        """The refund; raises `NotFound`, `NothingToRefund`, `RefundTooLarge`, `Invalid` or `Conflict`."""
        with self._work() as work:
            order = required(work.orders.lock([command.order_id]), command.order_id, "order")
            known = work.refunds.lock([command.refund_id]).get(command.refund_id)
            owing = Owing({order.id: order}, work.payments.of_orders([order.id]))
            # Only what has arrived can go back.
            order = owing.arrived(order.id)
            if known is not None:
                if not _same(known, command, order):
                    raise Conflict("refund", str(known.id), "it was requested with other content")
                return known
            if any(each.in_parts and not each.captures for each in owing.payments(order.id)):
                raise NothingToRefund(order.id, ONLY_AUTHORISED)
            if command.lines and command.amount is not None:
                raise Invalid("a refund of lines and of a sum", "one of them")
            if command.amount is not None and command.amount.minor <= 0:
                raise Invalid(f"a refund of {command.amount}", "an amount of more than zero")
            if command.lines:
                lines: Sequence[LineRefund] = [_of_line(order, each) for each in command.lines]
            else:
                lines = spread(order, order.split.paid if command.amount is None else command.amount)
            if not any(each.goods or each.shipping for each in lines):
                raise Invalid("a refund of nothing", "an amount of more than zero")
            amount = total((each.amount for each in lines), order.total.currency)
            if paying(order, owing.payments(order.id), amount).status is PaymentStatus.AUTHORIZED:
                raise NothingToRefund(order.id, ONLY_AUTHORISED)
            refund = owing.owe(order.id, command.refund_id, lines, reason=command.reason, at=command.at)
            assert refund is not None
            owing.record(work)
        return refund


def refund_units(work: PaymentsWork, events: Sequence[UnitsCancelled | ReturnReceived]) -> None:
    """The reaction to units that will not be shipped or came back: owe what was paid for them, in the same transaction.

    However many events there are, each kind is read once and written once.
    """
    orders = work.orders.lock({event.order_id for event in events})
    owing = Owing(orders, work.payments.of_orders(orders))
    for event in events:
        if isinstance(event, UnitsCancelled):
            cause, shipping, reason = event.cancellation, True, event.reason
        else:
            cause, shipping, reason = f"return:{event.return_id}", event.refund_shipping, "returned"
        captured = owing.let_go(event, shipping=shipping)
        part = owing.arrived(event.order_id).vendor_order(event.vendor_id)
        lines = [LineRefund(each.line, *part.line(each.line).worth(each.quantity, shipping=shipping)) for each in captured]
        refund_id = RefundId(uuid5(OWED, f"{cause}:{event.order_id}:{event.vendor_id}"))
        owing.owe(event.order_id, refund_id, lines, gone=event.units, reason=reason, at=event.at)
    owing.record(work)


def _same(known: Refund, command: RequestRefund, order: Order) -> bool:
    """Whether a refund is the one that is asked for: what the order has lost since does not change the answer."""
    if (known.order_id, known.reason) != (order.id, command.reason) or command.amount not in {None, known.amount}:
        return False
    if not command.lines:
        return True
    if [each.line for each in known.lines] != [each.line for each in command.lines]:
        return False
    nothing = Money.zero(order.total.currency)
    for has, asked in zip(known.lines, command.lines, strict=True):
        if has.shipping != (asked.shipping or nothing):
            return False
        if asked.units is None:
            if has.goods != (asked.goods or nothing):
                return False
        else:
            line = order.vendor_order(order.vendor_of(asked.line)).line(asked.line)
            paid = line.price.goods.paid
            if asked.units == line.quantity:
                # All units took all that was left, and nothing can have gone back since.
                if line.refunded_goods != paid:
                    return False
            # Others round by their place: within one minor unit it is the same.
            elif abs(has.goods.minor - half_up(paid.minor * asked.units, line.quantity)) > 1:
                return False
    return True


def _of_line(order: Order, asked: RefundLine) -> LineRefund:
    line = order.vendor_order(order.vendor_of(asked.line)).line(asked.line)
    nothing = Money.zero(order.total.currency)
    if asked.units is None:
        return LineRefund(asked.line, asked.goods or nothing, asked.shipping or nothing)
    if asked.goods is not None or not 0 < asked.units <= line.quantity:
        raise Invalid(
            f"{asked.units} units of line {asked.line}", f"1 to {line.quantity} units, and no amount of goods beside them"
        )
    return LineRefund(asked.line, _price_of(line, asked.units), asked.shipping or nothing)


def _price_of(line: OrderLine, units: int) -> Money:
    paid, back = line.price.goods.paid, line.refunded_goods
    if units == line.quantity:
        return paid - back

    def part(count: int) -> int:
        return half_up(paid.minor * count, line.quantity)

    # Where whole units went back before, these are the next ones: so the prices of all units add up to that of the line.
    before = half_up(back.minor * line.quantity, paid.minor) if paid else 0
    if part(before) == back.minor and before + units <= line.quantity:
        return Money(part(before + units) - part(before), paid.currency)
    return Money(part(units), paid.currency)

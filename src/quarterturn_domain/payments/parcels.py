"""Parcels: what of an authorisation each parcel captures, who has which part of it, and what is let go with units that never leave.

What is not captured counts as given back, for now: so a line's split says who has which part of what has arrived, and the parts of
all captures and refunds, in whatever order, come to the split of the whole to the minor unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.money import Money, shares, total
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.vendor_order import FULFILMENT
from quarterturn_domain.payments.events import AuthorizationEnded, PaymentCaptured, VendorPart
from quarterturn_domain.payments.payment import Payment, PaymentStatus
from quarterturn_domain.payments.refund import LineRefund, give_back
from quarterturn_domain.payments.waiting import Waiting, by_line, put


def whole(order: Order) -> tuple[Waiting, ...]:
    """All units of an order, that wait to be captured."""
    lines = [line for part in order.vendor_orders for line in part.lines]
    return tuple(Waiting(line.number, line.quantity, line.price.goods.paid, line.price.shipping.paid) for line in lines)


def arrived(order: Order, payments: Iterable[Payment]) -> Order:
    """The order as far as its money has arrived: what waits to be captured is as if it had been given back."""
    for each in by_line(*(group for payment in payments for group in (payment.waiting, payment.asked))).values():
        part = order.vendor_order(order.vendor_of(each.line))
        line = part.line(each.line)
        goods, shipping = line.refunded_goods + each.goods, line.refunded_shipping + each.shipping
        order = order.replace(part.replace(attrs.evolve(line, refunded_goods=goods, refunded_shipping=shipping)))
    return order


def due(order: Order, payment: Payment) -> Sequence[Waiting]:
    """What the units come to that have left, and that were neither captured nor asked for."""
    found = []
    for each in payment.waiting:
        unshipped = order.vendor_order(order.vendor_of(each.line)).line(each.line).unshipped
        if each.units > unshipped or not each.units:
            found.append(each.take(max(0, each.units - unshipped))[0])
    return found


def let_go(payment: Payment, order: Order, units: Units, *, came_back: bool, shipping: bool) -> tuple[Payment, LineRefund, int]:
    """The payment without these units of a line, as far as they were not captured; what they come to; and how many were captured.

    Of units that `came_back` those are meant first that were captured, of units that never leave those that were not.
    """
    waiting, asked = by_line(payment.waiting).get(units.line), by_line(payment.asked).get(units.line)
    line = order.vendor_order(order.vendor_of(units.line)).line(units.line)
    kept = 0
    if came_back:
        sent = max(0, sum(each.units for each in (waiting, asked) if each is not None) - line.unshipped)
        kept = min(units.quantity, max(0, line.shipped - sent - (line.returned - units.quantity)))
    free, nothing = units.quantity - kept, Money.zero(payment.amount.currency)
    gone = LineRefund(units.line, nothing, nothing)
    left = {"waiting": payment.waiting, "asked": payment.asked}
    for name, group in (("waiting", waiting), ("asked", asked)):
        if group is not None:
            taken, rest = group.take(min(free, group.units), shipping=shipping)
            free -= taken.units
            gone = LineRefund(units.line, gone.goods + taken.goods, gone.shipping + taken.shipping)
            left[name] = put(left[name], [rest])
    released = payment.release(gone.amount) if gone.amount else payment
    return attrs.evolve(released, waiting=left["waiting"], asked=left["asked"]), gone, kept + free


@attrs.frozen
class Heard:
    """A payment in parts and its order after the provider's word, what has happened, and what is too much.

    `gone` are units that will never be sent, because nobody pays for them any more.
    """

    payment: Payment
    order: Order
    facts: tuple[Event, ...]
    excess: Money
    gone: tuple[Units, ...] = ()


def hear(payment: Payment, order: Order, captured: Money, fee: Money, *, at: datetime) -> Heard:
    """Hear that so much of a payment has been `captured` by now, which has cost so much."""
    more, cost = captured - payment.captured, fee - payment.fee
    nothing = Money.zero(captured.currency)
    if more.minor <= 0:
        return Heard(payment, order, (), nothing)
    taken = min(more, payment.uncaptured)
    act = "capture" if payment.status is PaymentStatus.AUTHORIZED else "capture_more"
    after = attrs.evolve(_taken(payment, taken).move(act), captured=captured, fee=fee, captures=payment.captures + 1, failure=None)
    if not taken:
        return Heard(after, order, (), more)
    first = not payment.captures
    parts = [
        VendorPart(now.vendor_id, now.split if first else now.split - before.split)
        for before, now in zip(arrived(order, [payment]).vendor_orders, arrived(order, [after]).vendor_orders, strict=True)
    ]
    fact = PaymentCaptured(
        payment_id=payment.id,
        order_id=order.id,
        amount=taken,
        fee=cost,
        parts=tuple(part for part in parts if first or part.split),
        at=at,
        number=after.captures,
    )
    return Heard(after, order, (fact,), more - taken)


def end(payment: Payment, order: Order, *, at: datetime) -> Heard:
    """Hear that nothing more can be captured: what was not sent is cancelled, and what was sent nobody pays for."""
    nothing = Money.zero(payment.amount.currency)
    rest = by_line(payment.waiting, payment.asked)
    ended = attrs.evolve(payment, in_parts=False, waiting=tuple(rest.values()), asked=())
    if not rest:
        return Heard(ended, order, (), nothing)
    lost: list[LineRefund] = []
    left: list[Waiting] = []
    gone: list[Units] = []
    facts: list[Event] = []
    for each in rest.values():
        unshipped = order.vendor_order(order.vendor_of(each.line)).line(each.line).unshipped
        sent, unsent = each.take(max(0, each.units - unshipped))
        lost.append(LineRefund(each.line, sent.goods, sent.shipping))
        left.append(unsent)
        if unsent.units:
            gone.append(Units(each.line, unsent.units))
    sent_for = total((each.amount for each in lost), nothing.currency)
    # What was sent is given back in the order alone: it never was in the books, and the split of what has arrived stays.
    order, _, _ = give_back(order, lost)
    ended = attrs.evolve(ended.release(sent_for), waiting=put((), left))
    for part in order.vendor_orders:
        units = [each for each in gone if any(line.number == each.line for line in part.lines)]
        if units and FULFILMENT.allows(part.status, "cancel"):
            after, told = part.cancel(
                f"payment:{payment.id}:ended", units, reason="the authorisation of its payment has ended", at=at
            )
            order = order.replace(after)
            facts += told
    fact = AuthorizationEnded(payment_id=payment.id, order_id=order.id, amount=payment.uncaptured, sent=sent_for, at=at)
    return Heard(ended, order, (fact, *facts), nothing, tuple(gone))


def _taken(payment: Payment, amount: Money) -> Payment:
    """The payment after so much of what waits has arrived: what was asked for, all of it, or what somebody took by hand."""
    asked = total((each.amount for each in payment.asked), amount.currency)
    if amount == asked:
        return attrs.evolve(payment, asked=())
    if amount == payment.uncaptured:
        return attrs.evolve(payment, asked=(), waiting=())
    # Somebody has captured by hand at the provider: it is of every line in proportion, and of nothing whole.
    lines = list(by_line(payment.asked, payment.waiting).values())
    sums = [minor for each in lines for minor in (each.goods.minor, each.shipping.minor)]
    given = shares(amount.minor, sums, sum(sums))
    unit = amount.currency
    rest = [
        Waiting(each.line, each.units, each.goods - Money(given[2 * i], unit), each.shipping - Money(given[2 * i + 1], unit))
        for i, each in enumerate(lines)
    ]
    return attrs.evolve(payment, asked=(), waiting=put((), rest))

"""Refunding: money is owed first, in the transaction of what caused it, and sent afterwards.

A refund names lines, by amount, by quantity or by shipping, or a sum that is spread over all that is left. It is bounded by what is
left of each line and of the payment. Units that were cancelled or came back are refunded by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import attrs

from quarterturn_domain.kernel.batch import Draft, decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Conflict, DomainError, Invalid, Outcome, Rejected
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import OrderId, RefundId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.kernel.rate import half_up
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.events import ReturnReceived, Units, UnitsCancelled
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payments.events import AuthorizationReleased, RefundRequested
from quarterturn_domain.payments.gateway import GatewayRefund, GatewayRefundStatus, GatewayRefused, PaymentGateway
from quarterturn_domain.payments.parcels import arrived, let_go
from quarterturn_domain.payments.payment import TAKEN, Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.refund import REFUND, LineRefund, Refund, RefundStatus, give_back, spread
from quarterturn_domain.payments.tracking import record

OWED: Final = UUID("2b1c8f52-7f0e-5a43-8d6e-0f4c2f0f9a21")
"""The namespace of refunds that follow from a cancellation or a return."""

ONLY_AUTHORISED: Final = "its payment is only authorised; cancel units, or capture it first"


@attrs.frozen(eq=False)
class NothingToRefund(Rejected):
    """No payment of the order has arrived, or it cannot be refunded now."""

    order_id: OrderId
    reason: str

    @property
    def message(self) -> str:
        """Why not."""
        return f"The order {self.order_id} cannot be refunded: {self.reason}"


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
            if _paying(order, owing.payments(order.id), amount).status is PaymentStatus.AUTHORIZED:
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


class Owing:
    """Locked orders and their payments while it is decided what is owed for them; nothing is written before `record`."""

    __slots__ = ("_of_order", "_orders", "_payments", "_refunds")

    def __init__(self, orders: Mapping[OrderId, Order], payments: Mapping[OrderId, Sequence[Payment]]) -> None:
        self._orders = Draft(orders)
        self._payments = Draft({payment.id: payment for each in payments.values() for payment in each})
        self._refunds: Draft[RefundId, Refund] = Draft({})
        self._of_order = {order_id: [payment.id for payment in each] for order_id, each in payments.items()}

    def order(self, order_id: OrderId) -> Order:
        """The order after all that is owed so far, or `NotFound`."""
        return self._orders.required(order_id, "order")

    def payments(self, order_id: OrderId) -> Sequence[Payment]:
        """The order's payments after all that is owed so far, in the order of opening."""
        return [self._payments.required(payment_id, "payment") for payment_id in self._of_order.get(order_id, ())]

    def arrived(self, order_id: OrderId) -> Order:
        """The order as far as its money has arrived, after all that is owed so far."""
        return arrived(self.order(order_id), self.payments(order_id))

    def let_go(self, event: UnitsCancelled | ReturnReceived, *, shipping: bool) -> Sequence[Units]:
        """Let go what was authorised for units and not captured yet; those that were captured, and are to be refunded."""
        order = self.order(event.order_id)
        payment = next((each for each in self.payments(order.id) if each.waiting or each.asked), None)
        if payment is None:
            return event.units
        after, captured, lines = payment, list[Units](), list[LineRefund]()
        for each in event.units:
            came_back = isinstance(event, ReturnReceived)
            after, gone, left = let_go(after, order, each, came_back=came_back, shipping=shipping)
            captured += [Units(each.line, left)] if left else []
            lines.append(gone)
        amount = total((each.amount for each in lines), order.total.currency)
        self._orders.put(order.id, give_back(order, lines)[0])
        told = AuthorizationReleased(payment_id=payment.id, order_id=order.id, amount=amount, at=event.at)
        self._payments.put(payment.id, after, *([told] if amount else ()))
        return captured

    def owe(
        self,
        order_id: OrderId,
        refund_id: RefundId,
        lines: Sequence[LineRefund],
        *,
        gone: Sequence[Units] = (),
        reason: str,
        at: datetime,
    ) -> Refund | None:
        """Owe the customer of an order these parts of it; `gone` are the units that went with them.

        None when the payment was only authorised, and is lowered, or when its authorisation is over.

        Nothing at all is owed, and None returned, when the parts were paid with nothing or went back already.
        """
        order = self.order(order_id)
        here = self.arrived(order_id)
        after, parts, amount = give_back(order, lines, gone)
        if here is not order:
            parts = give_back(here, lines, gone)[1]
        if not amount and not any(part.split for part in parts):
            return None
        payments = self.payments(order_id)
        if not any(payment.status in TAKEN or payment.status is PaymentStatus.AUTHORIZED for payment in payments):
            # The authorisation is over: nobody has paid, and nobody is owed anything.
            self._orders.put(order_id, after)
            return None
        payment = _paying(order, payments, amount)
        self._orders.put(order_id, after)
        if payment.status is PaymentStatus.AUTHORIZED:
            if amount:
                released = AuthorizationReleased(payment_id=payment.id, order_id=order_id, amount=amount, at=at)
                self._payments.put(payment.id, payment.release(amount))
                self._refunds.facts.append(released)
            return None
        if amount:
            self._payments.put(payment.id, payment.refund(amount))
        refund = Refund(
            id=refund_id,
            payment_id=payment.id,
            order_id=order_id,
            amount=amount,
            lines=tuple(lines),
            reason=reason,
            requested_at=at,
            status=REFUND.initial if amount else RefundStatus.SUCCEEDED,
        )
        requested = RefundRequested(
            refund_id=refund_id, payment_id=payment.id, order_id=order_id, amount=amount, parts=parts, reason=reason, at=at
        )
        assert self._refunds.get(refund_id) is None
        return self._refunds.put(refund_id, refund, requested)

    def record(self, work: PaymentsWork) -> None:
        """Write what has changed, each kind once, and then the facts in the order in which they came about."""
        self._orders.record(work, work.orders)
        self._payments.record(work, work.payments)
        self._refunds.record(work, work.refunds)


class SendRefunds:
    """Sends refunds to the provider and records what it says: run again, it asks again under the same key."""

    def __init__(self, work: Begin[PaymentsWork], gateway: PaymentGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def __call__(self, refund_ids: Sequence[RefundId]) -> Sequence[Outcome[Refund]]:
        """For each id its refund afterwards, a refused one as `failed`, or `NotFound`, `Unavailable`.

        One whose payment is disputed waits: it is as it was.
        """
        with self._work() as work:
            refunds = work.refunds.find(set(refund_ids))
            payments = work.payments.find({refund.payment_id for refund in refunds.values()})

        def ask(refund_id: RefundId) -> tuple[RefundId, GatewayRefund | None]:
            refund = required(refunds, refund_id, "refund")
            payment = payments[refund.payment_id]
            if refund.status in {RefundStatus.SUCCEEDED, RefundStatus.FAILED}:
                return refund_id, None
            # While the bank has the money, nothing can be given back; the refund is sent once the dispute is won.
            if payment.status is PaymentStatus.DISPUTED and refund.status is RefundStatus.REQUESTED:
                return refund_id, None
            return refund_id, _ask(self._gateway, refund, payment)

        answers = decide_each(refund_ids, ask)
        recorded = record(self._work, [answer for answer in answers if not isinstance(answer, DomainError)], self._clock)
        return [answer if isinstance(answer, DomainError) else recorded.get(answer[0], refunds[answer[0]]) for answer in answers]


class RetryRefunds:
    """Lets a refund that failed be sent once more, under a new key."""

    def __init__(self, work: Begin[PaymentsWork]) -> None:
        self._work = work

    def __call__(self, refund_id: RefundId) -> Refund:
        """The refund, to be sent again; raises `NotFound` or `InvalidTransition`."""
        with self._work() as work:
            after = required(work.refunds.lock([refund_id]), refund_id, "refund").retry()
            work.refunds.save([after])
        return after


def _ask(gateway: PaymentGateway, refund: Refund, payment: Payment) -> GatewayRefund:
    assert payment.reference is not None
    if refund.reference is not None:
        return gateway.read_refund(refund.reference)
    # The provider forgets keys after a while, but not refunds: what an earlier run has sent is not sent again.
    sent = gateway.find_refund(payment.reference, refund.id)
    if sent is not None and (refund.attempt == 1 or sent.status is not GatewayRefundStatus.FAILED):
        return sent
    try:
        return gateway.refund_payment(payment.reference, refund.amount, refund_id=refund.id, key=refund.key)
    except GatewayRefused as refusal:
        return GatewayRefund("", GatewayRefundStatus.FAILED, refund.amount, refusal.reason)


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


def _paying(order: Order, payments: Sequence[Payment], amount: Money) -> Payment:
    """The payment that pays for the order: captured or authorised, not in quarantine, and not disputed.

    Where no money goes back, one that went back or is disputed will do.
    """
    for payment in payments:
        if payment.quarantine is None and payment.status in {
            PaymentStatus.CAPTURED,
            PaymentStatus.PARTIALLY_REFUNDED,
            PaymentStatus.AUTHORIZED,
        }:
            return payment
    taken = [payment for payment in payments if payment.status in TAKEN]
    if taken and not amount:
        return taken[0]
    if any(payment.status is PaymentStatus.DISPUTED for payment in payments):
        raise NothingToRefund(order.id, "the customer's bank has taken the payment back; the dispute decides")
    raise NothingToRefund(order.id, "no payment for it has arrived, or all of it went back")


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

"""Owing: what customers are owed for parts of their orders, decided on locked orders and payments and written at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.batch import Draft
from quarterturn_domain.kernel.errors import Rejected
from quarterturn_domain.kernel.ids import OrderId, RefundId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.ordering.events import ReturnReceived, Units, UnitsCancelled
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payments.events import AuthorizationReleased, RefundRequested
from quarterturn_domain.payments.parcels import arrived, let_go
from quarterturn_domain.payments.payment import TAKEN, Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.refund import REFUND, LineRefund, Refund, RefundStatus, give_back

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
        payment = paying(order, payments, amount)
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


def paying(order: Order, payments: Sequence[Payment], amount: Money) -> Payment:
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

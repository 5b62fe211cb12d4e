"""Drawing: parts of an authorisation are captured one after the other; each is intended first, then asked for, then recorded."""

from __future__ import annotations

from typing import Final

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.vendor_order import VendorOrderStatus
from quarterturn_domain.payments.gateway import GatewayPayment, PaymentGateway
from quarterturn_domain.payments.parcels import due
from quarterturn_domain.payments.payment import Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.recording import record

MOST: Final = 50
"""How often one authorisation is captured; Stripe allows no more. The last time takes all that is still wanted."""

_CANCELLED: Final = {VendorOrderStatus.CANCELLED}


class Drawing:
    """Captures of payments that are captured in parts; run again it looks up what was asked for, and goes on."""

    def __init__(self, work: Begin[PaymentsWork], gateway: PaymentGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def capture(self, payment_id: PaymentId, *, everything: bool = False) -> Payment:
        """The payment after what has left was captured, or `everything` that waits; raises `GatewayRefused`, `Unavailable`.

        While its bank has some of it back, nothing more is captured.
        """
        while True:
            payment, order, resumed = self._intend(payment_id, everything=everything)
            truth = self._ask(payment, order, resumed=resumed)
            if truth is None:
                return payment
            after = record(self._work, [(payment_id, truth)], self._clock)[payment_id]
            if (after.captures, after.asked, after.in_parts) == (payment.captures, payment.asked, payment.in_parts):
                # The provider does not know yet what became of it, and will tell.
                return after

    def end(self, payment_id: PaymentId) -> Payment:
        """The payment after what was not captured has been let go; of one of which something has arrived."""
        with self._work() as work:
            payment = required(work.payments.find([payment_id]), payment_id, "payment")
        assert payment.in_parts
        assert payment.captures
        truth = self._capture(payment, Money.zero(payment.amount.currency), final=True)
        return record(self._work, [(payment_id, truth)], self._clock)[payment_id]

    def _intend(self, payment_id: PaymentId, *, everything: bool) -> tuple[Payment, Order, bool]:
        """The payment with what is to be asked for, and whether that was asked for before."""
        with self._work() as work:
            seen = required(work.payments.find([payment_id]), payment_id, "payment")
            order = required(work.orders.lock([seen.order_id]), seen.order_id, "order")
            payment = work.payments.lock([payment_id])[payment_id]
            if not payment.in_parts or payment.asked or payment.status is PaymentStatus.DISPUTED:
                return payment, order, bool(payment.asked)
            parts = due(order, payment)
            if everything or (any(parts) and payment.captures + 1 >= MOST):
                parts = payment.waiting
            after = payment.ask(parts)
            if after != payment:
                work.payments.save([after])
        return after, order, False

    def _ask(self, payment: Payment, order: Order, *, resumed: bool) -> GatewayPayment | None:
        """What the provider says; None when there is nothing to ask."""
        if not payment.in_parts:
            return None
        assert payment.reference is not None
        if resumed:
            truth = self._gateway.read_payment(payment.reference)
            if truth.captured != payment.captured or truth.status is not PaymentStatus.AUTHORIZED:
                return truth
        if payment.status is PaymentStatus.DISPUTED:
            return None
        if payment.asked or (payment.captures and not payment.waiting):
            asked = total((each.amount for each in payment.asked), payment.amount.currency)
            return self._capture(payment, asked, final=not payment.waiting)
        if not payment.waiting and {part.status for part in order.vendor_orders} == _CANCELLED:
            return self._gateway.cancel_payment(payment.reference, key=f"payment:{payment.id}:cancel")
        return None

    def _capture(self, payment: Payment, amount: Money, *, final: bool) -> GatewayPayment:
        assert payment.reference is not None
        # What was released since the last try is part of the key: a refusal of another sum says nothing about this one.
        key = f"payment:{payment.id}:capture:{payment.captures + 1}:{payment.released.minor}{':last' if final else ''}"
        return self._gateway.capture_payment(payment.reference, amount, key=key, final=final)

"""Recording: the one place where the provider's word about payments becomes ours, with all that follows for their orders.

Intent, confirmation, webhook and poll all end here. It is idempotent: told the same twice, late or out of order, it changes nothing
the second time. A payment is honoured if the order's stock is held, or can be held again; otherwise it is refunded by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID, uuid5

import attrs

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Rejected
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import OrderId, PaymentId, RefundId, Sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.vendor_order import FULFILMENT
from quarterturn_domain.payments.events import (
    PaymentAuthorized,
    PaymentCancelled,
    PaymentCaptured,
    PaymentClaimed,
    PaymentFailed,
    PaymentUnclaimed,
    RefundRequested,
    VendorPart,
)
from quarterturn_domain.payments.gateway import GatewayPayment
from quarterturn_domain.payments.parcels import Heard, end, hear, whole
from quarterturn_domain.payments.payment import PAYMENT, TAKEN, CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.refund import Refund
from quarterturn_domain.stock.allocation import Allocation, wanted_units
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockShort

Truth: TypeAlias = tuple[PaymentId, GatewayPayment]
"""Which payment, and what the provider says of it."""

OF_ITSELF: Final = UUID("6f8a1d0e-3c56-5d2c-9b1e-6a0d2f6f7c11")
"""The namespace of refunds that nobody asked for."""


def record(begin: Begin[PaymentsWork], truths: Sequence[Truth], clock: Clock) -> Mapping[PaymentId, Payment]:
    """Record what the provider says of payments, in one transaction; the payments afterwards."""
    if not truths:
        return {}
    with begin() as work:
        seen = work.payments.find({payment_id for payment_id, _ in truths})
        # Orders are locked before what belongs to them, everywhere.
        orders = work.orders.lock({payment.order_id for payment in seen.values()})
        payments = work.payments.lock(seen)
        arriving = {payments[key].order_id for key, truth in truths if _moves_stock(payments[key], truth)}
        shelf = work.stock.lock_orders(arriving) if arriving else Shelf({})
        recording = Recording(payments, orders, shelf, at=clock.now())
        for payment_id, truth in truths:
            recording.hear(payment_id, truth)
        work.payments.save([payment for key, payment in recording.payments.items() if payment != payments[key]])
        work.orders.save([order for key, order in recording.orders.items() if order is not orders[key]])
        work.stock.record(recording.allocation)
        work.refunds.add(recording.refunds)
        work.outbox.append([*recording.allocation.facts, *recording.facts])
    return recording.payments


@attrs.frozen(eq=False)
class NotAcceptable(Rejected):
    """What has arrived cannot be taken for what is due, or not be given back from here."""

    payment_id: PaymentId
    reason: str

    @property
    def message(self) -> str:
        """Why not."""
        return f"The payment {self.payment_id} cannot be settled so: {self.reason}"


class Recording:
    """Payments, orders and stock while the provider's words are heard one by one; it touches nothing outside itself."""

    __slots__ = ("_at", "allocation", "facts", "orders", "payments", "refunds")

    def __init__(
        self, payments: Mapping[PaymentId, Payment], orders: Mapping[OrderId, Order], shelf: Shelf, *, at: datetime
    ) -> None:
        self.payments = dict(payments)
        self.orders = dict(orders)
        self.allocation = Allocation(shelf)
        self.facts: list[Event] = []
        self.refunds: list[Refund] = []
        self._at = at

    def hear(self, payment_id: PaymentId, truth: GatewayPayment) -> None:
        """Take the provider's word; one about a state that is behind us changes nothing."""
        payment = self.payments[payment_id]
        payment = attrs.evolve(payment, reference=truth.reference, charge=truth.charge or payment.charge)
        if payment.in_parts and (truth.status in _IN_PARTS or payment.captures):
            self.payments[payment_id] = self._in_parts(payment, truth)
            return
        act = _ACTS[truth.status]
        # What is authorised does not fail any more: such a word was true before the authorisation, and comes late.
        late = payment.status in TAKEN or (payment.status is PaymentStatus.AUTHORIZED and act == "fail")
        if not late and PAYMENT.allows(payment.status, act):
            heard = {"authorize": self._authorized, "capture": self._captured, "fail": self._failed, "cancel": self._cancelled}
            payment = heard.get(act, self._moved)(payment, truth, act)
        elif payment.status is PaymentStatus.FAILED and act == "fail" and truth.failure:
            # Another card was declined, too: what counts is why the last one was.
            payment = attrs.evolve(payment, failure=truth.failure)
        self.payments[payment_id] = payment

    def accept(self, payment_id: PaymentId, reason: str) -> None:
        """Take what has arrived, and waited for a person, for what is due; what is more than that goes back.

        Raises `NotAcceptable` when less has arrived, or the order cannot be honoured.
        """
        payment = self.payments[payment_id]
        due = payment.amount - payment.released
        if payment.captured.currency is not due.currency or payment.captured < due:
            raise NotAcceptable(payment_id, f"{payment.captured} has arrived where {due} is due")
        why_not = self._honour(payment.order_id)
        if why_not:
            raise NotAcceptable(payment_id, why_not)
        parts = tuple(VendorPart(part.vendor_id, part.split) for part in self.orders[payment.order_id].vendor_orders)
        self.facts.append(PaymentClaimed(payment_id=payment.id, order_id=payment.order_id, amount=due, parts=parts, at=self._at))
        self.payments[payment_id] = self._refund_of_itself(payment, reason, payment.captured - due)

    def give_back(self, payment_id: PaymentId, reason: str) -> None:
        """Owe the customer all that has arrived and waited for a person, or `NotAcceptable`."""
        payment = self.payments[payment_id]
        if payment.captured.currency is not payment.amount.currency:
            raise NotAcceptable(payment_id, f"{payment.captured} has arrived for {payment.amount}: give it back at the provider")
        self.payments[payment_id] = self._refund_of_itself(payment, reason, payment.refundable)

    def _moved(self, payment: Payment, _: GatewayPayment, act: str) -> Payment:
        return payment.move(act)

    def _failed(self, payment: Payment, truth: GatewayPayment, act: str) -> Payment:
        reason = truth.failure or "the provider gave no reason"
        self.facts.append(PaymentFailed(payment_id=payment.id, order_id=payment.order_id, reason=reason, at=self._at))
        return attrs.evolve(payment.move(act), failure=reason)

    def _cancelled(self, payment: Payment, _: GatewayPayment, act: str) -> Payment:
        after = attrs.evolve(payment.move(act), in_parts=False, waiting=(), asked=())
        self.facts.append(PaymentCancelled(payment_id=payment.id, order_id=payment.order_id, at=self._at))
        if payment.status is PaymentStatus.AUTHORIZED and payment.quarantine is None:
            return attrs.evolve(after, quarantine=self._give_up(payment))
        return after

    def _give_up(self, payment: Payment) -> str | None:
        """Cancel what is not shipped of an order whose authorisation has ended; why a person must look at it, if more is gone."""
        order, reason = self.orders[payment.order_id], "the authorisation of its payment has ended"
        cause = f"payment:{payment.id}:cancelled"
        units: list[tuple[Sku, int]] = []
        for part in order.vendor_orders:
            if FULFILMENT.allows(part.status, "cancel"):
                after, facts = part.cancel(cause, reason=reason, at=self._at)
                units += [(line.sku, line.unshipped) for line in part.lines]
                order = order.replace(after)
                self.facts += facts
        back = {sku: quantity for sku, quantity in wanted_units(units).items() if quantity}
        self.allocation.restock(order.id, back, cause=cause, reason="cancelled", at=self._at)
        self.orders[order.id] = order
        shipped = any(line.shipped for part in order.vendor_orders for line in part.lines)
        return f"{reason} after goods were shipped" if shipped else None

    def _authorized(self, payment: Payment, truth: GatewayPayment, act: str) -> Payment:
        after = attrs.evolve(payment.move(act), failure=None)
        # Nothing has arrived yet: an authorisation that cannot be honoured is left for its cancellation.
        why_not = _wrong_sum(truth.amount, payment.amount) or self._honour(payment.order_id)
        if why_not:
            return attrs.evolve(after, quarantine=why_not)
        fact = PaymentAuthorized(payment_id=payment.id, order_id=payment.order_id, amount=payment.amount, at=self._at)
        self.facts.append(fact)
        if payment.capture_method is CaptureMethod.PER_PARCEL and truth.multicapture:
            return after.capture_in_parts(whole(self.orders[payment.order_id]))
        return after

    def _in_parts(self, payment: Payment, truth: GatewayPayment) -> Payment:
        """Hear of one of several captures, or that nothing more can be captured."""
        if truth.status not in {*_IN_PARTS, PaymentStatus.CANCELLED}:
            return payment
        heard = self._follow(hear(payment, self.orders[payment.order_id], truth.captured, truth.fee, at=self._at))
        after = heard.payment
        if heard.excess:
            wrong = f"{heard.excess} more than was due is paid"
            # The fee is told with what was due, if anything was.
            fee = truth.fee - payment.fee if not heard.facts else Money.zero(truth.fee.currency)
            self._unclaimed(after, wrong, heard.excess, fee)
            after = self._refund_of_itself(after, wrong, heard.excess)
        if truth.status is PaymentStatus.AUTHORIZED:
            return after
        return self._follow(end(after, self.orders[payment.order_id], at=self._at)).payment

    def _follow(self, heard: Heard) -> Heard:
        order = heard.order
        units = [(order.vendor_order(order.vendor_of(each.line)).line(each.line).sku, each.quantity) for each in heard.gone]
        if units:
            cause = f"payment:{heard.payment.id}:ended"
            self.allocation.restock(order.id, wanted_units(units), cause=cause, reason="cancelled", at=self._at)
        self.orders[order.id] = order
        self.facts += heard.facts
        return heard

    def _captured(self, payment: Payment, truth: GatewayPayment, act: str) -> Payment:
        honoured = payment.status is PaymentStatus.AUTHORIZED and payment.quarantine is None
        after = attrs.evolve(payment.move(act), captured=truth.captured, fee=truth.fee, failure=None, captures=1)
        due = payment.capturable
        wrong = _wrong_sum(truth.captured, due)
        if wrong and honoured and due < truth.captured <= payment.amount:
            # Units were cancelled while nobody knew that the whole had been captured: what they cost goes back.
            self._arrived(after, due)
            self._unclaimed(after, wrong, truth.captured - due, Money.zero(due.currency))
            return self._refund_of_itself(after, wrong, truth.captured - due)
        if wrong:
            self._unclaimed(after, wrong, after.captured, after.fee, quarantined=True)
            return attrs.evolve(after, quarantine=wrong)
        why_not = None if honoured else self._honour(payment.order_id)
        if why_not:
            self._unclaimed(after, why_not, after.captured, after.fee)
            return self._refund_of_itself(after, why_not, after.captured)
        self._arrived(after, after.captured)
        return after

    def _arrived(self, payment: Payment, amount: Money) -> None:
        parts = tuple(VendorPart(part.vendor_id, part.split) for part in self.orders[payment.order_id].vendor_orders)
        fact = PaymentCaptured(
            payment_id=payment.id, order_id=payment.order_id, amount=amount, fee=payment.fee, parts=parts, at=self._at
        )
        self.facts.append(fact)

    def _honour(self, order_id: OrderId) -> str | None:
        """Let the order be paid and its stock be sold, or say why it cannot be."""
        order = self.orders[order_id]
        if order.state in {OrderState.PAID, OrderState.CANCELLED}:
            return f"the order is {order.state} already"
        try:
            self.allocation.hold_again(order.id, order.units, deadline=order.deadline, at=self._at)
        except StockShort as short:
            # The buyer reads it, too, and how much of it is left is the vendor's affair.
            return f"the payment came too late: fewer than {short.wanted} of {short.sku} are available"
        self.allocation.commit(order.id, at=self._at)
        self.orders[order_id], fact = order.pay(at=self._at)
        self.facts.append(fact)
        return None

    def _unclaimed(self, payment: Payment, reason: str, amount: Money, fee: Money, *, quarantined: bool = False) -> None:
        self.facts.append(
            PaymentUnclaimed(
                payment_id=payment.id,
                order_id=payment.order_id,
                amount=amount,
                fee=fee,
                reason=reason,
                quarantined=quarantined,
                at=self._at,
                number=max(1, payment.captures),
            )
        )

    def _refund_of_itself(self, payment: Payment, reason: str, amount: Money) -> Payment:
        if not amount:
            return attrs.evolve(payment, quarantine=None)
        refund = Refund(
            id=RefundId(uuid5(OF_ITSELF, f"payment:{payment.id}{f':{payment.captures}' if payment.captures > 1 else ''}")),
            payment_id=payment.id,
            order_id=payment.order_id,
            amount=amount,
            lines=(),
            reason=reason,
            requested_at=self._at,
        )
        self.refunds.append(refund)
        self.facts.append(
            RefundRequested(
                refund_id=refund.id,
                payment_id=payment.id,
                order_id=payment.order_id,
                amount=refund.amount,
                parts=(),
                reason=reason,
                at=self._at,
            )
        )
        return attrs.evolve(payment.refund(amount), quarantine=None)


def _moves_stock(payment: Payment, truth: GatewayPayment) -> bool:
    """Whether units are sold because the money arrives, or come back because its authorisation ends."""
    if payment.in_parts:
        return truth.status is not PaymentStatus.AUTHORIZED
    return payment.status not in TAKEN and truth.status in {*TAKEN, PaymentStatus.AUTHORIZED, PaymentStatus.CANCELLED}


def _wrong_sum(paid: Money, due: Money) -> str | None:
    return None if paid == due else f"{paid} is paid where {due} is due"


_IN_PARTS: Final = TAKEN | {PaymentStatus.AUTHORIZED}

_ACTS: Final[Mapping[PaymentStatus, str]] = {
    PaymentStatus.REQUIRES_PAYMENT: "require",
    PaymentStatus.PROCESSING: "process",
    PaymentStatus.AUTHORIZED: "authorize",
    PaymentStatus.FAILED: "fail",
    PaymentStatus.CANCELLED: "cancel",
    **dict.fromkeys(TAKEN, "capture"),
}

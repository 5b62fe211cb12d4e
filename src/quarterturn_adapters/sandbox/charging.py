"""Charging: payments are tried, captured, refunded and disputed, and each leaves its line on the statement."""

from __future__ import annotations

from quarterturn_adapters.sandbox.books import Books, found
from quarterturn_adapters.sandbox.cards import CARDS, Answer, Card, DisputeFate, RefundFate
from quarterturn_adapters.sandbox.records import DisputeRecord, PaymentRecord, RefundRecord
from quarterturn_domain.kernel.ids import RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.dispute import DISPUTE
from quarterturn_domain.payments.gateway import GatewayRefundStatus, GatewayRefused, LineKind, PaymentRequest
from quarterturn_domain.payments.payment import CaptureMethod, PaymentStatus

_UNPAID = {PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED}


class Charging:
    """What a provider does with customers' money; every method is called at the books' `now`."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def open(self, request: PaymentRequest, card: Card | None) -> PaymentRecord:
        """A new payment; with a card it is tried at once."""
        books = self._books
        reference = books.name("pay")
        amount = request.amount
        payment = PaymentRecord(
            reference,
            request.payment_id,
            request.order_id,
            amount.minor,
            amount.currency,
            request.capture_method,
            books.secret(reference),
        )
        books.payments[reference] = payment
        books.by_payment_id[request.payment_id] = reference
        books.tell("payment.created", reference, payment.status)
        if card is not None:
            self._try(payment, card)
        return payment

    def confirm(self, payment: PaymentRecord, card: Card) -> PaymentRecord:
        """Try a payment that is not paid, with the same card or another."""
        if payment.status not in _UNPAID:
            raise _unexpected(payment, "confirmed")
        self._try(payment, card)
        return payment

    def authenticate(self, payment: PaymentRecord, *, succeed: bool) -> PaymentRecord:
        """The customer does what the bank requires, or fails to."""
        if not payment.action_required:
            raise _unexpected(payment, "authenticated")
        payment.action_required = False
        failure = self._card(payment).action_fails if succeed else "authentication_failed"
        if failure is None:
            self._approve(payment)
        else:
            self._fail(payment, failure)
        return payment

    def capture(self, payment: PaymentRecord, amount: Money, *, final: bool = True) -> PaymentRecord:
        """Take so much of an authorised payment; the rest is released, or kept for later where that can be."""
        if payment.status is not PaymentStatus.AUTHORIZED:
            raise _unexpected(payment, "captured")
        left = Money(payment.amount - payment.captured, payment.currency)
        if amount > left:
            raise GatewayRefused("amount_too_large", f"{amount} is more than the {left} that are authorised")
        if not final and not payment.multicapture:
            raise GatewayRefused("multicapture_unavailable", f"the payment {payment.reference} can be captured once")
        if amount:
            self._take(payment, amount.minor)
        if final or amount == left:
            self._close(payment)
        else:
            self._books.tell("payment.captured_in_part", payment.reference, payment.status)
        return payment

    def cancel(self, payment: PaymentRecord) -> PaymentRecord:
        """Give up a payment that is neither captured nor under way."""
        if payment.status is PaymentStatus.AUTHORIZED and payment.captured:
            raise GatewayRefused("payment_unexpected_state", f"the payment {payment.reference} is captured in part")
        if payment.status is not PaymentStatus.AUTHORIZED and payment.status not in _UNPAID:
            raise _unexpected(payment, "cancelled")
        self._cancel(payment)
        return payment

    def refund(self, payment: PaymentRecord, amount: Money, refund_id: RefundId) -> RefundRecord:
        """Give back so much of what was captured and not refunded yet; the fee stays with the provider."""
        books = self._books
        if not payment.captured:
            raise _unexpected(payment, "refunded")
        if payment.disputed:
            raise GatewayRefused("charge_disputed", f"the payment {payment.reference} is disputed; the bank has its money")
        left = payment.left
        if not left:
            raise GatewayRefused("charge_already_refunded", f"all of the payment {payment.reference} went back already")
        if amount.minor > left:
            raise GatewayRefused("refund_too_large", f"{amount} is more than the {Money(left, payment.currency)} that are left")
        fate = self._card(payment).refund
        reached = fate in {RefundFate.AT_ONCE, RefundFate.BOUNCES}
        status = GatewayRefundStatus.SUCCEEDED if reached else GatewayRefundStatus.PENDING
        refund = RefundRecord(books.name("re"), refund_id, payment.reference, amount, status)
        books.refunds[refund.reference] = refund
        books.by_refund_id[payment.reference, refund_id] = refund.reference
        payment.refunded += amount.minor
        self._post(LineKind.REFUND, refund.reference, -amount)
        books.tell("refund.created", refund.reference, status)
        books.tell("payment.refunded", payment.reference, payment.shown)
        if fate is RefundFate.LATE:
            books.at(books.now + books.terms.refund_takes, "refund_succeeds", refund.reference)
        elif fate is not RefundFate.AT_ONCE:
            books.at(books.now + books.terms.refund_takes, "refund_fails", refund.reference)
        return refund

    def refund_succeeds(self, reference: str) -> None:
        """A refund that was pending has arrived."""
        refund = self._books.refunds[reference]
        if refund.status is GatewayRefundStatus.PENDING:
            refund.status = GatewayRefundStatus.SUCCEEDED
            self._books.tell("refund.updated", reference, refund.status)

    def refund_fails(self, reference: str) -> None:
        """The customer's bank sends a refund back: the money is the platform's again."""
        refund = self._books.refunds[reference]
        if refund.status is not GatewayRefundStatus.FAILED:
            refund.status = GatewayRefundStatus.FAILED
            refund.failure = "the customer's bank did not accept it"
            self._books.payments[refund.payment].refunded -= refund.amount.minor
            self._post(LineKind.REFUND_FAILURE, reference, refund.amount)
            self._books.tell("refund.failed", reference, refund.status)

    def processing_ends(self, reference: str) -> None:
        """The bank says at last whether a payment that is processing has arrived."""
        payment = self._books.payments[reference]
        if payment.status is PaymentStatus.PROCESSING:
            card = self._card(payment)
            if card.answer is Answer.LATE:
                self._approve(payment)
            else:
                self._fail(payment, card.failure or "processing_failed")

    def authorization_expires(self, reference: str) -> None:
        """An authorisation that nobody captured is void, and so is what is left of one that was captured in parts."""
        payment = self._books.payments[reference]
        if payment.status is PaymentStatus.AUTHORIZED and payment.captured:
            self._close(payment)
        elif payment.status is PaymentStatus.AUTHORIZED:
            payment.failure = "authorization_expired"
            self._cancel(payment)

    def dispute_opens(self, reference: str) -> None:
        """A card opens a dispute of itself, unless there was one or nothing is left to dispute."""
        payment = self._books.payments[reference]
        if not payment.disputes and payment.left:
            self.dispute(payment, Money(payment.left, payment.currency))

    def dispute(self, payment: PaymentRecord, amount: Money) -> DisputeRecord:
        """The customer's bank takes so much of what is left back for now, and the provider a fee; also beside another dispute."""
        books = self._books
        if not payment.captured or amount.currency is not payment.currency or not 0 < amount.minor <= payment.left:
            raise _unexpected(payment, f"disputed for {amount}")
        terms = books.terms
        dispute = DisputeRecord(
            reference=books.name("dp"),
            payment=payment.reference,
            amount=amount,
            fee=terms.dispute_fee(payment.currency),
            fee_returned=Money.zero(payment.currency),
            opened_at=books.now,
            evidence_due_at=books.now + terms.evidence_within,
        )
        books.disputes[dispute.reference] = dispute
        payment.taken += amount.minor
        payment.disputes += 1
        payment.disputed += 1
        self._post(LineKind.DISPUTE, dispute.reference, -amount, dispute.fee)
        books.tell("dispute.created", dispute.reference, dispute.status)
        fate = self._card(payment).dispute
        if fate in {DisputeFate.WON, DisputeFate.LOST}:
            act = "dispute_won" if fate is DisputeFate.WON else "dispute_lost"
            books.at(books.now + terms.dispute_decided_after, act, dispute.reference)
        return dispute

    def dispute_won(self, reference: str) -> None:
        """The bank decides for the platform: the money comes back and, by the terms, the fee."""
        dispute = self._books.disputes[reference]
        if DISPUTE.allows(dispute.status, "win"):
            dispute.status = DISPUTE.next(dispute.status, "win")
            if self._books.terms.dispute_fee_returned:
                dispute.fee_returned = dispute.fee
            payment = self._books.payments[dispute.payment]
            payment.taken -= dispute.amount.minor
            payment.disputed -= 1
            self._post(LineKind.DISPUTE_REVERSAL, reference, dispute.amount, -dispute.fee_returned)
            self._books.tell("dispute.closed", reference, dispute.status)

    def dispute_lost(self, reference: str) -> None:
        """The bank decides for the customer: what it took is gone."""
        dispute = self._books.disputes[reference]
        if DISPUTE.allows(dispute.status, "lose"):
            dispute.status = DISPUTE.next(dispute.status, "lose")
            self._books.payments[dispute.payment].disputed -= 1
            self._books.tell("dispute.closed", reference, dispute.status)

    def _try(self, payment: PaymentRecord, card: Card) -> None:
        if payment.status is PaymentStatus.FAILED:
            payment.move("require")
        payment.method, payment.failure, payment.action_required = card.name, None, False
        answer = card.answer
        if answer is Answer.APPROVED:
            self._approve(payment)
        elif answer is Answer.DECLINED:
            self._fail(payment, card.failure or "card_declined")
        elif answer is Answer.ACTION:
            payment.action_required = True
            self._books.tell("payment.action_required", payment.reference, payment.status)
        else:
            payment.move("process")
            self._books.at(self._books.now + self._books.terms.processing_takes, "processing_ends", payment.reference)
            self._books.tell("payment.processing", payment.reference, payment.status)

    def _approve(self, payment: PaymentRecord) -> None:
        books = self._books
        payment.charge = books.name("ch")
        books.charges[payment.charge] = payment.reference
        if payment.capture_method is CaptureMethod.AUTOMATIC:
            self._take(payment, payment.amount)
            self._close(payment)
            return
        payment.multicapture = payment.capture_method is CaptureMethod.PER_PARCEL and books.terms.multicapture
        payment.move("authorize")
        books.at(books.now + books.terms.authorization_lasts, "authorization_expires", payment.reference)
        books.tell("payment.authorized", payment.reference, payment.status)

    def _take(self, payment: PaymentRecord, minor: int) -> None:
        books = self._books
        assert payment.charge is not None
        captured = Money(minor, payment.currency)
        fee = books.terms.fee(captured)
        card = self._card(payment)
        first = not payment.captured
        payment.captured += minor
        payment.fee += fee.minor
        payment.available_at = books.now if card.available_at_once else books.now + books.terms.settles_after
        books.ledger.post(LineKind.CHARGE, payment.charge, captured, fee, books.now, payment.available_at)
        if card.dispute is not None and first:
            books.at(books.now + books.terms.dispute_opens_after, "dispute_opens", payment.reference)

    def _close(self, payment: PaymentRecord) -> None:
        """Nothing more can be captured."""
        payment.move("capture")
        self._books.tell("payment.captured", payment.reference, payment.status)

    def _fail(self, payment: PaymentRecord, reason: str) -> None:
        payment.move("fail")
        payment.failure = reason
        self._books.tell("payment.failed", payment.reference, payment.status)

    def _cancel(self, payment: PaymentRecord) -> None:
        payment.move("cancel")
        payment.action_required = False
        self._books.tell("payment.cancelled", payment.reference, payment.status)

    def _card(self, payment: PaymentRecord) -> Card:
        assert payment.method is not None
        return CARDS[payment.method]

    def _post(self, kind: LineKind, source: str, amount: Money, fee: Money | None = None) -> None:
        now = self._books.now
        self._books.ledger.post(kind, source, amount, fee or Money.zero(amount.currency), now, now)


def payment_of(books: Books, reference: str) -> PaymentRecord:
    """The payment with this reference, or `NotFound`."""
    return found(books.payments, reference, "payment")


def _unexpected(payment: PaymentRecord, done: str) -> GatewayRefused:
    return GatewayRefused("payment_unexpected_state", f"a payment that is {payment.shown} cannot be {done}")

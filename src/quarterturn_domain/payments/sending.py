"""Sending: refunds that are owed go to the provider; asked again it is asked under the same key, and looked up before."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.kernel.ids import RefundId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.gateway import GatewayRefund, GatewayRefundStatus, GatewayRefused, PaymentGateway
from quarterturn_domain.payments.payment import Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.refund import Refund, RefundStatus
from quarterturn_domain.payments.tracking import record


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

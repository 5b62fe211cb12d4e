"""What payments and refunds look like to who pays and is paid back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from quarterturn_api.edge.bodies import Body, MoneyBody
from quarterturn_domain.payments.payment import CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.refund import Refund, RefundStatus


class PaymentBody(Body):
    """A payment, as the provider says it stands; `held` is what is only authorised so far, and still wanted."""

    id: UUID
    order_id: UUID
    status: PaymentStatus
    capture_method: CaptureMethod
    amount: MoneyBody
    captured: MoneyBody
    held: MoneyBody
    refunded: MoneyBody
    failure: str | None
    opened_at: datetime

    @classmethod
    def of(cls, payment: Payment) -> PaymentBody:
        """`payment` as its buyer sees it: nothing of fees, or of the provider's names for it."""
        return cls(
            id=payment.id,
            order_id=payment.order_id,
            status=payment.status,
            capture_method=payment.capture_method,
            amount=MoneyBody.of(payment.amount),
            captured=MoneyBody.of(payment.captured),
            held=MoneyBody.of(payment.held),
            refunded=MoneyBody.of(payment.refunded),
            failure=payment.failure,
            opened_at=payment.opened_at,
        )


class RefundBody(Body):
    """Money that goes back to the buyer."""

    id: UUID
    order_id: UUID
    payment_id: UUID
    status: RefundStatus
    amount: MoneyBody
    reason: str
    requested_at: datetime

    @classmethod
    def of(cls, refund: Refund) -> RefundBody:
        """`refund` as its buyer sees it."""
        return cls(
            id=refund.id,
            order_id=refund.order_id,
            payment_id=refund.payment_id,
            status=refund.status,
            amount=MoneyBody.of(refund.amount),
            reason=refund.reason,
            requested_at=refund.requested_at,
        )

"""Records: what the sandbox keeps of payments, refunds, disputes, accounts, transfers and payouts, and what it says of each."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_adapters.sandbox.cards import Bank
from quarterturn_domain.identity.vendor import PayoutAccount
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.gateway import GatewayDispute, GatewayPayment, GatewayRefund, GatewayRefundStatus
from quarterturn_domain.payments.payment import PAYMENT, CaptureMethod, PaymentStatus
from quarterturn_domain.payouts.gateway import GatewayPayout, GatewayPayoutStatus, GatewayTransfer


@attrs.define
class PaymentRecord:
    """A payment in minor units of `currency`; `status` leaves refunds and disputes out, which `shown` adds.

    It is authorised as long as more of it may be captured, `multicapture` says whether that can be done in parts.

    `taken` is with customers' banks, for now or for good; `disputes` counts those that were opened, `disputed` those that are open.
    """

    reference: str
    payment_id: PaymentId
    order_id: OrderId
    amount: int
    currency: Currency
    capture_method: CaptureMethod
    secret: str = attrs.field(repr=False)
    status: PaymentStatus = PAYMENT.initial
    captured: int = 0
    fee: int = 0
    refunded: int = 0
    transferred: int = 0
    charge: str | None = None
    method: str | None = None
    failure: str | None = None
    action_required: bool = False
    available_at: datetime | None = None
    taken: int = 0
    disputes: int = 0
    disputed: int = 0
    multicapture: bool = False

    def move(self, act: str) -> None:
        """Go on in the lifecycle that the domain knows."""
        self.status = PAYMENT.next(self.status, act)

    @property
    def shown(self) -> PaymentStatus:
        """The status with refunds and disputes: what was lost by a dispute is gone, as if it had been refunded."""
        if self.status is PaymentStatus.AUTHORIZED:
            return self.status
        if self.disputed:
            return PaymentStatus.DISPUTED
        if self.left == self.captured:
            return self.status
        return PaymentStatus.PARTIALLY_REFUNDED if self.left else PaymentStatus.REFUNDED

    @property
    def left(self) -> int:
        """What neither was refunded nor is with a bank: so much can be refunded or disputed."""
        return self.captured - self.refunded - self.taken

    def answer(self) -> GatewayPayment:
        """What a reader is told."""
        unit = self.currency
        return GatewayPayment(
            self.reference,
            self.payment_id,
            self.shown,
            Money(self.amount, unit),
            Money(self.captured, unit),
            Money(self.fee, unit),
            self.charge,
            self.secret,
            self.failure,
            self.action_required,
            self.multicapture,
        )


@attrs.define
class RefundRecord:
    """A refund of a payment."""

    reference: str
    refund_id: RefundId
    payment: str
    amount: Money
    status: GatewayRefundStatus
    failure: str | None = None

    def answer(self) -> GatewayRefund:
        """What a reader is told."""
        return GatewayRefund(self.reference, self.status, self.amount, self.failure)


@attrs.define
class DisputeRecord:
    """A dispute of a payment."""

    reference: str
    payment: str
    amount: Money
    fee: Money
    fee_returned: Money
    opened_at: datetime
    evidence_due_at: datetime
    status: DisputeStatus = DisputeStatus.OPEN

    def answer(self) -> GatewayDispute:
        """What a reader is told."""
        return GatewayDispute(
            self.reference,
            self.payment,
            self.status,
            self.amount,
            self.fee,
            self.fee_returned,
            self.opened_at,
            self.evidence_due_at,
        )


@attrs.define
class AccountRecord:
    """A connected account; it is ready when nothing is required any more."""

    reference: str
    vendor_id: VendorId
    country: str
    requirements: tuple[str, ...]
    bank: Bank = Bank.PAYS

    def answer(self) -> PayoutAccount:
        """What a reader is told."""
        return PayoutAccount(self.reference, not self.requirements, self.requirements)


@attrs.define
class LinkRecord:
    """An onboarding address, good for one visit until `expires_at`."""

    account: str
    return_url: str
    refresh_url: str
    expires_at: datetime
    visited: bool = False


@attrs.define
class TransferRecord:
    """A transfer to a connected account, which can spend it from `available_at` on."""

    reference: str
    payout_id: PayoutId
    account: str
    amount: Money
    reversed: Money
    available_at: datetime
    source: str | None = None

    def answer(self) -> GatewayTransfer:
        """What a reader is told."""
        return GatewayTransfer(self.reference, self.account, self.amount, self.reversed)


@attrs.define
class PayoutRecord:
    """A payout from a connected account, or from the platform's own when `account` is empty."""

    reference: str
    payout_id: PayoutId | None
    account: str
    amount: Money
    status: GatewayPayoutStatus = GatewayPayoutStatus.PENDING
    failure: str | None = None

    def answer(self) -> GatewayPayout:
        """What a reader is told."""
        return GatewayPayout(self.reference, self.account, self.amount, self.status, self.failure)

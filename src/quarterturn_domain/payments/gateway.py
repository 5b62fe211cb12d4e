"""The payment gateway: what a provider of payments must be able to do, and how it says no.

* Rejected
  + GatewayRefused    the provider said no: the same question gets the same answer
* Unavailable         the provider was not reached, or did nothing: ask again
  + OutcomeUnknown    it may have done it: look it up before anything is repeated

Every call that changes something takes an idempotency key made of the business fact and the step. Amounts are exact `Money`.
No call is ever made inside a unit of work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from quarterturn_domain.kernel.errors import Rejected, Unavailable
from quarterturn_domain.kernel.ids import OrderId, PaymentId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.payment import CaptureMethod, PaymentStatus
from quarterturn_domain.payments.webhook import Hint, HintKind

__all__ = [
    "GatewayDispute",
    "GatewayPayment",
    "GatewayRefund",
    "GatewayRefundStatus",
    "GatewayRefused",
    "Hint",
    "HintKind",
    "LineKind",
    "OutcomeUnknown",
    "PaymentGateway",
    "PaymentRequest",
    "StatementLine",
]


@attrs.frozen(eq=False)
class GatewayRefused(Rejected):
    """The provider said no, with its `reason` as a word and a sentence for people."""

    reason: str
    sentence: str = ""

    @property
    def message(self) -> str:
        """The provider's reason."""
        return f"The payment provider refused: {self.sentence or self.reason}"


@attrs.frozen(eq=False)
class OutcomeUnknown(Unavailable):
    """The provider may or may not have done it; it has to be looked up before it is repeated."""


@attrs.frozen
class PaymentRequest:
    """What the provider is asked to collect.

    `method` is its token for the customer's means of payment, when it is known already.
    """

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    method: str | None = None


@attrs.frozen
class GatewayPayment:
    """A payment as the provider has it: the truth about the money.

    `client_secret` lets the customer's browser finish it and is never stored or logged; `captured` less `fee` is what reaches the
    platform. With `multicapture` it can be captured in parts: it is `authorized` as long as more may be, whatever has arrived.
    """

    reference: str
    payment_id: PaymentId | None
    status: PaymentStatus
    amount: Money
    captured: Money
    fee: Money
    charge: str | None = None
    client_secret: str | None = attrs.field(default=None, repr=False)
    failure: str | None = None
    action_required: bool = False
    multicapture: bool = False


class GatewayRefundStatus(StrEnum):
    """What the provider says of a refund."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@attrs.frozen
class GatewayRefund:
    """A refund as the provider has it."""

    reference: str
    status: GatewayRefundStatus
    amount: Money
    failure: str | None = None


@attrs.frozen
class GatewayDispute:
    """A dispute as the provider has it; of a won one `fee_returned` came back."""

    reference: str
    payment_reference: str
    status: DisputeStatus
    amount: Money
    fee: Money
    fee_returned: Money
    opened_at: datetime
    evidence_due_at: datetime | None = None


class LineKind(StrEnum):
    """What moved the platform's balance at the provider."""

    CHARGE = "charge"
    REFUND = "refund"
    REFUND_FAILURE = "refund_failure"
    TRANSFER = "transfer"
    TRANSFER_REVERSAL = "transfer_reversal"
    DISPUTE = "dispute"
    DISPUTE_REVERSAL = "dispute_reversal"
    FEE = "fee"
    PAYOUT = "payout"
    PAYOUT_FAILURE = "payout_failure"
    ADJUSTMENT = "adjustment"


@attrs.frozen
class StatementLine:
    """A line of the provider's statement: `amount - fee` (both signed as the platform sees them) changed its balance.

    `source` is the provider's name for what caused it: a charge, refund, transfer, dispute or payout.
    """

    reference: str
    kind: LineKind
    source: str
    amount: Money
    fee: Money
    at: datetime
    available_at: datetime

    @property
    def net(self) -> Money:
        """What the balance changed by."""
        return self.amount - self.fee


class PaymentGateway(Protocol):
    """Collects money from customers and gives it back.

    Every method may raise `Unavailable` (nothing was done), `OutcomeUnknown` or `GatewayRefused`; reading what is not there raises
    `NotFound`.
    """

    def open_payment(self, request: PaymentRequest, *, key: str) -> GatewayPayment:
        """Ask for a payment; with a `method` it is tried at once."""
        ...

    def confirm_payment(self, reference: str, method: str, *, key: str) -> GatewayPayment:
        """Try a payment with the customer's method; a decline is a state of the payment, not an error."""
        ...

    def capture_payment(self, reference: str, amount: Money, *, key: str, final: bool = True) -> GatewayPayment:
        """Take `amount` of an authorised payment and let the rest go; or keep the rest, when it is not `final`.

        Only a payment with `multicapture` can be captured before its end; where that was done, a final capture may be of nothing.
        """
        ...

    def cancel_payment(self, reference: str, *, key: str) -> GatewayPayment:
        """Give a payment up that was not captured."""
        ...

    def read_payment(self, reference: str) -> GatewayPayment:
        """The payment as it is now."""
        ...

    def find_payment(self, payment_id: PaymentId) -> GatewayPayment | None:
        """The payment that was asked for under our id, if the provider has it: the look-up after an unknown outcome."""
        ...

    def refund_payment(self, reference: str, amount: Money, *, refund_id: RefundId, key: str) -> GatewayRefund:
        """Give `amount` back."""
        ...

    def read_refund(self, reference: str) -> GatewayRefund:
        """The refund as it is now."""
        ...

    def find_refund(self, payment_reference: str, refund_id: RefundId) -> GatewayRefund | None:
        """The refund that was asked for under our id, if the provider has it."""
        ...

    def read_dispute(self, reference: str) -> GatewayDispute:
        """The dispute as it is now."""
        ...

    def statement(self, since: datetime, until: datetime, *, after: str | None = None, limit: int = 100) -> Sequence[StatementLine]:
        """Up to `limit` lines with `since <= at < until`, oldest first, those after the line with the reference `after`."""
        ...

    def hint(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Hint:
        """What a webhook with these headers and this raw body is about; `Forbidden` when its signature is wrong or too old."""
        ...

"""What happened to payments, refunds and disputes; no event carries a secret or a card."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.pricing.split import Split


@attrs.frozen
class VendorPart:
    """What a vendor order has part in, of an amount that came or went."""

    vendor_id: VendorId
    split: Split


@attrs.frozen(kw_only=True)
class PaymentOpened(Event, tag="payment.opened", about="payment_id"):
    """A payment is asked for."""

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    at: datetime


@attrs.frozen(kw_only=True)
class PaymentAuthorized(Event, tag="payment.authorized", about="payment_id"):
    """The money is reserved on the customer's side and can be captured."""

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    at: datetime


@attrs.frozen(kw_only=True)
class PaymentCaptured(Event, tag="payment.captured", about="payment_id"):
    """Money for an order arrived at the provider: `parts` says who has which part of it, `fee` what the provider kept.

    `number` counts the captures of an authorisation that is captured in parts.
    """

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    fee: Money
    parts: tuple[VendorPart, ...]
    at: datetime
    number: int = 1


@attrs.frozen(kw_only=True)
class PaymentUnclaimed(Event, tag="payment.unclaimed", about="payment_id"):
    """Money arrived that no order can honour: it is owed to the customer, and waits for its refund or for a person."""

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    fee: Money
    reason: str
    quarantined: bool
    at: datetime
    number: int = 1


@attrs.frozen(kw_only=True)
class PaymentClaimed(Event, tag="payment.claimed", about="payment_id"):
    """Money that had arrived and waited for a person is taken for an order after all: `parts` says who has which part of it."""

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    parts: tuple[VendorPart, ...]
    at: datetime


@attrs.frozen(kw_only=True)
class QuarantineSettled(Event, tag="payment.quarantine_settled", about="payment_id"):
    """A person, `actor`, has decided about a payment that waited: it was accepted, refunded or closed."""

    payment_id: PaymentId
    order_id: OrderId
    act: str
    actor: str
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class PaymentFailed(Event, tag="payment.failed", about="payment_id"):
    """The provider could not take the money; the customer may try another way."""

    payment_id: PaymentId
    order_id: OrderId
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class PaymentCancelled(Event, tag="payment.cancelled", about="payment_id"):
    """The payment will not be taken."""

    payment_id: PaymentId
    order_id: OrderId
    at: datetime


@attrs.frozen(kw_only=True)
class AuthorizationReleased(Event, tag="payment.authorization_released", about="payment_id"):
    """Less will be captured than was authorised: units were cancelled before."""

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    at: datetime


@attrs.frozen(kw_only=True)
class AuthorizationEnded(Event, tag="payment.authorization_ended", about="payment_id"):
    """An authorisation that was captured in parts has ended before `amount` was captured, which was still wanted.

    `sent` of it is for goods that have left: nobody pays for them, and a person has to look at it.
    """

    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    sent: Money
    at: datetime


@attrs.frozen(kw_only=True)
class RefundRequested(Event, tag="refund.requested", about="refund_id"):
    """The customer is owed `amount`: `parts` says who gives back what; nothing of it is from a vendor when nobody had earned."""

    refund_id: RefundId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    parts: tuple[VendorPart, ...]
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class RefundSucceeded(Event, tag="refund.succeeded", about="refund_id"):
    """The provider gave the money back; it had come back from there `bounces` times before."""

    refund_id: RefundId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    at: datetime
    bounces: int = 0


@attrs.frozen(kw_only=True)
class RefundFailed(Event, tag="refund.failed", about="refund_id"):
    """The provider could not give the money back; the customer is still owed it."""

    refund_id: RefundId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class RefundBounced(Event, tag="refund.bounced", about="refund_id"):
    """The provider had given the money back, and got it again: the customer is still owed it. `times` counts how often so far."""

    refund_id: RefundId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    times: int
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class RefundCovered(Event, tag="refund.covered", about="refund_id"):
    """What was owed, and not sent yet, the customer has got by a dispute that was lost: it is owed no more."""

    refund_id: RefundId
    payment_id: PaymentId
    order_id: OrderId
    dispute_id: DisputeId
    amount: Money
    bounces: int
    at: datetime


@attrs.frozen(kw_only=True)
class DisputeEvidenceDue(Event, tag="dispute.evidence_due", about="dispute_id"):
    """Evidence has to be with the provider soon, at `evidence_due_at`, or the dispute is lost."""

    dispute_id: DisputeId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    evidence_due_at: datetime
    at: datetime


@attrs.frozen(kw_only=True)
class DisputeOpened(Event, tag="dispute.opened", about="dispute_id"):
    """The customer's bank took money back for now, with a fee; `parts` is what each party would lose."""

    dispute_id: DisputeId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    fee: Money
    parts: tuple[VendorPart, ...]
    evidence_due_at: datetime | None
    at: datetime


@attrs.frozen(kw_only=True)
class DisputeWon(Event, tag="dispute.won", about="dispute_id"):
    """The bank gave the money back; `fee_returned` is what of the fee came with it."""

    dispute_id: DisputeId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    fee_returned: Money
    parts: tuple[VendorPart, ...]
    at: datetime


@attrs.frozen(kw_only=True)
class DisputeLost(Event, tag="dispute.lost", about="dispute_id"):
    """The money stays with the customer; each party loses its part."""

    dispute_id: DisputeId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    parts: tuple[VendorPart, ...]
    at: datetime


@attrs.frozen(kw_only=True)
class WebhookReceived(Event, tag="webhook.received", about="event_id"):
    """A provider told of something, which is to be read again."""

    provider: str
    event_id: str
    type: str
    at: datetime


@attrs.frozen(kw_only=True)
class WebhookGivenUp(Event, tag="webhook.given_up", about="event_id"):
    """What a provider told of could not be handled, however often it was tried: a person has to look at it."""

    provider: str
    event_id: str
    type: str
    reason: str
    at: datetime

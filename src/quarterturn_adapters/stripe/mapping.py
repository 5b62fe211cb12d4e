"""Stripe's objects in the words of the ports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

from stripe import BalanceTransaction, Charge, Dispute, PaymentIntent, Payout, Refund, StripeObject, Transfer

from quarterturn_adapters.stripe.amounts import money
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.gateway import GatewayDispute, GatewayPayment, GatewayRefund, GatewayRefundStatus
from quarterturn_domain.payments.payment import PaymentStatus
from quarterturn_domain.payouts.gateway import GatewayPayout, GatewayPayoutStatus, GatewayTransfer

_T = TypeVar("_T")

PAYMENT_ID: Final = "payment_id"
ORDER_ID: Final = "order_id"
REFUND_ID: Final = "refund_id"
PAYOUT_ID: Final = "payout_id"
VENDOR_ID: Final = "vendor_id"
"""The names under which Stripe keeps our ids: metadata of what was made for them."""

_STATUSES: Final = {
    "requires_payment_method": PaymentStatus.REQUIRES_PAYMENT,
    "requires_confirmation": PaymentStatus.REQUIRES_PAYMENT,
    "requires_action": PaymentStatus.REQUIRES_PAYMENT,
    "processing": PaymentStatus.PROCESSING,
    "requires_capture": PaymentStatus.AUTHORIZED,
    "canceled": PaymentStatus.CANCELLED,
    "succeeded": PaymentStatus.CAPTURED,
}
_REFUNDS: Final = {
    "pending": GatewayRefundStatus.PENDING,
    "requires_action": GatewayRefundStatus.PENDING,
    "succeeded": GatewayRefundStatus.SUCCEEDED,
    "failed": GatewayRefundStatus.FAILED,
    "canceled": GatewayRefundStatus.FAILED,
}
_DISPUTES: Final = {
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.OPEN,
    "appeal_needs_response": DisputeStatus.OPEN,
    "appeal_under_review": DisputeStatus.OPEN,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
"""An inquiry (`warning_...`) and a dispute that was `prevented` moved no money: to us they are no disputes."""

_PAYOUTS: Final = {
    "pending": GatewayPayoutStatus.PENDING,
    "in_transit": GatewayPayoutStatus.PENDING,
    "paid": GatewayPayoutStatus.PAID,
    "failed": GatewayPayoutStatus.FAILED,
    "canceled": GatewayPayoutStatus.FAILED,
}


def payment_of(
    intent: PaymentIntent, disputes: Sequence[Dispute] = (), lines: Sequence[BalanceTransaction] | None = None
) -> GatewayPayment:
    """A payment, read with its charge and the charge's line of the statement; `disputes` are all that there are about it.

    Of one that is captured in parts `lines` are all that name its charge: it has arrived as far as they say.

    What has succeeded is `processing` until its line is there: before that nobody knows its fee. Raises `Invalid` where Stripe
    turned the money into another currency: the books never do, so the account has to settle in every currency that it takes.
    """
    charge = intent.latest_charge if isinstance(intent.latest_charge, Charge) else None
    line = charge.balance_transaction if charge is not None else None
    status = _known(_STATUSES, intent.status, "payment")
    nothing = money(0, intent.currency)
    captured = fee = nothing
    if status is PaymentStatus.CAPTURED or (status is PaymentStatus.AUTHORIZED and lines):
        if lines is None:
            lines = [line] if isinstance(line, BalanceTransaction) else []
        taken = [each for each in lines if each.type in {"charge", "payment"}]
        for each in taken:
            if each.currency != intent.currency:
                raise Invalid(
                    f"the payment {intent.id}, which Stripe converts from {intent.currency.upper()} to {each.currency.upper()}",
                    f"an account that settles in {intent.currency.upper()}",
                )
        if charge is None or sum(each.amount for each in taken) != intent.amount_received:
            status = PaymentStatus.PROCESSING
        else:
            captured = money(intent.amount_received, intent.currency)
            fee = money(sum(each.fee for each in taken), intent.currency)
            status = status if status is PaymentStatus.AUTHORIZED else _after(charge, captured, disputes)
    wrong = intent.last_payment_error
    failure = None if wrong is None else getattr(wrong, "decline_code", None) or getattr(wrong, "code", None) or wrong.type
    if status is PaymentStatus.REQUIRES_PAYMENT and intent.status == "requires_payment_method" and failure is not None:
        status = PaymentStatus.FAILED
    elif status is PaymentStatus.CANCELLED:
        failure = intent.cancellation_reason
    elif status is not PaymentStatus.FAILED:
        failure = None
    return GatewayPayment(
        reference=intent.id,
        payment_id=_payment_id(intent),
        status=status,
        amount=money(intent.amount, intent.currency),
        captured=captured,
        fee=fee,
        charge=charge.id if charge is not None and charge.paid else None,
        client_secret=intent.client_secret,
        failure=failure,
        action_required=intent.status == "requires_action",
        multicapture=charge is not None and multicapture(charge),
    )


def multicapture(charge: Charge) -> bool:
    """Whether a charge can be captured in parts, which depends on the card and on what the account has agreed with Stripe."""
    card = getattr(charge.payment_method_details, "card", None)
    return getattr(getattr(card, "multicapture", None), "status", None) == "available"


def _after(charge: Charge, captured: Money, disputes: Sequence[Dispute]) -> PaymentStatus:
    """Where captured money stands: with the bank while a dispute is open, and gone as far as it was refunded or lost."""
    stands = [(_DISPUTES.get(each.status), money(each.amount, each.currency)) for each in disputes]
    if any(status is DisputeStatus.OPEN for status, _ in stands):
        return PaymentStatus.DISPUTED
    lost = total((amount for status, amount in stands if status is DisputeStatus.LOST), captured.currency)
    # What was authorised and not captured was let go, which Stripe counts among what it refunded.
    released = money(charge.amount - charge.amount_captured, charge.currency)
    refunded = money(charge.amount_refunded, charge.currency)
    gone = lost + (refunded - released if refunded >= released else refunded)
    if not gone:
        return PaymentStatus.CAPTURED
    return PaymentStatus.PARTIALLY_REFUNDED if gone < captured else PaymentStatus.REFUNDED


def _payment_id(intent: PaymentIntent) -> PaymentId | None:
    """Our id of a payment; one that was made by hand at Stripe has none."""
    ours = our_word(intent.metadata, PAYMENT_ID)
    try:
        return None if ours is None else PaymentId(UUID(ours))
    except ValueError:
        return None


def refund_of(refund: Refund) -> GatewayRefund:
    """A refund, with the reason why it failed if it did."""
    status = _known(_REFUNDS, refund.status or "pending", "refund")
    failure = (getattr(refund, "failure_reason", None) or refund.status) if status is GatewayRefundStatus.FAILED else None
    return GatewayRefund(refund.id, status, money(refund.amount, refund.currency), failure)


def dispute_of(dispute: Dispute) -> GatewayDispute:
    """A dispute with its fees, or `NotFound` for an inquiry: the bank only asks, and nothing was taken."""
    status = _DISPUTES.get(dispute.status)
    if status is None:
        raise NotFound("dispute", dispute.id)
    lines = dispute.balance_transactions
    nothing = money(0, dispute.currency)
    fees = [money(line.fee, line.currency) for line in lines]
    due = dispute.evidence_details.due_by
    return GatewayDispute(
        reference=dispute.id,
        payment_reference=name_of(dispute.payment_intent),
        status=status,
        amount=money(dispute.amount, dispute.currency),
        fee=sum((fee for fee in fees if fee.minor > 0), nothing),
        fee_returned=-sum((fee for fee in fees if fee.minor < 0), nothing),
        opened_at=moment(dispute.created),
        evidence_due_at=None if due is None else moment(due),
    )


def transfer_of(transfer: Transfer) -> GatewayTransfer:
    """A transfer and how much of it has come back."""
    return GatewayTransfer(
        transfer.id,
        name_of(transfer.destination),
        money(transfer.amount, transfer.currency),
        money(transfer.amount_reversed, transfer.currency),
    )


def payout_of(payout: Payout, account: str) -> GatewayPayout:
    """A payout, read with the line of its failure: a bank that sends money back does so when it should have arrived already."""
    status = _known(_PAYOUTS, payout.status, "payout")
    line = payout.failure_balance_transaction
    back = isinstance(line, BalanceTransaction) and line.created >= payout.arrival_date
    if status is GatewayPayoutStatus.FAILED and back:
        status = GatewayPayoutStatus.RETURNED
    failed = status in {GatewayPayoutStatus.FAILED, GatewayPayoutStatus.RETURNED}
    failure = (payout.failure_code or payout.status) if failed else None
    return GatewayPayout(payout.id, account, money(payout.amount, payout.currency), status, failure)


def name_of(thing: object) -> str:
    """The id of something that Stripe names, or gives whole; empty for nothing."""
    return thing if isinstance(thing, str) else str(getattr(thing, "id", "") or "")


def our_word(metadata: StripeObject | None, name: str) -> str | None:
    """What we wrote under this name among the metadata of something."""
    word = None if metadata is None else metadata.to_dict().get(name)
    return None if word is None else str(word)


def moment(seconds: int) -> datetime:
    """An instant that Stripe counts in seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def _known(table: dict[str, _T], word: str, kind: str) -> _T:
    """What a status means; one that came with a newer API is no reason to guess."""
    known = table.get(word)
    if known is None:
        raise Invalid(f"the status {word!r} of a {kind} at Stripe", f"one of {', '.join(table)}")
    return known

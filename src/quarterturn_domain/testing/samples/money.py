"""Money: payments, refunds, disputes, earnings, payouts and journal entries of the sample orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

import attrs

from quarterturn_domain.kernel.ids import DisputeId, PaymentId, PayoutId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.dispute import Dispute
from quarterturn_domain.payments.events import PaymentCaptured, VendorPart
from quarterturn_domain.payments.payment import CaptureMethod, Payment
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.refund import LineRefund, Refund
from quarterturn_domain.payments.waiting import Waiting
from quarterturn_domain.payments.webhook import PASSED_OVER, Hint, HintKind, Webhook
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.payouts.recovery import Debt
from quarterturn_domain.settlement.bookings import captured
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.journal import Entry
from quarterturn_domain.testing.samples.numbering import LARGE, MANY, amount, moment, numbered
from quarterturn_domain.testing.samples.orders import a_delivered_order, furnish_orders
from quarterturn_domain.testing.samples.people import vendor_id


def payment_id(n: int) -> PaymentId:
    """The id of the `n`-th payment."""
    return PaymentId(numbered(0xE1, n))


def refund_id(n: int) -> RefundId:
    """The id of the `n`-th refund."""
    return RefundId(numbered(0xE2, n))


def dispute_id(n: int) -> DisputeId:
    """The id of the `n`-th dispute."""
    return DisputeId(numbered(0xE3, n))


def payout_id(n: int) -> PayoutId:
    """The id of the `n`-th payout."""
    return PayoutId(numbered(0xE4, n))


def an_open_payment(n: int = 1, *, order: int | None = None) -> Payment:
    """The `n`-th payment, for one of the sample orders; the provider does not know of it yet."""
    paying = a_delivered_order(order or (n - 1) % MANY + 1)
    method = CaptureMethod.MANUAL if n % 2 else CaptureMethod.AUTOMATIC
    return Payment.open(payment_id(n), paying.id, paying.total, method, at=moment(n))


def a_captured_payment(n: int = 1, *, order: int | None = None) -> Payment:
    """The `n`-th payment, whose money has arrived."""
    payment = attrs.evolve(an_open_payment(n, order=order), reference=f"pi_{n}", charge=f"ch_{n}")
    return attrs.evolve(payment.move("capture"), captured=payment.amount, fee=Money(9, payment.amount.currency))


def _refunded(n: int) -> Payment:
    payment = a_captured_payment(n)
    return payment.refund(payment.refundable)


def an_authorization_in_parts(n: int) -> Payment:
    """The `n`-th payment, authorised to be captured in parts."""
    payment = attrs.evolve(an_open_payment(n), capture_method=CaptureMethod.PER_PARCEL, reference=f"pi_{n}").move("authorize")
    nothing = Money.zero(payment.amount.currency)
    return payment.capture_in_parts([Waiting(1, 2, amount(11, n), nothing), Waiting(2, 1, amount(3, n), amount(1, n))])


def _captured_in_part(n: int) -> Payment:
    payment = an_authorization_in_parts(n)
    arrived = payment.waiting[0].amount
    asked = payment.ask(payment.waiting[1:])
    return attrs.evolve(asked.move("capture"), captured=arrived, captures=1, waiting=payment.waiting[:1])


PAYMENTS: Final[Mapping[str, Callable[[int], Payment]]] = MappingProxyType(
    {
        "open": an_open_payment,
        "processing": lambda n: attrs.evolve(an_open_payment(n), reference=f"pi_{n}").move("process"),
        "authorized": lambda n: attrs.evolve(an_open_payment(n), reference=f"pi_{n}").move("authorize"),
        "authorized for less": lambda n: an_open_payment(n).move("authorize").release(amount(5, n)),
        "captured": a_captured_payment,
        "failed": lambda n: attrs.evolve(an_open_payment(n).move("fail"), failure="card_declined"),
        "cancelled": lambda n: an_open_payment(n).move("cancel"),
        "partially refunded": lambda n: a_captured_payment(n).refund(amount(11, n)),
        "refunded": _refunded,
        "disputed": lambda n: a_captured_payment(n).move("dispute"),
        "disputed and lost in part": lambda n: a_captured_payment(n).move("dispute").lose(amount(11, n)),
        "authorized in parts": an_authorization_in_parts,
        "captured in part": _captured_in_part,
        "in quarantine": lambda n: attrs.evolve(a_captured_payment(n), quarantine="the sum is wrong"),
    }
)
"""The `n`-th payment in every state; its currency is that of its order."""


def a_refund(n: int = 1, *, order: int | None = None) -> Refund:
    """The `n`-th refund, of the payment and the order of the same number."""
    which = order or (n - 1) % MANY + 1
    owing = a_delivered_order(which)
    line = owing.vendor_orders[0].lines[0]
    back = LineRefund(line.number, Money(n, owing.total.currency), Money(1, owing.total.currency))
    return Refund(
        id=refund_id(n),
        payment_id=payment_id(which),
        order_id=owing.id,
        amount=back.amount,
        lines=(back,),
        reason="a scratch",
        requested_at=moment(n),
    )


def a_dispute(n: int = 1, *, order: int | None = None) -> Dispute:
    """The `n`-th dispute, of the payment and the order of the same number."""
    which = order or (n - 1) % MANY + 1
    owing = a_delivered_order(which)
    line = owing.vendor_orders[0].lines[0]
    back = LineRefund(line.number, Money(21, owing.total.currency), Money(2, owing.total.currency))
    return Dispute(
        id=dispute_id(n),
        payment_id=payment_id(which),
        order_id=owing.id,
        reference=f"dp_{n}",
        amount=back.amount,
        fee=Money(1_500, owing.total.currency),
        lines=(back,),
        opened_at=moment(n),
        evidence_due_at=moment(n) + timedelta(days=7) if n % 2 else None,
    )


def a_webhook(n: int = 1) -> Webhook:
    """The `n`-th webhook of a provider, that nobody has handled."""
    kinds = [kind for kind in HintKind if kind not in PASSED_OVER]
    kind = kinds[n % len(kinds)]
    hint = Hint(f"evt_{n}", f"{kind}.changed", kind, f"obj_{n}", moment(n), f"acct_{n}" if n % 2 else None)
    return Webhook.receive("provider", hint, f"{n:064x}", at=moment(n))[0]


def an_earning(n: int = 1, *, part: int = 0) -> Earning:
    """What a vendor earned with its part of the `n`-th order; not due yet."""
    earned = a_delivered_order(n).vendor_orders[part]
    earning = earned.split.earning
    return Earning(earned.order_id, earned.vendor_id, earning, Money.zero(earning.currency))


def a_payout(n: int = 1, *, vendor: int | None = None) -> Payout:
    """The `n`-th payout, scheduled."""
    whose = vendor or (n - 1) % LARGE + 1
    return Payout(
        id=payout_id(n),
        run_id=UUID(int=n),
        vendor_id=vendor_id(whose),
        account=f"acct_{whose}",
        amount=amount(1_000 + n, whose),
        recalled=amount(0, whose),
        scheduled_at=moment(n),
    )


def a_debt(n: int = 1) -> Debt:
    """The `n`-th debt, of a vendor in one of several currencies."""
    codes = ("EUR", "JPY", "BHD", "USD")
    return Debt(vendor_id((n - 1) % LARGE + 1), codes[(n - 1) // LARGE % len(codes)], moment(n))


def an_entry(n: int = 1) -> Entry:
    """The entry that books the payment of the `n`-th order."""
    order = a_delivered_order(n)
    parts = tuple(VendorPart(each.vendor_id, each.split) for each in order.vendor_orders)
    fact = PaymentCaptured(
        payment_id=payment_id(n),
        order_id=order.id,
        amount=order.total,
        fee=Money(9, order.total.currency),
        parts=parts,
        at=moment(n),
    )
    return captured(fact)


def furnish_payments(work: PaymentsWork) -> None:
    """Keep orders, and for each a payment that was captured."""
    furnish_orders(work)
    work.payments.add(a_captured_payment(n) for n in range(1, MANY + 1))

"""What refunds, balances, statements, payouts and the books look like over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from quarterturn_api.edge.bodies import Asked, Body, Count, MoneyBody
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.dispute import Dispute, DisputeStatus
from quarterturn_domain.payments.payment import Payment, PaymentStatus
from quarterturn_domain.payments.refund import LineRefund, Refund, RefundStatus, VendorRefund
from quarterturn_domain.payments.refunding import RefundLine
from quarterturn_domain.payouts.payout import Payout, PayoutStatus
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import Booked, EntryKind
from quarterturn_domain.settlement.reading import VendorBalance
from quarterturn_domain.settlement.statement import VendorLine


class RefundLineAsked(Asked):
    """What to give back of a line: whole `units` at what was paid for each, or an amount of `goods`; and of `shipping`."""

    line: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    units: Count | None = None
    goods: MoneyBody | None = None
    shipping: MoneyBody | None = None

    def line_refund(self) -> RefundLine:
        """As the domain has it."""
        return RefundLine(
            line=self.line,
            units=self.units,
            goods=self.goods.money() if self.goods else None,
            shipping=self.shipping.money() if self.shipping else None,
        )


class RefundLineBody(Body):
    """What was given back of a line."""

    line: int
    goods: MoneyBody
    shipping: MoneyBody

    @classmethod
    def of(cls, line: LineRefund) -> RefundLineBody:
        """`line` as it goes over the wire."""
        return cls(line=line.line, goods=MoneyBody.of(line.goods), shipping=MoneyBody.of(line.shipping))


class OwnRefundBody(Body):
    """What of a refund is of one vendor's lines."""

    id: UUID
    order_id: UUID
    amount: MoneyBody
    lines: list[RefundLineBody]
    reason: str
    status: RefundStatus
    requested_at: datetime

    @classmethod
    def of(cls, refund: VendorRefund) -> OwnRefundBody:
        """`refund` as the vendor sees it."""
        return cls(
            id=refund.id,
            order_id=refund.order_id,
            amount=MoneyBody.of(refund.amount),
            lines=[RefundLineBody.of(line) for line in refund.lines],
            reason=refund.reason,
            status=refund.status,
            requested_at=refund.requested_at,
        )


class WholeRefundBody(Body):
    """A refund as the platform sees it; `failure` says why the provider refused it."""

    id: UUID
    order_id: UUID
    payment_id: UUID
    amount: MoneyBody
    lines: list[RefundLineBody]
    reason: str
    status: RefundStatus
    failure: str | None
    attempt: int
    requested_at: datetime

    @classmethod
    def of(cls, refund: Refund) -> WholeRefundBody:
        """`refund` as the platform sees it."""
        return cls(
            id=refund.id,
            order_id=refund.order_id,
            payment_id=refund.payment_id,
            amount=MoneyBody.of(refund.amount),
            lines=[RefundLineBody.of(line) for line in refund.lines],
            reason=refund.reason,
            status=refund.status,
            failure=refund.failure,
            attempt=refund.attempt,
            requested_at=refund.requested_at,
        )


class PaymentSeenBody(Body):
    """A payment as the platform sees it; `quarantine` says why a person has to look at it before anything more happens.

    `held` is what is only authorised so far, and still wanted.
    """

    id: UUID
    order_id: UUID
    status: PaymentStatus
    amount: MoneyBody
    captured: MoneyBody
    held: MoneyBody
    refunded: MoneyBody
    lost: MoneyBody
    fee: MoneyBody
    reference: str | None
    failure: str | None
    quarantine: str | None
    opened_at: datetime

    @classmethod
    def of(cls, payment: Payment) -> PaymentSeenBody:
        """`payment` as the platform sees it."""
        return cls(
            id=payment.id,
            order_id=payment.order_id,
            status=payment.status,
            amount=MoneyBody.of(payment.amount),
            captured=MoneyBody.of(payment.captured),
            held=MoneyBody.of(payment.held),
            refunded=MoneyBody.of(payment.refunded),
            lost=MoneyBody.of(payment.lost),
            fee=MoneyBody.of(payment.fee),
            reference=payment.reference,
            failure=payment.failure,
            quarantine=payment.quarantine,
            opened_at=payment.opened_at,
        )


class DisputeBody(Body):
    """Money that a customer's bank has taken back; evidence has to be with the provider at `evidenceDueAt`."""

    id: UUID
    order_id: UUID
    payment_id: UUID
    amount: MoneyBody
    fee: MoneyBody
    status: DisputeStatus
    opened_at: datetime
    evidence_due_at: datetime | None

    @classmethod
    def of(cls, dispute: Dispute) -> DisputeBody:
        """`dispute` as the platform sees it."""
        return cls(
            id=dispute.id,
            order_id=dispute.order_id,
            payment_id=dispute.payment_id,
            amount=MoneyBody.of(dispute.amount),
            fee=MoneyBody.of(dispute.fee),
            status=dispute.status,
            opened_at=dispute.opened_at,
            evidence_due_at=dispute.evidence_due_at,
        )


class SplitBody(Body):
    """Who has which part: `paid` is the sum of `earning`, `commission`, `commissionTax` and `taxKept`."""

    paid: MoneyBody
    earning: MoneyBody
    commission: MoneyBody
    commission_tax: MoneyBody
    tax_kept: MoneyBody
    subsidy: MoneyBody

    @classmethod
    def of(cls, split: Split) -> SplitBody:
        """`split` as it goes over the wire."""
        return cls(
            paid=MoneyBody.of(split.paid),
            earning=MoneyBody.of(split.earning),
            commission=MoneyBody.of(split.commission),
            commission_tax=MoneyBody.of(split.commission_tax),
            tax_kept=MoneyBody.of(split.tax_kept),
            subsidy=MoneyBody.of(split.subsidy),
        )


class BalanceBody(Body):
    """A vendor's money in one currency; a negative `available` is what it owes."""

    currency: str
    pending: MoneyBody
    available: MoneyBody
    reserve: MoneyBody

    @classmethod
    def of(cls, balance: VendorBalance) -> BalanceBody:
        """`balance` as the vendor sees it."""
        return cls(
            currency=balance.available.currency.code,
            pending=MoneyBody.of(balance.pending),
            available=MoneyBody.of(balance.available),
            reserve=MoneyBody.of(balance.reserve),
        )


class StatementLineBody(Body):
    """One fact: `net` changed the vendor's money, which was `balance` after it."""

    number: int
    at: datetime
    kind: EntryKind
    order_id: UUID | None
    commission: MoneyBody
    commission_tax: MoneyBody
    net: MoneyBody
    available: MoneyBody
    balance: MoneyBody

    @classmethod
    def of(cls, line: VendorLine, balance: Money) -> StatementLineBody:
        """`line`, and what the vendor's money was after it."""
        return cls(
            number=line.number,
            at=line.at,
            kind=line.kind,
            order_id=line.order_id,
            commission=MoneyBody.of(line.commission),
            commission_tax=MoneyBody.of(line.commission_tax),
            net=MoneyBody.of(line.net),
            available=MoneyBody.of(line.available),
            balance=MoneyBody.of(balance),
        )


class StatementBody(Body):
    """A page of a statement: `opening`, and the `net` of every item, is `closing`."""

    currency: str
    since: datetime
    until: datetime
    opening: MoneyBody
    closing: MoneyBody
    items: list[StatementLineBody]
    next_cursor: str | None = None


class PayoutBody(Body):
    """Money that was paid out, or is on its way; `failure` says why it did not arrive."""

    id: UUID
    run_id: UUID
    vendor_id: UUID
    amount: MoneyBody
    recalled: MoneyBody
    status: PayoutStatus
    failure: str | None
    scheduled_at: datetime

    @classmethod
    def of(cls, payout: Payout) -> PayoutBody:
        """`payout` as its vendor and the platform see it."""
        return cls(
            id=payout.id,
            run_id=payout.run_id,
            vendor_id=payout.vendor_id,
            amount=MoneyBody.of(payout.amount),
            recalled=MoneyBody.of(payout.recalled),
            status=payout.status,
            failure=payout.failure,
            scheduled_at=payout.scheduled_at,
        )


class LedgerBalanceBody(Body):
    """What is in an account in one currency; debits are positive, credits are negative."""

    kind: AccountKind
    vendor_id: UUID | None
    balance: MoneyBody

    @classmethod
    def of(cls, found: tuple[LedgerAccount, Money]) -> LedgerBalanceBody:
        """An account with its balance."""
        account, balance = found
        return cls(kind=account.kind, vendor_id=account.vendor_id, balance=MoneyBody.of(balance))


class PostingBody(Body):
    """What was debited (positive) or credited (negative) to an account."""

    kind: AccountKind
    vendor_id: UUID | None
    amount: MoneyBody


class EntryBody(Body):
    """What one fact did to the accounts; the postings sum to zero in every currency."""

    number: int
    fact: str
    kind: EntryKind
    at: datetime
    order_id: UUID | None
    postings: list[PostingBody]

    @classmethod
    def of(cls, booked: Booked) -> EntryBody:
        """An entry with its number."""
        entry = booked.entry
        return cls(
            number=booked.number,
            fact=entry.fact,
            kind=entry.kind,
            at=entry.at,
            order_id=entry.order_id,
            postings=[
                PostingBody(kind=each.account.kind, vendor_id=each.account.vendor_id, amount=MoneyBody.of(each.amount))
                for each in entry.postings
            ],
        )

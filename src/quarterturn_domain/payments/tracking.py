"""Tracking: refunds that were sent are read from the provider again; one that came back from the customer's bank is owed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import RefundId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.events import RefundBounced, RefundFailed, RefundSucceeded
from quarterturn_domain.payments.gateway import GatewayRefund, GatewayRefundStatus, PaymentGateway
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.refund import REFUND, Refund, RefundStatus

DISPUTED: Final = "charge_disputed"
"""How providers refuse to give back what the customer's bank has taken."""


class SyncRefunds:
    """Reads refunds that the provider knows of, those that have arrived too: a bank may send them back.

    One that came back is `failed` and waits for a person: the customer's bank would do the same again.
    """

    def __init__(self, work: Begin[PaymentsWork], gateway: PaymentGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def __call__(self, refund_ids: Sequence[RefundId]) -> Sequence[Outcome[Refund]]:
        """For each id its refund afterwards, or `NotFound`, `GatewayRefused`, `Unavailable`; one that was not sent is not read."""
        with self._work() as work:
            refunds = work.refunds.find(set(refund_ids))

        def read(refund_id: RefundId) -> tuple[RefundId, GatewayRefund | None]:
            refund = required(refunds, refund_id, "refund")
            if refund.reference is None or refund.status is RefundStatus.FAILED:
                return refund_id, None
            return refund_id, self._gateway.read_refund(refund.reference)

        answers = decide_each(refund_ids, read)
        recorded = record(self._work, [each for each in answers if not isinstance(each, DomainError)], self._clock)
        return [each if isinstance(each, DomainError) else recorded.get(each[0], refunds[each[0]]) for each in answers]


def record(
    begin: Begin[PaymentsWork], answers: Sequence[tuple[RefundId, GatewayRefund | None]], clock: Clock
) -> Mapping[RefundId, Refund]:
    """Record what the provider says of refunds, in one transaction; those of which it said anything, afterwards."""
    truths = {refund_id: truth for refund_id, truth in answers if truth is not None}
    if not truths:
        return {}
    at = clock.now()
    with begin() as work:
        before = work.refunds.lock(truths)
        refunds = dict(before)
        facts: list[Event] = []
        for refund_id, truth in truths.items():
            refunds[refund_id], *fact = heard(refunds[refund_id], truth, at)
            facts += fact
        work.refunds.save([refund for key, refund in refunds.items() if refund != before[key]])
        work.outbox.append(facts)
    return refunds


def heard(refund: Refund, truth: GatewayRefund, at: datetime) -> tuple[Refund, *tuple[Event, ...]]:
    """The refund after the provider's word, and what has happened; a word about a state that is behind us changes nothing."""
    about = {"refund_id": refund.id, "payment_id": refund.payment_id, "order_id": refund.order_id, "amount": refund.amount}
    if truth.status is GatewayRefundStatus.SUCCEEDED and REFUND.allows(refund.status, "succeed"):
        succeeded = RefundSucceeded(**about, at=at, bounces=refund.bounces)  # type: ignore[arg-type]
        return refund.move("succeed", reference=truth.reference), succeeded
    if truth.status is GatewayRefundStatus.FAILED:
        reason = truth.failure or "the provider gave no reason"
        if reason == DISPUTED and refund.status is RefundStatus.REQUESTED:
            # The provider has heard of a dispute before us; when that is won, the refund is sent.
            return (refund.put_off(reason),)
        if REFUND.allows(refund.status, "fail"):
            failed = RefundFailed(**about, reason=reason, at=at)  # type: ignore[arg-type]
            return refund.move("fail", reference=truth.reference, failure=reason), failed
        # A refund that was sent anew has another reference by now.
        if REFUND.allows(refund.status, "bounce") and truth.reference == refund.reference:
            after = refund.bounce(reason)
            return after, RefundBounced(**about, times=after.bounces, reason=reason, at=at)  # type: ignore[arg-type]
    if truth.status is GatewayRefundStatus.PENDING and REFUND.allows(refund.status, "send"):
        return (refund.move("send", reference=truth.reference),)
    if refund.status is RefundStatus.SUCCEEDED and truth.reference and refund.reference is None:
        return (attrs.evolve(refund, reference=truth.reference),)
    return (refund,)

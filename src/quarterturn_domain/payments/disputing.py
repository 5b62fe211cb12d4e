"""Disputing: the customer's bank takes money back, the vendors' parts are held, and its decision settles who loses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import NotFound, Outcome
from quarterturn_domain.kernel.ids import DisputeId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payments.dispute import DISPUTE, Dispute, DisputeStatus
from quarterturn_domain.payments.events import DisputeLost, DisputeOpened, DisputeWon, RefundCovered, VendorPart
from quarterturn_domain.payments.gateway import GatewayDispute, PaymentGateway
from quarterturn_domain.payments.parcels import arrived
from quarterturn_domain.payments.payment import PAYMENT, TAKEN, Payment
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.recording import record
from quarterturn_domain.payments.refund import LineRefund, RefundStatus, give_back, spread

BANKS: Final = UUID("b7f6a0c4-52f7-5a6d-9e0b-31c1f3a1d5e4")
"""The namespace of disputes: a dispute's id follows from the provider's reference."""


_UNSENT: Final = frozenset({RefundStatus.REQUESTED, RefundStatus.FAILED})


class SyncDisputes:
    """Reads disputes from the provider and records what it says; told twice it changes nothing."""

    def __init__(self, work: Begin[PaymentsWork], gateway: PaymentGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def __call__(self, references: Sequence[str]) -> Sequence[Outcome[Dispute]]:
        """For each of the provider's references its dispute afterwards, or `NotFound`, `Unavailable`."""
        return decide_each(references, lambda reference: self._record(self._gateway.read_dispute(reference)))

    def _record(self, truth: GatewayDispute) -> Dispute:
        self._catch_up(truth.payment_reference)
        dispute_id = DisputeId(uuid5(BANKS, truth.reference))
        with self._work() as work:
            payment_id = work.payments.by_reference([truth.payment_reference]).get(truth.payment_reference)
            if payment_id is None:
                raise NotFound("payment", truth.payment_reference)
            order_id = work.payments.find([payment_id])[payment_id].order_id
            order = required(work.orders.lock([order_id]), order_id, "order")
            payment = work.payments.lock([payment_id])[payment_id]
            dispute = work.disputes.lock([dispute_id]).get(dispute_id)
            if dispute is None:
                dispute, payment = self._open(work, dispute_id, truth, order, payment)
            if truth.status is not DisputeStatus.OPEN and dispute.status is DisputeStatus.OPEN:
                dispute = self._close(work, dispute, truth, order, payment)
        return dispute

    def _catch_up(self, reference: str) -> None:
        """Record first that the payment arrived, when its dispute is heard of before that."""
        with self._work() as work:
            payment_id = work.payments.by_reference([reference]).get(reference)
            known_payment = None if payment_id is None else work.payments.find([payment_id])[payment_id]
            if known_payment is not None and known_payment.status in TAKEN and not known_payment.in_parts:
                return
        payment = self._gateway.read_payment(reference)
        with self._work() as work:
            known = payment.payment_id is not None and payment.payment_id in work.payments.find([payment.payment_id])
        if known and payment.payment_id is not None:
            record(self._work, [(payment.payment_id, payment)], self._clock)

    def _open(
        self, work: PaymentsWork, dispute_id: DisputeId, truth: GatewayDispute, order: Order, payment: Payment
    ) -> tuple[Dispute, Payment]:
        _, rest = _beside(work, dispute_id, order)
        left = rest.split.paid if payment.quarantine is None and payment.refundable else Money.zero(truth.amount.currency)
        # What the bank takes beyond what is left of the order was refunded, or is held by another dispute: no vendor has earned it.
        lines = tuple(spread(rest, min(truth.amount, left))) if left else ()
        dispute = Dispute(
            id=dispute_id,
            payment_id=payment.id,
            order_id=order.id,
            reference=truth.reference,
            amount=truth.amount,
            fee=truth.fee,
            lines=lines,
            opened_at=truth.opened_at,
            evidence_due_at=truth.evidence_due_at,
        )
        after = payment.move("dispute") if PAYMENT.allows(payment.status, "dispute") else payment
        work.disputes.add([dispute])
        work.payments.save([after])
        fact = DisputeOpened(
            dispute_id=dispute.id,
            payment_id=payment.id,
            order_id=order.id,
            amount=dispute.amount,
            fee=dispute.fee,
            parts=_parts(rest, lines),
            evidence_due_at=dispute.evidence_due_at,
            at=self._clock.now(),
        )
        work.outbox.append([fact])
        return dispute, after

    def _close(self, work: PaymentsWork, dispute: Dispute, truth: GatewayDispute, order: Order, payment: Payment) -> Dispute:
        at = self._clock.now()
        others, rest = _beside(work, dispute.id, order)
        disputed = any(each.payment_id == payment.id for each in others)
        if truth.status is DisputeStatus.WON:
            after = dispute.move("win")
            work.payments.save([payment.win(disputed=disputed)])
            won = DisputeWon(
                dispute_id=dispute.id,
                payment_id=payment.id,
                order_id=order.id,
                amount=dispute.amount,
                fee_returned=truth.fee_returned,
                # What the other disputes hold stays held.
                parts=_parts(rest, dispute.lines),
                at=at,
            )
            work.outbox.append([won])
        else:
            after = dispute.move("lose")
            lost, _, amount = give_back(order, dispute.lines)
            parts = _parts(arrived(order, work.payments.of_order(order.id)), dispute.lines)
            work.orders.save([lost])
            work.payments.save([payment.lose(amount, disputed=disputed)])
            fact = DisputeLost(
                dispute_id=dispute.id, payment_id=payment.id, order_id=order.id, amount=dispute.amount, parts=parts, at=at
            )
            work.outbox.append([fact, *_covered(work, after, dispute.amount - amount, at)])
        assert DISPUTE.terminal >= {after.status}
        work.disputes.save([after])
        return after


def _covered(work: PaymentsWork, dispute: Dispute, beyond: Money, at: datetime) -> Sequence[RefundCovered]:
    """The refunds of a lost dispute's payment that were owed and never sent, as far as the bank took more than what was left.

    The customer has that money now, and is not to get it a second time.
    """
    waiting = [
        each.id
        for each in work.refunds.of_order(dispute.order_id)
        if each.payment_id == dispute.payment_id and each.status in _UNSENT and each.amount.minor > 0
    ]
    facts, changed = [], []
    for refund in sorted(work.refunds.lock(waiting).values(), key=lambda refund: (refund.requested_at, refund.id)):
        if refund.status in _UNSENT and refund.amount.currency is beyond.currency and refund.amount <= beyond:
            beyond -= refund.amount
            again = refund.retry() if refund.status is RefundStatus.FAILED else refund
            changed.append(again.move("succeed"))
            facts.append(
                RefundCovered(
                    refund_id=refund.id,
                    payment_id=refund.payment_id,
                    order_id=refund.order_id,
                    dispute_id=dispute.id,
                    amount=refund.amount,
                    bounces=refund.bounces,
                    at=at,
                )
            )
    work.refunds.save(changed)
    return facts


def _beside(work: PaymentsWork, dispute_id: DisputeId, order: Order) -> tuple[Sequence[Dispute], Order]:
    """The order's other open disputes, and what has arrived of the order as if all were lost: what none of them holds."""
    others = [each for each in work.disputes.of_order(order.id) if each.status is DisputeStatus.OPEN and each.id != dispute_id]
    here = arrived(order, work.payments.of_order(order.id))
    return others, give_back(here, [line for each in others for line in each.lines])[0]


def _parts(order: Order, lines: Sequence[LineRefund]) -> tuple[VendorPart, ...]:
    return give_back(order, lines)[1]

"""Payments, refunds and disputes, kept in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import Final
from uuid import UUID

import attrs

from quarterturn_adapters.memory.indexes import EVERY, latest_first
from quarterturn_adapters.memory.ordering import MemoryOrders
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId, RefundId, VendorId
from quarterturn_domain.payments.dispute import Dispute, DisputeStatus
from quarterturn_domain.payments.payment import TAKEN, Payment, PaymentStatus
from quarterturn_domain.payments.refund import Refund, RefundStatus
from quarterturn_domain.payments.webhook import Webhook, WebhookStatus

_SETTLED: Final = TAKEN | {PaymentStatus.CANCELLED}
_WAITING: Final = frozenset({WebhookStatus.WAITING})
_OPEN: Final = frozenset({RefundStatus.REQUESTED, RefundStatus.SENT})


class MemoryPayments(MemoryRepository[PaymentId, Payment]):
    """Every payment; a provider's reference belongs to one of them, else `add` and `save` raise `Conflict`."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "payment", lambda payment: payment.id)
        self._by_reference = self.rows.unique(lambda payment: payment.reference, "the reference belongs to another payment")
        self._by_charge = self.rows.sorted(_opened, by=lambda payment: payment.charge)
        self._by_order = self.rows.sorted(_opened, by=lambda payment: payment.order_id)
        self._quarantined = self.rows.sorted(
            lambda payment: latest_first(payment.opened_at, payment.id), by=lambda payment: EVERY if payment.quarantine else None
        )
        self._unsettled = self.rows.sorted(_opened, by=_unsettled)

    def of_orders(self, order_ids: Iterable[OrderId], /) -> Mapping[OrderId, Sequence[Payment]]:
        """The payments of these orders, in the order of opening; an order without one is left out."""
        found = {order_id: list(self._by_order.rows(order_id)) for order_id in dict.fromkeys(order_ids)}
        return {order_id: payments for order_id, payments in found.items() if payments}

    def of_order(self, order_id: OrderId, /) -> Sequence[Payment]:
        """The payments of one order, in the order of opening."""
        return list(self._by_order.rows(order_id))

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these references at the provider."""
        return {payment.reference: payment.id for payment in self._by_reference.find(references) if payment.reference is not None}

    def by_charge(self, charges: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these charges at the provider."""
        return {charge: payment.id for charge in charges for payment in self._by_charge.rows(charge)}

    def quarantined(self, after: tuple[datetime, PaymentId] | None, limit: int, /) -> Sequence[Payment]:
        """Up to `limit` payments that wait for a person, the latest first, those after `after` in that order."""
        return self._quarantined.page(after and latest_first(*after), limit)

    def unsettled(
        self, opened_before: datetime, limit: int, /, *, after: tuple[datetime, PaymentId] | None = None
    ) -> Sequence[PaymentId]:
        """Up to `limit` payments, opened before an instant, of which the provider may know more; oldest first, after `after`."""
        page = self._unsettled.page(_place(after), limit)
        return [payment.id for payment in takewhile(lambda payment: payment.opened_at < opened_before, page)]


@attrs.frozen
class _Part:
    """That a refund is of lines of a vendor."""

    vendor_id: VendorId
    refund_id: RefundId
    requested_at: datetime


class MemoryRefunds(MemoryRepository[RefundId, Refund]):
    """Every refund."""

    def __init__(self, transactions: Transactions, orders: MemoryOrders) -> None:
        super().__init__(transactions, "refund", lambda refund: refund.id)
        self._orders = orders
        self._latest = self.rows.sorted(lambda refund: latest_first(refund.requested_at, refund.id))
        self._parts: Table[tuple[VendorId, RefundId], _Part] = Table(
            transactions, "refund of a vendor", lambda part: (part.vendor_id, part.refund_id)
        )
        self._by_vendor = self._parts.sorted(
            lambda part: latest_first(part.requested_at, part.refund_id), by=lambda part: part.vendor_id
        )
        self._by_order = self.rows.sorted(_requested, by=lambda refund: refund.order_id)
        self._open = self.rows.sorted(_requested, by=lambda refund: EVERY if refund.status in _OPEN else None)
        self._by_reference = self.rows.sorted(_requested, by=lambda refund: refund.reference)
        self._sent_anew = self.rows.sorted(_requested, by=lambda refund: EVERY if refund.former else None)

    def add(self, values: Iterable[Refund], /) -> None:
        """Keep new refunds, each known by the vendors of its lines; raises `Conflict` when one exists, and then adds none."""
        refunds = list(values)
        super().add(refunds)
        orders = self._orders.find({refund.order_id for refund in refunds})
        self._parts.put(
            _Part(orders[refund.order_id].vendor_of(each.line), refund.id, refund.requested_at)
            for refund in refunds
            for each in refund.lines
            if refund.order_id in orders
        )

    def of_order(self, order_id: OrderId, /) -> Sequence[Refund]:
        """The refunds of one order, in the order of requesting."""
        return list(self._by_order.rows(order_id))

    def of_vendor(self, vendor_id: VendorId, after: tuple[datetime, RefundId] | None, limit: int, /) -> Sequence[Refund]:
        """Up to `limit` refunds of lines of this vendor, the latest first, those after `after` in that order."""
        parts = self._by_vendor.page(after and latest_first(*after), limit, of=vendor_id)
        return list(self.rows.find(part.refund_id for part in parts).values())

    def page(self, after: tuple[datetime, RefundId] | None, limit: int, /) -> Sequence[Refund]:
        """Up to `limit` refunds, the latest first, those after `after` in that order."""
        return self._latest.page(after and latest_first(*after), limit)

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, RefundId]:
        """Which refunds have, or had before they were sent anew, these references at the provider."""
        found = {reference: list(self._by_reference.rows(reference)) for reference in references}
        former = {reference: refund for refund in self._sent_anew.rows() for reference in refund.former}
        known = {reference: refunds[0] for reference, refunds in found.items() if refunds}
        return {
            reference: refund.id for reference in found if (refund := known.get(reference) or former.get(reference)) is not None
        }

    def open(self, limit: int, /, *, after: tuple[datetime, RefundId] | None = None) -> Sequence[RefundId]:
        """Up to `limit` refunds that are requested or sent, oldest first, after `after`."""
        return [refund.id for refund in self._open.page(_place(after), limit)]


class MemoryDisputes(MemoryRepository[DisputeId, Dispute]):
    """Every dispute."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "dispute", lambda dispute: dispute.id)
        self._latest = self.rows.sorted(_disputed)
        self._by_status = self.rows.sorted(_disputed, by=lambda dispute: dispute.status)
        self._unreminded = self.rows.sorted(
            lambda dispute: (dispute.evidence_due_at, dispute.id.int), by=lambda dispute: EVERY if _waits(dispute) else None
        )
        self._by_order = self.rows.sorted(lambda dispute: (dispute.opened_at, dispute.id.int), by=lambda dispute: dispute.order_id)

    def of_order(self, order_id: OrderId, /) -> Sequence[Dispute]:
        """The disputes of one order, in the order of opening."""
        return list(self._by_order.rows(order_id))

    def evidence_due(self, before: datetime, limit: int, /) -> Sequence[DisputeId]:
        """Up to `limit` open disputes whose evidence is due before an instant, and nobody was reminded; the soonest first."""
        due = takewhile(lambda each: each.evidence_due_at is not None and each.evidence_due_at < before, self._unreminded.rows())
        return [dispute.id for dispute in islice(due, limit)]

    def page(
        self, after: tuple[datetime, DisputeId] | None, limit: int, /, status: DisputeStatus | None = None
    ) -> Sequence[Dispute]:
        """Up to `limit` disputes (of one status, if given), the latest first, those after `after` in that order."""
        place = after and latest_first(*after)
        return self._latest.page(place, limit) if status is None else self._by_status.page(place, limit, of=status)


class MemoryWebhooks(MemoryRepository[tuple[str, str], Webhook]):
    """Everything that providers told of."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "webhook", lambda webhook: webhook.key)
        self._waiting = self.rows.sorted(
            lambda webhook: (webhook.due_at, *webhook.key), by=lambda webhook: EVERY if webhook.status in _WAITING else None
        )

    def waiting(self, at: datetime, limit: int, /) -> Sequence[tuple[str, str]]:
        """Up to `limit` webhooks that wait and are due at `at` or earlier, the longest due first."""
        due = takewhile(lambda webhook: webhook.due_at <= at, self._waiting.rows())
        return [webhook.key for webhook in islice(due, limit)]

    def tally(self) -> Mapping[tuple[str, str, WebhookStatus], int]:
        """How many there are, by provider, type in the provider's words, and status."""
        return Counter((webhook.provider, webhook.hint.type, webhook.status) for webhook in self.rows.all().values())


def _waits(dispute: Dispute) -> bool:
    """Whether evidence is still to be given, and nobody was reminded of it."""
    return dispute.status is DisputeStatus.OPEN and dispute.reminded_at is None and dispute.evidence_due_at is not None


def _place(after: tuple[datetime, UUID] | None) -> tuple[datetime, int] | None:
    return None if after is None else (after[0], after[1].int)


def _disputed(dispute: Dispute) -> tuple[int, int]:
    return latest_first(dispute.opened_at, dispute.id)


def _unsettled(payment: Payment) -> object:
    return EVERY if payment.in_parts or payment.status not in _SETTLED else None


def _opened(payment: Payment) -> tuple[datetime, int]:
    return (payment.opened_at, payment.id.int)


def _requested(refund: Refund) -> tuple[datetime, int]:
    return (refund.requested_at, refund.id.int)

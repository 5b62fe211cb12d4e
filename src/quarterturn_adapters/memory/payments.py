"""Payments, refunds and disputes, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import Final

from quarterturn_adapters.memory.indexes import EVERY
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Transactions
from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId, RefundId
from quarterturn_domain.payments.dispute import Dispute
from quarterturn_domain.payments.payment import TAKEN, Payment, PaymentStatus
from quarterturn_domain.payments.refund import Refund, RefundStatus

_SETTLED: Final = TAKEN | {PaymentStatus.CANCELLED}
_OPEN: Final = frozenset({RefundStatus.REQUESTED, RefundStatus.SENT})


class MemoryPayments(MemoryRepository[PaymentId, Payment]):
    """Every payment; a provider's reference belongs to one of them, else `add` and `save` raise `Conflict`."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "payment", lambda payment: payment.id)
        self._by_reference = self.rows.unique(lambda payment: payment.reference, "the reference belongs to another payment")
        self._by_order = self.rows.sorted(_opened, by=lambda payment: payment.order_id)
        self._unsettled = self.rows.sorted(_opened, by=lambda payment: None if payment.status in _SETTLED else EVERY)

    def of_orders(self, order_ids: Iterable[OrderId], /) -> Mapping[OrderId, Sequence[Payment]]:
        """The payments of these orders, in the order of opening; an order without one is left out."""
        found = {order_id: list(self._by_order.rows(order_id)) for order_id in dict.fromkeys(order_ids)}
        return {order_id: payments for order_id, payments in found.items() if payments}

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these references at the provider."""
        return {payment.reference: payment.id for payment in self._by_reference.find(references) if payment.reference is not None}

    def unsettled(self, opened_before: datetime, limit: int, /) -> Sequence[PaymentId]:
        """Up to `limit` payments, opened before an instant, of which the provider may know more; oldest first."""
        old = takewhile(lambda payment: payment.opened_at < opened_before, self._unsettled.rows())
        return [payment.id for payment in islice(old, limit)]


class MemoryRefunds(MemoryRepository[RefundId, Refund]):
    """Every refund."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "refund", lambda refund: refund.id)
        self._by_order = self.rows.sorted(_requested, by=lambda refund: refund.order_id)
        self._open = self.rows.sorted(_requested, by=lambda refund: EVERY if refund.status in _OPEN else None)

    def of_order(self, order_id: OrderId, /) -> Sequence[Refund]:
        """The refunds of one order, in the order of requesting."""
        return list(self._by_order.rows(order_id))

    def open(self, limit: int, /) -> Sequence[RefundId]:
        """Up to `limit` refunds that are requested or sent, oldest first."""
        return [refund.id for refund in self._open.page(None, limit)]


class MemoryDisputes(MemoryRepository[DisputeId, Dispute]):
    """Every dispute."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "dispute", lambda dispute: dispute.id)
        self._by_order = self.rows.sorted(lambda dispute: (dispute.opened_at, dispute.id.int), by=lambda dispute: dispute.order_id)

    def of_order(self, order_id: OrderId, /) -> Sequence[Dispute]:
        """The disputes of one order, in the order of opening."""
        return list(self._by_order.rows(order_id))


def _opened(payment: Payment) -> tuple[datetime, int]:
    return (payment.opened_at, payment.id.int)


def _requested(refund: Refund) -> tuple[datetime, int]:
    return (refund.requested_at, refund.id.int)

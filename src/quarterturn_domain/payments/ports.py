"""Where payments, refunds and disputes are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId, RefundId
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.payments.dispute import Dispute
from quarterturn_domain.payments.payment import Payment
from quarterturn_domain.payments.refund import Refund


class Payments(Repository[PaymentId, Payment], Protocol):
    """Every payment; a provider's reference belongs to one of them."""

    def of_orders(self, order_ids: Iterable[OrderId], /) -> Mapping[OrderId, Sequence[Payment]]:
        """The payments of these orders, in the order of opening, locked in key order; an order without one is left out."""
        ...

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these references at the provider; no lock."""
        ...

    def unsettled(self, opened_before: datetime, limit: int, /) -> Sequence[PaymentId]:
        """Up to `limit` payments, opened before an instant, of which the provider may know more: for polling.

        Oldest first, no lock.
        """
        ...


class Refunds(Repository[RefundId, Refund], Protocol):
    """Every refund."""

    def of_order(self, order_id: OrderId, /) -> Sequence[Refund]:
        """The refunds of one order, in the order of requesting."""
        ...

    def open(self, limit: int, /) -> Sequence[RefundId]:
        """Up to `limit` refunds that are requested or sent, oldest first; no lock."""
        ...


class Disputes(Repository[DisputeId, Dispute], Protocol):
    """Every dispute."""

    def of_order(self, order_id: OrderId, /) -> Sequence[Dispute]:
        """The disputes of one order, in the order of opening."""
        ...


class PaymentsWork(OrderingWork, Protocol):
    """A unit of work that reaches payments."""

    @property
    def payments(self) -> Payments:
        """The payments."""
        ...

    @property
    def refunds(self) -> Refunds:
        """The refunds."""
        ...

    @property
    def disputes(self) -> Disputes:
        """The disputes."""
        ...

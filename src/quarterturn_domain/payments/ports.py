"""Where payments, refunds and disputes are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId, RefundId, VendorId
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.payments.dispute import Dispute, DisputeStatus
from quarterturn_domain.payments.payment import Payment
from quarterturn_domain.payments.refund import Refund
from quarterturn_domain.payments.webhook import Webhook, WebhookStatus


class Payments(Repository[PaymentId, Payment], Protocol):
    """Every payment; a provider's reference belongs to one of them."""

    def of_orders(self, order_ids: Iterable[OrderId], /) -> Mapping[OrderId, Sequence[Payment]]:
        """The payments of these orders, in the order of opening, locked in key order; an order without one is left out."""
        ...

    def of_order(self, order_id: OrderId, /) -> Sequence[Payment]:
        """The payments of one order, in the order of opening; no lock."""
        ...

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these references at the provider; no lock."""
        ...

    def by_charge(self, charges: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these charges at the provider; no lock."""
        ...

    def quarantined(self, after: tuple[datetime, PaymentId] | None, limit: int, /) -> Sequence[Payment]:
        """Up to `limit` payments that wait for a person, the latest first, those after `after` in that order; no lock."""
        ...

    def unsettled(
        self, opened_before: datetime, limit: int, /, *, after: tuple[datetime, PaymentId] | None = None
    ) -> Sequence[PaymentId]:
        """Up to `limit` payments, opened before an instant, of which the provider may know more: for polling.

        Oldest first, no lock; those opened after the instant and the id of `after`, where a round before has ended.
        """
        ...


class Refunds(Repository[RefundId, Refund], Protocol):
    """Every refund."""

    def of_order(self, order_id: OrderId, /) -> Sequence[Refund]:
        """The refunds of one order, in the order of requesting."""
        ...

    def of_vendor(self, vendor_id: VendorId, after: tuple[datetime, RefundId] | None, limit: int, /) -> Sequence[Refund]:
        """Up to `limit` refunds of lines of this vendor, the latest first, those after `after` in that order; no lock.

        Each is whole: what of it is the vendor's is said by `Refund.of_vendor`.
        """
        ...

    def page(self, after: tuple[datetime, RefundId] | None, limit: int, /) -> Sequence[Refund]:
        """Up to `limit` refunds, the latest first, those after `after` in that order; no lock."""
        ...

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, RefundId]:
        """Which refunds have these references at the provider; no lock."""
        ...

    def open(self, limit: int, /, *, after: tuple[datetime, RefundId] | None = None) -> Sequence[RefundId]:
        """Up to `limit` refunds that are requested or sent, oldest first; no lock.

        Those requested after the instant and the id of `after`, where a round before has ended.
        """
        ...


class Disputes(Repository[DisputeId, Dispute], Protocol):
    """Every dispute."""

    def evidence_due(self, before: datetime, limit: int, /) -> Sequence[DisputeId]:
        """Up to `limit` open disputes whose evidence is due before an instant, unless that was told; the soonest first."""
        ...

    def of_order(self, order_id: OrderId, /) -> Sequence[Dispute]:
        """The disputes of one order, in the order of opening."""
        ...

    def page(
        self, after: tuple[datetime, DisputeId] | None, limit: int, /, status: DisputeStatus | None = None
    ) -> Sequence[Dispute]:
        """Up to `limit` disputes (of one status, if given), the latest first, those after `after` in that order; no lock."""
        ...


class Webhooks(Repository[tuple[str, str], Webhook], Protocol):
    """Everything that providers told of, by provider and event id."""

    def waiting(self, at: datetime, limit: int, /) -> Sequence[tuple[str, str]]:
        """Up to `limit` webhooks that wait and are due at `at` or earlier, the longest due first; no lock."""
        ...

    def tally(self) -> Mapping[tuple[str, str, WebhookStatus], int]:
        """How many there are, by provider, type in the provider's words, and status."""
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

    @property
    def webhooks(self) -> Webhooks:
        """What providers told of."""
        ...

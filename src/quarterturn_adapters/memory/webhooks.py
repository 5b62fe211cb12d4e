"""Webhook endpoints and deliveries, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import Final

from quarterturn_adapters.memory.indexes import EVERY, latest_first
from quarterturn_adapters.memory.repository import MemoryRepository
from quarterturn_adapters.memory.tables import Transactions
from quarterturn_domain.kernel.ids import DeliveryId, EndpointId, VendorId
from quarterturn_domain.webhooks.delivery import DeliveryStatus, WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint
from quarterturn_domain.webhooks.ports import DeliveryPlace

_PLATFORM: Final = "the platform"


class MemoryEndpoints(MemoryRepository[EndpointId, Endpoint]):
    """Every endpoint."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "webhook endpoint", lambda endpoint: endpoint.id)
        self._by_owner = self.rows.sorted(_by_id, by=lambda endpoint: endpoint.vendor_id or _PLATFORM)
        self._enabled = self.rows.sorted(
            _by_id, by=lambda endpoint: (endpoint.vendor_id or _PLATFORM) if endpoint.enabled else None
        )
        self._any_enabled = self.rows.sorted(_by_id, by=lambda endpoint: EVERY if endpoint.enabled else None)

    def of_owner(self, vendor_id: VendorId | None, after: EndpointId | None, limit: int, /) -> Sequence[Endpoint]:
        """Up to `limit` endpoints of a vendor, or of the platform (None), in the order of their ids, those after `after`."""
        return self._by_owner.page(None if after is None else (after.int,), limit, of=vendor_id or _PLATFORM)

    def any_enabled(self) -> bool:
        """Whether anybody at all is told anything."""
        return any(True for _ in self._any_enabled.rows())

    def enabled(self, vendor_ids: Iterable[VendorId], /) -> Sequence[Endpoint]:
        """The endpoints of these vendors, and those of the platform, that are enabled, in the order of their ids."""
        found = [endpoint for owner in (_PLATFORM, *set(vendor_ids)) for endpoint in self._enabled.rows(owner)]
        return sorted(found, key=_by_id)

    def remove(self, keys: Iterable[EndpointId], /) -> None:
        """Drop endpoints, with their secrets."""
        self.rows.drop(keys)


class MemoryWebhookDeliveries(MemoryRepository[DeliveryId, WebhookDelivery]):
    """Every delivery that is not forgotten."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions, "webhook delivery", lambda delivery: delivery.id)
        self._of_endpoint = self.rows.sorted(_made, by=lambda delivery: delivery.endpoint_id)
        self._by_status = self.rows.sorted(_made, by=lambda delivery: (delivery.endpoint_id, delivery.status))
        self._due = self.rows.sorted(
            lambda delivery: (delivery.due_at, delivery.id.int), by=lambda delivery: EVERY if delivery.waits else None
        )
        self._ended = self.rows.sorted(
            lambda delivery: (delivery.made_at, delivery.id.int), by=lambda delivery: None if delivery.waits else EVERY
        )

    def of_endpoint(
        self, endpoint_id: EndpointId, after: DeliveryPlace | None, limit: int, /, status: DeliveryStatus | None = None
    ) -> Sequence[WebhookDelivery]:
        """Up to `limit` deliveries of an endpoint (of one status, if given), the latest first, those after `after`."""
        place = after and latest_first(*after)
        if status is None:
            return self._of_endpoint.page(place, limit, of=endpoint_id)
        return self._by_status.page(place, limit, of=(endpoint_id, status))

    def due(self, at: datetime, limit: int, /) -> Sequence[WebhookDelivery]:
        """Up to `limit` deliveries that wait and are due `at`, longest first."""
        return list(islice(takewhile(lambda delivery: delivery.due_at <= at, self._due.rows()), limit))

    def forget(self, before: datetime, limit: int, /) -> int:
        """Drop up to `limit` deliveries that were made before an instant and that nobody tries any more."""
        old = takewhile(lambda delivery: delivery.made_at < before, self._ended.rows())
        return self.rows.drop([delivery.id for delivery in islice(old, limit)])


def _by_id(endpoint: Endpoint) -> tuple[int]:
    return (endpoint.id.int,)


def _made(delivery: WebhookDelivery) -> tuple[int, int]:
    return latest_first(delivery.made_at, delivery.id)

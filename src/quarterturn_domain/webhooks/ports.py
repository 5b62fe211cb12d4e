"""Where endpoints and deliveries are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from quarterturn_domain.kernel.ids import DeliveryId, EndpointId, VendorId
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.webhooks.delivery import DeliveryStatus, WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint

DeliveryPlace: TypeAlias = tuple[datetime, DeliveryId]
"""Where a page of deliveries goes on: when the last one before was made, and its id."""


class Endpoints(Repository[EndpointId, Endpoint], Protocol):
    """Every endpoint."""

    def of_owner(self, vendor_id: VendorId | None, after: EndpointId | None, limit: int, /) -> Sequence[Endpoint]:
        """Up to `limit` endpoints of a vendor, or of the platform (None), in the order of their ids, those after `after`."""
        ...

    def any_enabled(self) -> bool:
        """Whether anybody at all is told anything."""
        ...

    def enabled(self, vendor_ids: Iterable[VendorId], /) -> Sequence[Endpoint]:
        """The endpoints of these vendors, and those of the platform, that are enabled, in the order of their ids; no lock."""
        ...

    def remove(self, keys: Iterable[EndpointId], /) -> None:
        """Drop endpoints, with their secrets; those that do not exist are passed over."""
        ...


class WebhookDeliveries(Repository[DeliveryId, WebhookDelivery], Protocol):
    """Every delivery that is not forgotten."""

    def of_endpoint(
        self, endpoint_id: EndpointId, after: DeliveryPlace | None, limit: int, /, status: DeliveryStatus | None = None
    ) -> Sequence[WebhookDelivery]:
        """Up to `limit` deliveries of an endpoint (of one status, if given), the latest first, those after `after`."""
        ...

    def due(self, at: datetime, limit: int, /) -> Sequence[WebhookDelivery]:
        """Up to `limit` deliveries that wait and are due `at`, longest first, locked; what others have locked is left out."""
        ...

    def forget(self, before: datetime, limit: int, /) -> int:
        """Drop up to `limit` deliveries that were made before an instant and that nobody tries any more; returns how many."""
        ...


class WebhooksWork(PayoutsWork, Protocol):
    """A unit of work that reaches endpoints and deliveries."""

    @property
    def endpoints(self) -> Endpoints:
        """The endpoints."""
        ...

    @property
    def webhook_deliveries(self) -> WebhookDeliveries:
        """What they are told."""
        ...

"""What happened to webhook endpoints and to what they are told."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import DeliveryId, EndpointId, VendorId


@attrs.frozen(kw_only=True)
class WebhookDeliveryDue(Event, tag="webhook_delivery.due", about="delivery_id"):
    """An endpoint is to be told of something; `turn` says whose turn it is, so that one that comes twice is done once."""

    delivery_id: DeliveryId
    endpoint_id: EndpointId
    turn: int
    at: datetime


@attrs.frozen(kw_only=True)
class EndpointDisabled(Event, tag="webhook_endpoint.disabled", about="endpoint_id"):
    """An endpoint is told nothing more: its owner said so, or it has failed for too long, and then it was `automatic`."""

    endpoint_id: EndpointId
    vendor_id: VendorId | None
    reason: str
    automatic: bool
    at: datetime

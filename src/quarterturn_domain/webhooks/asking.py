"""Asking for deliveries: a ping, to see whether an endpoint hears us, and one more try of what it was told."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.errors import Conflict, NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import DeliveryId, EndpointId, VendorId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.webhooks.delivery import WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint, EndpointOff
from quarterturn_domain.webhooks.notice import PING, Notice
from quarterturn_domain.webhooks.ports import WebhooksWork
from quarterturn_domain.webhooks.registering import owned


@attrs.frozen(kw_only=True)
class PingEndpoint:
    """Tell an endpoint of this owner that we are there, whatever its filters."""

    delivery_id: DeliveryId
    endpoint_id: EndpointId
    vendor_id: VendorId | None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class Redeliver:
    """Try a delivery to an endpoint of this owner once more, now, whatever became of it."""

    delivery_id: DeliveryId
    endpoint_id: EndpointId
    vendor_id: VendorId | None
    at: datetime = attrs.field(metadata=TIMING)


class AskForDeliveries:
    """Makes pings, and lets deliveries be tried once more; they are sent as any other."""

    def __init__(self, work: Begin[WebhooksWork]) -> None:
        self._work = work

    def __call__(self, command: PingEndpoint | Redeliver) -> WebhookDelivery:
        """The delivery, which is due; raises `NotFound`, also for somebody else's, `Conflict` or `EndpointOff`."""
        with self._work() as work:
            endpoint = owned(work, command.endpoint_id, command.vendor_id)
            known = work.webhook_deliveries.lock([command.delivery_id]).get(command.delivery_id)
            if isinstance(command, PingEndpoint):
                return self._pinged(work, endpoint, command, known)
            if known is None or known.endpoint_id != endpoint.id:
                raise NotFound("webhook delivery", str(command.delivery_id))
            if not endpoint.enabled:
                raise EndpointOff(endpoint.id, endpoint.reason)
            delivery, fact = known.redeliver(at=command.at)
            work.webhook_deliveries.save([delivery])
            work.outbox.append([fact])
        return delivery

    def _pinged(
        self, work: WebhooksWork, endpoint: Endpoint, command: PingEndpoint, known: WebhookDelivery | None
    ) -> WebhookDelivery:
        if known is not None:
            if known.endpoint_id != endpoint.id or known.type != PING:
                raise Conflict("webhook delivery", str(known.id), "it is another one")
            return known
        if not endpoint.enabled:
            raise EndpointOff(endpoint.id, endpoint.reason)
        payload = Notice(endpoint.vendor_id, PING, {"endpointId": str(endpoint.id)}).payload(command.at)
        delivery = WebhookDelivery.of(command.delivery_id, endpoint.id, command.delivery_id, PING, payload, at=command.at)
        work.webhook_deliveries.add([delivery])
        work.outbox.append([delivery.due(command.at)])
        return delivery

"""Reading endpoints and what they were told: each owner its own."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import DeliveryId, EndpointId, VendorId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.webhooks.delivery import DeliveryStatus, WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint
from quarterturn_domain.webhooks.ports import DeliveryPlace, WebhooksWork


class ReadEndpoints:
    """Answers which endpoints a vendor has, or the platform (None), and what became of what they were told."""

    def __init__(self, work: Begin[WebhooksWork]) -> None:
        self._work = work

    def of_owner(self, vendor_id: VendorId | None, after: EndpointId | None, limit: int) -> Sequence[Endpoint]:
        """Up to `limit` endpoints in the order of their ids, those after `after`."""
        with self._work() as work:
            return work.endpoints.of_owner(vendor_id, after, limit)

    def endpoint(self, vendor_id: VendorId | None, endpoint_id: EndpointId) -> Endpoint:
        """An endpoint; raises `NotFound`, also for somebody else's."""
        with self._work() as work:
            return _owned(work, vendor_id, endpoint_id)

    def deliveries(
        self,
        vendor_id: VendorId | None,
        endpoint_id: EndpointId,
        after: DeliveryPlace | None,
        limit: int,
        *,
        status: DeliveryStatus | None = None,
    ) -> Sequence[WebhookDelivery]:
        """Up to `limit` deliveries (of one status, if given), the latest first, those after `after`; raises `NotFound`."""
        with self._work() as work:
            _owned(work, vendor_id, endpoint_id)
            return work.webhook_deliveries.of_endpoint(endpoint_id, after, limit, status)

    def delivery(self, vendor_id: VendorId | None, endpoint_id: EndpointId, delivery_id: DeliveryId) -> WebhookDelivery:
        """A delivery with all that is known of its attempts; raises `NotFound`."""
        with self._work() as work:
            _owned(work, vendor_id, endpoint_id)
            delivery = work.webhook_deliveries.find([delivery_id]).get(delivery_id)
            if delivery is None or delivery.endpoint_id != endpoint_id:
                raise NotFound("webhook delivery", str(delivery_id))
            return delivery


def _owned(work: WebhooksWork, vendor_id: VendorId | None, endpoint_id: EndpointId) -> Endpoint:
    endpoint = work.endpoints.find([endpoint_id]).get(endpoint_id)
    if endpoint is None or endpoint.vendor_id != vendor_id:
        raise NotFound("webhook endpoint", str(endpoint_id))
    return endpoint

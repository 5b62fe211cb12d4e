"""Telling endpoints: an event becomes one delivery for each endpoint that hears it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.dispatch import Message
from quarterturn_domain.kernel.ids import DeliveryId, EndpointId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.webhooks.delivery import WebhookDelivery
from quarterturn_domain.webhooks.notice import TELLINGS, Surroundings, notices, wanted
from quarterturn_domain.webhooks.ports import WebhooksWork


class TellEndpoints:
    """Makes deliveries; a message that comes twice makes none the second time, since it names them."""

    def __init__(self, work: Begin[WebhooksWork], clock: Clock) -> None:
        self._work = work
        self._clock = clock

    def __call__(self, messages: Sequence[Message]) -> int:
        """How many deliveries were made; events that nobody outside is told of are passed over."""
        at = self._clock.now()
        with self._work() as work:
            if not work.endpoints.any_enabled():
                return 0
            heard = [message for message in messages if type(message.event) in TELLINGS]
            around = _surroundings(work, heard)
            told = [(message, notice) for message in heard for notice in notices(message.event, around)]
            endpoints = work.endpoints.enabled({notice.vendor_id for _, notice in told if notice.vendor_id is not None})
            made = {
                delivery.id: delivery
                for message, notice in told
                for endpoint in endpoints
                if endpoint.vendor_id == notice.vendor_id and endpoint.hears(notice.type)
                for delivery in [
                    WebhookDelivery.of(
                        named(endpoint.id, message.id),
                        endpoint.id,
                        message.id,
                        notice.type,
                        notice.payload(message.event.at),
                        at=at,
                    )
                ]
            }
            known = work.webhook_deliveries.find(made)
            fresh = [delivery for key, delivery in made.items() if key not in known]
            if fresh:
                work.webhook_deliveries.add(fresh)
                work.outbox.append(delivery.due(at) for delivery in fresh)
        return len(fresh)


def named(endpoint_id: EndpointId, event_id: UUID) -> DeliveryId:
    """The id of what an endpoint is told of an event: always the same one."""
    return DeliveryId(uuid5(endpoint_id, event_id.hex))


def _surroundings(work: WebhooksWork, heard: Sequence[Message]) -> Surroundings:
    orders, refunds, locations, skus = wanted(message.event for message in heard)
    return Surroundings(
        orders=work.orders.find(orders) if orders else {},
        refunds=work.refunds.find(refunds) if refunds else {},
        locations=work.locations.find(locations) if locations else {},
        offers=work.offers.find(skus) if skus else {},
    )

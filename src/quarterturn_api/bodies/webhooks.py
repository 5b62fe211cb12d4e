"""Webhook endpoints and deliveries as their owners see them; of secrets nothing but how long an old one is still good."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from quarterturn_api.edge.bodies import Body
from quarterturn_domain.webhooks.delivery import Attempt, DeliveryStatus, WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint, EndpointStatus


class EndpointBody(Body):
    """Where somebody wants to be told of what. `failingSince` is when the first attempt failed of those that all have."""

    id: UUID
    url: str
    events: list[str]
    description: str
    status: EndpointStatus
    reason: str
    made_at: datetime
    failing_since: datetime | None
    old_secret_until: datetime | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> EndpointBody:
        """`endpoint` as its owner sees it."""
        return cls(
            id=endpoint.id,
            url=endpoint.url,
            events=list(endpoint.filters),
            description=endpoint.description,
            status=endpoint.status,
            reason=endpoint.reason,
            made_at=endpoint.made_at,
            failing_since=endpoint.failing_since,
            old_secret_until=max((each.until for each in endpoint.secrets if each.until is not None), default=None),
        )


class MadeSecretBody(Body):
    """An endpoint, and its new secret, which is shown here and never again."""

    endpoint: EndpointBody
    secret: str


class AttemptBody(Body):
    """What came of sending: the status of the answer and how it begins, or why there was none."""

    at: datetime
    milliseconds: int
    status_code: int | None
    error: str
    excerpt: str

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptBody:
        """`attempt` as the owner of the endpoint sees it."""
        return cls(
            at=attempt.at,
            milliseconds=attempt.milliseconds,
            status_code=attempt.status_code,
            error=attempt.error,
            excerpt=attempt.excerpt,
        )


class DeliveryBody(Body):
    """What an endpoint was told, or is to be told. `messageId` is what the receiver finds in the header `webhook-id`."""

    id: UUID
    message_id: str
    type: str
    status: DeliveryStatus
    failure: str
    made_at: datetime
    next_attempt_at: datetime | None
    last_attempt: AttemptBody | None

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> DeliveryBody:
        """`delivery` in a list."""
        return cls(**_said(delivery))


class DeliveryDetailBody(DeliveryBody):
    """The same with the body that is sent, exactly as it is sent, and every attempt that is remembered."""

    payload: str
    attempts: list[AttemptBody]

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> DeliveryDetailBody:
        """`delivery` by itself."""
        attempts = [AttemptBody.of(each) for each in delivery.attempts]
        return cls(**_said(delivery), payload=delivery.payload, attempts=attempts)


def _said(delivery: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "message_id": delivery.message_id,
        "type": delivery.type,
        "status": delivery.status,
        "failure": delivery.failure,
        "made_at": delivery.made_at,
        "next_attempt_at": delivery.due_at if delivery.waits and delivery.attempts else None,
        "last_attempt": AttemptBody.of(delivery.attempts[-1]) if delivery.attempts else None,
    }

"""Webhook endpoints and what they are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import DeliveryId, EndpointId
from quarterturn_domain.testing.samples.numbering import moment, numbered
from quarterturn_domain.testing.samples.people import vendor_id
from quarterturn_domain.webhooks.delivery import Attempt, WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint
from quarterturn_domain.webhooks.signing import SigningSecret

PLATFORM: Final = 0
"""The number of the vendor that is none: the platform itself."""


def endpoint_id(n: int) -> EndpointId:
    """The id of the `n`-th endpoint."""
    return EndpointId(numbered(0x91, n))


def delivery_id(n: int) -> DeliveryId:
    """The id of the `n`-th delivery."""
    return DeliveryId(numbered(0x92, n))


def an_endpoint(n: int = 1, *, vendor: int = 1, filters: tuple[str, ...] = ("order.*", "payout.paid")) -> Endpoint:
    """The `n`-th endpoint, of a vendor or the platform; with an old secret beside the new one."""
    made = Endpoint(
        id=endpoint_id(n),
        vendor_id=None if vendor == PLATFORM else vendor_id(vendor),
        url=f"https://hooks{n}.example/in?token={n}",
        filters=filters,
        secrets=(SigningSecret.made(numbered(0x93, n), f"an old secret of endpoint {n:04}"),),
        made_at=moment(n),
        description=f"Wärehouse {n}",
    )
    secret = SigningSecret.made(numbered(0x94, n), f"a new secret of endpoint {n:04}")
    return made.rotated(secret, grace=timedelta(hours=1), at=moment(n))


def an_attempt(n: int = 1, *, status_code: int | None = 500) -> Attempt:
    """The `n`-th attempt: answered with a status, or with none because nobody answered."""
    error = "" if status_code is not None else "nobody answers"
    return Attempt.bounded(
        at=moment(n), milliseconds=n, status_code=status_code, error=error, excerpt=f"„wörd“ {n}\0\ud800" if status_code else ""
    )


def a_webhook_delivery(n: int = 1, *, endpoint: int = 1) -> WebhookDelivery:
    """The `n`-th delivery, which waits; every third was tried once and every fifth twice."""
    payload = f'{{"type": "order.paid",  "data": {{"orderId": "„{n}“"}}}}'
    made = WebhookDelivery.of(delivery_id(n), endpoint_id(endpoint), numbered(0x95, n), "order.paid", payload, at=moment(n))
    for each in range((n % 3 == 0) + 2 * (n % 5 == 0)):
        made = made.attempted(an_attempt(n + each, status_code=None if each else 503))
    return attrs.evolve(made, due_at=moment(n))

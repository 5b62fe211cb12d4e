"""The tables of webhook endpoints and deliveries."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, Table, text

from quarterturn_adapters.postgres.tables.columns import count, document, identity, instant, law, metadata, one_of
from quarterturn_adapters.postgres.tables.columns import text as text_column
from quarterturn_domain.webhooks.delivery import DELIVERY
from quarterturn_domain.webhooks.endpoint import ENDPOINT

ENDPOINTS: Final = Table(
    "webhook_endpoints",
    metadata,
    identity("id", primary_key=True),
    # No vendor: an endpoint of the platform.
    identity("vendor_id", nullable=True),
    text_column("url"),
    document("filters"),
    # As they are, since they are signed with.
    document("secrets"),
    instant("made_at"),
    text_column("description"),
    text_column("status"),
    text_column("reason"),
    instant("failing_since", nullable=True),
    count("given_up"),
    count("unanswered"),
    instant("rests_until", nullable=True),
    one_of("status", ENDPOINT.states),
    law("filters", "jsonb_array_length(filters) > 0"),
    law("secrets", "jsonb_array_length(secrets) > 0"),
    law("health", "given_up >= 0 AND unanswered >= 0 AND (failing_since IS NOT NULL OR (given_up = 0 AND rests_until IS NULL))"),
)
Index("webhook_endpoints_owner_idx", ENDPOINTS.c.vendor_id, ENDPOINTS.c.id)
Index("webhook_endpoints_enabled_idx", ENDPOINTS.c.vendor_id, postgresql_where=text("status = 'enabled'"))

DELIVERIES: Final = Table(
    "webhook_deliveries",
    metadata,
    identity("id", primary_key=True),
    identity("endpoint_id"),
    identity("event_id"),
    text_column("type"),
    # Exactly what is sent, and signed: JSON that no database has written anew.
    text_column("payload"),
    instant("made_at"),
    instant("due_at"),
    count("turn"),
    count("tried"),
    document("attempts"),
    text_column("status"),
    text_column("failure"),
    one_of("status", DELIVERY.states),
    law("counts", "turn > 0 AND tried >= 0"),
    law("delivered", "status <> 'delivered' OR jsonb_array_length(attempts) > 0"),
    law("failure", "(status = 'failed') = (failure <> '')"),
)
Index("webhook_deliveries_due_idx", DELIVERIES.c.due_at, postgresql_where=text("status = 'waiting'"))
Index("webhook_deliveries_endpoint_idx", DELIVERIES.c.endpoint_id, DELIVERIES.c.made_at, DELIVERIES.c.id)
Index("webhook_deliveries_status_idx", DELIVERIES.c.endpoint_id, DELIVERIES.c.status, DELIVERIES.c.made_at, DELIVERIES.c.id)
Index("webhook_deliveries_ended_idx", DELIVERIES.c.made_at, postgresql_where=text("status <> 'waiting'"))

"""Webhook endpoints and deliveries, kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from quarterturn_adapters.codec import dumps, encode, structure
from quarterturn_adapters.postgres.arrays import uuids
from quarterturn_adapters.postgres.pages import latest_first
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row
from quarterturn_adapters.postgres.tables.webhooks import DELIVERIES, ENDPOINTS
from quarterturn_domain.kernel.ids import DeliveryId, EndpointId, VendorId
from quarterturn_domain.webhooks.delivery import Attempt, DeliveryStatus, WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint, EndpointStatus
from quarterturn_domain.webhooks.ports import DeliveryPlace
from quarterturn_domain.webhooks.signing import SigningSecret


class PostgresEndpoints(PostgresRepository[EndpointId, Endpoint]):
    """Every endpoint."""

    writing = Writing.of(ENDPOINTS)

    @staticmethod
    def key(value: Endpoint) -> EndpointId:
        """The endpoint's id."""
        return value.id

    @staticmethod
    def row(value: Endpoint) -> Row:
        """An endpoint as a row."""
        what = (value.url, dumps(list(value.filters)), encode(value.secrets), value.made_at, value.description)
        health = (value.failing_since, value.given_up, value.unanswered, value.rests_until)
        return (value.id, value.vendor_id, *what, value.status, value.reason, *health)

    @staticmethod
    def value(row: Row) -> Endpoint:
        """A row as an endpoint."""
        fields = dict(zip(PostgresEndpoints.writing.columns, row, strict=True))
        return Endpoint(
            **{
                **fields,
                "filters": tuple(fields["filters"]),
                "secrets": structure(fields["secrets"], tuple[SigningSecret, ...]),
                "status": EndpointStatus(fields["status"]),
            }
        )

    def of_owner(self, vendor_id: VendorId | None, after: EndpointId | None, limit: int, /) -> Sequence[Endpoint]:
        """Up to `limit` endpoints of a vendor, or of the platform (None), in the order of their ids, those after `after`."""
        owner, whose = ("vendor_id IS NULL", ()) if vendor_id is None else ("vendor_id = %s", (vendor_id,))
        behind, place = ("", ()) if after is None else (" AND id > %s", (after,))
        return self.select(f"WHERE {owner}{behind} ORDER BY id LIMIT %s", *whose, *place, limit)

    def any_enabled(self) -> bool:
        """Whether anybody at all is told anything."""
        return bool(self._statements.rows("SELECT 1 FROM webhook_endpoints WHERE status = 'enabled' LIMIT %s", 1))

    def enabled(self, vendor_ids: Iterable[VendorId], /) -> Sequence[Endpoint]:
        """The endpoints of these vendors, and those of the platform, that are enabled, in the order of their ids; no lock."""
        return self.select(
            "WHERE status = 'enabled' AND (vendor_id IS NULL OR vendor_id = ANY(%s::uuid[])) ORDER BY id",
            uuids(sorted(set(vendor_ids))),
        )

    def remove(self, keys: Iterable[EndpointId], /) -> None:
        """Drop endpoints, with their secrets; those that do not exist are passed over."""
        gone = list(keys)
        if gone:
            self._statements.later("DELETE FROM webhook_endpoints WHERE id = ANY(%s::uuid[])", uuids(gone))


class PostgresWebhookDeliveries(PostgresRepository[DeliveryId, WebhookDelivery]):
    """Every delivery that is not forgotten."""

    writing = Writing.of(DELIVERIES)

    @staticmethod
    def key(value: WebhookDelivery) -> DeliveryId:
        """The delivery's id."""
        return value.id

    @staticmethod
    def row(value: WebhookDelivery) -> Row:
        """A delivery as a row."""
        what = (value.type, value.payload, value.made_at, value.due_at, value.turn, value.tried)
        return (value.id, value.endpoint_id, value.event_id, *what, encode(value.attempts), value.status, value.failure)

    @staticmethod
    def value(row: Row) -> WebhookDelivery:
        """A row as a delivery."""
        fields = dict(zip(PostgresWebhookDeliveries.writing.columns, row, strict=True))
        return WebhookDelivery(
            **{
                **fields,
                "attempts": structure(fields["attempts"], tuple[Attempt, ...]),
                "status": DeliveryStatus(fields["status"]),
            }
        )

    def of_endpoint(
        self, endpoint_id: EndpointId, after: DeliveryPlace | None, limit: int, /, status: DeliveryStatus | None = None
    ) -> Sequence[WebhookDelivery]:
        """Up to `limit` deliveries of an endpoint (of one status, if given), the latest first, those after `after`."""
        rest, parameters = latest_first("made_at", after, limit, endpoint_id=endpoint_id, status=status)
        return self.select(rest, *parameters)

    def due(self, at: datetime, limit: int, /) -> Sequence[WebhookDelivery]:
        """Up to `limit` deliveries that wait and are due `at`, longest first, locked; what others have locked is left out."""
        return self.select(
            "WHERE status = 'waiting' AND due_at <= %s ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED", at, limit
        )

    def forget(self, before: datetime, limit: int, /) -> int:
        """Drop up to `limit` deliveries that were made before an instant and that nobody tries any more; returns how many."""
        old = "SELECT id FROM webhook_deliveries WHERE status <> 'waiting' AND made_at < %s ORDER BY made_at LIMIT %s"
        keys = self._statements.rows(old, before, limit)
        if not keys:
            return 0
        dropped = "DELETE FROM webhook_deliveries WHERE status <> 'waiting' AND id = ANY(%s::uuid[]) RETURNING id"
        return len(self._statements.rows(dropped, uuids(key for (key,) in keys)))

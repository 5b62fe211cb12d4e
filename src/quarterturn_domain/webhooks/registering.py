"""Registering endpoints and rotating their secrets, whose text is shown once."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import attrs

from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.secret import Secrets
from quarterturn_domain.kernel.errors import Conflict, Invalid, NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, EndpointId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.texts import short
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.webhooks.endpoint import GRACE, LONGEST_DESCRIPTION, MAX_ENDPOINTS, Endpoint, sound
from quarterturn_domain.webhooks.notice import TYPES, TYPES_OF_VENDORS
from quarterturn_domain.webhooks.ports import WebhooksWork
from quarterturn_domain.webhooks.receiver import Receivers
from quarterturn_domain.webhooks.signing import SigningSecret


@attrs.frozen(kw_only=True)
class RegisterEndpoint:
    """Tell a URL of the events that pass `filters`: those about a vendor, or for the platform (None) all; `by` is who asks."""

    endpoint_id: EndpointId
    vendor_id: VendorId | None
    url: str = attrs.field(repr=False)
    filters: tuple[str, ...]
    description: str = ""
    by: AccountId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class RotateSecret:
    """Give an endpoint of this owner a new secret; those before it are signed with for `grace` more."""

    secret_id: UUID
    endpoint_id: EndpointId
    vendor_id: VendorId | None
    grace: timedelta = GRACE
    by: AccountId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class MadeSecret:
    """An endpoint, and the text of its secret, which is shown here only."""

    endpoint: Endpoint
    text: str = attrs.field(repr=False)


class RegisterEndpoints:
    """Registers endpoints, and rotates their secrets."""

    def __init__(self, work: Begin[WebhooksWork], secrets: Secrets, receivers: Receivers) -> None:
        self._work = work
        self._secrets = secrets
        self._receivers = receivers

    def __call__(self, command: RegisterEndpoint | RotateSecret) -> MadeSecret:
        """The endpoint with its new secret; raises `Invalid`, `NotFound`, or `Conflict` for an id whose secret was shown before."""
        return self._registered(command) if isinstance(command, RegisterEndpoint) else self._rotated(command)

    def _registered(self, command: RegisterEndpoint) -> MadeSecret:
        receiver = self._receivers.read(command.url)
        short(LONGEST_DESCRIPTION, description=command.description)
        secret = SigningSecret.made(command.endpoint_id, self._secrets.new())
        endpoint = Endpoint(
            id=command.endpoint_id,
            vendor_id=command.vendor_id,
            url=command.url,
            filters=sound(command.filters, TYPES if command.vendor_id is None else TYPES_OF_VENDORS),
            secrets=(secret,),
            made_at=command.at,
            description=command.description,
        )
        with self._work() as work:
            if command.vendor_id is not None:
                # Who adds endpoints to a vendor holds the vendor, so that two at once are not one too many.
                required(work.vendors.lock([command.vendor_id]), command.vendor_id, "vendor")
            if command.endpoint_id in work.endpoints.find([command.endpoint_id]):
                raise Conflict(
                    "webhook endpoint", str(command.endpoint_id), "it exists already, and its secret was shown then only"
                )
            if len(work.endpoints.of_owner(command.vendor_id, None, MAX_ENDPOINTS)) >= MAX_ENDPOINTS:
                raise Invalid(f"more than {MAX_ENDPOINTS} webhook endpoints", "fewer; remove those that nobody uses")
            work.endpoints.add([endpoint])
            said = {"host": receiver.host, "filters": ", ".join(endpoint.filters), "vendor": command.vendor_id}
            entry = noted("webhook_endpoint.registered", "webhook_endpoint", endpoint.id, by=command.by, at=command.at, **said)
            work.audit.append([entry])
        return MadeSecret(endpoint=endpoint, text=secret.text)

    def _rotated(self, command: RotateSecret) -> MadeSecret:
        secret = SigningSecret.made(command.secret_id, self._secrets.new())
        with self._work() as work:
            endpoint = owned(work, command.endpoint_id, command.vendor_id).rotated(secret, grace=command.grace, at=command.at)
            work.endpoints.save([endpoint])
            said = {"grace_seconds": int(command.grace.total_seconds())}
            entry = noted("webhook_endpoint.secret_rotated", "webhook_endpoint", endpoint.id, by=command.by, at=command.at, **said)
            work.audit.append([entry])
        return MadeSecret(endpoint=endpoint, text=secret.text)


def owned(work: WebhooksWork, endpoint_id: EndpointId, vendor_id: VendorId | None) -> Endpoint:
    """The endpoint of this owner, locked; `NotFound` also for somebody else's."""
    endpoint = work.endpoints.lock([endpoint_id]).get(endpoint_id)
    if endpoint is None or endpoint.vendor_id != vendor_id:
        raise NotFound("webhook endpoint", str(endpoint_id))
    return endpoint

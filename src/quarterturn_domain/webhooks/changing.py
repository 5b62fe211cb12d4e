"""Changing endpoints: where they are and what they hear, whether they are told anything, and removing them."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.identity.audit import noted
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, EndpointId, VendorId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.webhooks.endpoint import Endpoint, sound
from quarterturn_domain.webhooks.notice import TYPES, TYPES_OF_VENDORS
from quarterturn_domain.webhooks.ports import WebhooksWork
from quarterturn_domain.webhooks.receiver import Receivers
from quarterturn_domain.webhooks.registering import owned


@attrs.frozen(kw_only=True)
class ChangeEndpoint:
    """Let an endpoint of this owner be elsewhere, hear other events, or be called something else."""

    endpoint_id: EndpointId
    vendor_id: VendorId | None
    url: str = attrs.field(repr=False)
    filters: tuple[str, ...]
    description: str = ""
    by: AccountId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class SwitchEndpoint:
    """Enable an endpoint of this owner, or disable it for a `reason`; one that is so already stays as it is."""

    endpoint_id: EndpointId
    vendor_id: VendorId | None
    enabled: bool
    reason: str = ""
    by: AccountId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class RemoveEndpoint:
    """Remove an endpoint of this owner, with its secrets; what waits for it is given up."""

    endpoint_id: EndpointId
    vendor_id: VendorId | None
    by: AccountId
    at: datetime = attrs.field(metadata=TIMING)


class ChangeEndpoints:
    """Changes endpoints, switches them on and off, and removes them."""

    def __init__(self, work: Begin[WebhooksWork], receivers: Receivers) -> None:
        self._work = work
        self._receivers = receivers

    def __call__(self, command: ChangeEndpoint | SwitchEndpoint | RemoveEndpoint) -> Endpoint:
        """The endpoint as it is now, or as it was; raises `NotFound`, also for somebody else's, or `Invalid`."""
        with self._work() as work:
            before = owned(work, command.endpoint_id, command.vendor_id)
            if isinstance(command, RemoveEndpoint):
                work.endpoints.remove([before.id])
                _note(work, command, "removed")
                return before
            if isinstance(command, SwitchEndpoint):
                return self._switched(work, before, command)
            host = self._receivers.read(command.url).host
            filters = sound(command.filters, TYPES if before.vendor_id is None else TYPES_OF_VENDORS)
            after = before.changed(url=command.url, filters=filters, description=command.description)
            if after != before:
                work.endpoints.save([after])
                _note(work, command, "changed", host=host, filters=", ".join(filters))
        return after

    def _switched(self, work: WebhooksWork, before: Endpoint, command: SwitchEndpoint) -> Endpoint:
        if before.enabled == command.enabled:
            return before
        if command.enabled:
            # What is allowed may have changed since it was registered.
            self._receivers.read(before.url)
            after = before.enable()
        else:
            after, fact = before.disable(reason=command.reason, at=command.at)
            work.outbox.append([fact])
        work.endpoints.save([after])
        _note(work, command, "enabled" if command.enabled else "disabled")
        return after


def _note(work: WebhooksWork, command: ChangeEndpoint | SwitchEndpoint | RemoveEndpoint, what: str, **said: str) -> None:
    entry = noted(f"webhook_endpoint.{what}", "webhook_endpoint", command.endpoint_id, by=command.by, at=command.at, **said)
    work.audit.append([entry])

"""Webhooks out: where a vendor, or the platform, wants to be told of what, and what became of it.

Both have the same routes: a vendor's say nothing of anybody else's, the platform's own hear of everything.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.webhooks import DeliveryBody, DeliveryDetailBody, EndpointBody, MadeSecretBody
from quarterturn_api.edge.access import administers, needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Line, Page
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.edge.times import Instant
from quarterturn_api.routes.auth import NO_STORE
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import DeliveryId, EndpointId, VendorId
from quarterturn_domain.webhooks.asking import PingEndpoint, Redeliver
from quarterturn_domain.webhooks.changing import ChangeEndpoint, RemoveEndpoint, SwitchEndpoint
from quarterturn_domain.webhooks.delivery import DeliveryStatus
from quarterturn_domain.webhooks.endpoint import GRACE, LONGEST_DESCRIPTION, LONGEST_GRACE, MAX_FILTERS
from quarterturn_domain.webhooks.receiver import LONGEST_URL
from quarterturn_domain.webhooks.registering import RegisterEndpoint, RotateSecret

_SHOWN_ONCE: Final = (
    "The secret is in this answer only, so a request that is repeated with its Idempotency-Key is refused with 409."
)

Filter = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(\*|[a-z_]{1,40}\.([a-z_]{1,40}|\*))$",
        description="A type of event, the beginning of some such as `order.*`, or `*` for all.",
        examples=["order.paid"],
    ),
]


class EndpointAsked(Asked):
    """A URL, https and on the internet, and which events it is told of."""

    url: Annotated[
        str,
        msgspec.Meta(min_length=1, max_length=LONGEST_URL, pattern=r"^https?://[!-~]+$", examples=["https://hooks.example/in"]),
    ]
    events: Annotated[tuple[Filter, ...], msgspec.Meta(min_length=1, max_length=MAX_FILTERS, examples=[["order.*", "payout.paid"]])]
    description: Annotated[str, msgspec.Meta(max_length=LONGEST_DESCRIPTION, pattern=r"^[^\x00]*$")] = ""


class RotationAsked(Asked):
    """For how long the secrets before the new one are signed with beside it: 0 for one that somebody else knows."""

    grace_seconds: Annotated[int, msgspec.Meta(ge=0, le=int(LONGEST_GRACE.total_seconds()))] = int(GRACE.total_seconds())


class DisablingAsked(Asked):
    """Why it is to be told nothing more, as the list will say."""

    reason: Line = "by hand"


def _routes(root: str, rule: dict[str, Any], owner: Callable[[Ask], VendorId | None], tag: str) -> tuple[HTTPRouteHandler, ...]:
    """The routes under `root` for the endpoints of `owner`."""
    tags = [tag]
    one = f"{root}/{{endpoint_id:uuid}}"
    whose: dict[str, Any] = {"tags": tags, "sync_to_thread": True, **rule}

    @get(root, summary="List webhook endpoints", **whose)
    def list_endpoints(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[EndpointBody]:
        """A page of endpoints in the order of their ids."""
        after = place(cursor, tuple[UUID])
        read = request.service.application.read_endpoints
        found = read.of_owner(owner(request), EndpointId(after[0]) if after else None, limit + 1)
        return page(found, limit, EndpointBody.of, lambda endpoint: (endpoint.id,))

    @post(root, summary="Register a webhook endpoint", description=_SHOWN_ONCE, cache_control=NO_STORE, **whose)
    def register_endpoint(request: Ask, data: JSONBody[EndpointAsked], idempotency_key: OptionalKey = None) -> MadeSecretBody:
        """The endpoint and its secret; it is told of what happens from now on."""
        command = RegisterEndpoint(
            endpoint_id=EndpointId(new_id(request, f"webhook-endpoint:{owner(request)}", idempotency_key)),
            vendor_id=owner(request),
            url=data.url,
            filters=data.events,
            description=data.description,
            by=request.account_id,
            at=request.now,
        )
        made = request.service.application.register_endpoints(command)
        return MadeSecretBody(endpoint=EndpointBody.of(made.endpoint), secret=made.text)

    @get(one, summary="Read a webhook endpoint", **whose)
    def read_endpoint(request: Ask, endpoint_id: FromPath[UUID]) -> EndpointBody:
        """The endpoint; 404 also for somebody else's."""
        return EndpointBody.of(request.service.application.read_endpoints.endpoint(owner(request), EndpointId(endpoint_id)))

    @put(one, summary="Change a webhook endpoint", **whose)
    def change_endpoint(request: Ask, endpoint_id: FromPath[UUID], data: JSONBody[EndpointAsked]) -> EndpointBody:
        """The endpoint afterwards; its secret stays."""
        command = ChangeEndpoint(
            endpoint_id=EndpointId(endpoint_id),
            vendor_id=owner(request),
            url=data.url,
            filters=data.events,
            description=data.description,
            by=request.account_id,
            at=request.now,
        )
        return EndpointBody.of(request.service.application.change_endpoints(command))

    @delete(one, summary="Remove a webhook endpoint", **whose)
    def remove_endpoint(request: Ask, endpoint_id: FromPath[UUID]) -> None:
        """Nothing; what waits for it is given up."""
        command = RemoveEndpoint(
            endpoint_id=EndpointId(endpoint_id), vendor_id=owner(request), by=request.account_id, at=request.now
        )
        request.service.application.change_endpoints(command)

    @post(
        f"{one}/rotate-secret",
        summary="Make a new secret for a webhook endpoint",
        description=_SHOWN_ONCE,
        status_code=200,
        cache_control=NO_STORE,
        **whose,
    )
    def rotate_secret(
        request: Ask, endpoint_id: FromPath[UUID], data: JSONBody[RotationAsked], idempotency_key: OptionalKey = None
    ) -> MadeSecretBody:
        """The endpoint and its new secret; until the grace is over, what it is told is signed by the old one, too."""
        command = RotateSecret(
            secret_id=new_id(request, f"webhook-secret:{endpoint_id}", idempotency_key),
            endpoint_id=EndpointId(endpoint_id),
            vendor_id=owner(request),
            grace=timedelta(seconds=data.grace_seconds),
            by=request.account_id,
            at=request.now,
        )
        made = request.service.application.register_endpoints(command)
        return MadeSecretBody(endpoint=EndpointBody.of(made.endpoint), secret=made.text)

    @post(f"{one}/enable", summary="Enable a webhook endpoint", status_code=200, **whose)
    def enable_endpoint(request: Ask, endpoint_id: FromPath[UUID]) -> EndpointBody:
        """The endpoint, told of what happens from now on."""
        return _switched(request, endpoint_id, owner(request), enabled=True)

    @post(f"{one}/disable", summary="Disable a webhook endpoint", status_code=200, **whose)
    def disable_endpoint(request: Ask, endpoint_id: FromPath[UUID], data: JSONBody[DisablingAsked]) -> EndpointBody:
        """The endpoint, told nothing more; what waits for it is given up."""
        return _switched(request, endpoint_id, owner(request), enabled=False, reason=data.reason)

    @post(
        f"{one}/ping",
        summary="Tell a webhook endpoint that we are there",
        description="A `webhook_endpoint.ping`, sent and signed as anything else; its delivery says what came of it.",
        **whose,
    )
    def ping_endpoint(request: Ask, endpoint_id: FromPath[UUID], idempotency_key: OptionalKey = None) -> DeliveryBody:
        """The delivery, which is about to be sent; 409 for an endpoint that is disabled."""
        command = PingEndpoint(
            delivery_id=DeliveryId(new_id(request, f"webhook-ping:{endpoint_id}", idempotency_key)),
            endpoint_id=EndpointId(endpoint_id),
            vendor_id=owner(request),
            at=request.now,
        )
        return DeliveryBody.of(request.service.application.ask_for_deliveries(command))

    @get(f"{one}/deliveries", summary="List what a webhook endpoint was told", **whose)
    def list_deliveries(
        request: Ask,
        endpoint_id: FromPath[UUID],
        status: Annotated[DeliveryStatus | None, QueryParameter(description="Only those of this status.")] = None,
        limit: Limit = DEFAULT,
        cursor: Cursor = None,
    ) -> Page[DeliveryBody]:
        """The latest first; for 30 days."""
        after = place(cursor, tuple[Instant, UUID])
        found = request.service.application.read_endpoints.deliveries(
            owner(request),
            EndpointId(endpoint_id),
            (after[0], DeliveryId(after[1])) if after else None,
            limit + 1,
            status=status,
        )
        return page(found, limit, DeliveryBody.of, lambda delivery: (delivery.made_at, delivery.id))

    @get(f"{one}/deliveries/{{delivery_id:uuid}}", summary="Read what a webhook endpoint was told", **whose)
    def read_delivery(request: Ask, endpoint_id: FromPath[UUID], delivery_id: FromPath[UUID]) -> DeliveryDetailBody:
        """What is sent, and every attempt that is remembered."""
        read = request.service.application.read_endpoints
        return DeliveryDetailBody.of(read.delivery(owner(request), EndpointId(endpoint_id), DeliveryId(delivery_id)))

    @post(
        f"{one}/deliveries/{{delivery_id:uuid}}/redeliver",
        summary="Tell a webhook endpoint once more",
        description="Under the same `webhook-id`, and with as many attempts as the first time.",
        status_code=200,
        **whose,
    )
    def redeliver(request: Ask, endpoint_id: FromPath[UUID], delivery_id: FromPath[UUID]) -> DeliveryBody:
        """The delivery, which is about to be sent; 409 for an endpoint that is disabled."""
        command = Redeliver(
            delivery_id=DeliveryId(delivery_id), endpoint_id=EndpointId(endpoint_id), vendor_id=owner(request), at=request.now
        )
        return DeliveryBody.of(request.service.application.ask_for_deliveries(command))

    return (
        *(list_endpoints, register_endpoint, read_endpoint, change_endpoint, remove_endpoint, rotate_secret, enable_endpoint),
        *(disable_endpoint, ping_endpoint, list_deliveries, read_delivery, redeliver),
    )


_OF_A_VENDOR: Final = "/admin/vendors/{vendor_id:uuid}/webhook-endpoints"
_OVERSIGHT: Final[dict[str, Any]] = {"tags": ["admin webhooks"], "sync_to_thread": True, **administers(Permission.ADMIN_OPERATIONS)}


@get(_OF_A_VENDOR, summary="List a vendor's webhook endpoints", **_OVERSIGHT)
def list_endpoints_of_vendor(
    request: Ask, vendor_id: FromPath[UUID], limit: Limit = DEFAULT, cursor: Cursor = None
) -> Page[EndpointBody]:
    """Where the vendor is told, and how well that goes, in the order of the ids."""
    after = place(cursor, tuple[UUID])
    read = request.service.application.read_endpoints
    found = read.of_owner(VendorId(vendor_id), EndpointId(after[0]) if after else None, limit + 1)
    return page(found, limit, EndpointBody.of, lambda endpoint: (endpoint.id,))


@post(f"{_OF_A_VENDOR}/{{endpoint_id:uuid}}/enable", summary="Enable a vendor's webhook endpoint", status_code=200, **_OVERSIGHT)
def enable_endpoint_of_vendor(request: Ask, vendor_id: FromPath[UUID], endpoint_id: FromPath[UUID]) -> EndpointBody:
    """The endpoint, told of what happens from now on."""
    return _switched(request, endpoint_id, VendorId(vendor_id), enabled=True)


@post(f"{_OF_A_VENDOR}/{{endpoint_id:uuid}}/disable", summary="Disable a vendor's webhook endpoint", status_code=200, **_OVERSIGHT)
def disable_endpoint_of_vendor(
    request: Ask, vendor_id: FromPath[UUID], endpoint_id: FromPath[UUID], data: JSONBody[DisablingAsked]
) -> EndpointBody:
    """The endpoint, told nothing more: for one that does harm."""
    return _switched(request, endpoint_id, VendorId(vendor_id), enabled=False, reason=data.reason)


def _switched(request: Ask, endpoint_id: UUID, vendor_id: VendorId | None, *, enabled: bool, reason: str = "") -> EndpointBody:
    command = SwitchEndpoint(
        endpoint_id=EndpointId(endpoint_id),
        vendor_id=vendor_id,
        enabled=enabled,
        reason=reason,
        by=request.account_id,
        at=request.now,
    )
    return EndpointBody.of(request.service.application.change_endpoints(command))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *_routes(
        "/vendor/webhook-endpoints",
        needs_of_vendor(Permission.VENDOR_WEBHOOKS),
        lambda request: request.vendor_id,
        "vendor webhooks",
    ),
    *_routes("/admin/webhook-endpoints", administers(Permission.ADMIN_OPERATIONS), lambda _: None, "admin webhooks"),
    list_endpoints_of_vendor,
    enable_endpoint_of_vendor,
    disable_endpoint_of_vendor,
)

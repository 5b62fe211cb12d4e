"""Webhooks: what the payment provider tells, kept before it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from quarterturn_api.edge.access import everybody
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.documents import described
from quarterturn_api.edge.limits import Limit
from quarterturn_domain.payouts.hearing import TakeWebhook

_PRINTED: Final = r"^[\x20-\x7e]*$"

ProviderName = Annotated[
    str, PathParameter(min_length=1, max_length=50, description="What the provider is called in the settings.")
]

_EVENT: Final[Mapping[str, Any]] = {
    "title": "ProviderEvent",
    "type": "object",
    "description": "An event as the provider sends it. Only what is named here is read, and nothing of it is believed unread.",
    "required": ["id", "type", "created", "data"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _PRINTED},
        "type": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _PRINTED},
        "created": {"type": "integer", "minimum": 0, "maximum": 99_999_999_999, "description": "Seconds since 1970."},
        "account": {
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": 255,
            "pattern": _PRINTED,
            "description": "The vendor's, if any.",
        },
        "data": {
            "type": "object",
            "required": ["object"],
            "properties": {
                "object": {
                    "type": "object",
                    "required": ["id", "object"],
                    "properties": {
                        "id": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _PRINTED},
                        "object": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _PRINTED},
                    },
                }
            },
        },
    },
    "examples": [
        {
            "id": "evt_000001",
            "object": "event",
            "type": "payment.captured",
            "created": 1_772_442_000,
            "data": {"object": {"id": "pay_000001", "object": "payment", "status": "captured"}},
        }
    ],
}


def _signature(header: str) -> Mapping[str, Any]:
    return {
        "name": header,
        "in": "header",
        "required": False,
        "description": "What shows that the event is the provider's: `t=<seconds>,v1=<HMAC-SHA256>`, over the body byte by byte.",
        "schema": {"type": "string"},
    }


_BODY: Final = {"required": True, "content": {"application/json": {"schema": _EVENT}}}
_PROVIDER: Final = {
    "name": "provider",
    "in": "path",
    "required": True,
    "description": "What the provider is called in the settings; 404 for another one.",
    "schema": {"type": "string", "enum": ["sandbox", "stripe"]},
}
_READ: Final = (_PROVIDER, _signature("Stripe-Signature"), _signature("Sandbox-Signature"))


@post(
    "/webhooks/{provider:str}",
    summary="Take what the payment provider tells",
    description=(
        "The body is what the provider signed, byte by byte. It is stored before it is answered, and handled afterwards: told "
        "twice, it is one. It is only a hint: what it is about is read from the provider."
    ),
    tags=["payments"],
    status_code=204,
    **described(everybody(Limit.NONE), requestBody=_BODY, parameters=_READ),
)
async def take_webhook(request: Ask, provider: ProviderName) -> None:
    """Nothing; 403 for a wrong or old signature, 404 for another provider than the one that is configured."""
    body = await request.body()
    command = TakeWebhook(provider=provider, headers=dict(request.headers), body=body, at=request.now)
    await sync_to_thread(request.service.application.take_webhooks, command)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (take_webhook,)

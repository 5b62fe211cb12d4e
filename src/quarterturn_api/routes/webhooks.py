"""Webhooks: what the payment provider tells, kept before it is answered."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from quarterturn_api.edge.access import everybody
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.limits import Limit
from quarterturn_domain.payouts.hearing import TakeWebhook

ProviderName = Annotated[
    str, PathParameter(min_length=1, max_length=50, description="What the provider is called in the settings.")
]


@post(
    "/webhooks/{provider:str}",
    summary="Take what the payment provider tells",
    description=(
        "The body is what the provider signed, byte by byte. It is stored before it is answered, and handled afterwards: told "
        "twice, it is one. It is only a hint: what it is about is read from the provider."
    ),
    tags=["payments"],
    status_code=204,
    **everybody(Limit.NONE),
)
async def take_webhook(request: Ask, provider: ProviderName) -> None:
    """Nothing; 403 for a wrong or old signature, 404 for another provider than the one that is configured."""
    body = await request.body()
    command = TakeWebhook(provider=provider, headers=dict(request.headers), body=body, at=request.now)
    await sync_to_thread(request.service.application.take_webhooks, command)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (take_webhook,)

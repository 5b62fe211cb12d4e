"""API keys: how a service asks in the name of whoever made the key, with no more than it needs."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.accounts import ApiKeyBody
from quarterturn_api.edge.access import in_person
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, Page
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.edge.times import Instant, instant
from quarterturn_api.routes.auth import NO_STORE
from quarterturn_domain.identity.keying import CreateApiKey, RevokeApiKey
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import ApiKeyId, VendorId

TAGS: Final = ["auth"]


class ApiKeyAsked(Asked):
    """What a key is for, and what it may do: no more than its maker, and for one vendor only, if one is named."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[^\x00]*$", examples=["Warehouse"])]
    scopes: Annotated[tuple[Permission, ...], msgspec.Meta(min_length=1, max_length=40, examples=[["vendor.stock"]])]
    vendor_id: UUID | None = None
    expires_at: Instant | None = None


class MadeKeyBody(Body):
    """A key that was made, and its `text`, which is shown here and never again."""

    key: ApiKeyBody
    text: str


@post(
    "/auth/api-keys",
    summary="Make an API key",
    description="Its text is in this answer only, so a request that is repeated with its Idempotency-Key is refused with 409.",
    tags=TAGS,
    cache_control=NO_STORE,
    sync_to_thread=True,
    **in_person(Permission.SHOP),
)
def make_key(request: Ask, data: JSONBody[ApiKeyAsked], idempotency_key: OptionalKey = None) -> MadeKeyBody:
    """The key and its text."""
    command = CreateApiKey(
        key_id=ApiKeyId(new_id(request, "key", idempotency_key)),
        asker=request.asker,
        name=data.name,
        scopes=frozenset(data.scopes),
        vendor_id=None if data.vendor_id is None else VendorId(data.vendor_id),
        expires_at=None if data.expires_at is None else instant(data.expires_at).astimezone(UTC),
        at=request.now,
    )
    made = request.service.application.create_api_keys(command)
    return MadeKeyBody(key=ApiKeyBody.of(made.key), text=made.text)


@get("/auth/api-keys", summary="List my API keys", tags=TAGS, sync_to_thread=True, **in_person(Permission.SHOP))
def list_keys(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[ApiKeyBody]:
    """A page of keys that are not revoked, the latest first."""
    after = place(cursor, tuple[UUID])
    found = request.service.application.read_accounts.keys_of(request.account_id, ApiKeyId(after[0]) if after else None, limit + 1)
    return page(found, limit, ApiKeyBody.of, lambda key: (key.id,))


@delete("/auth/api-keys/{key_id:uuid}", summary="Revoke an API key", tags=TAGS, sync_to_thread=True, **in_person(Permission.SHOP))
def revoke_key(request: Ask, key_id: FromPath[UUID]) -> None:
    """Nothing; the key is good for nothing from the next request on."""
    command = RevokeApiKey(key_id=ApiKeyId(key_id), account_id=request.account_id, at=request.now)
    request.service.application.revoke_api_keys(command)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (make_key, list_keys, revoke_key)

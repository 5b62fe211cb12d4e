"""The wishlist of whoever asks."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from litestar import delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from quarterturn_api.bodies.accounts import WishBody
from quarterturn_api.edge.access import needs
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.catalog.wishing import Unwish, WishFor
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import ProductId

TAGS: Final = ["users"]


@get("/users/me/wishlist", summary="List what I wish for", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def list_wishes(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[WishBody]:
    """A page of wishes, the latest first."""
    after = place(cursor, tuple[datetime, UUID])
    where = None if after is None else (after[0], ProductId(after[1]))
    found = request.service.application.read_wishlists(request.account_id, where, limit + 1)
    return page(found, limit, lambda each: WishBody.of(*each), lambda each: (each[0].since, each[0].product_id))


@put(
    "/users/me/wishlist/{product_id:uuid}",
    summary="Wish for a product",
    tags=TAGS,
    status_code=204,
    sync_to_thread=True,
    **needs(Permission.SHOP),
)
def wish(request: Ask, product_id: FromPath[UUID]) -> None:
    """Nothing; wished for twice it is wished for once."""
    command = WishFor(account_id=request.account_id, product_id=ProductId(product_id), at=request.now)
    request.service.application.keep_wishlists(command)


@delete(
    "/users/me/wishlist/{product_id:uuid}",
    summary="Wish for a product no more",
    tags=TAGS,
    sync_to_thread=True,
    **needs(Permission.SHOP),
)
def unwish(request: Ask, product_id: FromPath[UUID]) -> None:
    """Nothing, also for what was not on the list."""
    request.service.application.keep_wishlists(Unwish(account_id=request.account_id, product_id=ProductId(product_id)))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_wishes, wish, unwish)

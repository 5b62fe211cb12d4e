"""Stock of a vendor: the places where it lies, how much of it, and what came and went."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from quarterturn_api.bodies.vendors import CoordinatesBody, LevelBody, LocationBody, MovementBody
from quarterturn_api.edge.access import needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Line, Page, SkuText
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import LocationId, Sku
from quarterturn_domain.stock.location import MAX_PRIORITY
from quarterturn_domain.stock.movement import MovementKind
from quarterturn_domain.stock.receiving import MoveStock, OpenLocation
from quarterturn_domain.stock.stock_item import MAX_ON_HAND

TAGS: Final = ["vendor stock"]

_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]


class LocationAsked(Asked):
    """A place to keep stock at; orders are taken from places of lower `priority` first."""

    name: Line
    priority: Annotated[int, msgspec.Meta(ge=-MAX_PRIORITY, le=MAX_PRIORITY)] = 0
    coordinates: CoordinatesBody | None = None


class MovementAsked(Asked):
    """Units that arrive (a receipt), or that were counted anew (an adjustment, by which units also go)."""

    sku: SkuText
    location_id: UUID
    quantity: Annotated[int, msgspec.Meta(ge=-MAX_ON_HAND, le=MAX_ON_HAND, examples=[12])]
    kind: Literal["receipt", "adjustment"] = "receipt"
    reason: Line = "received"


@get("/vendor/locations", summary="List my locations", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_STOCK))
def list_locations(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[LocationBody]:
    """Where stock lies, in the order of the ids."""
    after = place(cursor, tuple[UUID])
    read = request.service.application.read_stock
    found = read.locations_of_vendor(request.vendor_id, LocationId(after[0]) if after else None, limit + 1)
    return page(found, limit, LocationBody.of, lambda location: (location.id,))


@post("/vendor/locations", summary="Open a location", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_STOCK))
def open_location(request: Ask, data: JSONBody[LocationAsked], idempotency_key: OptionalKey = None) -> LocationBody:
    """The place, where stock can be received from now on."""
    command = OpenLocation(
        location_id=LocationId(new_id(request, "location", idempotency_key)),
        vendor_id=request.vendor_id,
        name=data.name,
        priority=data.priority,
        coordinates=data.coordinates.coordinates() if data.coordinates else None,
        at=request.now,
    )
    return LocationBody.of(granted(request.service.application.open_locations([command])[0]))


@get("/vendor/stock", summary="List my stock", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_STOCK))
def list_levels(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[LevelBody]:
    """How much of each SKU lies at each place, in the order of both."""
    after = place(cursor, tuple[SkuText, UUID])
    found = request.service.application.read_stock.levels_of_vendor(
        request.vendor_id, (Sku(after[0]), LocationId(after[1])) if after else None, limit + 1
    )
    return page([item for item, _ in found], limit, LevelBody.of, lambda item: item.key)


@get(
    "/vendor/stock/movements",
    summary="List what came and went of one of my SKUs",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_STOCK),
)
def list_movements(
    request: Ask,
    sku: Annotated[
        str, QueryParameter(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/+-]*$", description="The SKU.")
    ],
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[MovementBody]:
    """Movements of the SKU at all places, the oldest first; 404 when it is another vendor's."""
    after = place(cursor, tuple[_Number])
    found = request.service.application.read_stock.movements_of_vendor(
        request.vendor_id, Sku(sku), after[0] if after else 0, limit + 1
    )
    return page(found, limit, MovementBody.of, lambda numbered: (numbered[0],))


@post(
    "/vendor/stock/movements",
    summary="Receive or adjust stock",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_STOCK),
)
def move_stock(request: Ask, data: JSONBody[MovementAsked], idempotency_key: OptionalKey = None) -> LevelBody:
    """How much of the SKU lies at the place afterwards."""
    command = MoveStock(
        movement_id=new_id(request, "movement", idempotency_key),
        vendor_id=request.vendor_id,
        sku=Sku(data.sku),
        location_id=LocationId(data.location_id),
        quantity=data.quantity,
        kind=MovementKind(data.kind),
        reason=data.reason,
        actor=f"account:{request.account_id}",
        at=request.now,
    )
    return LevelBody.of(granted(request.service.application.move_stocks([command])[0]))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_locations, open_location, list_levels, list_movements, move_stock)

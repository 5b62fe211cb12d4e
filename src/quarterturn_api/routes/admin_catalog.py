"""The catalog, as the platform sees it: the tree of categories, and every product."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.vendors import CategoryPlacedBody, OwnProductBody
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Line, Page
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.catalog.categorising import PlaceCategory
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import CategoryId, ProductId

TAGS: Final = ["admin catalog"]


class CategoryAsked(Asked):
    """A category and its place: below `parentId`, or at the root; `position` orders it among its siblings."""

    name: Line
    parent_id: UUID | None = None
    position: Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)] = 0

    def placed(self, category_id: UUID, request: Ask, *, new: bool) -> PlaceCategory:
        """As the domain has it."""
        return PlaceCategory(
            category_id=CategoryId(category_id),
            name=self.name,
            parent_id=CategoryId(self.parent_id) if self.parent_id else None,
            position=self.position,
            new=new,
            at=request.now,
        )


@post("/admin/categories", summary="Make a category", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_CATALOG))
def make_category(request: Ask, data: JSONBody[CategoryAsked], idempotency_key: OptionalKey = None) -> CategoryPlacedBody:
    """The category in its place."""
    command = data.placed(new_id(request, "category", idempotency_key), request, new=True)
    return CategoryPlacedBody.of(request.service.application.place_categories(command))


@put(
    "/admin/categories/{category_id:uuid}",
    summary="Name or move a category",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_CATALOG),
)
def put_category(request: Ask, category_id: FromPath[UUID], data: JSONBody[CategoryAsked]) -> CategoryPlacedBody:
    """The category in its new place, with everything below it; 422 for a circle."""
    return CategoryPlacedBody.of(request.service.application.place_categories(data.placed(category_id, request, new=False)))


@get("/admin/products", summary="List all products", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_CATALOG))
def list_all_products(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[OwnProductBody]:
    """Of every vendor and in whatever state, in the order of their ids."""
    after = place(cursor, tuple[UUID])
    found = request.service.application.read_catalog.products(ProductId(after[0]) if after else None, limit + 1)
    return page(found, limit, OwnProductBody.of, lambda product: (product.id,))


@get(
    "/admin/products/{product_id:uuid}",
    summary="Read a product",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_CATALOG),
)
def read_any_product(request: Ask, product_id: FromPath[UUID]) -> OwnProductBody:
    """The product in whatever state."""
    return OwnProductBody.of(request.service.application.read_catalog.product(ProductId(product_id)))


@post(
    "/admin/products/{product_id:uuid}/withdraw",
    summary="Withdraw a product",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_CATALOG),
)
def withdraw_any_product(request: Ask, product_id: FromPath[UUID]) -> OwnProductBody:
    """The product, a draft again, which its vendor may publish."""
    return _moved(request, product_id, "withdraw")


@post(
    "/admin/products/{product_id:uuid}/archive",
    summary="Archive a product",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_CATALOG),
)
def archive_any_product(request: Ask, product_id: FromPath[UUID]) -> OwnProductBody:
    """The product, out of sight."""
    return _moved(request, product_id, "archive")


def _moved(request: Ask, product_id: UUID, act: str) -> OwnProductBody:
    command = MoveProduct(product_id=ProductId(product_id), act=act, at=request.now)
    return OwnProductBody.of(granted(request.service.application.move_products([command])[0]))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    make_category,
    put_category,
    list_all_products,
    read_any_product,
    withdraw_any_product,
    archive_any_product,
)

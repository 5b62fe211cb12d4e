"""Products of a vendor: draft, describe, publish, withdraw, archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID, uuid5

import msgspec
from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.vendors import OwnProductBody
from quarterturn_api.edge.access import needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Line, Page, Text
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import CategoryId, ProductId, VariantId

TAGS: Final = ["vendor products"]


class VariantAsked(Asked):
    """One form of a product; without an `id` it has one that follows from its options, so that it keeps it."""

    id: UUID | None = None
    title: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")] = ""
    options: Annotated[dict[Line, Line], msgspec.Meta(max_length=20, examples=[{"colour": "black"}])] = msgspec.field(
        default_factory=dict
    )
    weight_grams: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] | None = None


class ProductAsked(Asked):
    """What a product is; it is published only with a category and at least one variant."""

    title: Line
    description: Text = ""
    category_id: UUID | None = None
    variants: Annotated[tuple[VariantAsked, ...], msgspec.Meta(max_length=200)] = ()

    def said(self, product_id: ProductId, request: Ask, *, new: bool) -> DescribeProduct:
        """As the domain has it."""
        return DescribeProduct(
            product_id=product_id,
            title=self.title,
            description=self.description,
            category_id=CategoryId(self.category_id) if self.category_id else None,
            variants=tuple(
                Variant(
                    VariantId(each.id or _variant_id(product_id, each.options)),
                    each.title,
                    tuple(each.options.items()),
                    each.weight_grams,
                )
                for each in self.variants
            ),
            by=request.vendor_id,
            new=new,
            at=request.now,
        )


@get("/vendor/products", summary="List my products", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_CATALOG))
def list_own_products(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[OwnProductBody]:
    """Drafts and archived ones too, in the order of their ids."""
    after = place(cursor, tuple[UUID])
    found = request.service.application.read_catalog.products_of_vendor(
        request.vendor_id, ProductId(after[0]) if after else None, limit + 1
    )
    return page(found, limit, OwnProductBody.of, lambda product: (product.id,))


@post("/vendor/products", summary="Draft a product", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_CATALOG))
def draft_product(request: Ask, data: JSONBody[ProductAsked], idempotency_key: OptionalKey = None) -> OwnProductBody:
    """The draft, which nobody else sees."""
    product_id = ProductId(new_id(request, "product", idempotency_key))
    return OwnProductBody.of(granted(request.service.application.describe_products([data.said(product_id, request, new=True)])[0]))


@get(
    "/vendor/products/{product_id:uuid}",
    summary="Read one of my products",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def read_own_product(request: Ask, product_id: FromPath[UUID]) -> OwnProductBody:
    """The product in whatever state; 404 when another vendor made it."""
    read = request.service.application.read_catalog
    return OwnProductBody.of(read.product_of_vendor(request.vendor_id, ProductId(product_id)))


@put(
    "/vendor/products/{product_id:uuid}",
    summary="Describe one of my products anew",
    description="Everything anew. A variant that is left out is for sale no more, whoever offers it, until it is there again.",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def describe_product(request: Ask, product_id: FromPath[UUID], data: JSONBody[ProductAsked]) -> OwnProductBody:
    """The product afterwards."""
    own = _own(request, product_id)
    return OwnProductBody.of(granted(request.service.application.describe_products([data.said(own, request, new=False)])[0]))


@post(
    "/vendor/products/{product_id:uuid}/publish",
    summary="Publish one of my products",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def publish_product(request: Ask, product_id: FromPath[UUID]) -> OwnProductBody:
    """The product, which shoppers see from now on."""
    return _moved(request, product_id, "publish")


@post(
    "/vendor/products/{product_id:uuid}/withdraw",
    summary="Withdraw one of my products",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def withdraw_product(request: Ask, product_id: FromPath[UUID]) -> OwnProductBody:
    """The product, a draft again."""
    return _moved(request, product_id, "withdraw")


@post(
    "/vendor/products/{product_id:uuid}/archive",
    summary="Archive one of my products",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def archive_product(request: Ask, product_id: FromPath[UUID]) -> OwnProductBody:
    """The product, out of sight."""
    return _moved(request, product_id, "archive")


def _own(request: Ask, product_id: UUID) -> ProductId:
    """The id, when the product is of the vendor that asks; another vendor's is as good as none."""
    return request.service.application.read_catalog.product_of_vendor(request.vendor_id, ProductId(product_id)).id


def _moved(request: Ask, product_id: UUID, act: str) -> OwnProductBody:
    command = MoveProduct(product_id=_own(request, product_id), act=act, by=request.vendor_id, at=request.now)
    return OwnProductBody.of(granted(request.service.application.move_products([command])[0]))


def _variant_id(product_id: ProductId, options: Mapping[str, str]) -> UUID:
    return uuid5(product_id, msgspec.json.encode(sorted(options.items())).decode())


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    list_own_products,
    draft_product,
    read_own_product,
    describe_product,
    publish_product,
    withdraw_product,
    archive_product,
)

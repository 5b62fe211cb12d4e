"""Products as shoppers find them: lists with filters, words, and what is near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Annotated, Final
from uuid import UUID

import attrs
from litestar import MediaType, Response, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.serialization import encode_json

from quarterturn_api.bodies.products import CardBody, ShownProductBody
from quarterturn_api.edge.access import everybody
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, place
from quarterturn_api.edge.pages import cursor as cursor_of
from quarterturn_api.edge.responses import JsonResponse
from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import DomainError, Invalid
from quarterturn_domain.kernel.ids import CategoryId, ProductId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.search.card import ProductPage
from quarterturn_domain.search.finding import FindProducts
from quarterturn_domain.search.query import MAX_TEXT, Near, Place, ProductQuery, Sort
from quarterturn_domain.stock.geography import MAX_DISTANCE_METRES, MICRODEGREES, Coordinates

TAGS: Final = ["products"]

_METRES: Final = 1_000
_PLACE: Final = tuple[Sort, tuple[int | str, ...], UUID]
_AMOUNT: Final = r"^\d{1,16}(\.\d{1,4})?$"

Category = Annotated[UUID | None, QueryParameter(description="In this category, or anywhere below it.")]
Vendor = Annotated[UUID | None, QueryParameter(description="Offered by this vendor.")]
MinPrice = Annotated[
    str | None, QueryParameter(name="minPrice", pattern=_AMOUNT, description="The lowest price is at least this, in `currency`.")
]
MaxPrice = Annotated[
    str | None, QueryParameter(name="maxPrice", pattern=_AMOUNT, description="The lowest price is at most this, in `currency`.")
]
CurrencyWanted = Annotated[str | None, QueryParameter(pattern="^[A-Z]{3}$", description="Offered in this currency, ISO 4217.")]
InStock = Annotated[bool, QueryParameter(name="inStock", description="Only what somebody has a unit of.")]
Country = Annotated[str | None, QueryParameter(pattern="^[A-Z]{2}$", description="Offered by a vendor of this country.")]
Latitude = Annotated[float | None, QueryParameter(name="lat", ge=-90, le=90, description="Near here, in degrees to the north.")]
Longitude = Annotated[float | None, QueryParameter(name="lng", ge=-180, le=180, description="Near here, in degrees to the east.")]
Radius = Annotated[
    float | None,
    QueryParameter(
        name="radiusKm",
        ge=0.001,
        le=MAX_DISTANCE_METRES // _METRES,
        description="A unit lies no further away than this, in kilometres.",
    ),
]
SortWanted = Annotated[Sort | None, QueryParameter(description="In which order; without it in the one that suits the question.")]
Words = Annotated[
    str,
    QueryParameter(
        min_length=1,
        max_length=MAX_TEXT,
        description="Every word is found in title, categories, vendors or description: whole, as a beginning, or misspelled.",
    ),
]


def asked(
    *,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
    category: Category = None,
    vendor: Vendor = None,
    min_price: MinPrice = None,
    max_price: MaxPrice = None,
    currency: CurrencyWanted = None,
    in_stock: InStock = False,
    country: Country = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    radius_km: Radius = None,
    sort: SortWanted = None,
) -> ProductQuery:
    """What lists of products have in common: filters, order, and where to go on."""
    unit = None if currency is None else Currency.of(currency)
    return ProductQuery(
        category_id=None if category is None else CategoryId(category),
        vendor_id=None if vendor is None else VendorId(vendor),
        currency=unit,
        minimum=_price(min_price, unit),
        maximum=_price(max_price, unit),
        country=country,
        in_stock=in_stock,
        near=_near(latitude, longitude, radius_km),
        sort=sort,
        limit=limit,
        after=_place(cursor),
    )


_ASKED: Final = {"wanted": Provide(asked, sync_to_thread=False)}


@get("/products", summary="List products", tags=TAGS, dependencies=_ASKED, **everybody())
async def list_products(request: Ask, wanted: NamedDependency[ProductQuery]) -> Response[Page[CardBody]]:
    """A page of products, the newest first, or the nearest where a place is named."""
    return await _found(request, wanted)


@get("/products/search", summary="Search products", tags=TAGS, dependencies=_ASKED, **everybody())
async def search_products(request: Ask, q: Words, wanted: NamedDependency[ProductQuery]) -> Response[Page[CardBody]]:
    """A page of products, those first that the words fit best."""
    return await _found(request, attrs.evolve(wanted, text=q))


@get("/products/{product_id:uuid}", summary="Read a product and its offers", tags=TAGS, sync_to_thread=True, **everybody())
def read_product(request: Ask, product_id: FromPath[UUID]) -> ShownProductBody:
    """The product; 404 unless it is published."""
    return ShownProductBody.of(request.service.application.show_product(ProductId(product_id)))


async def _found(request: Ask, query: ProductQuery) -> Response[Page[CardBody]]:
    found = await request.service.lists.get(query)
    assert found is not None, "every query is answered"
    if isinstance(found, DomainError):
        raise found
    return JsonResponse(found, media_type=MediaType.JSON)


def pages(find: FindProducts, queries: Sequence[ProductQuery]) -> Mapping[ProductQuery, bytes | DomainError]:
    """For each query its page as it goes over the wire, or why there is none: many shoppers look at the same page."""
    answers = decide_each(queries, lambda query: _encoded(find(query)))
    return dict(zip(queries, answers, strict=True))


def _encoded(found: ProductPage) -> bytes:
    after = found.next
    following = None if after is None else cursor_of((after.sort, after.key, after.product_id))
    return encode_json(Page(items=[CardBody.of(card) for card in found.cards], next_cursor=following))


def _place(text: str | None) -> Place | None:
    after = place(text, _PLACE)
    return None if after is None else Place(after[0], after[1], ProductId(after[2]))


def _price(amount: str | None, unit: Currency | None) -> Money | None:
    if amount is None:
        return None
    if unit is None:
        raise Invalid("a price without a currency", "both, such as minPrice=10&currency=EUR")
    return Money.of(amount, unit)


def _near(latitude: float | None, longitude: float | None, radius_km: float | None) -> Near | None:
    if latitude is None and longitude is None and radius_km is None:
        return None
    if latitude is None or longitude is None or radius_km is None:
        raise Invalid("a place that is not whole", "lat, lng and radiusKm together")
    if not all(isfinite(each) for each in (latitude, longitude, radius_km)):
        raise Invalid("a place that is nowhere", "lat, lng and radiusKm as numbers")
    centre = Coordinates(round(latitude * MICRODEGREES), round(longitude * MICRODEGREES))
    return Near(centre, max(1, round(radius_km * _METRES)))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_products, search_products, read_product)

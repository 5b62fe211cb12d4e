"""How the marketplace does: sales by day, vendor and category, refunds, conversion."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from quarterturn_adapters.zones import days_of
from quarterturn_api.bodies.analytics import (
    AnalyticsBody,
    ConversionBody,
    RefundedBody,
    SalesBody,
    SalesOfCategoryBody,
    SalesOfDayBody,
    SalesOfVendorBody,
)
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import CurrencyCode, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.insights.sales import SalesOfVendor
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money

TAGS: Final = ["admin analytics"]

Since = Annotated[date, QueryParameter(description="The first day.")]
Until = Annotated[date, QueryParameter(description="The last day, included.")]
Zone = Annotated[
    str,
    QueryParameter(name="timeZone", max_length=100, description="Whose days: a name of the IANA database such as `Europe/Berlin`."),
]
Code = Annotated[str | None, QueryParameter(pattern="^[A-Z]{3}$", description="Only figures in this currency (ISO 4217).")]


@get("/admin/analytics", summary="Read the figures", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_ANALYTICS))
def read_analytics(request: Ask, since: Since, until: Until, time_zone: Zone = "UTC", currency: Code = None) -> AnalyticsBody:
    """Of orders whose payment was captured in these days, as they stand after everything that was given back since."""
    days = days_of(since, until, time_zone)
    read, unit, zone = request.service.application.read_insights, _unit(currency), ZoneInfo(time_zone)
    return AnalyticsBody(
        since=since,
        until=until,
        time_zone=time_zone,
        days=[
            SalesOfDayBody(day=each.begins_at.astimezone(zone).date(), sales=SalesBody.of(each.sales))
            for each in read.by_day(days)
            if _wanted(each.sales.goods, unit)
        ],
        categories=[
            SalesOfCategoryBody(category_id=each.category_id, sales=SalesBody.of(each.sales))
            for each in read.by_category(days)
            if _wanted(each.sales.goods, unit)
        ],
        refunds=[RefundedBody.of(each) for each in read.refunded(days).values() if _wanted(each.gross, unit)],
        conversion=ConversionBody.of(read.conversion(days)),
    )


@get(
    "/admin/analytics/vendors",
    summary="List sales by vendor",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_ANALYTICS),
)
def list_sales_by_vendor(
    request: Ask,
    since: Since,
    until: Until,
    time_zone: Zone = "UTC",
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[SalesOfVendorBody]:
    """In the order of the vendors' ids, each in every currency that it sold in."""
    after = place(cursor, tuple[UUID, CurrencyCode])
    read = request.service.application.read_insights
    found = read.by_vendor(days_of(since, until, time_zone), (VendorId(after[0]), after[1]) if after else None, limit + 1)
    return page(found, limit, _of_vendor, lambda each: (each.vendor_id, each.sales.goods.currency.code))


def _of_vendor(found: SalesOfVendor) -> SalesOfVendorBody:
    return SalesOfVendorBody(vendor_id=found.vendor_id, sales=SalesBody.of(found.sales))


def _unit(code: str | None) -> Currency | None:
    return None if code is None else Currency.of(code)


def _wanted(amount: Money, unit: Currency | None) -> bool:
    return unit is None or amount.currency is unit


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_analytics, list_sales_by_vendor)

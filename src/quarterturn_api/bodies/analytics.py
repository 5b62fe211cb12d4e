"""What the figures of the marketplace look like over the wire."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from quarterturn_api.edge.bodies import Body, MoneyBody
from quarterturn_domain.insights.conversion import Conversion
from quarterturn_domain.insights.sales import Refunded, Sales
from quarterturn_domain.kernel.rate import Rate, half_up


class SalesBody(Body):
    """Figures in one currency: distinct orders, units, and what customers paid, taxes included."""

    orders: int
    units: int
    goods: MoneyBody
    shipping: MoneyBody
    gross: MoneyBody
    commission: MoneyBody
    given_back: MoneyBody
    net: MoneyBody

    @classmethod
    def of(cls, sales: Sales) -> SalesBody:
        """`sales` as they go over the wire."""
        return cls(
            orders=sales.orders,
            units=sales.units,
            goods=MoneyBody.of(sales.goods),
            shipping=MoneyBody.of(sales.shipping),
            gross=MoneyBody.of(sales.gross),
            commission=MoneyBody.of(sales.commission),
            given_back=MoneyBody.of(sales.given_back),
            net=MoneyBody.of(sales.net),
        )


class SalesOfDayBody(Body):
    """The sales of a day of the time zone that was asked for."""

    day: date
    sales: SalesBody


class SalesOfVendorBody(Body):
    """A vendor's part of the sales."""

    vendor_id: UUID
    sales: SalesBody


class SalesOfCategoryBody(Body):
    """The sales of products of a category, not counting those below it; without one, of products that have none."""

    category_id: UUID | None
    sales: SalesBody


class RefundedBody(Body):
    """How much of what was captured went back, in one currency; `rate` is in percent."""

    currency: str
    orders: int
    orders_refunded: int
    refunds: int
    gross: MoneyBody
    given_back: MoneyBody
    rate: str

    @classmethod
    def of(cls, refunded: Refunded) -> RefundedBody:
        """`refunded` as it goes over the wire."""
        return cls(
            currency=refunded.gross.currency.code,
            orders=refunded.orders,
            orders_refunded=refunded.orders_refunded,
            refunds=refunded.refunds,
            gross=MoneyBody.of(refunded.gross),
            given_back=MoneyBody.of(refunded.given_back),
            rate=_rounded(refunded.rate),
        )


class ConversionBody(Body):
    """How many carts became orders, and how many orders were paid; rates are in percent."""

    carts: int
    carts_ordered: int
    ordering_rate: str
    orders_placed: int
    orders_paid: int
    payment_rate: str

    @classmethod
    def of(cls, conversion: Conversion) -> ConversionBody:
        """`conversion` as it goes over the wire."""
        return cls(
            carts=conversion.carts,
            carts_ordered=conversion.carts_ordered,
            ordering_rate=_rounded(conversion.ordering_rate),
            orders_placed=conversion.orders_placed,
            orders_paid=conversion.orders_paid,
            payment_rate=_rounded(conversion.payment_rate),
        )


class AnalyticsBody(Body):
    """The figures of the days from `since` to `until`, both included."""

    since: date
    until: date
    time_zone: str
    days: list[SalesOfDayBody]
    categories: list[SalesOfCategoryBody]
    refunds: list[RefundedBody]
    conversion: ConversionBody


def _rounded(rate: Rate) -> str:
    """`rate` in percent, rounded to two decimals: such a quotient has no end."""
    hundredths = half_up(rate.numerator * 10_000, rate.denominator)
    return f"{hundredths // 100}.{hundredths % 100:02}"

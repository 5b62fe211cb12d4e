"""The figures of the marketplace, added up by PostgreSQL: each is one statement that begins at the captures of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from quarterturn_adapters.postgres.arrays import instants
from quarterturn_adapters.postgres.statements import Statements
from quarterturn_domain.insights.conversion import Conversion
from quarterturn_domain.insights.days import Days
from quarterturn_domain.insights.ports import SellerPlace
from quarterturn_domain.insights.sales import Refunded, Sales, SalesOfCategory, SalesOfDay, SalesOfVendor
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money

_CAPTURED: Final = "journal_entries e JOIN order_lines l ON l.order_id = e.order_id"
_IN_TIME: Final = "e.kind = 'capture' AND e.at >= %s AND e.at < %s"
_FIGURES: Final = """count(DISTINCT l.order_id), sum(l.quantity), sum(l.goods_paid), sum(l.shipping_paid),
    sum(l.goods_commission + l.goods_subsidy + l.shipping_commission + l.shipping_subsidy),
    sum(l.refunded_goods + l.refunded_shipping)"""

# The number of a day is that of the last bound that is not after the instant, from 1 on.
_BY_DAY: Final = f"""SELECT width_bucket(e.at, %s::timestamptz[]), l.currency, {_FIGURES}
FROM {_CAPTURED} WHERE {_IN_TIME} GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608

_BY_VENDOR: Final = f"""SELECT l.vendor_id, l.currency, {_FIGURES}
FROM {_CAPTURED} WHERE {_IN_TIME}{{behind}} GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %s"""  # noqa: S608

_BY_CATEGORY: Final = f"""SELECT p.category_id, l.currency, {_FIGURES}
FROM {_CAPTURED} LEFT JOIN products p ON p.id = l.product_id WHERE {_IN_TIME} GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2"""  # noqa: S608

# Lines are added up for each order before refunds are counted, so that neither multiplies the other.
_REFUNDED: Final = f"""SELECT currency, count(*), count(*) FILTER (WHERE given_back > 0), sum(refunds), sum(gross), sum(given_back)
FROM (SELECT e.order_id, l.currency, sum(l.goods_paid + l.shipping_paid) AS gross,
        sum(l.refunded_goods + l.refunded_shipping) AS given_back,
        (SELECT count(*) FROM refunds r WHERE r.order_id = e.order_id) AS refunds
    FROM {_CAPTURED} WHERE {_IN_TIME} GROUP BY e.order_id, l.currency) orders
GROUP BY currency ORDER BY currency"""  # noqa: S608

_CONVERSION: Final = """SELECT
    (SELECT count(*) FROM carts WHERE status = 'open' AND changed_at >= %s AND changed_at < %s),
    (SELECT count(*) FROM carts WHERE status = 'expired' AND changed_at >= %s AND changed_at < %s),
    (SELECT count(*) FROM carts WHERE status = 'ordered' AND changed_at >= %s AND changed_at < %s),
    count(*), count(*) FILTER (WHERE state = 'paid')
FROM orders WHERE placed_at >= %s AND placed_at < %s"""


class PostgresInsights:
    """The figures."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def by_day(self, days: Days, /) -> Sequence[SalesOfDay]:
        """The sales of each day that has any, by day and currency code."""
        found = self._statements.rows(_BY_DAY, instants(days.bounds), days.since, days.until)
        return [SalesOfDay(days.bounds[number - 1], _sales(*figures)) for number, *figures in found]

    def by_vendor(self, days: Days, after: SellerPlace | None, limit: int, /) -> Sequence[SalesOfVendor]:
        """Up to `limit` vendors' sales of all days together, by vendor and currency code, those after `after`."""
        behind, place = ("", ()) if after is None else (" AND (l.vendor_id, l.currency) > (%s, %s::bpchar)", after)
        sql = _BY_VENDOR.format(behind=behind)
        found = self._statements.rows(sql, days.since, days.until, *place, limit)
        return [SalesOfVendor(vendor_id, _sales(*figures)) for vendor_id, *figures in found]

    def by_category(self, days: Days, /) -> Sequence[SalesOfCategory]:
        """The sales of each category that has any, by category (none comes last) and currency code."""
        found = self._statements.rows(_BY_CATEGORY, days.since, days.until)
        return [SalesOfCategory(category_id, _sales(*figures)) for category_id, *figures in found]

    def refunded(self, days: Days, /) -> Mapping[Currency, Refunded]:
        """What was given back of the orders of these days, by currency."""
        figures = {}
        for code, orders, refunded, refunds, gross, given_back in self._statements.rows(_REFUNDED, days.since, days.until):
            unit = Currency.of(code)
            figures[unit] = Refunded(
                orders=orders,
                orders_refunded=refunded,
                refunds=int(refunds),
                gross=Money(int(gross), unit),
                given_back=Money(int(given_back), unit),
            )
        return figures

    def conversion(self, days: Days, /) -> Conversion:
        """How many carts and orders of these days went on."""
        ((waiting, ended, ordered, placed, paid),) = self._statements.rows(_CONVERSION, *(days.since, days.until) * 4)
        return Conversion(carts=waiting + ended + ordered, carts_ordered=ordered, orders_placed=placed, orders_paid=paid)


def _sales(code: str, orders: int, units: Any, *amounts: Any) -> Sales:  # noqa: ANN401
    """Figures from the columns of a row; sums of many large numbers come as decimals without a fraction."""
    unit = Currency.of(code)
    goods, shipping, commission, given_back = (Money(int(amount), unit) for amount in amounts)
    return Sales(orders=orders, units=int(units), goods=goods, shipping=shipping, commission=commission, given_back=given_back)

"""Reading the figures of the marketplace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quarterturn_domain.insights.conversion import Conversion
from quarterturn_domain.insights.days import Days
from quarterturn_domain.insights.ports import InsightsWork, SellerPlace
from quarterturn_domain.insights.sales import Refunded, SalesOfCategory, SalesOfDay, SalesOfVendor
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.work import Begin


class ReadInsights:
    """Answers how the marketplace does; for the platform, since it is about everybody."""

    def __init__(self, work: Begin[InsightsWork]) -> None:
        self._work = work

    def by_day(self, days: Days) -> Sequence[SalesOfDay]:
        """The sales of each day that has any, by day and currency code."""
        with self._work() as work:
            return work.insights.by_day(days)

    def by_vendor(self, days: Days, after: SellerPlace | None, limit: int) -> Sequence[SalesOfVendor]:
        """Up to `limit` vendors' sales, by vendor and currency code, those after `after`."""
        with self._work() as work:
            return work.insights.by_vendor(days, after, limit)

    def by_category(self, days: Days) -> Sequence[SalesOfCategory]:
        """The sales of each category that has any, by category and currency code."""
        with self._work() as work:
            return work.insights.by_category(days)

    def refunded(self, days: Days) -> Mapping[Currency, Refunded]:
        """What was given back of the orders of these days, by currency."""
        with self._work() as work:
            return work.insights.refunded(days)

    def conversion(self, days: Days) -> Conversion:
        """How many carts became orders, and how many orders were paid."""
        with self._work() as work:
            return work.insights.conversion(days)

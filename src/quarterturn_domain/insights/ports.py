"""Where the figures come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from quarterturn_domain.insights.conversion import Conversion
from quarterturn_domain.insights.days import Days
from quarterturn_domain.insights.sales import Refunded, SalesOfCategory, SalesOfDay, SalesOfVendor
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.payouts.ports import PayoutsWork

SellerPlace: TypeAlias = tuple[VendorId, str]
"""Where a page of vendors' sales goes on: the vendor and the currency code of the last ones before."""


class Insights(Protocol):
    """Figures of orders whose payment was captured in a time, and of carts and orders of that time; nothing is locked."""

    def by_day(self, days: Days, /) -> Sequence[SalesOfDay]:
        """The sales of each day that has any, by day and currency code."""
        ...

    def by_vendor(self, days: Days, after: SellerPlace | None, limit: int, /) -> Sequence[SalesOfVendor]:
        """Up to `limit` vendors' sales of all days together, by vendor and currency code, those after `after`."""
        ...

    def by_category(self, days: Days, /) -> Sequence[SalesOfCategory]:
        """The sales of each category that has any, by category (none comes last) and currency code."""
        ...

    def refunded(self, days: Days, /) -> Mapping[Currency, Refunded]:
        """What was given back of the orders of these days, by currency."""
        ...

    def conversion(self, days: Days, /) -> Conversion:
        """How many carts and orders of these days went on."""
        ...


class InsightsWork(PayoutsWork, Protocol):
    """A unit of work that reaches the figures."""

    @property
    def insights(self) -> Insights:
        """The figures."""
        ...

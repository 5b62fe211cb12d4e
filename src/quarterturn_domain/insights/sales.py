"""Sales: what orders came to whose payment was captured, and what was given back of it since.

A sale counts when its payment was captured, as it was placed. What is given back of it, whenever that is, counts against the same
sale: units that were cancelled before the capture, refunds, and what lost disputes took. So the figures of a time may still fall
after it is over, and `net` is what the journal says of the same orders.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.ids import CategoryId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import ZERO, Rate


@attrs.frozen(kw_only=True)
class Sales:
    """Figures in one currency: distinct orders, units, what customers paid for goods and shipping, taxes included.

    `commission` is what vendors were charged, without the tax on it; `given_back` is of goods and shipping.
    """

    orders: int
    units: int
    goods: Money
    shipping: Money
    commission: Money
    given_back: Money

    @property
    def gross(self) -> Money:
        """What was paid for."""
        return self.goods + self.shipping

    @property
    def net(self) -> Money:
        """What is left of it."""
        return self.gross - self.given_back


@attrs.frozen
class SalesOfDay:
    """The sales of the day that begins at `begins_at`."""

    begins_at: datetime
    sales: Sales


@attrs.frozen
class SalesOfVendor:
    """A vendor's part of the sales."""

    vendor_id: VendorId
    sales: Sales


@attrs.frozen
class SalesOfCategory:
    """The sales of products that are in a category now, not counting those below it; None is where products without one are."""

    category_id: CategoryId | None
    sales: Sales


@attrs.frozen(kw_only=True)
class Refunded:
    """Of the orders that were captured, in one currency: how many, how many gave something back, and how much."""

    orders: int
    orders_refunded: int
    refunds: int
    gross: Money
    given_back: Money

    @property
    def rate(self) -> Rate:
        """Which part of the money went back, exactly."""
        return Rate(self.given_back.minor, self.gross.minor) if self.gross else ZERO

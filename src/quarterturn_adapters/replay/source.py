"""The source: vendors, products and orders as the files say them, checked, and what of the files makes no sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_adapters.replay.rows import Problem, Row
from quarterturn_domain.kernel.ids import OrderId, ProductId, VendorId
from quarterturn_domain.kernel.money import Money


class Fate(StrEnum):
    """How far the part of an order that one vendor has came."""

    PLACED = "placed"
    PAID = "paid"
    STARTED = "started"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


FATES: Final[Mapping[str, Fate]] = {
    **dict.fromkeys(("created", "placed", "pending"), Fate.PLACED),
    **dict.fromkeys(("approved", "paid", "invoiced", "confirmed"), Fate.PAID),
    **dict.fromkeys(("processing",), Fate.STARTED),
    **dict.fromkeys(("shipped",), Fate.SHIPPED),
    **dict.fromkeys(("delivered",), Fate.DELIVERED),
    # A paid order that the vendor could not or would not send: the customer has the money back.
    **dict.fromkeys(("cancelled", "canceled", "unavailable"), Fate.CANCELLED),
}
"""The words for a line's status, Olist's among them, and what each means here."""


@attrs.frozen
class VendorRow:
    """A vendor with the place that it ships from."""

    id: VendorId
    text: str
    place: str
    country: str


@attrs.frozen
class ProductRow:
    """A product as one vendor sells it."""

    id: ProductId
    text: str
    vendor_id: VendorId
    category: str
    weight_grams: int | None


@attrs.frozen
class LineRow:
    """A line of an order; price and shipping are for one unit."""

    row: Row
    order_id: OrderId
    number: int
    placed_at: datetime
    vendor_id: VendorId
    product_id: ProductId
    quantity: int
    price: Money
    shipping: Money
    fate: Fate
    delivered_at: datetime | None

    @property
    def total(self) -> int:
        """What it costs, in minor units."""
        return (self.price.minor + self.shipping.minor) * self.quantity


@attrs.frozen
class OrderRows:
    """The lines of one order, in the order of their numbers."""

    id: OrderId
    text: str
    placed_at: datetime
    lines: tuple[LineRow, ...]

    @property
    def total(self) -> Money:
        """What the customer pays."""
        return Money(sum(line.total for line in self.lines), self.lines[0].price.currency)


@attrs.frozen
class Source:
    """What the files say as far as it makes sense, the orders in the order of placing; and what does not."""

    vendors: Sequence[VendorRow]
    products: Sequence[ProductRow]
    orders: Sequence[OrderRows]
    problems: Sequence[Problem]
    refused_orders: int

    @property
    def refused_rows(self) -> int:
        """How many rows have a problem of their own."""
        return len({(problem.file, problem.line) for problem in self.problems})

"""Batches: orders in the order of placing, cut so that within a batch no offer needs two prices.

An offer is what one vendor asks for one product: it has one price at a time, and is repriced before the next batch. Where the lines
of one order name the same product of the same vendor at different prices, no one price can be right: each further price is an
offer of its own, of the same product by the same vendor, with a SKU of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, TypeAlias

import attrs

from quarterturn_adapters.replay.source import OrderRows
from quarterturn_domain.kernel.ids import ProductId, Sku, VendorId, sku
from quarterturn_domain.kernel.money import Money

SIZE: Final = 256
"""How many orders are placed together, at most."""

Price: TypeAlias = tuple[Money, Money]
"""What one unit costs, and its shipping."""

_Offer: TypeAlias = tuple[VendorId, ProductId, str, int]


@attrs.frozen
class Asked:
    """An offer as a batch needs it: its price, and how many units are going to be bought."""

    sku: Sku
    vendor_id: VendorId
    product_id: ProductId
    price: Price
    units: int


@attrs.frozen
class Batch:
    """Orders to be placed together, each with the SKU of each of its lines; and the offers that they need."""

    orders: tuple[tuple[OrderRows, tuple[Sku, ...]], ...]
    offers: tuple[Asked, ...]

    @property
    def begins_at(self) -> datetime:
        """When its first order is placed."""
        return self.orders[0][0].placed_at

    @property
    def ends_at(self) -> datetime:
        """When its last order is placed."""
        return self.orders[-1][0].placed_at


class Catalogue:
    """Which SKU each offer has: the product's id and a number, for no two vendors' SKUs may be the same."""

    def __init__(self) -> None:
        self._skus: dict[_Offer, Sku] = {}
        self._counts: dict[ProductId, int] = {}

    def skus(self, order: OrderRows) -> tuple[Sku, ...]:
        """The SKU of each line of an order."""
        prices: dict[tuple[VendorId, ProductId], list[Price]] = {}
        found = []
        for line in order.lines:
            asked = prices.setdefault((line.vendor_id, line.product_id), [])
            if (line.price, line.shipping) not in asked:
                asked.append((line.price, line.shipping))
            # An offer's currency never changes.
            code = line.price.currency.code
            found.append(self._sku((line.vendor_id, line.product_id, code, asked.index((line.price, line.shipping)))))
        return tuple(found)

    def _sku(self, offer: _Offer) -> Sku:
        if offer not in self._skus:
            product_id = offer[1]
            count = self._counts[product_id] = self._counts.get(product_id, 0) + 1
            self._skus[offer] = sku(f"{product_id.hex}-{count}")
        return self._skus[offer]


def batches(orders: Iterable[OrderRows], size: int = SIZE) -> Iterator[Batch]:
    """The orders in batches of at most `size`, cut where an offer changes its price."""
    catalogue = Catalogue()
    pending: list[tuple[OrderRows, tuple[Sku, ...]]] = []
    offers: dict[Sku, Asked] = {}
    for order in orders:
        skus = catalogue.skus(order)
        lines = list(zip(skus, order.lines, strict=True))
        changed = any(sku in offers and offers[sku].price != (line.price, line.shipping) for sku, line in lines)
        if changed or len(pending) == size:
            yield Batch(tuple(pending), tuple(offers.values()))
            pending, offers = [], {}
        pending.append((order, skus))
        for sku_, line in lines:
            units = line.quantity + (offers[sku_].units if sku_ in offers else 0)
            offers[sku_] = Asked(sku_, line.vendor_id, line.product_id, (line.price, line.shipping), units)
    if pending:
        yield Batch(tuple(pending), tuple(offers.values()))

"""How long it takes to decide an order of 4 lines from 2 vendors: the pure part of `PlaceOrders`, split included.

Priced, fingerprinted, held and told, as in production, where garbage collection skips what was there at the start.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from figures import Figure, per_call_microseconds, report

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.ids import CategoryId, LocationId, OrderId, ProductId, Sku, VendorId, sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.placing import BasketLine, CheckoutPolicy, PlaceOrder, decide, price
from quarterturn_domain.pricing.quote import PriceBook
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockItem

SKUS, VENDORS, ORDERS = 2_000, 50, 320
AT = datetime(2026, 11, 20, tzinfo=UTC)


def offers() -> dict[Sku, Sellable]:
    """What can be bought: SKUs by vendors in turn, each in a category."""
    found = {}
    for number in range(SKUS):
        name = sku(f"SKU-{number}")
        vendor, product, category = (UUID(int=each) for each in (number % VENDORS + 1, number + 1, 7))
        found[name] = Sellable(
            sku=name,
            vendor_id=VendorId(vendor),
            product_id=ProductId(product),
            title=f"Offer {number}",
            categories=(CategoryId(category),),
            price=Money(1999 + number, EUR),
            shipping=Money(300, EUR),
        )
    return found


def commands(count: int) -> Sequence[PlaceOrder]:
    """Orders of 4 lines from 2 vendors, spread over all SKUs."""
    chance = random.Random(1)  # noqa: S311 - the same baskets in every run
    made = []
    for number in range(count):
        first = chance.randrange(SKUS // VENDORS) * VENDORS
        numbers = [(first + step) % SKUS for step in (1, VENDORS + 1, 2, VENDORS + 2)]
        lines = tuple(BasketLine(sku(f"SKU-{each}"), 2) for each in numbers)
        made.append(PlaceOrder(order_id=OrderId(UUID(int=number + 1)), lines=lines, at=AT))
    return made


def main() -> None:
    """Print the figures for batches of 1, 32 and 128."""
    shop, asked, policy, book = offers(), commands(ORDERS), CheckoutPolicy(), PriceBook()
    shelf = Shelf.of(StockItem(name, LocationId(UUID(int=1)), 10**6) for name in shop)
    gc.collect()
    gc.freeze()
    figures = []
    for size in (1, 32, 128):
        batches = [asked[start : start + size] for start in range(0, ORDERS - size + 1, size)]

        def run(batches: Sequence[Sequence[PlaceOrder]] = batches) -> None:
            for batch in batches:
                decision = decide(batch, price(batch, shop, book, {}, policy), {}, {}, shelf, policy)
                assert len(decision.orders) == len(batch)

        middle, least = per_call_microseconds(run, calls=len(batches) * size)
        aim = "below 100" if size == 1 else ""
        figures += [
            Figure(f"an order in a batch of {size}, median", middle, "microseconds", aim),
            Figure(f"an order in a batch of {size}, least", least, "microseconds"),
        ]
    report("deciding an order of 4 lines from 2 vendors", figures)


if __name__ == "__main__":
    main()

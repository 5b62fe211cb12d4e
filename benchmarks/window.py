"""A shop window to bench on: 100,000 published products with an offer each."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import psycopg

from quarterturn_adapters.bootstrap import Application
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.offering import MakeOffer
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import CategoryId, ProductId, VariantId, VendorId, sku
from quarterturn_domain.kernel.money import Money

PRODUCTS = 100_000
_BATCH = 2_000
_YOUNG = 20_000
_WORDS = ("Rower", "Bench", "Kettlebell", "Mat", "Treadmill", "Rope", "Rack", "Bike", "Band", "Ball")


def fill_window(app: Application, url: str) -> None:
    """Publish them, in the category and by the vendors that `shop.stock_up` has made."""
    at = datetime.now(UTC)
    variant = VariantId(UUID(int=9))
    for first in range(0, PRODUCTS, _BATCH):
        numbers = range(first, first + _BATCH)
        for outcomes in (
            app.describe_products(
                [
                    DescribeProduct(
                        product_id=_product(n),
                        title=f"{_WORDS[n % 10]} number {n}",
                        description="One of very many.",
                        category_id=CategoryId(UUID(int=7)),
                        variants=(Variant(variant, ""),),
                        at=at,
                    )
                    for n in numbers
                ]
            ),
            app.make_offers(
                [
                    MakeOffer(
                        sku=sku(f"W-{n}"),
                        vendor_id=VendorId(UUID(int=1 + n % 2)),
                        product_id=_product(n),
                        variant_id=variant,
                        price=Money(1_000 + n * 7919 % 90_000, EUR),
                        shipping=Money(0, EUR),
                        at=at,
                    )
                    for n in numbers
                ]
            ),
            app.move_products([MoveProduct(product_id=_product(n), at=at) for n in numbers]),
        ):
            for outcome in outcomes:
                granted(outcome)
        if first < _YOUNG:
            # Plans that were made for an empty table would be kept: see what the tables have become.
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("ANALYZE")
    # Else whoever serves this shop would first be busy with the news of its making.
    while app.relay.forward().messages:
        pass
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _product(number: int) -> ProductId:
    return ProductId(UUID(int=1_000_000 + number))

"""A shop to bench on: an embedded PostgreSQL with fsync on, 2,000 SKUs of two vendors, and orders of 4 lines from both."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from quarterturn_adapters.bootstrap import Application, application
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.embedded import EmbeddedPostgres
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.postgres import PostgresDatabase, migrate
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_domain.catalog.categorising import PlaceCategory
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.offering import MakeOffer
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.onboarding import ApplyAsVendor, DecideVendor
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import CategoryId, LocationId, OrderId, ProductId, Sku, VariantId, VendorId, sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.stock.receiving import MoveStock, OpenLocation

SKUS = 2_000
QUARTER = SKUS // 4
UNITS = 100_000_000
"""Of each SKU: nobody is to be refused here."""

BENCH_ID = """CREATE FUNCTION bench_id(n bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid $$"""

_IDS = SystemIds()


@contextmanager
def server() -> Iterator[str]:
    """The URL of an embedded server on a new folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="qt-bench-") as folder, EmbeddedPostgres(Path(folder) / "data") as embedded:
        with psycopg.connect(embedded.url) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
        yield embedded.url


@contextmanager
def database(url: str, *, connections: int = 10) -> Iterator[PostgresDatabase]:
    """The migrated database at `url`."""
    migrate(url)
    found = PostgresDatabase(url, connections=connections)
    try:
        yield found
    finally:
        found.close()


def wired(database: PostgresDatabase) -> Application:
    """Every use case over `database` and a sandbox."""
    sandbox = Sandbox(SystemClock(), seed=1)
    return application(
        database.begin,
        payments=SandboxPayments(sandbox),
        transfers=SandboxTransfers(sandbox),
        clock=SystemClock(),
        ids=_IDS,
    )


def stock_up(app: Application, url: str) -> None:
    """Two vendors, 1,000 SKUs each, and more of everything than will be sold."""
    at = datetime.now(UTC)
    category = CategoryId(UUID(int=7))
    app.place_categories(PlaceCategory(category_id=category, name="Bench", at=at))
    vendors = [VendorId(UUID(int=1)), VendorId(UUID(int=2))]
    _all(app.apply_as_vendors([ApplyAsVendor(vendor_id=each, name=f"Vendor {each.int}", country="DE", at=at) for each in vendors]))
    _all(app.govern_vendors([DecideVendor(vendor_id=each, act="approve", at=at) for each in vendors]))
    _all(app.open_locations([OpenLocation(location_id=LocationId(each), vendor_id=each, name="Shelf", at=at) for each in vendors]))
    variant = VariantId(UUID(int=9))
    product = ProductId(UUID(int=1))
    _all(
        app.describe_products(
            [
                DescribeProduct(
                    product_id=product, title="An offer of the bench", category_id=category, variants=(Variant(variant, ""),), at=at
                )
            ]
        )
    )
    _all(app.move_products([MoveProduct(product_id=product, at=at)]))
    price, shipping = Money(1999, EUR), Money(300, EUR)
    _all(
        app.make_offers(
            [
                MakeOffer(
                    sku=name(n), vendor_id=_owner(n), product_id=product, variant_id=variant, price=price, shipping=shipping, at=at
                )
                for n in range(SKUS)
            ]
        )
    )
    _all(
        app.move_stocks(
            [
                MoveStock(
                    movement_id=_IDS.new(),
                    vendor_id=_owner(n),
                    sku=name(n),
                    location_id=LocationId(_owner(n)),
                    quantity=UNITS,
                    actor="bench",
                    at=at,
                )
                for n in range(SKUS)
            ]
        )
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BENCH_ID)
        connection.execute("VACUUM ANALYZE")


def name(number: int) -> Sku:
    """The SKU with this number; their order as texts is that of their numbers."""
    return sku(f"SKU-{100_000 + number}")


def basket(spread: int, chance: random.Random) -> PlaceOrder:
    """An order of 4 lines from 2 vendors: with a `spread` of 499 of all SKUs, with 0 of the 4 hot ones."""
    first = chance.randint(0, spread)
    lines = tuple(BasketLine(name(first + step), 1) for step in (0, QUARTER, 2 * QUARTER, 3 * QUARTER))
    return PlaceOrder(order_id=OrderId(_IDS.new()), lines=lines, at=datetime.now(UTC))


def _owner(number: int) -> VendorId:
    return VendorId(UUID(int=1 + number // (2 * QUARTER)))


def _all(outcomes: object) -> None:
    for outcome in outcomes:  # type: ignore[attr-defined]
        granted(outcome)

"""The shop window over data that were there before it, and over hostile words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.databases import TestServer
from tests.unit.ordering.shops import SandboxWorld, shop_on

from quarterturn_adapters.postgres import PostgresDatabase, migrate
from quarterturn_adapters.postgres.migrating import REVISIONS
from quarterturn_domain.search.query import ProductQuery

LATER = ("r0003", "r0004", "r0005", "r0006", "r0007", "r0008", "r0009")

SHOP = """
INSERT INTO vendors (id, name, country, status, applied_at, payout_ready, payout_requirements)
    VALUES ('00000000-0000-0000-0000-000000000001', 'Iron', 'DE', 'approved', now(), false, '[]');
INSERT INTO categories (id, name, position, path) VALUES ('00000000-0000-0000-0000-000000000002', 'Rowers', 0,
    '{00000000-0000-0000-0000-000000000002}');
INSERT INTO products (id, title, description, category_id, status)
    SELECT ('00000000-0000-0000-0001-' || lpad(n::text, 12, '0'))::uuid, 'Rower ' || n, '', '00000000-0000-0000-0000-000000000002',
        CASE WHEN n % 7 = 0 THEN 'draft' ELSE 'published' END FROM generate_series(1, 700) n;
INSERT INTO offers (sku, vendor_id, product_id, variant_id, price, shipping, currency, status)
    SELECT 'S-' || row_number() OVER (), '00000000-0000-0000-0000-000000000001', id, id, 100, 0, 'EUR', 'live' FROM products;
"""


@pytest.fixture
def empty(server: TestServer) -> Iterator[str]:
    """A database without tables."""
    url = server.empty()
    yield url
    server.drop(url)


def test_a_catalog_from_before_is_put_on_show(empty: str, tmp_path: Path) -> None:
    """Products that were there before the window are found once the outbox is drained after the migration, and only once."""
    shutil.copytree(REVISIONS, tmp_path, dirs_exist_ok=True)
    for path in (tmp_path / "versions").glob("r*"):
        if path.name.startswith(LATER):
            path.unlink()
    assert "0002" == migrate(empty, revisions=tmp_path)
    with psycopg.connect(empty) as connection:
        connection.execute(SHOP)
    migrate(empty)
    with PostgresDatabase(empty) as database:
        shop = shop_on(SandboxWorld(), begin=database.begin)
        assert () == shop.find_products(ProductQuery()).cards
        assert 1 == shop.relay.drain().sure().done
        assert 100 == len(shop.find_products(ProductQuery(text="rower", limit=100)).cards)
        assert [600] == [node.products for node in shop.category_tree()]
        assert 0 == shop.relay.drain().sure().done


def test_an_empty_shop_has_nothing_to_put_on_show(empty: str) -> None:
    """A migration from nothing leaves nothing in the outbox."""
    migrate(empty)
    with PostgresDatabase(empty) as database, database.begin() as work:
        assert [] == list(work.outbox.pending(10))

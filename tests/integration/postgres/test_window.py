"""The shop window over data that were there before it, and over hostile words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.databases import TestServer
from tests.unit.ordering.shops import SandboxWorld, shop_on

from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.postgres import PostgresDatabase, migrate
from quarterturn_adapters.postgres.migrating import REVISIONS
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.search.dressing import DressWindow, dress
from quarterturn_domain.search.finding import FindProducts
from quarterturn_domain.search.query import Near, ProductQuery, Sort
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.testing import samples

LATER: Final = "r0003"

# Signs that mean something to PostgreSQL, letters of many scripts, and anything else that it can keep.
SIGNS = st.sampled_from("'\\\":*&|!<>()-, rowerßéİ\u0131ﬁ折叠が한\u0345\u0301")
TEXTS = st.text(st.one_of(SIGNS, st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=24)

SHOP = """
INSERT INTO vendors (id, name, country, status, applied_at, payout_ready, payout_requirements)
    VALUES ('00000000-0000-0000-0000-000000000001', 'Iron', 'DE', 'approved', now(), false, '[]');
INSERT INTO categories (id, name, position, path) VALUES ('00000000-0000-0000-0000-000000000002', 'Rowers', 0,
    '{00000000-0000-0000-0000-000000000002}');
INSERT INTO products (id, title, description, category_id, status)
    SELECT ('00000000-0000-0000-0001-' || lpad(n::text, 12, '0'))::uuid, 'Rower ' || n, '', '00000000-0000-0000-0000-000000000002',
        CASE WHEN n % 7 = 0 THEN 'draft' ELSE 'published' END FROM generate_series(1, 700) n;
INSERT INTO variants (product_id, id, position, title, options) SELECT id, id, 0, '', '[]' FROM products;
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
        if path.name >= LATER:
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


@pytest.mark.parametrize(
    ("case", "query", "statements"),
    [
        ("a plain list", ProductQuery(), 1),
        ("every filter", ProductQuery(country="DE", in_stock=True, sort=Sort.PRICE), 1),
        ("near", ProductQuery(near=Near(Coordinates(0, 0), 1_000)), 1),
        ("words", ProductQuery(text="rower iron"), 2),
        ("what nothing resembles", ProductQuery(text="xyzzyxyzzy"), 1),
    ],
)
def test_a_page_is_one_statement(url: str, case: str, query: ProductQuery, statements: int) -> None:
    """A page is read in one statement, after another one that looks its words up, if there are any."""
    sent: list[str] = []
    with psycopg.connect(url) as connection:
        connection.execute(SHOP)
    with PostgresDatabase(url, watch=sent.append) as database:
        DressWindow(database.begin)(at=samples.moment(1))
        sent.clear()
        FindProducts(database.begin)(query)
    assert statements == len(sent), case


def test_any_text_finds_the_same_in_memory(url: str) -> None:
    """Whatever is said of products and whatever is looked for, PostgreSQL reads no operator in it and finds what memory finds."""
    with PostgresDatabase(url) as database:
        begins: list[Begin[Any]] = [database.begin, MemoryDatabase().begin]
        for begin in begins:
            with begin() as work:
                samples.furnish_catalog(work)

        @settings(max_examples=60, deadline=None, database=None)
        @given(st.lists(TEXTS, min_size=1, max_size=4), st.data())
        def alike(titles: list[str], data: st.DataObject) -> None:
            for begin in begins:
                with begin() as work:
                    products = work.products.lock([samples.product_id(n) for n, _ in enumerate(titles, start=1)])
                    work.products.save(
                        attrs.evolve(product, title=title) for product, title in zip(products.values(), titles, strict=True)
                    )
                    dress(work, [samples.a_product(n).move("withdraw", at=samples.moment(n))[1] for n in range(1, len(titles) + 1)])
            text = data.draw(st.one_of(TEXTS, st.sampled_from(titles), st.sampled_from(titles).map(lambda title: title[:-1])))
            for sort in (None, Sort.TITLE, Sort.PRICE_DOWN):
                asked = ProductQuery(text=text, sort=sort)
                one, other = (FindProducts(begin)(asked) for begin in begins)
                assert other == one

        alike()

"""The tables of the shop window: what is on show, under what it is found, and the words that are known."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR, UUID

from quarterturn_adapters.postgres.tables.columns import currency, identity, instant, metadata, minor, text

SHOP_WINDOW: Final = Table(
    "shop_window",
    metadata,
    identity("product_id", primary_key=True),
    currency(primary_key=True),
    Column("main", Boolean(), nullable=False),
    text("title"),
    text("title_key"),
    identity("category_id", nullable=True),
    Column("category_path", ARRAY(UUID(as_uuid=True)), nullable=False),
    minor("price"),
    Column("vendor_ids", ARRAY(UUID(as_uuid=True)), nullable=False),
    Column("countries", ARRAY(Text(collation="C")), nullable=False),
    Column("skus", ARRAY(Text(collation="C")), nullable=False),
    Column("words", TSVECTOR(), nullable=False),
    instant("changed_at"),
)
Index("shop_window_category_idx", SHOP_WINDOW.c.category_id, postgresql_where=SHOP_WINDOW.c.main)
Index("shop_window_words_idx", SHOP_WINDOW.c.words, postgresql_using="gin")

# Every exhibit once for each of its categories and vendors, and once under nothing: whatever a list is of is a range of an index.
WINDOW_FACETS: Final = Table(
    "window_facets",
    metadata,
    identity("facet", primary_key=True),
    identity("product_id", primary_key=True),
    currency(primary_key=True),
    Column("main", Boolean(), nullable=False),
    minor("price"),
    text("title_key"),
)
Index(
    "window_facets_price_idx",
    WINDOW_FACETS.c.facet,
    WINDOW_FACETS.c.currency,
    WINDOW_FACETS.c.price,
    WINDOW_FACETS.c.product_id,
)
Index("window_facets_title_idx", WINDOW_FACETS.c.facet, WINDOW_FACETS.c.title_key, WINDOW_FACETS.c.product_id)

SEARCH_WORDS: Final = Table(
    "search_words",
    metadata,
    text("word", primary_key=True),
    Column("trigrams", ARRAY(Text(collation="C")), nullable=False),
)
Index("search_words_trigrams_idx", SEARCH_WORDS.c.trigrams, postgresql_using="gin")

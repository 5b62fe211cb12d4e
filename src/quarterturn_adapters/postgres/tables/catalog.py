"""The tables of categories, products with their variants, and offers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from quarterturn_adapters.postgres.tables.columns import (
    count,
    currency,
    document,
    identity,
    instant,
    law,
    metadata,
    minor,
    one_of,
    sku,
    text,
)
from quarterturn_domain.catalog.category import MAX_DEPTH
from quarterturn_domain.catalog.offer import OFFER
from quarterturn_domain.catalog.product import PRODUCT

CATEGORIES: Final = Table(
    "categories",
    metadata,
    identity("id", primary_key=True),
    text("name"),
    identity("parent_id", nullable=True),
    count("position"),
    # From the category up to its root, kept up with every move, so that checkout reads it and climbs nothing.
    Column("path", ARRAY(UUID(as_uuid=True)), nullable=False),
    law("path_ends", f"cardinality(path) <= {MAX_DEPTH}"),
)

PRODUCTS: Final = Table(
    "products",
    metadata,
    identity("id", primary_key=True),
    text("title"),
    text("description"),
    identity("category_id", nullable=True),
    identity("created_by", nullable=True),
    text("status"),
    one_of("status", PRODUCT.states),
)
Index("products_creator_idx", PRODUCTS.c.created_by, PRODUCTS.c.id, postgresql_where=PRODUCTS.c.created_by.is_not(None))

VARIANTS: Final = Table(
    "variants",
    metadata,
    identity("product_id", primary_key=True),
    identity("id", primary_key=True),
    count("position"),
    text("title"),
    document("options"),
    Column("weight_grams", Integer(), nullable=True),
    ForeignKeyConstraint(["product_id"], ["products.id"], name="variants_product_id_fkey"),
    UniqueConstraint("product_id", "position", name="variants_position_key", deferrable=True),
    law("weight", "weight_grams >= 0"),
)

OFFERS: Final = Table(
    "offers",
    metadata,
    sku(primary_key=True),
    identity("vendor_id"),
    identity("product_id"),
    identity("variant_id"),
    minor("price"),
    minor("shipping"),
    currency(),
    text("status"),
    one_of("status", OFFER.states),
    law("amounts", "price >= 0 AND shipping >= 0"),
)
Index("offers_product_idx", OFFERS.c.product_id)
Index("offers_vendor_idx", OFFERS.c.vendor_id, OFFERS.c.sku)

WISHES: Final = Table(
    "wishes",
    metadata,
    identity("account_id", primary_key=True),
    identity("product_id", primary_key=True),
    instant("since"),
)
Index("wishes_latest_idx", WISHES.c.account_id, WISHES.c.since.desc(), WISHES.c.product_id.desc())

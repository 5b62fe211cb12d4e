"""The tables of locations, kits, stock items, reservations and movements."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Identity, Index, Integer, Table, UniqueConstraint, text

from quarterturn_adapters.postgres.tables.columns import FILLFACTOR, count, identity, instant, law, metadata, one_of, sku
from quarterturn_adapters.postgres.tables.columns import text as text_column
from quarterturn_domain.stock.movement import MovementKind
from quarterturn_domain.stock.reservation import RESERVATION

LOCATIONS: Final = Table(
    "locations",
    metadata,
    identity("id", primary_key=True),
    identity("vendor_id"),
    text_column("name"),
    count("priority"),
    # In microdegrees.
    Column("latitude", Integer(), nullable=True),
    Column("longitude", Integer(), nullable=True),
    law(
        "coordinates",
        "(latitude IS NULL) = (longitude IS NULL) AND abs(latitude) <= 90000000 AND abs(longitude) <= 180000000",
    ),
)
Index("locations_coordinates_idx", LOCATIONS.c.latitude, LOCATIONS.c.longitude, postgresql_where=LOCATIONS.c.latitude.is_not(None))
Index("locations_vendor_idx", LOCATIONS.c.vendor_id, LOCATIONS.c.id)

KITS: Final = Table("kits", metadata, sku(primary_key=True))

KIT_PARTS: Final = Table(
    "kit_parts",
    metadata,
    sku("kit", primary_key=True),
    sku("part", primary_key=True),
    count("position"),
    count("quantity"),
    ForeignKeyConstraint(["kit"], ["kits.sku"], name="kit_parts_kit_fkey"),
    law("quantity", "quantity > 0"),
    law("part", "part <> kit"),
)
Index("kit_parts_part_idx", KIT_PARTS.c.part)

STOCK_ITEMS: Final = Table(
    "stock_items",
    metadata,
    sku(primary_key=True),
    identity("location_id", primary_key=True),
    count("on_hand"),
    count("reserved"),
    count("priority"),
    # This is where overselling is impossible.
    law("reserved", "0 <= reserved AND reserved <= on_hand"),
    # Room on every page for the next version of its rows: a sale moves no index entry.
    info={FILLFACTOR: 50},
)
Index("stock_items_location_idx", STOCK_ITEMS.c.location_id, STOCK_ITEMS.c.sku)

RESERVATIONS: Final = Table(
    "reservations",
    metadata,
    identity("order_id", primary_key=True),
    sku(primary_key=True),
    identity("location_id", primary_key=True),
    count("quantity"),
    instant("deadline"),
    text_column("status"),
    count("returned"),
    one_of("status", RESERVATION.states),
    law("quantity", "quantity > 0"),
    law("returned", "0 <= returned AND returned <= quantity AND (returned = 0 OR status = 'committed')"),
)
Index("reservations_held_idx", RESERVATIONS.c.sku, RESERVATIONS.c.deadline, postgresql_where=text("status = 'held'"))

MOVEMENTS: Final = Table(
    "movements",
    metadata,
    Column("number", BigInteger(), Identity(always=True), primary_key=True),
    text_column("cause"),
    sku(),
    identity("location_id"),
    text_column("kind"),
    count("quantity"),
    text_column("reason"),
    text_column("actor"),
    instant("at"),
    UniqueConstraint("cause", "sku", "location_id", "kind", name="movements_cause_key"),
    one_of("kind", MovementKind),
    law("quantity", "quantity <> 0"),
)
Index("movements_sku_idx", MOVEMENTS.c.sku, MOVEMENTS.c.number)

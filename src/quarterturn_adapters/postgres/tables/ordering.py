"""The tables of carts, orders with their vendor orders and lines, and returns."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, SmallInteger, Table, text

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
)
from quarterturn_adapters.postgres.tables.columns import text as text_column
from quarterturn_domain.ordering.cart import CART
from quarterturn_domain.ordering.order import ORDER
from quarterturn_domain.ordering.return_ import RETURN
from quarterturn_domain.ordering.vendor_order import FULFILMENT

CARTS: Final = Table(
    "carts",
    metadata,
    identity("id", primary_key=True),
    identity("owner_id", nullable=True),
    document("lines"),
    text_column("status"),
    identity("order_id", nullable=True),
    instant("changed_at", nullable=True),
    one_of("status", CART.states),
    law("ordered", "(status = 'ordered') = (order_id IS NOT NULL)"),
)
Index("carts_open_owner_key", CARTS.c.owner_id, unique=True, postgresql_where=text("status = 'open' AND owner_id IS NOT NULL"))
Index("carts_idle_idx", CARTS.c.changed_at, CARTS.c.id, postgresql_where=text("status = 'open'"))
Index("carts_expired_idx", CARTS.c.changed_at, postgresql_where=text("status = 'expired'"))
Index("carts_ordered_idx", CARTS.c.changed_at, postgresql_where=text("status = 'ordered'"))

ORDERS: Final = Table(
    "orders",
    metadata,
    identity("id", primary_key=True),
    identity("buyer_id", nullable=True),
    minor("total"),
    currency(),
    instant("placed_at"),
    instant("deadline"),
    text_column("fingerprint"),
    text_column("country", nullable=True),
    text_column("region", nullable=True),
    text_column("state"),
    document("delivery", nullable=True),
    one_of("state", ORDER.states),
    law("total", "total >= 0"),
)
Index("orders_latest_idx", ORDERS.c.placed_at, ORDERS.c.id)
Index("orders_buyer_idx", ORDERS.c.buyer_id, ORDERS.c.placed_at, ORDERS.c.id, postgresql_where=ORDERS.c.buyer_id.is_not(None))
Index("orders_unpaid_idx", ORDERS.c.deadline, ORDERS.c.id, postgresql_where=text("state = 'placed'"))
# Most orders are paid: those are found among all. A checkout writes nothing here.
Index(
    "orders_ended_idx", ORDERS.c.state, ORDERS.c.placed_at, ORDERS.c.id, postgresql_where=text("state IN ('expired', 'cancelled')")
)

VENDOR_ORDERS: Final = Table(
    "vendor_orders",
    metadata,
    identity("order_id", primary_key=True),
    identity("vendor_id", primary_key=True),
    Column("position", SmallInteger(), nullable=False),
    instant("placed_at"),
    text_column("status"),
    document("shipments"),
    instant("delivered_at", nullable=True),
    one_of("status", FULFILMENT.states),
    law("delivered", "delivered_at IS NULL OR status = 'delivered'"),
)
Index("vendor_orders_vendor_idx", VENDOR_ORDERS.c.vendor_id, VENDOR_ORDERS.c.placed_at, VENDOR_ORDERS.c.order_id)
# From the payment on; a checkout writes nothing here.
Index(
    "vendor_orders_status_idx",
    VENDOR_ORDERS.c.vendor_id,
    VENDOR_ORDERS.c.status,
    VENDOR_ORDERS.c.placed_at,
    VENDOR_ORDERS.c.order_id,
    postgresql_where=text("status <> 'pending'"),
)

_PARTS: Final = ("paid", "earning", "commission", "commission_tax", "tax_kept", "subsidy")


def _split(charge: str) -> list[Column[int]]:
    return [minor(f"{charge}_{part}") for part in _PARTS]


def _split_law(charge: str) -> str:
    return " AND ".join(
        [
            f"{charge}_paid = {charge}_earning + {charge}_commission + {charge}_commission_tax + {charge}_tax_kept",
            f"{charge}_commission + {charge}_subsidy >= 0",
            *(f"{charge}_{part} >= 0" for part in ("paid", "earning", "commission_tax", "tax_kept", "subsidy")),
        ]
    )


ORDER_LINES: Final = Table(
    "order_lines",
    metadata,
    identity("order_id", primary_key=True),
    Column("number", SmallInteger(), primary_key=True, autoincrement=False),
    identity("vendor_id"),
    sku(),
    identity("product_id"),
    text_column("title"),
    currency(),
    minor("unit_price"),
    minor("unit_shipping"),
    count("quantity"),
    minor("discount"),
    *_split("goods"),
    *_split("shipping"),
    document("taxes"),
    identity("rule_id"),
    count("rule_version"),
    document("steps"),
    minor("refunded_goods"),
    minor("refunded_shipping"),
    count("shipped"),
    count("delivered"),
    count("cancelled"),
    count("on_way_back"),
    count("returned"),
    law("quantity", "quantity > 0"),
    law("goods_split", _split_law("goods")),
    law("shipping_split", _split_law("shipping")),
    law("refunded_goods", "0 <= refunded_goods AND refunded_goods <= goods_paid"),
    law("refunded_shipping", "0 <= refunded_shipping AND refunded_shipping <= shipping_paid"),
    law("shipped", "0 <= shipped AND 0 <= cancelled AND shipped + cancelled <= quantity"),
    law("delivered", "0 <= delivered AND delivered <= shipped"),
    law("returned", "0 <= on_way_back AND 0 <= returned AND on_way_back + returned <= delivered"),
)

RETURNS: Final = Table(
    "returns",
    metadata,
    identity("id", primary_key=True),
    identity("order_id"),
    identity("vendor_id"),
    document("units"),
    text_column("reason"),
    instant("requested_at"),
    text_column("status"),
    one_of("status", RETURN.states),
)
Index("returns_order_idx", RETURNS.c.order_id, RETURNS.c.id)
Index("returns_latest_idx", RETURNS.c.requested_at, RETURNS.c.id)
Index("returns_status_idx", RETURNS.c.status, RETURNS.c.requested_at, RETURNS.c.id)
Index("returns_vendor_idx", RETURNS.c.vendor_id, RETURNS.c.requested_at, RETURNS.c.id)
Index("returns_vendor_status_idx", RETURNS.c.vendor_id, RETURNS.c.status, RETURNS.c.requested_at, RETURNS.c.id)

"""What happened to stock; the sale of an order's units is told by the order's own events."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku, VendorId


@attrs.frozen(kw_only=True)
class LocationOpened(Event, tag="location.opened", about="location_id"):
    """A vendor keeps stock at a place."""

    location_id: LocationId
    vendor_id: VendorId
    name: str
    at: datetime


@attrs.frozen(kw_only=True)
class StockMoved(Event, tag="stock.moved", about="sku"):
    """Units came, went or were counted: `quantity` is signed, `on_hand` is what lies there now."""

    sku: Sku
    location_id: LocationId
    kind: str
    quantity: int
    on_hand: int
    at: datetime


@attrs.frozen(kw_only=True)
class ReservationsExpired(Event, tag="reservation.expired", about="order_id"):
    """Holds of an order ran out, or were reclaimed by a checkout after they had run out."""

    order_id: OrderId
    skus: tuple[Sku, ...]
    at: datetime


@attrs.frozen(kw_only=True)
class KitDefined(Event, tag="kit.defined", about="sku"):
    """A SKU is made of others."""

    sku: Sku
    components: tuple[tuple[Sku, int], ...]
    at: datetime

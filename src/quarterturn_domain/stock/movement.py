"""A movement: units that came or went, with a reason, an actor and a cause; `on_hand` is the sum of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from quarterturn_domain.kernel.ids import LocationId, Sku


class MovementKind(StrEnum):
    """Why units came or went."""

    RECEIPT = "receipt"
    SALE = "sale"
    RETURN = "return"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    ADJUSTMENT = "adjustment"
    CHANNEL_SALE = "channel_sale"


@attrs.frozen
class Movement:
    """`quantity` units (signed) of `sku` at a location; the same `cause` moves the same item only once."""

    cause: str
    sku: Sku
    location_id: LocationId
    kind: MovementKind
    quantity: int
    reason: str
    actor: str
    at: datetime

"""A stock item: how much of one SKU lies at one location, and how much of it is reserved.

`on_hand` is the sum of the item's movements, `reserved` is the sum of its held reservations, and `0 <= reserved <= on_hand`
at every moment. This is where overselling is impossible: every other module only asks.
"""

from __future__ import annotations

from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.kernel.ids import LocationId, Sku

MAX_ON_HAND: Final = 1_000_000_000
"""How many units of a SKU may lie at one location, and how many may come or go at once: a number that 32 bits keep."""


@attrs.frozen(eq=False)
class StockShort(Rejected):
    """Fewer units are available than were asked for."""

    sku: Sku
    wanted: int
    available: int

    @property
    def message(self) -> str:
        """How many there are, of what, and how many were asked for."""
        return f"Only {self.available} of {self.sku} are available; {self.wanted} were asked for"


@attrs.frozen
class StockItem:
    """Units of `sku` at a location."""

    sku: Sku
    location_id: LocationId
    on_hand: int = 0
    reserved: int = 0
    priority: int = 0

    def __attrs_post_init__(self) -> None:
        assert 0 <= self.reserved <= self.on_hand, f"{self.sku}: {self.reserved} reserved of {self.on_hand}"

    @property
    def key(self) -> tuple[Sku, LocationId]:
        """What makes it one."""
        return (self.sku, self.location_id)

    @property
    def available(self) -> int:
        """What can still be promised."""
        return self.on_hand - self.reserved

    def reserve(self, quantity: int) -> StockItem:
        """Hold `quantity` more, or `StockShort`."""
        assert quantity > 0
        if quantity > self.available:
            raise StockShort(self.sku, quantity, self.available)
        return StockItem(self.sku, self.location_id, self.on_hand, self.reserved + quantity, self.priority)

    def release(self, quantity: int) -> StockItem:
        """Hold `quantity` less."""
        assert 0 < quantity <= self.reserved
        return StockItem(self.sku, self.location_id, self.on_hand, self.reserved - quantity, self.priority)

    def commit(self, quantity: int) -> StockItem:
        """Sell `quantity` of what is held."""
        assert 0 < quantity <= self.reserved
        return StockItem(self.sku, self.location_id, self.on_hand - quantity, self.reserved - quantity, self.priority)

    def move(self, quantity: int) -> StockItem:
        """Let `quantity` come (positive) or go (negative).

        What is reserved cannot go: `StockShort`. More than `MAX_ON_HAND` cannot lie there: `Invalid`.
        """
        assert quantity != 0
        if quantity > MAX_ON_HAND - self.on_hand:
            raise Invalid(f"{self.on_hand + quantity} of {self.sku} at one location", f"at most {MAX_ON_HAND} units")
        if self.available + quantity < 0:
            raise StockShort(self.sku, -quantity, self.available)
        return StockItem(self.sku, self.location_id, self.on_hand + quantity, self.reserved, self.priority)

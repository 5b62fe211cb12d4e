"""Strategies for stock histories: what comes, is held, sold, let go, expires and comes back, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku
from quarterturn_domain.stock.allocation import Allocation, wanted_units
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.testing.strategies.offers import VENDORS
from quarterturn_domain.testing.strategies.terms import NOON

LOCATIONS: Final = tuple(
    Location(LocationId(UUID(int=0xD0 + number)), VENDORS[0], name, priority)
    # The first of the list is not the first to give.
    for number, (name, priority) in enumerate([("Warehouse", 1), ("Shop", 0), ("Garage", 2)])
)
"""Where the stock of a history lies."""

SKUS: Final = (Sku("BAR"), Sku("PLATE"), Sku("RACK"))
"""What lies there."""

KITS: Final = (Kit(Sku("SET"), ((Sku("BAR"), 1), (Sku("PLATE"), 2))), Kit(Sku("GYM"), ((Sku("RACK"), 1), (Sku("BAR"), 2))))
"""What is made of it."""

ORDERS: Final = tuple(OrderId(UUID(int=0xE0 + number)) for number in range(4))
"""Who wants it."""


@attrs.frozen
class Received:
    """Units arrive."""

    sku: Sku
    location: Location
    quantity: int
    cause: str
    at: datetime
    kind: MovementKind = MovementKind.RECEIPT

    def apply(self, allocation: Allocation) -> None:
        """Take the step; an adjustment may raise `StockShort`."""
        what = (self.cause, self.sku, self.location.id, self.kind, self.quantity, "as told", "tester", self.at)
        allocation.move(Movement(*what), priority=self.location.priority)


@attrs.frozen
class Adjusted(Received):
    """Units were counted: `quantity` is signed."""

    kind: MovementKind = MovementKind.ADJUSTMENT


@attrs.frozen
class Held:
    """An order asks for a basket; kits and the same SKU twice are among the `lines`."""

    order_id: OrderId
    lines: tuple[tuple[Sku, int], ...]
    deadline: datetime
    at: datetime

    def apply(self, allocation: Allocation) -> None:
        """Take the step; may raise `StockShort`, and `InvalidTransition` for an order that was sold or let go."""
        allocation.hold(self.order_id, wanted_units(self.lines), deadline=self.deadline, at=self.at)


@attrs.frozen
class Committed:
    """What an order holds is sold."""

    order_id: OrderId
    at: datetime

    def apply(self, allocation: Allocation) -> None:
        """Take the step."""
        allocation.commit(self.order_id, at=self.at)


@attrs.frozen
class Released:
    """What an order holds is let go."""

    order_id: OrderId
    at: datetime

    def apply(self, allocation: Allocation) -> None:
        """Take the step."""
        allocation.release(self.order_id)


@attrs.frozen
class Expired:
    """What an order holds is let go if its time is over."""

    order_id: OrderId
    at: datetime

    def apply(self, allocation: Allocation) -> None:
        """Take the step."""
        allocation.expire(self.order_id, at=self.at)


@attrs.frozen
class Restocked:
    """Up to `quantity` units that were sold come back; fewer when fewer were sold."""

    order_id: OrderId
    sku: Sku
    quantity: int
    cause: str
    at: datetime

    def apply(self, allocation: Allocation) -> None:
        """Take the step."""
        sold = sum(each.restockable for each in allocation.reservations(self.order_id) if each.sku == self.sku)
        if back := min(self.quantity, sold):
            allocation.restock(self.order_id, {self.sku: back}, cause=self.cause, reason="returned", at=self.at)


StockStep: TypeAlias = Received | Adjusted | Held | Committed | Released | Expired | Restocked
"""One step of a history; `apply` takes it on an `Allocation`, and a refusal leaves that as it was."""


@attrs.frozen
class StockHistory:
    """Steps in the order of their time, over several locations, SKUs, kits and orders."""

    steps: tuple[StockStep, ...]
    locations: Sequence[Location] = LOCATIONS
    kits: Sequence[Kit] = KITS


def _lines() -> SearchStrategy[tuple[tuple[Sku, int], ...]]:
    wanted = st.tuples(st.sampled_from((*SKUS, *(kit.sku for kit in KITS))), st.integers(1, 4))
    return st.lists(wanted, min_size=1, max_size=3).map(tuple)


@st.composite
def _steps(draw: DrawFn, number: int, at: datetime) -> StockStep:
    order = draw(st.sampled_from(ORDERS))
    # Receipts and holds come twice as often: without them there is nothing to commit, release or expire.
    kind = draw(st.sampled_from((Received, Held, Received, Held, Committed, Released, Expired, Restocked, Adjusted)))
    if kind is Held:
        return Held(order, draw(_lines()), at + timedelta(minutes=draw(st.integers(1, 30))), at)
    if kind is Committed or kind is Released or kind is Expired:
        return kind(order, at)
    sku, cause = draw(st.sampled_from(SKUS)), f"step:{number}"
    if kind is Restocked:
        return Restocked(order, sku, draw(st.integers(1, 4)), cause, at)
    location = draw(st.sampled_from(LOCATIONS))
    if kind is Adjusted:
        return Adjusted(sku, location, draw(st.integers(-5, 5).filter(bool)), cause, at)
    return Received(sku, location, draw(st.integers(1, 8)), cause, at)


@st.composite
def stock_histories(draw: DrawFn, max_steps: int = 25) -> StockHistory:
    """Up to `max_steps` steps from an empty shelf, starting at `NOON`; which of them are refused depends on the policy."""
    at, steps = NOON, []
    for number in range(draw(st.integers(0, max_steps))):
        at += timedelta(minutes=draw(st.sampled_from((0, 1, 10))))
        steps.append(draw(_steps(number, at)))
    return StockHistory(tuple(steps))

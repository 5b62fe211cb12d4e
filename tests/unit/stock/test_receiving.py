"""Receiving by example: each movement by its own merit, in numbers that every database keeps; a kit gets no units of its own."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import attrs
import pytest
from tests.unit.ordering.shops import after

from quarterturn_domain.kernel.errors import DomainError, Invalid, NotFound
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.stock.movement import MovementKind
from quarterturn_domain.stock.receiving import MoveStock
from quarterturn_domain.stock.stock_item import MAX_ON_HAND, StockItem
from quarterturn_domain.testing.lives import LivingShop
from quarterturn_domain.testing.strategies import VENDORS

BAR: Final = Sku("A-01")
TEXT: Final = "text without NUL and lone surrogates"
UNITS: Final = f"at most {MAX_ON_HAND} units"


def receive(living: LivingShop, number: int, quantity: int) -> MoveStock:
    """Units of A-01 arrive where it lies."""
    with living.shop.begin() as work:
        [item] = work.stock.levels([BAR])
    return MoveStock(
        movement_id=UUID(int=number),
        vendor_id=VENDORS[0],
        sku=BAR,
        location_id=item.location_id,
        quantity=quantity,
        actor="clerk",
        at=living.now,
    )


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"quantity": MAX_ON_HAND + 1}, Invalid(f"a receipt of {MAX_ON_HAND + 1}", UNITS)),
        ({"quantity": MAX_ON_HAND - 8}, Invalid(f"{MAX_ON_HAND + 2} of A-01 at one location", UNITS)),
        ({"reason": "came\0"}, Invalid("a reason with the character U+0000", TEXT)),
        ({"actor": "\udcff"}, Invalid("an actor with the character U+DCFF", TEXT)),
        ({"sku": "A\0"}, NotFound("offer", "A\0")),
        ({"sku": "\ud83d"}, NotFound("offer", "\ud83d")),
    ],
    ids=["more than may come", "more than may lie there", "NUL", "half a character", "a SKU with NUL", "a SKU of half a character"],
)
def test_what_no_database_keeps_is_refused_alone(change: dict[str, object], refusal: DomainError) -> None:
    """One movement of a batch is out of all measure: it is refused, and its neighbours move their units."""
    living = after()
    one = receive(living, 2, 1)
    outcomes = living.shop.move_stocks(
        [one, attrs.evolve(one, movement_id=UUID(int=3), **change), attrs.evolve(one, movement_id=UUID(int=4))]  # type: ignore[arg-type]
    )
    assert refusal == outcomes[1]
    assert [10, 11] == [each.on_hand for each in outcomes if isinstance(each, StockItem)]


def test_as_much_may_lie_there_as_the_limit_says() -> None:
    """The limit itself is allowed, and can be taken away at once."""
    living = after()
    assert [MAX_ON_HAND, 0] == [
        each.on_hand
        for quantity, number in ((MAX_ON_HAND - 9, 2), (-MAX_ON_HAND, 3))
        for each in living.shop.move_stocks([attrs.evolve(receive(living, number, quantity), kind=MovementKind.ADJUSTMENT)])
        if isinstance(each, StockItem)
    ]

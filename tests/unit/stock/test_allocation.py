"""Allocation by example: whole baskets, lapsed holds of others, late payments, and goods that come back."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest

from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.stock.allocation import Allocation, wanted_units
from quarterturn_domain.stock.events import ReservationsExpired, StockMoved
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.stock.reservation import ReservationStatus
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockItem, StockShort
from quarterturn_domain.testing.strategies import NOON

HERE, THERE = LocationId(UUID(int=1)), LocationId(UUID(int=2))
BAR, PLATE, SET = Sku("BAR"), Sku("PLATE"), Sku("SET")
ONE, TWO = OrderId(UUID(int=11)), OrderId(UUID(int=12))
LATER: Final = NOON + timedelta(minutes=15)


def allocation(*items: StockItem, kits: tuple[Kit, ...] = ()) -> Allocation:
    """An allocation on these items."""
    return Allocation(Shelf.of(items, kits))


def test_a_basket_is_held_whole_or_not_at_all() -> None:
    """Of two SKUs the second is short: the refusal names it and nothing is held."""
    batch = allocation(StockItem(BAR, HERE, 5), StockItem(PLATE, HERE, 1))
    with pytest.raises(StockShort) as refused:
        batch.hold(ONE, {BAR: 2, PLATE: 2}, deadline=LATER, at=NOON)
    assert StockShort(PLATE, 2, 1) == refused.value
    assert (0, ()) == (batch.item(BAR, HERE).reserved, batch.reservations(ONE))
    assert not batch.changed_items


def test_a_kit_and_its_component_are_counted_together() -> None:
    """A bar alone and two sets of one bar each want three bars, though each line alone would fit."""
    kit = Kit(SET, ((BAR, 1), (PLATE, 2)))
    batch = allocation(StockItem(BAR, HERE, 2), StockItem(PLATE, HERE, 9), kits=(kit,))
    with pytest.raises(StockShort) as refused:
        batch.hold(ONE, wanted_units([(BAR, 1), (SET, 1), (SET, 1)]), deadline=LATER, at=NOON)
    assert StockShort(BAR, 3, 2) == refused.value
    batch.hold(ONE, {BAR: 1, SET: 1}, deadline=LATER, at=NOON)
    assert (2, 2) == (batch.item(BAR, HERE).reserved, batch.item(PLATE, HERE).reserved)


def test_a_lapsed_hold_of_another_does_not_block_a_sale() -> None:
    """The minute after its deadline the hold of another order gives way, in the same transaction, and says so."""
    batch = allocation(StockItem(BAR, HERE, 2))
    batch.hold(ONE, {BAR: 2}, deadline=LATER, at=NOON)
    with pytest.raises(StockShort):
        batch.hold(TWO, {BAR: 1}, deadline=LATER + timedelta(hours=1), at=LATER - timedelta(seconds=1))
    batch.hold(TWO, {BAR: 1}, deadline=LATER + timedelta(hours=1), at=LATER)
    [lost] = batch.reservations(ONE)
    assert ReservationStatus.EXPIRED is lost.status
    assert [ReservationsExpired(order_id=ONE, skus=(BAR,), at=LATER)] == batch.facts
    assert (2, 1) == (batch.item(BAR, HERE).on_hand, batch.item(BAR, HERE).reserved)


def test_a_refused_basket_expires_nobody() -> None:
    """A lapsed hold that would have to give way stays while the basket is short of something else."""
    batch = allocation(StockItem(BAR, HERE, 1), StockItem(PLATE, HERE, 1))
    batch.hold(ONE, {BAR: 1}, deadline=LATER, at=NOON)
    with pytest.raises(StockShort):
        batch.hold(TWO, {BAR: 1, PLATE: 2}, deadline=LATER + timedelta(hours=1), at=LATER)
    [kept] = batch.reservations(ONE)
    assert (ReservationStatus.HELD, []) == (kept.status, batch.facts)


def test_a_late_payment_gets_its_units_back_if_they_are_there() -> None:
    """What has expired is held again, once; when somebody else has it, all of it is refused."""
    batch = allocation(StockItem(BAR, HERE, 2))
    batch.hold(ONE, {BAR: 2}, deadline=LATER, at=NOON)
    batch.expire(ONE, at=LATER)
    batch.hold_again(ONE, {BAR: 2}, deadline=LATER + timedelta(minutes=5), at=LATER)
    batch.hold_again(ONE, {BAR: 2}, deadline=LATER + timedelta(minutes=5), at=LATER)
    assert 2 == batch.item(BAR, HERE).reserved
    batch.expire(ONE, at=LATER + timedelta(minutes=5))
    batch.hold(TWO, {BAR: 1}, deadline=LATER + timedelta(hours=1), at=LATER)
    with pytest.raises(StockShort):
        batch.hold_again(ONE, {BAR: 2}, deadline=LATER + timedelta(hours=1), at=LATER)


def test_what_was_let_go_is_not_held_again_by_its_order() -> None:
    """A released order stays released, and trying changes no count."""
    batch = allocation(StockItem(BAR, HERE, 2))
    batch.hold(ONE, {BAR: 2}, deadline=LATER, at=NOON)
    batch.release(ONE)
    with pytest.raises(InvalidTransition):
        batch.hold(ONE, {BAR: 1}, deadline=LATER, at=NOON)
    assert 0 == batch.item(BAR, HERE).reserved


def test_a_sale_and_its_return() -> None:
    """Sold units leave with a movement for the order; units that come back go where they came from, never more."""
    batch = allocation(StockItem(BAR, HERE, 2, priority=0), StockItem(BAR, THERE, 1, priority=1))
    batch.hold(ONE, {BAR: 3}, deadline=LATER, at=NOON)
    batch.commit(ONE, at=NOON)
    assert (0, 0) == (batch.item(BAR, HERE).on_hand, batch.item(BAR, THERE).on_hand)
    assert {(HERE, -2), (THERE, -1)} == {(each.location_id, each.quantity) for each in batch.movements}
    assert {f"order:{ONE}"} == {each.cause for each in batch.movements}
    batch.restock(ONE, {BAR: 3}, cause="return:1", reason="did not fit", at=LATER)
    assert (2, 1) == (batch.item(BAR, HERE).on_hand, batch.item(BAR, THERE).on_hand)
    with pytest.raises(AssertionError, match="never sold"):
        batch.restock(ONE, {BAR: 1}, cause="return:2", reason="once more", at=LATER)


def test_units_that_arrive_are_told() -> None:
    """A movement tells what came, and what lies there now; a new location takes its place in the order of priority."""
    batch = allocation(StockItem(BAR, THERE, 1, priority=5))
    batch.move(Movement("movement:1", BAR, HERE, MovementKind.RECEIPT, 4, "received", "clerk", NOON), priority=1)
    expected = StockMoved(sku=BAR, location_id=HERE, kind="receipt", quantity=4, on_hand=4, at=NOON)
    assert [expected] == batch.facts
    [held] = batch.hold(ONE, {BAR: 1}, deadline=LATER, at=NOON)
    assert HERE == held.location_id


def test_more_reserved_than_there_is_cannot_be_written_down() -> None:
    """The stock item itself refuses to exist beyond its law."""
    for on_hand, reserved in ((1, 2), (0, 1), (1, -1)):
        with pytest.raises(AssertionError):
            StockItem(BAR, HERE, on_hand, reserved)

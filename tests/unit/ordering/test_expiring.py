"""Expiring: carts that nobody touches end, and whoever is about to use one is not disturbed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.ordering.cart import Cart, CartStatus
from quarterturn_domain.ordering.events import CartExpired
from quarterturn_domain.ordering.expiring import IDLE, ExpireCarts

NOW = datetime(2026, 11, 20, tzinfo=UTC)
OWNER = AccountId(UUID(int=7))


def cart(number: int, *, idle: timedelta, owner: AccountId | None = None) -> Cart:
    """An open cart that was touched so long ago."""
    return Cart(CartId(UUID(int=number)), owner, changed_at=NOW - idle)


def test_only_what_lies_untouched_ends() -> None:
    """The longest untouched first, so many at a time, each told once; others, ordered ones among them, stay as they are."""
    database = MemoryDatabase()
    late, later, fresh = cart(1, idle=IDLE * 2), cart(2, idle=IDLE * 3, owner=OWNER), cart(3, idle=IDLE / 2)
    edge = cart(4, idle=IDLE)
    ordered = cart(5, idle=IDLE * 9).order(OrderId(UUID(int=5)), at=NOW - IDLE * 9)
    with database.begin() as work:
        work.carts.add([late, later, fresh, edge, ordered])
    expire = ExpireCarts(database.begin, ManualClock(NOW))
    assert (later.id,) == expire(1)
    assert (late.id,) == expire()
    assert () == expire()
    with database.begin() as work:
        kept = work.carts.find([each.id for each in (late, later, fresh, edge, ordered)])
        facts = [message.event for message in work.outbox.pending(10)]
    assert [fresh, edge, ordered] == [kept[each.id] for each in (fresh, edge, ordered)]
    assert {CartStatus.EXPIRED} == {kept[each.id].status for each in (late, later)}
    assert late.changed_at == kept[late.id].changed_at
    assert [CartExpired(cart_id=later.id, owner_id=OWNER, at=NOW), CartExpired(cart_id=late.id, owner_id=None, at=NOW)] == facts


def test_an_ended_cart_is_not_filled_again() -> None:
    """Whoever comes back gets another one."""
    ended, _ = cart(1, idle=IDLE).expire(at=NOW)
    with pytest.raises(InvalidTransition):
        ended.expire(at=NOW)
    with pytest.raises(InvalidTransition):
        ended.order(OrderId(UUID(int=1)), at=NOW)

"""Every figure can be explained: an order down to its rounding steps, a payout down to the entries that it consists of."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from tests.unit.ordering.shops import BASKET, after, lived

from quarterturn_adapters.bootstrap import Application
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import OrderId, PayoutId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payouts.explaining import Explain
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.settlement.journal import EntryKind
from quarterturn_domain.testing.lives import LivingShop
from quarterturn_domain.testing.strategies import OrderLife, order_lives
from quarterturn_domain.testing.strategies.lives import Onward, Pass, Refund, Step

PAID_OUT: Final[tuple[Step, ...]] = (BASKET, *[Onward(0)] * 6)


def explain_of(living: LivingShop) -> Explain:
    """The use case."""
    assert isinstance(living.shop, Application)
    return living.shop.explain


def everything_is_explained(living: LivingShop) -> None:
    """Every order and every payout there is."""
    explain = explain_of(living)
    for order in living.found():
        assert explain.order(order.id).holds, order.id
    for payout in living.payouts():
        explained = explain.payout(payout.id)
        assert explained.holds, (payout, explained.parts)


@settings(max_examples=40)
@given(order_lives())
def test_whatever_happens_everything_is_explained(life: OrderLife) -> None:
    """In any life, the figures of every order follow from what is frozen, and every payout is the sum of its parts."""
    living, _ = lived(life, check=lambda _: None)
    everything_is_explained(living)


def test_a_second_payout_consists_of_what_came_since_the_first() -> None:
    """An earning is part of one payout; a refund after it is part of the next one."""
    living = after(*PAID_OUT, BASKET, *[Onward(1)] * 5, Refund(0, spread=100), Onward(1))
    first, second = (explain_of(living).payout(each.id) for each in _of_one_vendor(living))
    assert {EntryKind.RELEASE} == {part.kind for part in first.parts}
    assert {EntryKind.RELEASE, EntryKind.REFUND} == {part.kind for part in second.parts}
    assert not {part.number for part in first.parts} & {part.number for part in second.parts}
    assert first.holds
    assert second.holds
    assert [EntryKind.PAYOUT, EntryKind.PAYOUT_SENT] == [each.entry.kind for each in first.entries]


def test_a_figure_that_was_tampered_with_does_not_hold() -> None:
    """An order whose frozen price says something else than its steps is told from one that is right."""
    living = after(BASKET, Onward(0), Pass(timedelta(hours=1)))
    (order,) = living.found()
    part = order.vendor_orders[0]
    line = part.lines[0]
    goods = attrs.evolve(line.price.goods, earning=line.price.goods.earning + Money(1, order.total.currency))
    wrong = attrs.evolve(line, price=attrs.evolve(line.price, goods=goods))
    with living.shop.begin() as work:
        work.orders.lock([order.id])
        work.orders.save([order.replace(part.replace(wrong))])
    assert not explain_of(living).order(order.id).holds


def test_what_is_not_there_is_not_explained() -> None:
    """An order or a payout that nobody knows is `NotFound`."""
    living = after()
    with pytest.raises(NotFound):
        explain_of(living).order(OrderId(UUID(int=9)))
    with pytest.raises(NotFound):
        explain_of(living).payout(PayoutId(UUID(int=9)))


def _of_one_vendor(living: LivingShop) -> list[Payout]:
    payouts = living.payouts()
    mine = [each for each in payouts if each.vendor_id == payouts[0].vendor_id]
    return sorted(mine, key=lambda each: each.scheduled_at)

"""How often refunds are written: once for each kind, however many vendors an order has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.unit.ordering.shops import SandboxWorld, euro, shop_on

from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import OrderLife
from quarterturn_domain.testing.strategies.lives import Cancel, Goods, Onward, Place, Start, Step, Work
from quarterturn_domain.testing.strategies.offers import VENDORS


class Counting:
    """A repository that counts the calls of its methods."""

    def __init__(self, name: str, repository: Any, calls: Counter[str]) -> None:  # noqa: ANN401
        self._name = name
        self._repository = repository
        self._calls = calls

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        self._calls[f"{self._name}.{name}"] += 1
        return getattr(self._repository, name)


def counting(begin: Callable[[], Any], calls: Counter[str]) -> Callable[[], Any]:
    """A `begin` whose units of work count the calls of orders, payments and refunds."""

    @contextmanager
    def begun() -> Iterator[Any]:
        with begin() as work:
            for name in ("orders", "payments", "refunds"):
                setattr(work, name, Counting(name, getattr(work, name), calls))
            yield work

    return begun


def cancelled(vendors: int, *paid: Step) -> tuple[Counter[str], LivingShop]:
    """The calls of repositories for one cancellation of an order with so many vendors."""
    world, calls = SandboxWorld(), Counter[str]()
    goods = tuple(Goods(number % len(VENDORS), number, euro("10.00"), euro("1.00"), 9) for number in range(vendors))
    begin = counting(MemoryDatabase(SeededIds(9, world.clock)).begin, calls)
    living = LivingShop(OrderLife(goods, ()), shop_on(world, begin=begin), world)
    for step in (Place((tuple((number, 2) for number in range(vendors)),)), *paid):
        living.take(step)
    order = living.found()[0]
    assert vendors == len(order.vendor_orders)
    calls.clear()
    living.take(Cancel(0))
    assert not living.refusals
    counted = Counter(calls)
    living.take(Work("quiet"))
    prove(living)
    return counted, living


@pytest.mark.parametrize(
    ("paid", "refunds"),
    [
        pytest.param(Onward(0), len(VENDORS), id="captured"),
        pytest.param(Start(0, Means.APPROVED, manual=True), 0, id="authorised"),
    ],
)
def test_a_cancellation_costs_as_many_calls_for_many_vendors_as_for_one(paid: Step, refunds: int) -> None:
    """The reaction locks orders and payments once and writes every table once: the calls do not grow with the vendors."""
    one, _ = cancelled(1, paid)
    many, living = cancelled(len(VENDORS), paid)
    assert one == many
    assert (1, 1, min(1, refunds)) == (many["payments.of_orders"], many["payments.save"], many["refunds.add"])
    with living.shop.begin() as work:
        assert refunds == len(work.refunds.of_order(living.orders[0]))

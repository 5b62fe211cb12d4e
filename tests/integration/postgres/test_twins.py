"""The same order asked for by several callers at the same moment is one order, and each of them gets it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from quarterturn_adapters.desk import Desk
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.postgres import PostgresDatabase, retried
from quarterturn_domain.kernel.errors import Outcome
from quarterturn_domain.kernel.ids import OrderId, Sku
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder, PlaceOrders
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.samples.goods import furnish_catalog

CALLERS, ROUNDS = 8, 20
Ask = Callable[[PlaceOrder], Outcome[Order]]


def straight(begin: Begin[OrderingWork]) -> Ask:
    """Every caller for itself."""
    place = retried(PlaceOrders(begin))
    return lambda command: place([command])[0]


def through_the_desk(begin: Begin[OrderingWork]) -> Ask:
    """Every caller at one desk with several clerks."""
    desk = Desk(PlaceOrders(begin), clerks=4)
    return lambda command: desk([command])[0]


@pytest.mark.parametrize("way", [straight, through_the_desk])
@pytest.mark.parametrize(("case", "units"), [("plenty", 1_000), ("just enough for each order once", ROUNDS)])
def test_twins_are_one(url: str, way: Callable[[Begin[OrderingWork]], Ask], case: str, units: int) -> None:
    """Eight callers with one id and one basket at once get one order, even when its last unit is what they all want."""
    with PostgresDatabase(url, connections=CALLERS) as database:
        sku = stocked(database, units)
        ask = way(database.begin)
        for _ in range(ROUNDS):
            command = PlaceOrder(order_id=OrderId(SystemIds().new()), lines=(BasketLine(sku, 1),), at=samples.moment(1))
            outcomes = at_once(ask, command)
            assert [outcomes[0]] * CALLERS == list(outcomes), case
            assert isinstance(outcomes[0], Order), case
        with database.begin() as work:
            (item,) = work.stock.levels([sku])
        assert (units, ROUNDS) == (item.on_hand, item.reserved)


def at_once(ask: Ask, command: PlaceOrder) -> Sequence[Outcome[Order]]:
    """What each of many callers gets who ask at the same moment."""
    ready = threading.Barrier(CALLERS)
    outcomes: list[Outcome[Order]] = []

    def call() -> None:
        ready.wait()
        outcomes.append(ask(command))

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == CALLERS
    return outcomes


def stocked(database: PostgresDatabase, units: int) -> Sku:
    """A SKU that can be bought, with so many units."""
    with database.begin() as work:
        furnish_catalog(work)
        found = work.offers.sellable([samples.offer_sku(n) for n in range(1, 9)])
        sku = next(offer.sku for offer in found.values() if offer.not_for_sale is None)
        allocation = Allocation(work.stock.lock([sku]))
        allocation.move(Movement("in", sku, samples.location_id(1), MovementKind.RECEIPT, units, "came", "me", samples.moment(0)))
        work.stock.record(allocation)
    return sku

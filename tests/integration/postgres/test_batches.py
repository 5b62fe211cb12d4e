"""Set-based writes: what a batch costs in statements does not grow with its orders, its lines or its SKUs."""

from __future__ import annotations

import re

import psycopg
import pytest
from tests.databases import TestServer

from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.postgres import PostgresDatabase, stock
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import LocationId, OrderId
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder, PlaceOrders
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.samples.goods import furnish_catalog

IDS = SeededIds(7)
MOST_STATEMENTS = 12
"""For a batch of checkouts, with the beginning and the end of its transaction."""


def stocked(url: str) -> PostgresDatabase:
    """A catalog of published offers with units of each."""
    database = PostgresDatabase(url)
    with database.begin() as work:
        furnish_catalog(work)
        skus = [samples.offer_sku(n) for n in range(1, 9)]
        allocation = Allocation(work.stock.lock(skus))
        for number, sku in enumerate(skus):
            place = LocationId(samples.location_id(number % 3 + 1))
            allocation.move(Movement(f"in:{sku}", sku, place, MovementKind.RECEIPT, 1_000, "came", "me", samples.moment(0)))
        work.stock.record(allocation)
    return database


def baskets(database: PostgresDatabase, orders: int) -> list[PlaceOrder]:
    """As many checkouts, of two SKUs each, all in the currency of the first."""
    with database.begin() as work:
        sellable = work.offers.sellable([samples.offer_sku(n) for n in range(1, 9)])
    offers = [offer for offer in sellable.values() if offer.not_for_sale is None]
    same = [offer.sku for offer in offers if offer.price.currency is offers[0].price.currency]
    assert len(same) >= 2
    return [
        PlaceOrder(
            order_id=OrderId(IDS.new()),
            lines=(BasketLine(same[n % len(same)], 1), BasketLine(same[(n + 1) % len(same)], 2)),
            at=samples.moment(1),
        )
        for n in range(orders)
    ]


@pytest.mark.parametrize("orders", [1, 32, 128])
def test_a_batch_of_checkouts_is_a_dozen_statements(url: str, orders: int) -> None:
    """Placing a batch takes at most twelve statements, BEGIN and COMMIT included, however many orders it has."""
    sent: list[str] = []
    with stocked(url) as seeded, PostgresDatabase(url, watch=sent.append) as database:
        with database.begin() as work:
            work.price_books.current()
        sent.clear()
        for outcome in PlaceOrders(database.begin)(baskets(seeded, orders)):
            granted(outcome)
        written = [match[1] for each in sent if (match := re.match(r"(?:INSERT INTO|UPDATE) (\w+)", each))]
        # One statement for each table, and the two that begin and end the transaction are not told.
        assert len(set(written)) == len(written)
        assert {"stock_items", "reservations", "orders", "vendor_orders", "order_lines", "outbox"} == set(written)
        assert len(sent) + 2 <= MOST_STATEMENTS
        with database.begin() as work:
            assert orders == len(work.orders.page(None, 1_000))
            assert orders * 3 == sum(item.reserved for item in work.stock.levels([samples.offer_sku(n) for n in range(1, 9)]))


def test_only_what_has_changed_is_written(url: str) -> None:
    """Saving an order writes the rows of the parts that changed, and saving it unchanged writes nothing."""
    sent: list[str] = []
    with PostgresDatabase(url, watch=sent.append) as database:
        with database.begin() as work:
            work.orders.add([samples.a_placed_order(1)])
        with database.begin() as work:
            order = work.orders.lock([samples.order_id(1)])[samples.order_id(1)]
            sent.clear()
            work.orders.save([order])
        assert [] == sent
        with database.begin() as work:
            order = work.orders.lock([samples.order_id(1)])[samples.order_id(1)]
            sent.clear()
            work.orders.save([order.pay(at=samples.moment(2))[0]])
        assert ["orders", "vendor_orders"] == [each.split()[1] for each in sent]


def test_the_terms_are_read_once(url: str) -> None:
    """The price book is read anew after a ruling, by every process, and otherwise costs one number for each transaction."""
    sent: list[str] = []
    with PostgresDatabase(url, watch=sent.append) as database, PostgresDatabase(url) as other:
        with database.begin() as work:
            before = work.price_books.current()
        sent.clear()
        with database.begin() as work:
            assert before is work.price_books.current()
        assert 1 == len(sent)
        with other.begin() as work:
            work.price_books.rule_commission(samples.a_commission_rule(1))
        with database.begin() as work:
            assert [samples.a_commission_rule(1)] == list(work.price_books.current().commission.rules)


def test_a_ruling_that_is_rolled_back_is_nobodys_terms(database: PostgresDatabase) -> None:
    """What one transaction rules and takes back is never in the book of another, though their editions have the same number."""
    with pytest.raises(ZeroDivisionError), database.begin() as work:  # noqa: PT012 - the unit of work as a whole is refused.
        work.price_books.rule_commission(samples.a_commission_rule(1))
        assert 1 == len(work.price_books.current().commission.rules)
        raise ZeroDivisionError
    with database.begin() as work:
        work.price_books.rule_commission(samples.a_commission_rule(2))
    with database.begin() as work:
        assert [samples.a_commission_rule(2)] == list(work.price_books.current().commission.rules)


def test_the_lock_of_stock_looks_skus_up_whatever_the_statistics_say(server: TestServer) -> None:
    """Statistics that say that a table is empty, as those of a young database do, do not make a checkout read all of the stock."""
    url = server.migrated()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("SET enable_seqscan = off")
        planned = psycopg.ClientCursor(connection)
        planned.execute(f"EXPLAIN {stock.LOCK}", ("{A,B}",) * 3)
        plan = "\n".join(line for (line,) in planned)
        # The line below the one that names a table says by which condition its index is entered.
        assert "Index Cond: (sku = ANY" in plan.split(" on stock_items i ")[1].split("\n")[1], plan
    server.drop(url)

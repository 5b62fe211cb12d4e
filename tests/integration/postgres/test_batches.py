"""Set-based writes: what a batch costs in statements does not grow with its orders, its lines or its SKUs."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import attrs
import psycopg
import pytest
from tests.databases import TestServer

from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.postgres import PostgresDatabase, stock
from quarterturn_adapters.postgres.arrays import texts
from quarterturn_domain.kernel.errors import Conflict, Invalid, NotFound, granted
from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder, PlaceOrders
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.bundling import DefineKit, DefineKits
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.stock.receiving import MoveStock, MoveStocks
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


@pytest.mark.parametrize("impossible", ["A\0", "\ud83d", "\0", "", "A" * 65])
def test_a_sku_that_nobody_can_have_is_refused_alone(url: str, impossible: str) -> None:
    """One basket names what PostgreSQL could not even be asked for: it is not found, and its neighbours are placed."""
    with stocked(url) as database:
        one, two, three = baskets(database, 3)
        two = attrs.evolve(two, lines=(*two.lines, BasketLine(Sku(impossible), 1)))
        outcomes = PlaceOrders(database.begin)([one, two, three])
        assert NotFound("offer", impossible) == outcomes[1]
        assert [one.order_id, three.order_id] == [granted(outcomes[n]).id for n in (0, 2)]


def test_a_text_of_half_a_character_is_refused() -> None:
    """What UTF-8 has no bytes for is `Invalid`, as NUL is, and no bug; every other character is kept."""
    for text in ("\ud83d", "a\udfffb", "\0"):
        for column in ([text], ["a", text], [None, text]):
            with pytest.raises(Invalid):
                texts(column)
    assert '{"\U0001f6b2","\xe4"}' == texts(["\U0001f6b2", "\xe4"])


def test_a_sku_is_not_made_a_kit_while_its_stock_arrives(database: PostgresDatabase) -> None:
    """Whichever of the two is first, the other one sees it: never does a kit have stock of its own."""
    with database.begin() as work:
        furnish_catalog(work)
        work.locations.add([samples.a_location(1)])
        place = samples.a_location(1)
        own = [each.sku for each in work.offers.of_vendor(place.vendor_id, None, 9)][:2]
    assert 2 == len(own)
    kit = DefineKit(sku=own[0], vendor_id=place.vendor_id, components=((own[1], 1),), at=samples.moment(1))
    came = MoveStock(
        movement_id=IDS.new(),
        vendor_id=place.vendor_id,
        sku=own[0],
        location_id=place.id,
        quantity=1,
        actor="clerk",
        at=samples.moment(1),
    )
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as work:
            # As a receipt does, just before its units are written.
            work.offers.lock([own[0]])
            defining = pool.submit(DefineKits(database.begin), kit)
            with pytest.raises(TimeoutError):
                defining.result(0.3)
            allocation = Allocation(work.stock.lock([own[0]]))
            allocation.move(Movement(came.cause, own[0], place.id, MovementKind.RECEIPT, 1, "received", "clerk", came.at))
            work.stock.record(allocation)
        with pytest.raises(Conflict, match="stock of its own"):
            defining.result(10)
        other = attrs.evolve(kit, sku=own[1], components=((own[0], 1),))
        with database.begin() as work:
            # As the definition of a kit does, just before the kit is written.
            work.offers.lock(own)
            moving = pool.submit(MoveStocks(database.begin), [attrs.evolve(came, movement_id=IDS.new(), sku=own[1])])
            with pytest.raises(TimeoutError):
                moving.result(0.3)
            work.kits.add([Kit(other.sku, other.components)])
        assert [Invalid(f"stock of the kit {own[1]}", "movements of its components")] == moving.result(10)


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

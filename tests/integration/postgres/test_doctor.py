"""The doctor finds nothing in healthy data, and every planted violation by the name of its law, with its rows."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.databases import EMBEDDED, running, unused_port

from quarterturn_adapters.databases import Opened
from quarterturn_adapters.demo import tell
from quarterturn_adapters.demo.shop import Shop
from quarterturn_adapters.postgres import DatabaseUnfit, PostgresDatabase
from quarterturn_adapters.postgres.doctor import SHOWN, examine

LOST = "UPDATE vendor_orders SET status = 'lost', delivered_at = NULL"
PLANTED = [
    ("on-hand", "UPDATE stock_items SET on_hand = on_hand + 1"),
    ("on-hand", "DELETE FROM stock_items"),
    ("reserved", "UPDATE stock_items SET reserved = 1"),
    ("bounds", "ALTER TABLE stock_items DROP CONSTRAINT stock_items_reserved_check; UPDATE stock_items SET reserved = on_hand + 1"),
    ("sold", "DELETE FROM movements WHERE kind = 'sale'"),
    ("held", "UPDATE reservations SET status = 'held'"),
    ("bought", "UPDATE reservations SET quantity = quantity + 1"),
    ("total", "UPDATE orders SET total = total + 1"),
    ("total", "DELETE FROM order_lines"),
    ("vendor-orders", "DELETE FROM vendor_orders"),
    ("fulfilment", "UPDATE vendor_orders SET status = 'confirmed', delivered_at = NULL"),
    (
        "split",
        "ALTER TABLE order_lines DROP CONSTRAINT order_lines_goods_split_check; UPDATE order_lines SET goods_earning = 1",
    ),
    ("entries", "UPDATE postings SET amount = amount + 1 WHERE position = 0"),
    ("balances", "UPDATE account_balances SET amount = amount + 1 WHERE account = 'processor_fees'"),
    ("balances", "DELETE FROM account_balances"),
    (
        "orders-journal",
        "UPDATE order_lines SET goods_earning = 0, goods_commission = goods_paid WHERE refunded_goods = 0",
    ),
    (
        "orders-refunded",
        "UPDATE order_lines SET goods_earning = 0, goods_commission = goods_paid WHERE refunded_goods > 0",
    ),
    ("orders-refunded", "UPDATE payments SET in_parts = true, waiting = '[[1, 1, 1, 0]]' WHERE captured > 0"),
    ("paid", "UPDATE orders SET state = 'placed'"),
    ("facts", "UPDATE journal_entries SET fact = 'nothing' WHERE fact LIKE 'refund:%:succeeded'"),
    ("facts", "UPDATE payments SET captures = 2 WHERE captured > 0"),
    ("facts", "UPDATE journal_entries SET fact = 'nothing ' || number WHERE fact LIKE 'payout:%:send'"),
    ("refunded", "UPDATE payments SET refunded = refunded - 1"),
    ("earnings", "UPDATE earnings SET pending = 1, released_at = NULL"),
    ("in-transit", "UPDATE payouts SET status = 'scheduled'"),
    ("owed", "UPDATE refunds SET status = 'sent'"),
    ("orphans", "DELETE FROM locations"),
    ("orphans", "DELETE FROM seals WHERE position = 1"),
    (
        "orders-refunded",
        f"ALTER TABLE vendor_orders DROP CONSTRAINT vendor_orders_status_known_check; {LOST}",
    ),
    ("guards", "ALTER TABLE movements DISABLE TRIGGER movements_append_only"),
    ("chain", "UPDATE journal_entries SET at = at + interval '1 second'"),
    ("chain", "UPDATE seals SET hash = repeat('0', 64) WHERE position = 2"),
]


@pytest.fixture(scope="module")
def told() -> Iterator[str]:
    """The URL of a database in which the demonstration has happened: sold, split, refunded, paid out, sealed."""
    url = running(EMBEDDED).migrated()
    with PostgresDatabase(url) as database:
        tell(Shop(Opened(database.begin)))
    yield url
    running(EMBEDDED).drop(url)


@pytest.fixture
def broken(told: str) -> Iterator[str]:
    """A copy of that database, to be broken."""
    url = running(EMBEDDED).copied(told)
    yield url
    running(EMBEDDED).drop(url)


def test_healthy_data_are_healthy(told: str) -> None:
    """After the demonstration every law holds, every check was made, and each was told to whoever watches."""
    seen: list[tuple[str, int, int]] = []
    report = examine(told, lambda *each: seen.append(each))
    assert () == report.findings
    assert list(report.checks) == [name for name, _, _ in seen]
    assert {name for name, _ in PLANTED} == set(report.checks)


@pytest.mark.parametrize(("check", "sql"), PLANTED)
def test_a_planted_violation_is_found(broken: str, check: str, sql: str) -> None:
    """What no constraint let through, planted behind their back, is found under the law that it breaks, with its rows."""
    with psycopg.connect(broken, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.encode())
    report = examine(broken)
    assert not report.healthy
    found = {finding.check: finding for finding in report.findings}
    assert check in found
    assert 1 <= len(found[check].rows) <= min(SHOWN, found[check].count)
    assert all(row for row in found[check].rows)


def test_it_only_reads(told: str) -> None:
    """A user who may do nothing but read, on a connection that refuses to write, can have the data examined."""
    with psycopg.connect(told, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("ALTER ROLE reader SET default_transaction_read_only = on")
        connection.execute("GRANT pg_read_all_data TO reader")
    assert examine(told.replace("postgres@", "reader@")).healthy


def test_a_database_that_is_not_there_is_said_so() -> None:
    """One sentence, and no stack of an adapter."""
    with pytest.raises(DatabaseUnfit):
        examine(f"postgresql://postgres@127.0.0.1:{unused_port()}/nothing")

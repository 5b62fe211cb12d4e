"""What SQL can say of the domain's laws it says: no program, however wrong, writes what they forbid."""

# ruff: noqa: S608 - its statements are written here, and hold nothing from outside.

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import errors
from tests.databases import TestServer, running, versions

from quarterturn_adapters.postgres.laws import LIFECYCLES, reachable
from quarterturn_domain.kernel.machine import StateMachine

ID = "'00000000-0000-7000-8000-000000000001'"
OTHER = "'00000000-0000-7000-8000-000000000002'"

SEED = f"""
INSERT INTO stock_items VALUES ('ROWER', {ID}, 5, 2, 0);
INSERT INTO reservations VALUES ({ID}, 'ROWER', {ID}, 2, now(), 'held', 0);
INSERT INTO movements (cause, sku, location_id, kind, quantity, reason, actor, at)
    VALUES ('in', 'ROWER', {ID}, 'receipt', 5, 'came', 'me', now());
INSERT INTO orders VALUES ({ID}, NULL, 1000, 'EUR', now(), now(), 'mark', NULL, NULL, 'cancelled');
INSERT INTO vendor_orders VALUES ({ID}, {ID}, 0, now(), 'shipped', '[]', NULL);
INSERT INTO order_lines VALUES ({ID}, 1, {ID}, 'ROWER', {ID}, 'Rower', 'EUR', 500, 0, 2, 0, 1000, 900, 100, 0, 0, 0,
    0, 0, 0, 0, 0, 0, '[]', {ID}, 1, '[]', 0, 0, 0, 0, 0, 0, 0);
INSERT INTO payments VALUES ({ID}, {ID}, 1000, 'automatic', 0, 0, 0, 0, 0, 'EUR', now(), 'cancelled', 'pi_1', NULL, NULL, NULL);
INSERT INTO accounts VALUES ({ID}, 'ada@example.org', 'Ada', 'active', now());
INSERT INTO carts VALUES ({ID}, {ID}, '[]', 'open', NULL, now());
INSERT INTO journal_entries (fact, kind, order_id, at) VALUES ('fact', 'capture', NULL, now());
INSERT INTO postings SELECT number, place, 'refunds', NULL, amount, 'EUR', now()
    FROM journal_entries, (VALUES (0, 5), (1, -5)) AS v (place, amount);
INSERT INTO seals SELECT 1, number, repeat('0', 64) FROM journal_entries;
INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, version, headers, timestamp)
    VALUES ({ID}, 'order', 'x', 'order.expired', '{{}}', 1, '{{}}', now());
INSERT INTO commission_rules VALUES ({ID}, 1, true, 0, '{{}}');
INSERT INTO sessions VALUES ({ID}, {ID}, 'Firefox', now(), now(), now() + interval '1 day', 'f', 't', 'revoked', '');
INSERT INTO audit_entries (at, action, subject_kind, subject_id, details)
    VALUES (now(), 'account.suspended', 'account', 'x', '{{}}');
"""

CHECK, UNIQUE, LAW = errors.CheckViolation, errors.UniqueViolation, errors.IntegrityConstraintViolation

REFUSED: list[tuple[str, LiteralString, type[psycopg.Error]]] = [
    ("more reserved than on hand", "UPDATE stock_items SET reserved = 6", CHECK),
    ("less than nothing reserved", "UPDATE stock_items SET reserved = -1", CHECK),
    ("a reservation of nothing", "UPDATE reservations SET quantity = 0", CHECK),
    ("more returned than sold", "UPDATE reservations SET status = 'committed', returned = 3", CHECK),
    ("returned before it was sold", "UPDATE reservations SET returned = 1", CHECK),
    ("an unknown status", f"INSERT INTO reservations VALUES ({OTHER}, 'ROWER', {ID}, 2, now(), 'lost', 0)", CHECK),
    ("a movement is edited", "UPDATE movements SET quantity = 6", LAW),
    ("a movement is deleted", "DELETE FROM movements", LAW),
    ("the movements are emptied", "TRUNCATE movements", LAW),
    (
        "a cause moves an item twice",
        """INSERT INTO movements (cause, sku, location_id, kind, quantity, reason, actor, at)
        SELECT cause, sku, location_id, kind, 9, reason, actor, at FROM movements""",
        UNIQUE,
    ),
    ("a cancelled order is paid", "UPDATE orders SET state = 'paid'", LAW),
    ("a shipped vendor order is cancelled", "UPDATE vendor_orders SET status = 'cancelled'", LAW),
    ("a cancelled payment is captured", "UPDATE payments SET status = 'captured'", LAW),
    ("delivered, and not yet shipped", "UPDATE vendor_orders SET delivered_at = now()", CHECK),
    ("the split of goods loses a cent", "UPDATE order_lines SET goods_earning = 899", CHECK),
    ("the split of shipping finds a cent", "UPDATE order_lines SET shipping_commission = 1", CHECK),
    ("a part of a split is negative", "UPDATE order_lines SET goods_earning = 1001, goods_commission = -1", CHECK),
    ("more is shipped than was bought", "UPDATE order_lines SET shipped = 2, cancelled = 1", CHECK),
    ("more arrives than was shipped", "UPDATE order_lines SET shipped = 1, delivered = 2", CHECK),
    ("more comes back than arrived", "UPDATE order_lines SET shipped = 1, delivered = 1, returned = 1, on_way_back = 1", CHECK),
    ("more is refunded than was paid", "UPDATE order_lines SET refunded_goods = 1001", CHECK),
    ("more is owed back than was captured", "UPDATE payments SET refunded = 1", CHECK),
    ("more is lost than was captured", "UPDATE payments SET lost = 1", CHECK),
    ("less than nothing is lost", "UPDATE payments SET lost = -1", CHECK),
    ("an address has two accounts", f"INSERT INTO accounts VALUES ({OTHER}, 'ada@example.org', 'Eve', 'active', now())", UNIQUE),
    ("an address has capital letters", "UPDATE accounts SET email = 'Ada@example.org'", CHECK),
    ("an account has two open carts", f"INSERT INTO carts VALUES ({OTHER}, {ID}, '[]', 'open', NULL, now())", UNIQUE),
    (
        "a reference has two payments",
        f"INSERT INTO payments VALUES ({OTHER}, {ID}, 1, 'manual', 0, 0, 0, 0, 0, 'EUR', now(), 'failed', 'pi_1')",
        UNIQUE,
    ),
    ("a fact is booked twice", "INSERT INTO journal_entries (fact, kind, at) VALUES ('fact', 'refund', now())", UNIQUE),
    ("an entry is edited", "UPDATE journal_entries SET fact = 'other'", LAW),
    ("an entry is deleted", "DELETE FROM journal_entries", LAW),
    ("a posting is edited", "UPDATE postings SET amount = amount * 2", LAW),
    ("a posting is deleted", "DELETE FROM postings", LAW),
    ("a posting of nothing", "INSERT INTO postings SELECT entry, 2, account, NULL, 0, 'EUR', at FROM postings LIMIT 1", CHECK),
    (
        "an entry gets a late posting that unbalances it",
        "INSERT INTO postings SELECT entry, 2, account, NULL, 1, 'EUR', at FROM postings LIMIT 1",
        LAW,
    ),
    (
        "postings balance over currencies, but not in each",
        """INSERT INTO postings SELECT entry, 2 + position, account, NULL, amount, CASE position WHEN 0 THEN 'USD' ELSE 'CHF' END,
        at FROM postings""",
        LAW,
    ),
    ("a seal is edited", "UPDATE seals SET hash = repeat('1', 64)", LAW),
    ("a seal is torn off", "DELETE FROM seals", LAW),
    ("an event is edited", "UPDATE outbox SET payload = '[]'", LAW),
    ("an event is lost before it is delivered", "DELETE FROM outbox", LAW),
    ("a revoked session comes to life", "UPDATE sessions SET status = 'active'", LAW),
    ("a session is used after its end", "UPDATE sessions SET used_at = expires_at", CHECK),
    ("an account loses its last role", "UPDATE accounts SET roles = '[]'", CHECK),
    ("an account gets a role that nobody knows", "UPDATE accounts SET roles = '[\"root\"]'", CHECK),
    ("an entry of the audit trail is edited", "UPDATE audit_entries SET actor_id = NULL", LAW),
    ("an entry of the audit trail is deleted", "DELETE FROM audit_entries", LAW),
    ("the audit trail is emptied", "TRUNCATE audit_entries", LAW),
    ("a rule has two versions in force", f"INSERT INTO commission_rules VALUES ({ID}, 2, true, 0, '{{}}')", UNIQUE),
]


@pytest.fixture(params=versions(), scope="module")
def seeded(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with one row of everything."""
    server: TestServer = running(request.param)
    url = server.migrated()
    with psycopg.connect(url) as connection:
        connection.execute(SEED)
        connection.commit()
        yield connection
    server.drop(url)


@pytest.mark.parametrize(("case", "statement", "refusal"), REFUSED, ids=[case for case, _, _ in REFUSED])
def test_the_database_refuses(
    seeded: psycopg.Connection[Any], case: str, statement: LiteralString, refusal: type[psycopg.Error]
) -> None:
    """A statement that breaks a law is refused, whoever sends it."""
    try:
        with pytest.raises(refusal):
            seeded.execute(statement)
    finally:
        seeded.rollback()


def test_an_entry_has_to_balance_at_the_commit(seeded: psycopg.Connection[Any]) -> None:
    """An entry that nobody balances is refused at the commit, even if each statement's own law was switched off."""
    seeded.execute("ALTER TABLE postings DISABLE TRIGGER postings_balance")
    seeded.execute("INSERT INTO journal_entries (fact, kind, at) VALUES ('lame', 'refund', now())")
    seeded.execute("INSERT INTO postings SELECT number, 0, 'refunds', NULL, 1, 'EUR', at FROM journal_entries WHERE fact = 'lame'")
    with pytest.raises(LAW, match="does not balance"):
        seeded.commit()
    seeded.rollback()


@pytest.mark.parametrize("machine", [machine for _, _, machine in LIFECYCLES], ids=lambda machine: machine.name)
def test_every_step_of_a_lifecycle_is_a_path(machine: StateMachine[Any]) -> None:
    """The triggers let pass every step of the code's own table."""
    steps = {(state, after) for state, row in machine.table.items() for after in row.values() if after is not state}
    assert set() == steps - set(reachable(machine))


def test_what_was_delivered_may_be_forgotten(seeded: psycopg.Connection[Any]) -> None:
    """An event that was delivered can be deleted, which is how the outbox stays small."""
    seeded.execute("UPDATE outbox SET delivered_at = now()")
    assert 1 == seeded.execute("DELETE FROM outbox").rowcount
    seeded.rollback()

"""Laws that a CHECK cannot say, as triggers: lifecycles, what is append-only, and that every entry balances.

The lifecycles are written from the same tables as the code. A row may go where any path of its lifecycle leads, since a unit of
work records the last of several steps; it never goes where no path leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import Table

from quarterturn_adapters.postgres.tables.catalog import OFFERS, PRODUCTS
from quarterturn_adapters.postgres.tables.identity import ACCOUNTS, AUDIT_ENTRIES, LETTERS, SESSIONS, VENDORS
from quarterturn_adapters.postgres.tables.kernel import DISPATCHES, OUTBOX
from quarterturn_adapters.postgres.tables.operations import CIRCUITS
from quarterturn_adapters.postgres.tables.ordering import CARTS, ORDERS, RETURNS, VENDOR_ORDERS
from quarterturn_adapters.postgres.tables.payments import DISPUTES, PAYMENTS, REFUNDS, WEBHOOKS
from quarterturn_adapters.postgres.tables.payouts import PAYOUTS
from quarterturn_adapters.postgres.tables.settlement import ENTRIES, POSTINGS, SEALS
from quarterturn_adapters.postgres.tables.stock import MOVEMENTS, RESERVATIONS
from quarterturn_adapters.postgres.tables.webhooks import DELIVERIES, ENDPOINTS
from quarterturn_domain.catalog.offer import OFFER
from quarterturn_domain.catalog.product import PRODUCT
from quarterturn_domain.identity.account import ACCOUNT
from quarterturn_domain.identity.letter import LETTER
from quarterturn_domain.identity.session import SESSION
from quarterturn_domain.identity.vendor import VENDOR
from quarterturn_domain.kernel.dispatch import DISPATCH
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.operations.circuit import CIRCUIT
from quarterturn_domain.ordering.cart import CART
from quarterturn_domain.ordering.order import ORDER
from quarterturn_domain.ordering.return_ import RETURN
from quarterturn_domain.ordering.vendor_order import FULFILMENT
from quarterturn_domain.payments.dispute import DISPUTE
from quarterturn_domain.payments.payment import PAYMENT
from quarterturn_domain.payments.refund import REFUND
from quarterturn_domain.payments.webhook import WEBHOOK
from quarterturn_domain.payouts.payout import PAYOUT
from quarterturn_domain.stock.reservation import RESERVATION
from quarterturn_domain.webhooks.delivery import DELIVERY
from quarterturn_domain.webhooks.endpoint import ENDPOINT

S = TypeVar("S", bound=StrEnum)

LIFECYCLES: Final[tuple[tuple[Table, str, StateMachine[Any]], ...]] = (
    (ACCOUNTS, "status", ACCOUNT),
    (VENDORS, "status", VENDOR),
    (SESSIONS, "status", SESSION),
    (LETTERS, "status", LETTER),
    (PRODUCTS, "status", PRODUCT),
    (OFFERS, "status", OFFER),
    (RESERVATIONS, "status", RESERVATION),
    (CARTS, "status", CART),
    (ORDERS, "state", ORDER),
    (VENDOR_ORDERS, "status", FULFILMENT),
    (RETURNS, "status", RETURN),
    (PAYMENTS, "status", PAYMENT),
    (REFUNDS, "status", REFUND),
    (DISPUTES, "status", DISPUTE),
    (WEBHOOKS, "status", WEBHOOK),
    (PAYOUTS, "status", PAYOUT),
    (DISPATCHES, "status", DISPATCH),
    (CIRCUITS, "status", CIRCUIT),
    (ENDPOINTS, "status", ENDPOINT),
    (DELIVERIES, "status", DELIVERY),
)
"""Every table with a lifecycle: its column, and the table of states that the code reads too."""

APPEND_ONLY: Final = (MOVEMENTS, ENTRIES, POSTINGS, SEALS, AUDIT_ENTRIES)

FUNCTIONS: Final = (
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$""",
    """CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% cannot go this way: % to %', TG_TABLE_NAME, to_jsonb(OLD) ->> TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[0]
        USING ERRCODE = 'integrity_constraint_violation';
END $$""",
    """CREATE FUNCTION refuse_unbalanced_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    SELECT entry, currency, sum(amount) AS amount INTO wrong FROM fresh GROUP BY entry, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance: % %', wrong.entry, wrong.amount, wrong.currency
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$""",
    """CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    SELECT currency, sum(amount) AS amount INTO wrong FROM postings WHERE entry = NEW.number
        GROUP BY currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance: % %', NEW.number, wrong.amount, wrong.currency
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$""",
)


def statements() -> Iterator[str]:
    """Everything that has to be created after the tables, in order."""
    yield from FUNCTIONS
    for table, column, machine in LIFECYCLES:
        yield (
            f"CREATE TRIGGER {table.name}_lifecycle BEFORE UPDATE OF {column} ON {table.name} FOR EACH ROW "
            f"WHEN (OLD.{column} <> NEW.{column} AND (OLD.{column} || '>' || NEW.{column}) NOT IN ({_paths(machine)})) "
            f"EXECUTE FUNCTION refuse_transition('{column}')"
        )
    for table in APPEND_ONLY:
        yield _append_only(table.name, "UPDATE OR DELETE OR TRUNCATE")
    payload = ", ".join(column.name for column in OUTBOX.columns if column.name != "delivered_at")
    yield _append_only(OUTBOX.name, f"UPDATE OF {payload} OR TRUNCATE")
    yield (
        "CREATE TRIGGER outbox_undelivered BEFORE DELETE ON outbox FOR EACH ROW "
        "WHEN (OLD.delivered_at IS NULL) EXECUTE FUNCTION refuse_change()"
    )
    yield (
        "CREATE TRIGGER postings_balance AFTER INSERT ON postings REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_postings()"
    )
    # At the commit, once for each entry: the last word, whatever statements have brought its postings.
    yield (
        "CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry()"
    )
    yield "INSERT INTO price_editions (singleton, edition) VALUES (1, 1)"


def reachable(machine: StateMachine[S]) -> list[tuple[S, S]]:
    """Every pair of different states of which the second can be reached from the first."""
    pairs = []
    for state in machine.states:
        reached: set[S] = set()
        waiting = list(machine.table[state].values())
        while waiting:
            after = waiting.pop()
            if after not in reached:
                reached.add(after)
                waiting += machine.table[after].values()
        pairs += [(state, after) for after in machine.states if after in reached and after != state]
    return pairs


def _paths(machine: StateMachine[Any]) -> str:
    return ", ".join(f"'{before}>{after}'" for before, after in reachable(machine)) or "''"


def _append_only(table: str, what: str) -> str:
    return f"CREATE TRIGGER {table}_append_only BEFORE {what} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"

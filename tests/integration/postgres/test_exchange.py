"""Exchanges with a real server: many statements at once, each answered, and no half of them kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.errors import DivisionByZero
from tests.integration.postgres.test_batches import baskets, stocked

from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_adapters.postgres.exchange import Answer, Row, Statement, exchange
from quarterturn_adapters.postgres.statements import Statements
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.ordering.placing import PlaceOrders

WAITS_OF_A_BATCH = 5
"""For the orders that are known, the offers, the edition of the terms, the stock, and the commit with every write."""


@pytest.fixture
def connection(url: str) -> Iterator[Connection[Row]]:
    """A connection with a table of numbers, which is gone with it."""
    with psycopg.connect(url) as made:
        made.execute("CREATE TEMPORARY TABLE numbers (n integer PRIMARY KEY)")
        made.commit()
        yield made


def numbers(connection: Connection[Row]) -> list[Row]:
    """What is kept."""
    found = exchange(connection, [Statement("SELECT n FROM numbers ORDER BY n")], commit=True)
    return found[0].rows


def insert(number: int) -> Statement:
    """One more number."""
    return Statement("INSERT INTO numbers VALUES (%s::integer)", (number,))


def test_every_statement_has_its_answer_in_order(connection: Connection[Row]) -> None:
    """Rows and counts come back as if each statement had been sent alone, whatever the types of the parameters."""
    asked = [insert(1), insert(70_000), Statement("UPDATE numbers SET n = n + 1"), Statement("SELECT n FROM numbers ORDER BY n")]
    assert [Answer([], 1), Answer([], 1), Answer([], 2), Answer([(2,), (70_001,)], 2)] == exchange(connection, asked)


def test_a_failure_ends_the_exchange_and_spares_the_connection(connection: Connection[Row]) -> None:
    """What follows a failed statement is not run and nothing is committed; what it had prepared can be asked for again."""
    fresh = Statement("SELECT n + 1 FROM numbers")
    with pytest.raises(DivisionByZero):
        exchange(connection, [insert(1), Statement("SELECT 1 / 0"), fresh], commit=True)
    connection.rollback()
    assert [] == numbers(connection)
    assert [Answer([], 1), Answer([(8,)], 1)] == exchange(connection, [insert(7), fresh], commit=True)


def test_megabytes_in_both_directions_do_not_block_each_other(connection: Connection[Row]) -> None:
    """The server answers the first statement while the last is still on its way; both sides go on reading."""
    text = "x" * 4_000_000
    answers = exchange(connection, [Statement("SELECT %s::text", (text,))] * 4)
    assert [[(text,)]] * 4 == [answer.rows for answer in answers]


def test_an_interrupted_exchange_leaves_no_connection_to_be_misread(
    connection: Connection[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that nobody waited for must not be taken for those of the next statements."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Connection, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exchange(connection, [Statement("SELECT 1")])
    assert connection.closed


@pytest.mark.parametrize("commit", [False, True], ids=["before a read", "with the commit"])
def test_a_write_that_misses_its_rows_is_not_committed(connection: Connection[Row], commit: bool) -> None:
    """A statement that was to change a row and found none is a bug; it takes the whole unit of work back."""
    statements = Statements(connection)
    statements.later("INSERT INTO numbers VALUES (%s)", 1, rows=1)
    statements.later("UPDATE numbers SET n = 9 WHERE n = %s", 2, rows=1)
    with pytest.raises(AssertionError):
        statements.commit() if commit else statements.flush()
    connection.rollback()
    assert [] == numbers(connection)


def test_a_batch_of_checkouts_waits_five_times(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """BEGIN goes out with the first statement, and all the writes with COMMIT."""
    waits: list[object] = []
    really = Connection.wait

    def counted(connection: Connection[Row], *args: Any) -> object:
        waits.append(args)
        return really(connection, *args)

    with stocked(url) as seeded, PostgresDatabase(url) as database:
        commands = baskets(seeded, 32)
        place = PlaceOrders(database.begin)
        granted(place(baskets(seeded, 1))[0])
        monkeypatch.setattr(Connection, "wait", counted)
        for outcome in place(commands):
            granted(outcome)
        monkeypatch.undo()
    assert len(waits) == WAITS_OF_A_BATCH

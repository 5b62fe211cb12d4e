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
from quarterturn_adapters.postgres import exchange as exchange_module
from quarterturn_adapters.postgres import statements as statements_module
from quarterturn_adapters.postgres.exchange import Answer, Exchange, Row, Statement
from quarterturn_adapters.postgres.refusals import Contended
from quarterturn_adapters.postgres.statements import Statements
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.ordering.placing import PlaceOrders

WAITS_OF_A_BATCH = 5
"""For the orders that are known, the offers, the edition of the terms, the stock, and the commit."""


@pytest.fixture
def connection(url: str) -> Iterator[Connection[Row]]:
    """A connection with a table of numbers, which is gone with it."""
    with psycopg.connect(url) as made:
        made.execute("CREATE TEMPORARY TABLE numbers (n integer PRIMARY KEY)")
        made.commit()
        yield made


def numbers(connection: Connection[Row]) -> list[Row]:
    """What is kept."""
    found = Exchange(connection).ask([Statement("SELECT n FROM numbers ORDER BY n")], commit=True)
    return found[0].rows


def insert(number: int) -> Statement:
    """One more number."""
    return Statement("INSERT INTO numbers VALUES (%s::integer)", (number,))


def test_every_statement_has_its_answer_in_order(connection: Connection[Row]) -> None:
    """Rows and counts come back as if each statement had been sent alone, whatever the types of the parameters."""
    asked = [insert(1), insert(70_000), Statement("UPDATE numbers SET n = n + 1"), Statement("SELECT n FROM numbers ORDER BY n")]
    assert [Answer([], 1), Answer([], 1), Answer([], 2), Answer([(2,), (70_001,)], 2)] == Exchange(connection).ask(asked)


def test_a_failure_ends_the_exchange_and_spares_the_connection(connection: Connection[Row]) -> None:
    """What follows a failed statement is not run and nothing is committed; what it had prepared can be asked for again."""
    fresh = Statement("SELECT n + 1 FROM numbers")
    with pytest.raises(DivisionByZero):
        Exchange(connection).ask([insert(1), Statement("SELECT 1 / 0"), fresh], commit=True)
    connection.rollback()
    assert [] == numbers(connection)
    assert [Answer([], 1), Answer([(8,)], 1)] == Exchange(connection).ask([insert(7), fresh], commit=True)


def test_megabytes_in_both_directions_do_not_block_each_other(connection: Connection[Row]) -> None:
    """The server answers the first statement while the last is still on its way; both sides go on reading."""
    text = "x" * 4_000_000
    answers = Exchange(connection).ask([Statement("SELECT %s::text", (text,))] * 4)
    assert [[(text,)]] * 4 == [answer.rows for answer in answers]


def test_an_interrupted_exchange_leaves_no_connection_to_be_misread(
    connection: Connection[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that nobody waited for must not be taken for those of the next statements."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Connection, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Exchange(connection).ask([Statement("SELECT 1")])
    assert connection.closed


def prepared(connection: Connection[Row]) -> int:
    """How many statements the server keeps for this connection."""
    return int(Exchange(connection).ask([Statement("SELECT count(*) FROM pg_prepared_statements")], commit=True)[0].rows[0][0])


def test_only_the_last_statements_stay_prepared(connection: Connection[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    """However many texts there are, the server keeps few; those that are used again and again are prepared once."""
    monkeypatch.setattr(exchange_module, "MOST_PREPARED", 5)
    exchange = Exchange(connection)
    for number in range(40):
        assert [(number,)] == exchange.ask([Statement(f"SELECT {number}")], commit=number % 3 == 0)[0].rows
        assert [(7,)] == exchange.ask([Statement("SELECT 7 -- always")], commit=True)[0].rows
        assert prepared(connection) <= 7, "five, and what was let go of a moment ago"
    assert 1 == sum(b"always" in key[0].encode() for key in exchange._prepared.names)
    names = dict(exchange._prepared.names)
    exchange.ask([Statement("SELECT 7 -- always")], commit=True)
    assert names == exchange._prepared.names


def test_many_statements_in_one_exchange_are_all_answered(connection: Connection[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also more than may stay prepared, the same one twice among them; and they are let go of afterwards."""
    monkeypatch.setattr(exchange_module, "MOST_PREPARED", 5)
    asked = [Statement(f"SELECT {number % 10}") for number in range(20)]
    for _ in range(3):
        assert [[(number % 10,)] for number in range(20)] == [each.rows for each in Exchange(connection).ask(asked, commit=True)]
    numbers(connection)
    assert prepared(connection) <= 7


def test_what_was_not_let_go_of_is_let_go_of_later(connection: Connection[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that fails at once lets go of nothing, and no name is used for another statement."""
    monkeypatch.setattr(exchange_module, "MOST_PREPARED", 1)
    for number in range(10):
        Exchange(connection).ask([Statement(f"SELECT {number}")], commit=True)
        with pytest.raises(DivisionByZero):
            Exchange(connection).ask([Statement(f"SELECT 1 / 0, {number}")], commit=True)
        connection.rollback()
    assert prepared(connection) <= 4


@pytest.mark.parametrize("spoil", ["ALTER TABLE changing ALTER n TYPE bigint", "DEALLOCATE ALL", "DISCARD ALL"])
def test_statements_that_are_stale_are_prepared_anew(url: str, spoil: str) -> None:
    """Whoever changed the table or let go of them: one unit of work is refused and may be tried again, and then all is well."""

    def read(database: PostgresDatabase) -> list[Row]:
        with database.begin() as work:
            return work.outbox._statements.rows("SELECT * FROM changing")

    with psycopg.connect(url, autocommit=True) as other, PostgresDatabase(url, connections=1) as database:
        other.execute("CREATE TABLE changing (n integer)")
        try:
            assert [] == read(database)
            with database._pool.connection() as own:
                own.autocommit = True
                (other if spoil.startswith("ALTER") else own).execute(spoil)
                own.autocommit = False
            with pytest.raises(Contended):
                read(database)
            assert [] == read(database)
        finally:
            other.execute("DROP TABLE changing")


@pytest.mark.parametrize("much", [1, 10_000], ids=["little", "much"])
def test_a_value_that_cannot_be_sent_takes_the_unit_back(connection: Connection[Row], much: int) -> None:
    """Also when somebody swallows what it raised: what was to be written before it is not written, so nothing is committed."""
    statements = Statements(connection)
    statements.later("INSERT INTO numbers VALUES (%s)", 1)
    with pytest.raises(UnicodeEncodeError):
        statements.now("INSERT INTO numbers SELECT length(%s)", "\ud800" * much)
    with pytest.raises(UnicodeEncodeError):
        statements.commit()
    statements.end()
    connection.rollback()
    assert [] == numbers(connection)


def test_what_was_told_is_done_first_and_answered_first(connection: Connection[Row]) -> None:
    """It begins the transaction, comes before what is asked, and its answers before theirs."""
    exchange = Exchange(connection)
    exchange.tell([insert(1), insert(2)])
    exchange.tell([Statement("UPDATE numbers SET n = n + 10")])
    asked = [Statement("SELECT n FROM numbers ORDER BY n")]
    assert [Answer([], 1), Answer([], 1), Answer([], 2), Answer([(11,), (12,)], 2)] == exchange.ask(asked, commit=True)
    assert [Answer([(11,), (12,)], 2)] == exchange.ask(asked, commit=True)


def test_a_failure_of_what_was_told_is_heard_with_what_is_asked(connection: Connection[Row]) -> None:
    """Nothing after it is run or committed."""
    exchange = Exchange(connection)
    exchange.tell([insert(1), Statement("SELECT 1 / 0"), insert(2)])
    with pytest.raises(DivisionByZero):
        exchange.ask([insert(3)], commit=True)
    connection.rollback()
    assert [] == numbers(connection)


def test_what_was_told_can_be_taken_back(connection: Connection[Row]) -> None:
    """Whoever gives up before they ask has said nothing, and what was made ready can be made ready again."""
    exchange = Exchange(connection)
    exchange.tell([insert(1)])
    exchange.end()
    connection.rollback()
    assert [] == numbers(connection)
    assert [Answer([], 1)] == Exchange(connection).ask([insert(2)], commit=True)
    assert [(2,)] == numbers(connection)


def test_what_cannot_be_told_is_not_sent_at_all(connection: Connection[Row]) -> None:
    """Where a value has no form, nothing of it reaches the server; where the connection is gone, that is said."""
    exchange = Exchange(connection)
    exchange.tell([insert(1)])
    with pytest.raises(psycopg.Error):
        exchange.tell([Statement("SELECT %s::integer", ("much",)), Statement("SELECT %s", (object(),))])
    exchange.end()
    connection.rollback()
    assert [] == numbers(connection)
    connection.pgconn.finish()
    with pytest.raises(psycopg.OperationalError):
        exchange.tell([insert(1)])


@pytest.mark.parametrize("commit", [False, True], ids=["before a read", "with the commit"])
@pytest.mark.parametrize("much", [1, 10_000], ids=["little", "much"])
def test_a_write_that_misses_its_rows_is_not_committed(connection: Connection[Row], commit: bool, much: int) -> None:
    """A statement that was to change a row and found none is a bug; it takes the whole unit of work back."""
    statements = Statements(connection)
    statements.later("INSERT INTO numbers VALUES (%s)", 1, rows=1)
    statements.later("UPDATE numbers SET n = 9 WHERE n = %s AND %s::text <> ''", 2, "x" * much, rows=1)
    with pytest.raises(AssertionError):
        statements.commit() if commit else statements.flush()
    connection.rollback()
    assert [] == numbers(connection)


def test_what_was_sent_on_is_taken_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit of work that ends by an exception has written nothing, and its connection serves the next one."""
    monkeypatch.setattr(statements_module, "_MUCH", 0)
    asked = "SELECT pg_backend_pid(), to_regclass('left_over')::text"
    found: list[Row] = []
    with PostgresDatabase(url, connections=1) as database:

        def give_up() -> None:
            with database.begin() as work:
                found.extend(work.outbox._statements.rows(asked))
                work.outbox._statements.later("CREATE TABLE left_over ()")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            give_up()
        with database.begin() as work:
            found.extend(work.outbox._statements.rows(asked))
    before, after = found
    assert before == after
    assert after[1] is None


def test_a_batch_of_checkouts_waits_five_times(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """BEGIN goes out with the first statement, and COMMIT with the last; what is sent on before is not waited for."""
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

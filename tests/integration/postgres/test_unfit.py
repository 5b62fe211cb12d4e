"""A database that cannot be used says why in one clear sentence, what to do about it, and never a password."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from tests.databases import TestServer, unused_port

from quarterturn_adapters.postgres import DatabaseUnfit, PostgresDatabase, database, migrate

SECRET = "a-secret-word"  # noqa: S105 - the tests see to it that nobody reads it.


@pytest.fixture
def fresh(server: TestServer) -> Iterator[str]:
    """A migrated database of its own."""
    url = server.migrated()
    yield url
    server.drop(url)


def refusal(url: str) -> DatabaseUnfit:
    """What is said when the database at `url` is to be used."""
    with pytest.raises(DatabaseUnfit) as caught:
        PostgresDatabase.connect(url)
    assert SECRET not in str(caught.value)
    assert caught.value.problem.endswith(".")
    assert caught.value.remedy.endswith(".")
    return caught.value


def test_unreachable() -> None:
    """Nobody listens there."""
    port = unused_port()
    url = f"postgresql://someone:{SECRET}@127.0.0.1:{port}/shop"
    assert f"The database at 127.0.0.1:{port}/shop cannot be reached." == refusal(url).problem
    with pytest.raises(DatabaseUnfit, match="cannot be reached"):
        migrate(url)


def test_a_url_that_is_none() -> None:
    """What is given is no URL."""
    assert "The database's URL makes no sense." == refusal("postgresql://[nonsense").problem


def test_no_such_database(server: TestServer) -> None:
    """The server runs, and has no database of that name."""
    assert "There is no such database or user" in refusal(server.url("nowhere")).problem


def test_a_wrong_password(server: TestServer, fresh: str) -> None:
    """The server wants a password, and another one than that."""
    rules = (server.data / "pg_hba.conf").read_text(encoding="utf-8")
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guarded")
        connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'another'")
        try:
            (server.data / "pg_hba.conf").write_text(f"local all guarded scram-sha-256\n{rules}", encoding="utf-8")
            connection.execute("SELECT pg_reload_conf()")
            url = fresh.replace("postgres@", f"guarded:{SECRET}@")
            # The server reads its rules again a moment after it was told to.
            for _ in range(100):
                try:
                    psycopg.connect(url).close()
                except psycopg.OperationalError:
                    break
            assert "refused the user name or the password" in refusal(url).problem
        finally:
            (server.data / "pg_hba.conf").write_text(rules, encoding="utf-8")
            connection.execute("SELECT pg_reload_conf()")


def test_not_migrated(server: TestServer) -> None:
    """There are no tables yet."""
    url = server.empty()
    said = refusal(url)
    assert "has no tables yet" in said.problem
    assert "Run `quarterturn migrate`." == said.remedy
    server.drop(url)


def test_too_old(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is of a version before the oldest that will do."""
    monkeypatch.setattr(database, "OLDEST", 99)
    assert "which is too old" in refusal(fresh).problem


def test_read_only(fresh: str) -> None:
    """The database takes no writes: who only reads is content with it, everybody else is told."""
    name = psycopg.conninfo.conninfo_to_dict(fresh)["dbname"]
    with psycopg.connect(fresh, autocommit=True) as connection:
        change = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(sql.Identifier(str(name)))
        connection.execute(change)
    assert "is read-only" in refusal(fresh).problem
    with PostgresDatabase(fresh) as readable:
        readable.check(writing=False)
    with pytest.raises(DatabaseUnfit, match="is read-only"):
        migrate(url_of_an_older(fresh))


def url_of_an_older(url: str) -> str:
    """The same database as if it had never been migrated: there is something to write."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("DROP TABLE alembic_version")
    return url

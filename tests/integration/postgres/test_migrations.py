"""Migrating: what the revisions lead to is what the code says, all of it or nothing, and data live through it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from tests.databases import TestServer

from quarterturn_adapters.postgres import DatabaseUnfit, PostgresDatabase, migrate
from quarterturn_adapters.postgres.migrating import REVISIONS
from quarterturn_adapters.postgres.schema import script
from quarterturn_domain.testing import samples

SCHEMA = sql.SQL(
    """
SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default, identity_generation)
    FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'setting', relname, array_to_string(reloptions, ',') FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
)

NEWEST = max(path.stem[1:5] for path in REVISIONS.glob("versions/r*.py"))


@pytest.fixture
def empty(server: TestServer) -> Iterator[str]:
    """A database without tables."""
    url = server.empty()
    yield url
    server.drop(url)


def schema(url: str) -> set[tuple[str, str, str]]:
    """Everything that a database is made of, but for Alembic's own table."""
    with psycopg.connect(url) as connection:
        return {row for row in connection.execute(SCHEMA) if "alembic_version" not in row[1]}


def planted(folder: Path, body: str) -> Path:
    """The project's revisions, and one more that does `body`."""
    shutil.copytree(REVISIONS, folder, dirs_exist_ok=True)
    lines = ["from alembic import op", "revision = '9999'", f"down_revision = '{NEWEST}'", "def upgrade():", f"    {body}"]
    (folder / "versions" / "r9999_planted.py").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_revisions_lead_to_what_the_code_says(server: TestServer, empty: str) -> None:
    """A database that was migrated and one that was made from the tables and laws of the code are the same, to the last trigger."""
    fresh = server.empty()
    with psycopg.connect(fresh) as connection:
        connection.execute(script())
    migrate(empty)
    assert schema(fresh) == schema(empty)
    server.drop(fresh)


def test_migrating_twice_is_migrating_once(empty: str) -> None:
    """A second migration changes nothing and says the same revision."""
    first = migrate(empty)
    before = schema(empty)
    assert first == migrate(empty)
    assert before == schema(empty)


def test_a_url_may_name_the_driver(empty: str) -> None:
    """What SQLAlchemy's users write, `postgresql+psycopg://`, is the same database."""
    spelled = empty.replace("postgresql://", "postgresql+psycopg://")
    migrate(spelled)
    with PostgresDatabase.connect(spelled) as database, database.begin() as work:
        assert [] == list(work.vendors.page(None, 1))


def test_data_live_through_a_migration(empty: str, tmp_path: Path) -> None:
    """A later revision finds the data of an earlier one, and leaves them there."""
    migrate(empty)
    with PostgresDatabase(empty) as database, database.begin() as work:
        work.vendors.add([samples.a_vendor(1)])
    body = "op.execute(\"ALTER TABLE vendors ADD COLUMN motto text NOT NULL DEFAULT 'none'\")"
    assert "9999" == migrate(empty, revisions=planted(tmp_path, body))
    with psycopg.connect(empty) as connection:
        assert [(samples.vendor_id(1), "none")] == connection.execute("SELECT id, motto FROM vendors").fetchall()


def test_what_had_arrived_before_there_were_parts_has_arrived_at_once(empty: str, tmp_path: Path) -> None:
    """A payment that was captured by an older program counts one capture, and one that was not counts none; nothing waits."""
    shutil.copytree(REVISIONS, tmp_path, dirs_exist_ok=True)
    for path in (tmp_path / "versions").glob("r*"):
        if path.is_file() and path.stem[1:5] > "0010":
            path.unlink()
    assert "0010" == migrate(empty, revisions=tmp_path)
    columns = "id, order_id, amount, capture_method, captured, released, refunded, lost, fee, currency, opened_at, status"
    with psycopg.connect(empty) as connection:
        for number, captured, status in ((1, 500, "captured"), (2, 0, "authorized")):
            values = (UUID(int=number), UUID(int=9), 500, "manual", captured, 0, 0, 0, 0, "EUR", "2026-01-01T00:00:00Z", status)
            connection.execute(f"INSERT INTO payments ({columns}) VALUES ({', '.join(['%s'] * 12)})", values)  # noqa: S608
    assert NEWEST == migrate(empty)
    with psycopg.connect(empty) as connection:
        found = connection.execute("SELECT captures, in_parts, waiting, asked FROM payments ORDER BY id").fetchall()
    assert [(1, False, [], []), (0, False, [], [])] == found


@pytest.mark.parametrize("migrated", [True, False], ids=["migrated before", "empty before"])
def test_a_migration_that_fails_leaves_the_old_schema(empty: str, tmp_path: Path, migrated: bool) -> None:
    """When a revision fails half-way, everything is as it was: tables, revision and data."""
    if migrated:
        migrate(empty)
    before = schema(empty)
    body = "op.execute('CREATE TABLE half (done int)'); op.execute('DROP TABLE debts'); op.execute('SELECT 1 / 0')"
    with pytest.raises(Exception, match="division by zero"):
        migrate(empty, revisions=planted(tmp_path, body))
    assert before == schema(empty)
    assert migrate(empty) == NEWEST


def test_a_newer_database_is_left_alone(empty: str, tmp_path: Path) -> None:
    """A database that a newer program has migrated is neither migrated nor used by this one."""
    migrate(empty, revisions=planted(tmp_path, "pass"))
    before = schema(empty)
    with pytest.raises(DatabaseUnfit, match="newer"):
        migrate(empty)
    with pytest.raises(DatabaseUnfit, match=r"newer QuarterTurn, to revision 9999\. Update this program\."):
        PostgresDatabase.connect(empty)
    assert before == schema(empty)

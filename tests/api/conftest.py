"""A service in memory for every test of the API, a client that speaks HTTP to it, and people who use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import pytest
from litestar.testing import TestClient
from tests.api.people import START, Assemble, Client, People

from quarterturn_adapters.chance import PlainHasher
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.databases import opened
from quarterturn_adapters.settings import Settings
from quarterturn_api.app import create_app
from quarterturn_api.assembly import assembled
from quarterturn_api.edge.service import Service

ENVIRONMENT: Final[Mapping[str, str]] = {
    "QUARTERTURN_SECRET": "a secret of tests that is long enough",
    # Whoever tests limits sets them: see `assemble`.
    "QUARTERTURN_LIMITS": "public=0,signed-in=0,payments=0,admin=0",
}


@pytest.fixture
def clock() -> ManualClock:
    """The time of the service, which moves when a test says so; limits count by the machine's."""
    return ManualClock(START)


@pytest.fixture
def assemble(clock: ManualClock) -> Assemble:
    """Makes services in memory whose environment differs, for example: say `QUARTERTURN_LIMITS="public=3"`."""

    @contextmanager
    def made(**environment: str) -> Iterator[Service]:
        settings = Settings.from_environment({**ENVIRONMENT, **environment})
        with (
            opened("memory", settings) as database,
            assembled(database, settings, clock=clock, hasher=PlainHasher()) as service,
        ):
            yield service

    return made


@pytest.fixture
def service(assemble: Assemble) -> Iterator[Service]:
    """A service without limits; events wait in the outbox until `service.application.relay.drain()`."""
    with assemble() as made:
        yield made


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """Speaks HTTP to the service; it keeps cookies, as a browser does."""
    with TestClient(create_app(service)) as made:
        yield made


@pytest.fixture
def people(service: Service) -> People:
    """Makes people of the service: `people.vendor()`, `people.client().headers`."""
    return People(service)

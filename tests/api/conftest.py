"""A service in memory for every test of the API, a client that speaks HTTP to it, and people who use it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import attrs
import pytest
from litestar.testing import TestClient
from tests.api.people import START, Assemble, Client, People, serving

from quarterturn_adapters.clock import ManualClock
from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service


@pytest.fixture
def clock() -> ManualClock:
    """The time of the service, which moves when a test says so; limits count by the machine's."""
    return ManualClock(START)


@pytest.fixture
def assemble(clock: ManualClock) -> Assemble:
    """Makes services in memory whose environment differs, for example: say `QUARTERTURN_LIMITS="public=3"`."""
    return partial(serving, clock)


@pytest.fixture
def service(assemble: Assemble) -> Iterator[Service]:
    """A service without limits; events wait in the outbox until `service.application.relay.drain()`."""
    with assemble() as made:
        yield made


@pytest.fixture(scope="session")
def door() -> Iterator[Client]:
    """An application for all tests, since making one takes half a second; whose service it is says `client`."""
    with serving() as first, TestClient(create_app(first)) as made:
        yield made


@pytest.fixture
def client(service: Service, door: Client) -> Client:
    """Speaks HTTP to the service; it keeps cookies, as a browser does, until the test is over."""
    state = door.app.state
    # What the front door counts is counted for the first service, for as long as there is the application.
    state.service = attrs.evolve(service, metrics=state.service.metrics)
    door.cookies.clear()
    return door


@pytest.fixture
def people(service: Service) -> People:
    """Makes people of the service: `people.vendor()`, `people.client().headers`."""
    return People(service)

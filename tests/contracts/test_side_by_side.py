"""PostgreSQL and memory live through the same marketplaces, and nobody can tell them apart."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.contracts.test_machines import InMemory
from tests.databases import EMBEDDED, running

from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_domain.testing.machines import SideBySideMachine, Surroundings


class InPostgres(InMemory):
    """A database of a real server in the place of the one in memory; the provider and the clock are of the same kind."""

    def __init__(self) -> None:
        super().__init__()
        self.database = PostgresDatabase(running(EMBEDDED).database())
        self.begin = self.database.begin


class PostgresAndMemory(SideBySideMachine):
    """Memory, which the reference model has tested, and PostgreSQL."""

    def one(self) -> Surroundings:
        """Memory."""
        return InMemory()

    def other(self) -> Surroundings:
        """PostgreSQL."""
        self.postgres = InPostgres()
        return self.postgres

    def teardown(self) -> None:
        """The chain verifies, and the connections are closed."""
        try:
            super().teardown()
        finally:
            self.postgres.database.close()


@pytest.mark.slow
def test_postgres_is_like_memory() -> None:
    """Told the same, both answer the same, and what can be read of both is the same after every step."""
    few = settings(max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(PostgresAndMemory, settings=few)

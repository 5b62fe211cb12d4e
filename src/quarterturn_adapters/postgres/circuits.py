"""The circuits, one for all machines; a lock by name, since there is no row before a circuit was first opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_domain.operations.circuit import Circuit, CircuitStatus, Force

_COLUMNS: Final = "name, status, trips, since, until, failure, forced, forced_reason, forced_until"

_SAVE: Final = f"""INSERT INTO circuits ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET status = excluded.status, trips = excluded.trips, since = excluded.since, until = excluded.until,
    failure = excluded.failure, forced = excluded.forced, forced_reason = excluded.forced_reason,
    forced_until = excluded.forced_until"""  # noqa: S608


class PostgresCircuits:
    """The circuits of all machines."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def all(self) -> Mapping[str, Circuit]:
        """Every circuit that was ever anything but closed."""
        found = [_circuit(row) for row in self._statements.rows(f"SELECT {_COLUMNS} FROM circuits")]  # noqa: S608
        return {circuit.name: circuit for circuit in found}

    def lock(self, name: str, /) -> Circuit:
        """A circuit, locked until the transaction ends."""
        self._statements.rows("SELECT pg_advisory_xact_lock(hashtextextended('quarterturn circuit ' || %s, 0))", name)
        found = self._statements.rows(f"SELECT {_COLUMNS} FROM circuits WHERE name = %s", name)  # noqa: S608
        return _circuit(found[0]) if found else Circuit(name=name)

    def save(self, circuit: Circuit, /) -> None:
        """Keep its next value."""
        force = circuit.force
        self._statements.later(
            _SAVE,
            circuit.name,
            circuit.status.value,
            circuit.trips,
            circuit.since,
            circuit.until,
            circuit.failure,
            None if force is None else force.status.value,
            None if force is None else force.reason,
            None if force is None else force.until,
        )


def _circuit(row: Row) -> Circuit:
    name, status, trips, since, until, failure, forced, reason, forced_until = row
    return Circuit(
        name=name,
        status=CircuitStatus(status),
        trips=trips,
        since=since,
        until=until,
        failure=failure,
        force=None if forced is None else Force(CircuitStatus(forced), reason, forced_until),
    )

"""The circuits, kept in memory."""

from __future__ import annotations

from collections.abc import Mapping

from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.operations.circuit import Circuit


class MemoryCircuits:
    """The circuits of one process."""

    def __init__(self, transactions: Transactions) -> None:
        self._rows: Table[str, Circuit] = Table(transactions, "circuit", lambda circuit: circuit.name)

    def all(self) -> Mapping[str, Circuit]:
        """Every circuit that was ever anything but closed."""
        return dict(self._rows.all())

    def lock(self, name: str, /) -> Circuit:
        """A circuit; one transaction runs at a time."""
        return self._rows.get(name) or Circuit(name=name)

    def save(self, circuit: Circuit, /) -> None:
        """Keep its next value."""
        self._rows.put([circuit])

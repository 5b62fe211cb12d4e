"""What operating the platform needs of storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.operations.circuit import Circuit


class Circuits(Protocol):
    """The circuits, one for all machines: what is not kept yet is closed."""

    def all(self) -> Mapping[str, Circuit]:
        """Every circuit that was ever anything but closed, by its name."""
        ...

    def lock(self, name: str, /) -> Circuit:
        """A circuit, locked until the transaction ends, whether or not it was kept before."""
        ...

    def save(self, circuit: Circuit, /) -> None:
        """Keep the next value of one that was locked."""
        ...


class OperationsWork(IdentityWork, Protocol):
    """A unit of work that reaches the circuits."""

    @property
    def circuits(self) -> Circuits:
        """The circuits."""
        ...

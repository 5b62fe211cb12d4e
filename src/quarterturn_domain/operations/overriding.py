"""Overriding: a person opens or closes a circuit, and every process keeps to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from quarterturn_domain.identity.audit import noted
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.operations.circuit import Circuit, CircuitStatus
from quarterturn_domain.operations.ports import OperationsWork


@attrs.frozen(kw_only=True)
class OpenCircuit:
    """Leave somebody outside alone, whether or not they answer, for as long as it `lasts`, or until it is closed."""

    name: str
    reason: str
    lasts: timedelta | None = None
    by: AccountId | None = None
    at: datetime


@attrs.frozen(kw_only=True)
class CloseCircuit:
    """Ask again as ever, from now on; with `lasts` whatever happens in that time."""

    name: str
    reason: str
    lasts: timedelta | None = None
    by: AccountId | None = None
    at: datetime


class ReadCircuits:
    """Answers how the circuits are: those that this program has, and those that others have kept."""

    def __init__(self, work: Begin[OperationsWork], names: Iterable[str] = ()) -> None:
        self._work = work
        self._names = tuple(names)

    def __call__(self) -> Mapping[str, Circuit]:
        """Every circuit by its name, in the order of the names."""
        with self._work() as work:
            kept = work.circuits.all()
        return {name: kept.get(name) or Circuit(name=name) for name in sorted({*self._names, *kept})}


class OverrideCircuits:
    """Opens and closes circuits by hand; who did it, and why, is in the audit trail."""

    def __init__(self, work: Begin[OperationsWork], names: Iterable[str] = ()) -> None:
        self._work = work
        self._names = frozenset(names)

    def __call__(self, command: OpenCircuit | CloseCircuit) -> Circuit:
        """The circuit afterwards; raises `NotFound`, and `Invalid` for an override without a reason, or for no time."""
        with self._work() as work:
            if command.name not in self._names and command.name not in work.circuits.all():
                raise NotFound("circuit", command.name)
            circuit = work.circuits.lock(command.name)
            facts = []
            if isinstance(command, CloseCircuit):
                held = circuit.hold(CircuitStatus.CLOSED, reason=command.reason, lasts=command.lasts, at=command.at)
                after, fact = held.let_go(at=command.at)
                facts = [fact] if fact is not None else []
                if command.lasts is not None:
                    after = attrs.evolve(after, force=held.force)
            else:
                after = circuit.hold(CircuitStatus.OPEN, reason=command.reason, lasts=command.lasts, at=command.at)
            work.circuits.save(after)
            work.outbox.append(facts)
            act = "closed" if isinstance(command, CloseCircuit) else "opened"
            until = after.force.until.isoformat() if after.force is not None and after.force.until is not None else None
            work.audit.append(
                [noted(f"circuit.{act}", "circuit", command.name, by=command.by, at=command.at, reason=command.reason, until=until)]
            )
        return after

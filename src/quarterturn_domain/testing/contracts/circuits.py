"""What is promised of circuits: one for all machines, changed by one at a time, whether or not it was kept before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs
import pytest

from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.operations.circuit import CIRCUIT, Circuit, CircuitStatus, Force, Waits
from quarterturn_domain.operations.overriding import CloseCircuit, OpenCircuit, OverrideCircuits, ReadCircuits
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import (
    PATIENCE_SECONDS,
    DatabaseContract,
    Undone,
    another_thread,
    moment_for_others,
    undo,
)

AT: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
NAME: Final = "stripe/payments"


def kept(db: Begin[Any], circuit: Circuit) -> Circuit:
    """A circuit, once it is kept."""
    with db() as work:
        work.circuits.lock(circuit.name)
        work.circuits.save(circuit)
    return circuit


def tripped(at: datetime = AT) -> Circuit:
    """A circuit that is open."""
    return Circuit(name=NAME).trip('„wörd“ "no"', at=at, waits=Waits())[0]


class CircuitsContract(DatabaseContract):
    """What `Circuits` promises, and those who override them."""

    def test_what_is_not_kept_is_closed(self, db: Begin[Any]) -> None:
        """It can be locked all the same, and is kept when it is saved."""
        with db() as work:
            assert {} == work.circuits.all()
            assert Circuit(name=NAME) == work.circuits.lock(NAME)
        kept(db, tripped())
        with db() as work:
            assert tripped() == work.circuits.lock(NAME)
            assert {NAME: tripped()} == work.circuits.all()

    @pytest.mark.parametrize("status", CIRCUIT.states)
    @pytest.mark.parametrize(
        "force",
        [None, Force(CircuitStatus.OPEN, "they told us"), Force(CircuitStatus.CLOSED, "we know better", AT + timedelta(hours=1))],
        ids=["as it came", "held open", "held closed"],
    )
    def test_everything_of_a_circuit_is_kept(self, db: Begin[Any], status: CircuitStatus, force: Force | None) -> None:
        """Every status, and what a person has said; saved again, the last value counts."""
        kept(db, attrs.evolve(tripped(), force=Force(CircuitStatus.OPEN, "before")))
        last = kept(db, attrs.evolve(tripped(), status=status, trips=7, failure=None, force=force, since=AT, until=None))
        with db() as work:
            assert {NAME: last} == work.circuits.all()

    def test_what_fails_leaves_nothing(self, db: Begin[Any]) -> None:
        """A unit of work that is undone has opened nothing."""
        with pytest.raises(Undone), db() as work:
            work.circuits.lock(NAME)
            work.circuits.save(tripped())
            undo()
        with db() as work:
            assert {} == work.circuits.all()

    def test_one_at_a_time_changes_a_circuit_that_was_never_kept(self, db: Begin[Any]) -> None:
        """Of two who would open it at once the second one finds it open; another circuit keeps nobody waiting."""

        def other() -> Circuit:
            with db() as work:
                found: Circuit = work.circuits.lock(NAME)
            return found

        with another_thread() as run:
            with db() as work:
                work.circuits.lock(NAME)
                found = run(other)
                moment_for_others(found)
                work.circuits.save(tripped())
            assert tripped() == found.result(PATIENCE_SECONDS)

    def test_an_override_holds_for_its_time_and_is_in_the_audit_trail(self, db: Begin[Any]) -> None:
        """Of a circuit that the program has, or that was kept; there are no others."""
        override, read = OverrideCircuits(db, [NAME]), ReadCircuits(db, [NAME])
        who, hour = samples.account_id(7), timedelta(hours=1)
        assert {NAME: Circuit(name=NAME)} == read()
        override(OpenCircuit(name=NAME, reason="they told us", lasts=hour, by=who, at=AT))
        assert CircuitStatus.OPEN is read()[NAME].seen(AT + hour - timedelta(microseconds=1))
        assert CircuitStatus.CLOSED is read()[NAME].seen(AT + hour)
        kept(db, attrs.evolve(tripped(), force=read()[NAME].force))
        override(CloseCircuit(name=NAME, reason="they are back", at=AT))
        assert Circuit(name=NAME, since=AT, failure=tripped().failure) == read()[NAME]
        override(CloseCircuit(name=NAME, reason="we know better", lasts=hour, at=AT))
        assert CircuitStatus.CLOSED is read()[NAME].forced(AT)
        with pytest.raises(NotFound):
            override(OpenCircuit(name="nobody", reason="no", at=AT))
        with db() as work:
            entries = work.audit.page(None, 10)
            (fact,) = [message.event for message in work.outbox.pending(10)]
        assert ("circuit.closed", NAME) == (fact.tag, fact.name)
        assert ["circuit.closed", "circuit.closed", "circuit.opened"] == [entry.action for entry in entries]
        assert (who, NAME, {"reason": "they told us", "until": (AT + hour).isoformat()}) == (
            entries[-1].actor_id,
            entries[-1].subject_id,
            entries[-1].details,
        )

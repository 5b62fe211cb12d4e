"""Every lifecycle of the domain is one table that is closed, whole and reachable, and its missing cells are refusals."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from enum import StrEnum

import pytest

import quarterturn_domain
from quarterturn_domain.kernel.machine import InvalidTransition, StateMachine


def machines() -> Iterator[tuple[str, StateMachine[StrEnum]]]:
    """Every lifecycle that any module of the domain holds, once, with where it is found."""
    seen: set[int] = set()
    for module in pkgutil.walk_packages(quarterturn_domain.__path__, "quarterturn_domain."):
        # What users import to test with needs Hypothesis and has no lifecycle of its own.
        if module.name.startswith("quarterturn_domain.testing"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, StateMachine) and id(value) not in seen:
                seen.add(id(value))
                yield f"{module.name}.{name}", value


FOUND = dict(machines())
EVERY_MACHINE = pytest.mark.parametrize("machine", FOUND.values(), ids=FOUND.keys())


def test_the_known_lifecycles_are_found() -> None:
    """The walk sees the lifecycles: of accounts and vendors, products and offers, and reservations at least."""
    assert {"account", "vendor", "product", "offer", "reservation"} <= {machine.name for machine in FOUND.values()}


def test_names_are_unique() -> None:
    """A refusal names its lifecycle, so no two share a name."""
    assert len(FOUND) == len({machine.name for machine in FOUND.values()})


@EVERY_MACHINE
def test_a_lifecycle_is_closed_and_whole(machine: StateMachine[StrEnum]) -> None:
    """Every state of the enumeration has a row, and every cell leads to a state that has one."""
    assert set(type(machine.initial)) == set(machine.table)
    assert {after for row in machine.table.values() for after in row.values()} <= set(machine.table)


@EVERY_MACHINE
def test_every_state_is_reached_from_the_first(machine: StateMachine[StrEnum]) -> None:
    """Walking from the initial state, act by act, comes through every state."""
    reached = {machine.initial}
    for _ in machine.table:
        reached |= {machine.next(state, act) for state in reached for act in machine.table[state]}
    assert set(machine.states) == reached


@EVERY_MACHINE
def test_a_missing_cell_is_a_refusal_that_says_what_is_allowed(machine: StateMachine[StrEnum]) -> None:
    """For every state and every act of the lifecycle: `next` goes where the table says or refuses with the facts."""
    acts = {act for row in machine.table.values() for act in row}
    for state, row in machine.table.items():
        assert (not row) == (state in machine.terminal)
        for act in acts:
            assert (act in row) == machine.allows(state, act)
            if act in row:
                assert row[act] is machine.next(state, act)
                continue
            with pytest.raises(InvalidTransition) as refused:
                machine.next(state, act)
            assert InvalidTransition(machine.name, str(state), act, tuple(row)) == refused.value


@pytest.mark.parametrize(
    ("machine", "expected"),
    [("offer", "An offer that is"), ("order", "An order that is"), ("vendor order", "A vendor order that is")],
)
def test_a_refusal_is_a_sentence(machine: str, expected: str) -> None:
    """It begins with the article that the lifecycle's name has."""
    assert InvalidTransition(machine, "over", "resume", ()).message.startswith(expected)


@EVERY_MACHINE
def test_the_diagram_shows_every_cell(machine: StateMachine[StrEnum]) -> None:
    """The Mermaid diagram has a line for the start, for each cell and for each end, and nothing else."""
    lines = machine.mermaid().splitlines()
    cells = sum(len(row) for row in machine.table.values())
    assert 2 + cells + len(machine.terminal) == len(lines)
    for state, row in machine.table.items():
        for act, after in row.items():
            assert f"    {state} --> {after}: {act}" in lines


class Lamp(StrEnum):
    """States of a lifecycle for these tests."""

    OFF = "off"
    ON = "on"
    BROKEN = "broken"


@pytest.mark.parametrize(
    ("case", "table", "expected"),
    [
        ("a state without a row", {Lamp.OFF: {"switch": Lamp.ON}, Lamp.ON: {}}, "no row for"),
        (
            "a state that nothing leads to",
            {Lamp.OFF: {"switch": Lamp.ON}, Lamp.ON: {"switch": Lamp.OFF}, Lamp.BROKEN: {}},
            "cannot be reached from off",
        ),
        (
            "an island of two states",
            {Lamp.OFF: {}, Lamp.ON: {"drop": Lamp.BROKEN}, Lamp.BROKEN: {"mend": Lamp.ON}},
            "cannot be reached from off",
        ),
    ],
)
def test_an_open_or_unreachable_table_is_a_bug(case: str, table: Mapping[Lamp, Mapping[str, Lamp]], expected: str) -> None:
    """Such a lifecycle cannot even be imported."""
    with pytest.raises(AssertionError, match=expected):
        StateMachine("lamp", initial=Lamp.OFF, table=table)

"""Lifecycles as tables: one table says every state, every act and every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

import attrs

from quarterturn_domain.kernel.errors import Rejected

S = TypeVar("S", bound=StrEnum)


@attrs.frozen(eq=False)
class InvalidTransition(Rejected):
    """The lifecycle has no such act in this state: a missing cell of the table."""

    machine: str
    state: str
    act: str
    allowed: tuple[str, ...]

    @property
    def message(self) -> str:
        """The state, the act that was asked for, and the acts that it allows."""
        allowed = ", ".join(self.allowed) or "nothing more"
        article = "An" if self.machine[0] in "aeiou" else "A"
        return f"{article} {self.machine} that is {self.state} cannot {self.act}; it allows {allowed}"


class StateMachine(Generic[S]):
    """A lifecycle: `table[state][act]` is the next state, and a missing cell is the refusal.

    The table is checked when it is made: closed (every target is a row), whole (every state of the enumeration has a row)
    and reachable from `initial`. The code, the database's CHECK, the API's enumeration, the diagrams in the documentation and the
    tests all read this table.
    """

    __slots__ = ("initial", "name", "table")

    def __init__(self, name: str, *, initial: S, table: Mapping[S, Mapping[str, S]]) -> None:
        self.name = name
        self.initial = initial
        self.table: Mapping[S, Mapping[str, S]] = MappingProxyType({s: MappingProxyType(dict(row)) for s, row in table.items()})
        missing = set(type(initial)) - set(self.table)
        assert not missing, f"{name}: no row for {sorted(missing)}"
        unreachable = set(self.table) - self._reached()
        assert not unreachable, f"{name}: {sorted(unreachable)} cannot be reached from {initial}"

    def next(self, state: S, act: str) -> S:
        """The state after `act`; raises `InvalidTransition` when the table has no such cell."""
        try:
            return self.table[state][act]
        except KeyError:
            raise InvalidTransition(self.name, str(state), act, tuple(self.table[state])) from None

    def allows(self, state: S, act: str) -> bool:
        """Whether the table has a cell for `act` in `state`."""
        return act in self.table[state]

    @property
    def states(self) -> tuple[S, ...]:
        """Every state, in the order of the table."""
        return tuple(self.table)

    @property
    def terminal(self) -> frozenset[S]:
        """The states that nothing leaves."""
        return frozenset(state for state, row in self.table.items() if not row)

    def mermaid(self) -> str:
        """This lifecycle as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {state} --> {after}: {act}" for state, row in self.table.items() for act, after in row.items()]
        lines += [f"    {state} --> [*]" for state in self.table if state in self.terminal]
        return "\n".join(lines)

    def _reached(self) -> set[S]:
        reached: set[S] = set()
        waiting = [self.initial]
        while waiting:
            state = waiting.pop()
            if state not in reached:
                reached.add(state)
                waiting += self.table[state].values()
        return reached

"""Deciding many commands at once: each by its own merit, on the aggregates as the ones before it have left them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.repository import Repository, required
from quarterturn_domain.kernel.work import UnitOfWork

C = TypeVar("C")
K = TypeVar("K")
R = TypeVar("R")
V = TypeVar("V")


def decide_each(commands: Iterable[C], decide: Callable[[C], R]) -> list[Outcome[R]]:
    """For each command what `decide` makes of it, or the refusal that it raised; a refusal must leave no trace."""
    outcomes: list[Outcome[R]] = []
    for command in commands:
        try:
            outcomes.append(decide(command))
        except DomainError as refusal:
            # A returned refusal must not keep the frames of its batch alive.
            outcomes.append(refusal.with_traceback(None))
    return outcomes


class Draft(Generic[K, V]):
    """The next values of one kind of aggregate while a batch is decided: what was loaded, what is new, what has changed."""

    __slots__ = ("_known", "added", "changed", "facts")

    def __init__(self, loaded: Mapping[K, V]) -> None:
        self._known = dict(loaded)
        self.added: dict[K, V] = {}
        self.changed: dict[K, V] = {}
        self.facts: list[Event] = []

    def get(self, key: K) -> V | None:
        """The value as the batch has left it, or None when there is none."""
        return self._known.get(key)

    def required(self, key: K, kind: str) -> V:
        """The value as the batch has left it, or `NotFound` naming its `kind`."""
        return required(self._known, key, kind)

    def put(self, key: K, value: V, *facts: Event) -> V:
        """Take `value` as the next one, with the facts that led to it; returns it."""
        before = self._known.get(key)
        if before != value:
            (self.added if before is None or key in self.added else self.changed)[key] = value
            self._known[key] = value
        self.facts += facts
        return value

    def record(self, work: UnitOfWork, repository: Repository[K, V]) -> None:
        """Write what is new and what has changed, then the facts."""
        if self.added:
            repository.add(self.added.values())
        if self.changed:
            repository.save(self.changed.values())
        if self.facts:
            work.outbox.append(self.facts)

"""The contract of every repository: find, lock, add and save, many at once, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

import pytest

from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.repository import Repository
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing.contracts.database import (
    PATIENCE_SECONDS,
    DatabaseContract,
    Undone,
    another_thread,
    moment_for_others,
    undo,
)
from quarterturn_domain.testing.contracts.equality import differences

K = TypeVar("K")
V = TypeVar("V")


class RepositoryContract(DatabaseContract, Generic[K, V]):
    """What `Repository` promises, for values that `new` makes up and `changed` carries on."""

    many: int = 12
    """How many values the tests that take many use."""

    def repository(self, work: Any) -> Repository[K, V]:
        """The repository of `work` that is tested."""
        raise NotImplementedError

    def new(self, n: int) -> V:
        """The `n`-th new value; each `n` gives another key."""
        raise NotImplementedError

    def changed(self, value: V) -> V:
        """A next value of `value`, with the same key."""
        raise NotImplementedError

    def key(self, value: V) -> K:
        """What `value` is known by."""
        key: K = value.id  # type: ignore[attr-defined]
        return key

    def added(self, db: Begin[Any], values: Iterable[V]) -> None:
        """Add `values` in a unit of work of their own."""
        with db() as work:
            self.repository(work).add(values)

    def found(self, db: Begin[Any], keys: Iterable[K]) -> Mapping[K, V]:
        """What another unit of work finds."""
        with db() as work:
            return dict(self.repository(work).find(keys))

    def test_an_added_value_comes_back_equal(self, db: Begin[Any]) -> None:
        """What was added is found by a later unit of work, the same field by field."""
        value = self.new(1)
        self.added(db, [value])
        assert [] == differences({self.key(value): value}, self.found(db, [self.key(value)]))

    def test_a_saved_value_comes_back_equal(self, db: Begin[Any]) -> None:
        """What was locked and saved is found by a later unit of work, the same field by field; its neighbour is as it was."""
        before, neighbour = self.new(1), self.new(2)
        after = self.changed(before)
        assert before != after, "the contract's author has to make `changed` change something"
        self.added(db, [before, neighbour])
        with db() as work:
            repository = self.repository(work)
            repository.lock([self.key(before)])
            repository.save([after])
        expected = {self.key(after): after, self.key(neighbour): neighbour}
        assert [] == differences(expected, self.found(db, list(expected)))

    def test_a_unit_of_work_sees_its_own_writes(self, db: Begin[Any]) -> None:
        """What was added or saved is found and locked in the same unit of work, before the commit."""
        value = self.new(1)
        after = self.changed(value)
        with db() as work:
            repository = self.repository(work)
            repository.add([value])
            assert {self.key(value): value} == repository.find([self.key(value)])
            assert {self.key(value): value} == repository.lock([self.key(value)])
            repository.save([after])
            assert {self.key(value): after} == repository.find([self.key(value)])

    def test_unknown_keys_are_left_out(self, db: Begin[Any]) -> None:
        """Of the keys asked for only those that exist are answered, found or locked; asking twice for one is asking once."""
        known, unknown = self.new(1), self.new(2)
        self.added(db, [known])
        with db() as work:
            repository = self.repository(work)
            asked = [self.key(unknown), self.key(known), self.key(known)]
            assert {self.key(known): known} == repository.find(asked)
            assert {self.key(known): known} == repository.lock(asked)
            assert {} == repository.find([self.key(unknown)])
            assert {} == repository.lock([self.key(unknown)])

    def test_nothing_asked_is_nothing_done(self, db: Begin[Any]) -> None:
        """Empty input finds, locks, adds and saves nothing."""
        with db() as work:
            repository = self.repository(work)
            repository.add([])
            repository.save([])
            assert {} == repository.find([])
            assert {} == repository.lock([])

    def test_many_at_once_in_any_order(self, db: Begin[Any]) -> None:
        """Many values are added, locked, saved and found at once, given in any order, by iterators that can be read only once."""
        values = [self.new(n) for n in range(1, self.many + 1)]
        shuffled = values[::2] + values[1::2][::-1]
        self.added(db, iter(shuffled))
        changed = {self.key(value): self.changed(value) for value in values}
        with db() as work:
            repository = self.repository(work)
            assert set(changed) == set(repository.lock(self.key(value) for value in reversed(shuffled)))
            repository.save(changed[self.key(value)] for value in reversed(values))
        assert [] == differences(changed, {key: self.found(db, iter(changed))[key] for key in changed})

    def test_what_exists_is_not_added(self, db: Begin[Any]) -> None:
        """Adding a batch of which one exists raises `Conflict` and adds none of it; what exists stays as it was."""
        known, fresh = self.new(1), self.new(2)
        self.added(db, [known])
        with pytest.raises(Conflict):
            self.added(db, [fresh, self.changed(known)])
        assert {self.key(known): known} == self.found(db, [self.key(known), self.key(fresh)])

    def test_one_key_twice_in_a_batch_is_a_conflict(self, db: Begin[Any]) -> None:
        """Adding two values with one key raises `Conflict` and adds neither."""
        value = self.new(1)
        with pytest.raises(Conflict):
            self.added(db, [value, self.changed(value)])
        assert {} == self.found(db, [self.key(value)])

    def test_rolling_back_leaves_nothing(self, db: Begin[Any]) -> None:
        """Of a unit of work that ends with an exception nothing is left, neither what it added nor what it saved."""
        before, fresh = self.new(1), self.new(2)
        self.added(db, [before])
        with suppress(Undone), db() as work:
            repository = self.repository(work)
            repository.add([fresh])
            repository.lock([self.key(before)])
            repository.save([self.changed(before)])
            undo()
        assert {self.key(before): before} == self.found(db, [self.key(before), self.key(fresh)])

    def test_a_lock_keeps_others_out(self, db: Begin[Any]) -> None:
        """Who locks a value that somebody else has locked waits for the commit, and gets what was committed."""
        before = self.new(1)
        after = self.changed(before)
        self.added(db, [before])

        def lock() -> Mapping[K, V]:
            with db() as work:
                return dict(self.repository(work).lock([self.key(before)]))

        with another_thread() as run:
            with db() as work:
                repository = self.repository(work)
                repository.lock([self.key(before)])
                other = run(lock)
                moment_for_others(other)
                assert not other.done(), "the lock was given to two at once"
                repository.save([after])
            assert {self.key(before): after} == other.result(PATIENCE_SECONDS)

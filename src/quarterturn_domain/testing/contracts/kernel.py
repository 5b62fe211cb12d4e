"""What the unit of work promises, with its outbox, its inbox, and the first answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import Answer, Answers
from quarterturn_domain.kernel.work import Begin, Reactions
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import (
    PATIENCE_SECONDS,
    DatabaseContract,
    Undone,
    another_thread,
    moment_for_others,
    some_facts,
    tried,
    undo,
)
from quarterturn_domain.testing.contracts.equality import differences

TICK: Final = timedelta(microseconds=1)
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
FAR_OFF: Final = datetime(2200, 1, 1, tzinfo=UTC)


class UnitOfWorkContract(DatabaseContract):
    """What `UnitOfWork` and `Begin` promise."""

    def test_leaving_the_block_commits(self, db: Begin[IdentityWork]) -> None:
        """What was written in a unit of work is there for later ones: state and events."""
        with db() as work:
            work.accounts.add([samples.an_account(1)])
            work.outbox.append(some_facts(1))
        with db() as work:
            assert {samples.account_id(1): samples.an_account(1)} == work.accounts.find([samples.account_id(1)])
            assert some_facts(1) == [message.event for message in work.outbox.pending(10)]

    def test_an_exception_takes_everything_back(self, db: Begin[IdentityWork]) -> None:
        """An exception that leaves the block is raised on, and nothing of the unit of work remains: no state, event or notice."""
        handled = samples.numbered(1, 1)
        with pytest.raises(Undone), db() as work:
            work.accounts.add([samples.an_account(1)])
            work.outbox.append(some_facts(1))
            assert [handled] == list(work.inbox.admit("mailer", [handled]))
            undo()
        with db() as work:
            assert {} == work.accounts.find([samples.account_id(1)])
            assert [] == list(work.outbox.pending(10))
            assert [handled] == list(work.inbox.admit("mailer", [handled]))

    def test_a_failure_leaves_the_database_usable(self, db: Begin[IdentityWork]) -> None:
        """After a unit of work that failed, also by a refused write, the next one begins as if nothing had been."""
        with db() as work:
            work.accounts.add([samples.an_account(1)])
        with pytest.raises(Conflict), db() as work:
            work.accounts.add([samples.an_account(1)])
        with db() as work:
            work.accounts.add([samples.an_account(2)])
        with db() as work:
            assert {samples.account_id(1), samples.account_id(2)} == set(
                work.accounts.find([samples.account_id(1), samples.account_id(2)])
            )

    @pytest.mark.parametrize("commits", [True, False])
    def test_others_see_all_or_nothing(self, db: Begin[IdentityWork], *, commits: bool) -> None:
        """Another thread sees either everything of a unit of work or nothing, and nothing of one that fails."""
        ids = [samples.account_id(1), samples.account_id(2)]

        def read() -> set[Any]:
            with db() as work:
                return set(work.accounts.find(ids))

        def write() -> None:
            with db() as work:
                work.accounts.add([samples.an_account(1)])
                running.append(run(read))
                moment_for_others(running[0])
                work.accounts.add([samples.an_account(2)])
                if not commits:
                    undo()

        running: list[Any] = []
        with another_thread() as run:
            if commits:
                write()
            else:
                with pytest.raises(Undone):
                    write()
            seen = running[0].result(PATIENCE_SECONDS)
        assert seen in ([set(ids), set()] if commits else [set()])
        assert (set(ids) if commits else set()) == read()

    def test_reactions_run_before_the_commit_and_in_order(self, db: Begin[IdentityWork]) -> None:
        """Reactions see the events of the block in order, in the same unit of work; what they write is committed with it."""
        told: list[tuple[str, list[Event]]] = []
        registered, suspended = some_facts(2)

        def first(work: IdentityWork, events: Sequence[Event]) -> None:
            told.append(("first", list(events)))
            assert work.accounts.find([samples.account_id(1)])
            work.outbox.append([suspended])

        def second(work: IdentityWork, events: Sequence[Event]) -> None:
            told.append(("second", list(events)))
            work.accounts.add([samples.an_account(2)])

        begin = Reactions[IdentityWork](db, [([type(registered)], first), ([type(suspended)], second)])
        with begin() as work:
            work.accounts.add([samples.an_account(1)])
            work.outbox.append([registered])
        assert [("first", [registered]), ("second", [suspended])] == told
        with db() as work:
            assert [registered, suspended] == [message.event for message in work.outbox.pending(10)]
            assert 2 == len(work.accounts.find([samples.account_id(1), samples.account_id(2)]))

    def test_a_reaction_that_fails_takes_everything_back(self, db: Begin[IdentityWork]) -> None:
        """When a reaction raises, the block that it reacts to is not committed either."""

        def fail(work: IdentityWork, events: Sequence[Event]) -> None:
            assert events
            work.accounts.add([samples.an_account(2)])
            undo()

        begin = Reactions[IdentityWork](db, [([type(some_facts(1)[0])], fail)])
        with pytest.raises(Undone), begin() as work:
            work.accounts.add([samples.an_account(1)])
            work.outbox.append(some_facts(1))
        with db() as work:
            assert {} == work.accounts.find([samples.account_id(1), samples.account_id(2)])
            assert [] == list(work.outbox.pending(10))


class AnswersContract(DatabaseContract):
    """What `Answers` promises."""

    def answers(self, work: Any) -> Answers:
        """The answers of `work` that are tested."""
        answers: Answers = work.answers
        return answers

    def test_first_answers_come_back_equal(self, db: Begin[Any]) -> None:
        """`find` gives the first answers of the keys that were used, equal field by field."""
        answers = [_answer(n) for n in (1, 2)]
        with db() as work:
            self.answers(work).add(answers)
            self.answers(work).add([])
        with db() as work:
            found = self.answers(work).find(["key 2", "key 9", "key 1"])
            assert [] == differences({answer.key: answer for answer in answers}, dict(found))
            assert {} == self.answers(work).find([])

    def test_a_key_has_one_answer(self, db: Begin[Any]) -> None:
        """A second answer to a key is a `Conflict`, and nothing of its batch is kept."""
        with db() as work:
            self.answers(work).add([_answer(1)])
        with pytest.raises(Conflict), db() as work:
            self.answers(work).add([_answer(2), Answer("key 1", "other", "{}", samples.moment(5))])
        with db() as work:
            assert {"key 1": _answer(1)} == self.answers(work).find(["key 1", "key 2"])

    def test_an_answer_that_was_rolled_back_was_never_given(self, db: Begin[Any]) -> None:
        """A key whose unit of work failed is free."""
        with pytest.raises(Undone), db() as work:
            self.answers(work).add([_answer(1)])
            undo()
        with db() as work:
            assert {} == self.answers(work).find(["key 1"])
            self.answers(work).add([_answer(1)])

    def test_old_answers_are_forgotten(self, db: Begin[Any]) -> None:
        """`forget` drops the answers older than an instant, not those of that instant, and says how many."""
        with db() as work:
            self.answers(work).add(_answer(n) for n in (1, 2, 3))
        with db() as work:
            assert 0 == self.answers(work).forget(samples.moment(1))
            assert 2 == self.answers(work).forget(samples.moment(2) + TICK)
        with db() as work:
            assert {"key 3": _answer(3)} == self.answers(work).find(["key 1", "key 2", "key 3"])
            assert 0 == self.answers(work).forget(samples.moment(3))

    def test_of_two_at_once_one_is_first(self, db: Begin[Any]) -> None:
        """Two units of work that answer one key at the same time are not both committed."""

        def answer() -> bool:
            with db() as work:
                self.answers(work).add([_answer(1)])
            return True

        with another_thread() as run:
            with db() as work:
                self.answers(work).add([_answer(1)])
                other = run(lambda: tried(answer))
                moment_for_others(other)
            assert not other.result(PATIENCE_SECONDS)


def _answer(n: int) -> Answer:
    return Answer(f"key {n}", f"{n:064x}", f'{{"wörd": {n}}}', samples.moment(n))

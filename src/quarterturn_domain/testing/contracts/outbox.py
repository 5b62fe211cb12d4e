"""What is promised of events on their way out, and of what subscribers have handled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from quarterturn_domain.kernel.dispatch import Message
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.work import Begin, Inbox, Outbox, UnitOfWork
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

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
FAR_OFF: Final = datetime(2200, 1, 1, tzinfo=UTC)


class OutboxContract(DatabaseContract):
    """What `Outbox` promises."""

    def outbox(self, work: UnitOfWork) -> Outbox:
        """The outbox of `work` that is tested."""
        return work.outbox

    def append(self, db: Begin[Any], *events: Event) -> None:
        """Append events in a unit of work of their own."""
        with db() as work:
            self.outbox(work).append(events)

    def pending(self, db: Begin[Any], limit: int = 1_000) -> list[Message]:
        """The messages that a later unit of work finds."""
        with db() as work:
            return list(self.outbox(work).pending(limit))

    def test_every_kind_of_event_comes_back_equal(self, db: Begin[Any]) -> None:
        """Events of every kind come back equal, field by field, in the order of appending, each with an id of its own."""
        events = samples.every_fact()
        self.append(db, *events)
        messages = self.pending(db)
        assert [] == differences(events, [message.event for message in messages])
        sequences = [message.sequence for message in messages]
        assert sorted(set(sequences)) == sequences
        assert len(events) == len({message.id for message in messages})

    def test_a_unit_of_work_knows_what_it_appended(self, db: Begin[Any]) -> None:
        """`appended` gives the events of this unit of work so far, in order, and none of another one's."""
        one, two, three = some_facts(3)
        self.append(db, one)
        with db() as work:
            outbox = self.outbox(work)
            assert [] == list(outbox.appended())
            outbox.append(iter([two]))
            outbox.append([])
            outbox.append([three])
            assert [two, three] == list(outbox.appended())

    def test_only_what_is_committed_is_pending(self, db: Begin[Any]) -> None:
        """`pending` gives what others have committed, not what this unit of work has appended."""
        one, two = some_facts(2)
        self.append(db, one)
        with db() as work:
            self.outbox(work).append([two])
            assert [one] == [message.event for message in self.outbox(work).pending(10)]

    def test_pending_messages_come_oldest_first(self, db: Begin[Any]) -> None:
        """`pending` gives at most `limit` messages, the oldest first; asked again they are the same."""
        events = some_facts(5)
        for event in events:
            self.append(db, event)
        assert events[:2] == [message.event for message in self.pending(db, 2)]
        assert self.pending(db, 5) == self.pending(db, 9)
        assert [] == self.pending(db, 0)

    def test_what_waits_is_counted(self, db: Begin[Any]) -> None:
        """`waiting` says how many committed messages are not delivered, and when the oldest of their events happened."""
        with db() as work:
            assert (0, None) == self.outbox(work).waiting()
        one, two, three = some_facts(3)
        self.append(db, two, one)
        with db() as work:
            self.outbox(work).append([three])
            assert (2, min(one.at, two.at)) == self.outbox(work).waiting()
            self.outbox(work).delivered([message.id for message in self.outbox(work).pending(10)])
        with db() as work:
            assert (1, three.at) == self.outbox(work).waiting()

    def test_pending_goes_on_after_a_sequence(self, db: Begin[Any]) -> None:
        """Whoever leaves messages waiting can go on with those behind them."""
        self.append(db, *some_facts(4))
        messages = self.pending(db)
        for message in messages:
            with db() as work:
                behind = [each for each in messages if each.sequence > message.sequence]
                assert behind == list(self.outbox(work).pending(10, after=message.sequence))
                assert behind[:1] == list(self.outbox(work).pending(1, after=message.sequence))

    def test_delivered_messages_are_not_pending(self, db: Begin[Any]) -> None:
        """What was marked as delivered does not come again; what is unknown or delivered already is passed over."""
        self.append(db, *some_facts(3))
        first, second, third = self.pending(db)
        with db() as work:
            self.outbox(work).delivered([second.id, first.id, samples.numbered(9, 9)])
        assert [third] == self.pending(db)
        with db() as work:
            self.outbox(work).delivered([first.id])
            self.outbox(work).delivered([])
        assert [third] == self.pending(db)

    def test_a_delivery_that_is_rolled_back_comes_again(self, db: Begin[Any]) -> None:
        """Messages that were marked in a unit of work that failed are pending as before."""
        self.append(db, *some_facts(2))
        before = self.pending(db)
        with pytest.raises(Undone), db() as work:
            self.outbox(work).delivered([message.id for message in before])
            undo()
        assert before == self.pending(db)

    def test_only_what_is_delivered_is_forgotten(self, db: Begin[Any]) -> None:
        """`forget` never drops a message that waits, however old; what was delivered long enough ago is gone after it."""
        self.append(db, *some_facts(3))
        first, *waiting = self.pending(db)
        with db() as work:
            self.outbox(work).delivered([first.id])
        with db() as work:
            assert 0 == self.outbox(work).archive(LONG_AGO, 10)
            assert 1 >= self.outbox(work).archive(FAR_OFF, 10)
            assert 0 == self.outbox(work).archive(FAR_OFF, 10)
        with db() as work:
            assert 0 == self.outbox(work).forget(LONG_AGO)
            assert 1 >= self.outbox(work).forget(FAR_OFF)
            assert 0 == self.outbox(work).forget(FAR_OFF)
        assert waiting == self.pending(db)

    def test_two_never_deliver_the_same(self, db: Begin[Any]) -> None:
        """Messages that one unit of work has claimed and delivered are not given to another that asks meanwhile."""
        self.append(db, *some_facts(4))

        def claim() -> set[UUID]:
            return {message.id for message in self.pending(db, 2)}

        with another_thread() as run:
            with db() as work:
                mine = self.outbox(work).pending(2)
                other = run(claim)
                moment_for_others(other)
                self.outbox(work).delivered([message.id for message in mine])
            assert {message.id for message in mine}.isdisjoint(other.result(PATIENCE_SECONDS))


class InboxContract(DatabaseContract):
    """What `Inbox` promises."""

    def inbox(self, work: UnitOfWork) -> Inbox:
        """The inbox of `work` that is tested."""
        return work.inbox

    def admit(self, db: Begin[Any], subscriber: str, *numbers: int) -> list[int]:
        """Which of the messages with these numbers are admitted, in a unit of work of their own."""
        ids = {samples.numbered(1, n): n for n in numbers}
        with db() as work:
            return [ids[each] for each in self.inbox(work).admit(subscriber, [samples.numbered(1, n) for n in numbers])]

    def test_a_message_is_admitted_once(self, db: Begin[Any]) -> None:
        """Of the messages only those are admitted that the subscriber has not seen, in the order given."""
        assert [3, 1, 2] == self.admit(db, "mailer", 3, 1, 2)
        assert [5, 4] == self.admit(db, "mailer", 2, 5, 1, 4, 3)
        assert [] == self.admit(db, "mailer", 1, 2, 3, 4, 5)

    def test_a_message_twice_at_once_is_admitted_once(self, db: Begin[Any]) -> None:
        """A message that is named twice in one call is admitted once."""
        assert [2, 1] == self.admit(db, "mailer", 2, 1, 2)

    def test_a_message_twice_in_one_unit_of_work_is_admitted_once(self, db: Begin[Any]) -> None:
        """A message that was admitted is not admitted again in the same unit of work."""
        with db() as work:
            assert [samples.numbered(1, 1)] == list(self.inbox(work).admit("mailer", [samples.numbered(1, 1)]))
            assert [] == list(self.inbox(work).admit("mailer", [samples.numbered(1, 1)]))

    def test_subscribers_do_not_know_of_each_other(self, db: Begin[Any]) -> None:
        """Each subscriber sees each message once."""
        assert [1] == self.admit(db, "mailer", 1)
        assert [1] == self.admit(db, "Mailer", 1)
        assert [1, 2] == self.admit(db, "search", 1, 2)

    def test_nothing_is_admitted_of_nothing(self, db: Begin[Any]) -> None:
        """Asked about no message, none is admitted."""
        assert [] == self.admit(db, "mailer")

    def test_a_message_that_was_rolled_back_comes_again(self, db: Begin[Any]) -> None:
        """A handler that fails has not handled its message: it is admitted again."""
        with pytest.raises(Undone), db() as work:
            self.inbox(work).admit("mailer", [samples.numbered(1, 1)])
            undo()
        assert [1] == self.admit(db, "mailer", 1)

    def test_old_notes_are_forgotten(self, db: Begin[Any]) -> None:
        """`forget` drops what was noted before an instant, for every subscriber, and says how many; it is admitted again."""
        self.admit(db, "mailer", 1, 2)
        self.admit(db, "search", 1)
        with db() as work:
            assert 0 == self.inbox(work).forget(LONG_AGO)
            assert 3 == self.inbox(work).forget(FAR_OFF)
        assert [1, 2] == self.admit(db, "mailer", 1, 2)
        assert [1] == self.admit(db, "search", 1)

    def test_of_two_at_once_one_is_admitted(self, db: Begin[Any]) -> None:
        """Two handlers that get the same message at the same time are not both admitted."""
        with another_thread() as run:
            with db() as work:
                mine = list(self.inbox(work).admit("mailer", [samples.numbered(1, 1)]))
                other = run(lambda: tried(lambda: self.admit(db, "mailer", 1)))
                moment_for_others(other)
            assert [samples.numbered(1, 1)] == mine
            assert not other.result(PATIENCE_SECONDS)

"""What is promised of dispatches: each is leased to one, none is lost, and order is kept where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from quarterturn_domain.identity.events import AccountReinstated, AccountSuspended
from quarterturn_domain.kernel.dispatch import DISPATCH, Depth, Dispatch, DispatchStatus, Forwarded
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.work import Begin
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
LATER: Final = AT + timedelta(minutes=1)
FAR_OFF: Final = datetime(2200, 1, 1, tzinfo=UTC)
ME: Final = samples.numbered(7, 1)
YOU: Final = samples.numbered(7, 2)

HEARD: Final = {"account.suspended": ["mailer", "search"], "account.reinstated": ["mailer"]}


def suspended(number: int, second: int = 0) -> Event:
    """An account is suspended, at a second of the hour."""
    return AccountSuspended(account_id=samples.account_id(number), reason="a rule", at=AT + timedelta(seconds=second))


def reinstated(number: int) -> Event:
    """An account may be used again."""
    return AccountReinstated(account_id=samples.account_id(number), at=AT)


class DispatchesContract(DatabaseContract):
    """What `Dispatches` promises, and `Outbox.forward`, which makes them."""

    def forward(self, db: Begin[Any], *events: Event, limit: int = 100) -> Forwarded:
        """Append events, and forward them."""
        with db() as work:
            work.outbox.append(events)
        with db() as work:
            forwarded: Forwarded = work.outbox.forward(HEARD, limit, at=AT)
        return forwarded

    def claim(self, db: Begin[Any], name: str, limit: int = 100, *, by: Any = ME, at: datetime = AT, **how: Any) -> list[Dispatch]:
        """What is leased to somebody for a minute."""
        with db() as work:
            return list(work.dispatches.claim(name, limit, at=at, until=at + timedelta(minutes=1), by=by, **how))

    def events(self, dispatches: Sequence[Dispatch]) -> list[Event]:
        """What they are about."""
        return [dispatch.message.event for dispatch in dispatches]

    def test_an_event_is_dispatched_to_everybody_who_hears_it(self, db: Begin[Any]) -> None:
        """One dispatch for each subscription; what nobody hears is counted; nothing is forwarded twice."""
        assert Forwarded(3, 1, {"mailer": 2, "search": 1}) == self.forward(db, suspended(1), samples.every_fact()[0], reinstated(2))
        assert Forwarded(0, 0, {}) == self.forward(db)
        with db() as work:
            assert [] == list(work.outbox.pending(10))
            assert {"mailer": 2, "search": 1} == work.dispatches.due(AT)
            assert {"mailer": 1, "search": 1} == work.dispatches.due(AT, most=1)
            assert {} == work.dispatches.due(AT - timedelta(seconds=1))
        assert [suspended(1), reinstated(2)] == self.events(self.claim(db, "mailer"))
        assert [suspended(1)] == self.events(self.claim(db, "search"))

    def test_the_oldest_are_forwarded_first(self, db: Begin[Any]) -> None:
        """At most so many at a time, in the order of appending; what was forwarded before stays."""
        assert 2 == self.forward(db, *(suspended(n) for n in range(1, 6)), limit=2).messages
        assert [suspended(1), suspended(2)] == self.events(self.claim(db, "mailer"))
        assert 3 == self.forward(db).messages
        assert [suspended(n) for n in range(1, 6)] == self.events(self.claim(db, "search"))

    def test_what_is_not_committed_is_not_forwarded(self, db: Begin[Any]) -> None:
        """A unit of work forwards what others have committed, and takes it back when it fails."""
        with db() as work:
            work.outbox.append([suspended(1)])
            assert Forwarded(0, 0, {}) == work.outbox.forward(HEARD, 10, at=AT)
        with pytest.raises(Undone), db() as work:
            assert 1 == work.outbox.forward(HEARD, 10, at=AT).messages
            undo()
        assert 1 == self.forward(db).messages

    def test_two_never_forward_the_same(self, db: Begin[Any]) -> None:
        """What one forwards, another one that asks meanwhile leaves alone."""
        with db() as work:
            work.outbox.append([suspended(n) for n in range(1, 5)])
        with another_thread() as run:
            with db() as work:
                mine = work.outbox.forward(HEARD, 2, at=AT)
                other = run(lambda: self.forward(db, limit=2))
                moment_for_others(other)
            theirs = other.result(PATIENCE_SECONDS)
        assert (2, 2) == (mine.messages, theirs.messages)
        assert 4 == len(self.claim(db, "mailer"))

    def test_what_is_leased_is_nobody_elses_until_the_lease_is_over(self, db: Begin[Any]) -> None:
        """A lease keeps others away, may be renewed, and ends by itself."""
        self.forward(db, suspended(1), suspended(2))
        assert [suspended(1)] == self.events(self.claim(db, "mailer", 1))
        assert [suspended(2)] == self.events(self.claim(db, "mailer", by=YOU))
        with db() as work:
            assert {"search": 2} == work.dispatches.due(AT)
            assert 1 == work.dispatches.renew(ME, LATER + timedelta(minutes=1))
            assert 0 == work.dispatches.renew(samples.numbered(7, 3), LATER)
        assert [suspended(2)] == self.events(self.claim(db, "mailer", at=LATER))
        assert [suspended(1)] == self.events(self.claim(db, "mailer", at=LATER + timedelta(minutes=1), limit=1))

    def test_who_does_not_wait_gets_what_is_leased_or_not_due(self, db: Begin[Any]) -> None:
        """`early` asks neither for leases nor for the time; `without` leaves out."""
        self.forward(db, suspended(1), suspended(2))
        first, second = self.claim(db, "mailer")
        with db() as work:
            work.dispatches.save([second.wait(FAR_OFF)])
        assert [] == self.claim(db, "mailer")
        assert [suspended(1), suspended(2)] == self.events(self.claim(db, "mailer", early=True))
        assert [suspended(2)] == self.events(self.claim(db, "mailer", early=True, without=[first.message.id]))

    def test_what_is_done_is_gone(self, db: Begin[Any]) -> None:
        """For its subscription, and not for others; what is unknown is passed over, and saving does not bring it back."""
        self.forward(db, suspended(1))
        (mine,) = self.claim(db, "mailer")
        with db() as work:
            assert 1 == work.dispatches.done([mine.key, ("mailer", samples.numbered(9, 9)), mine.key])
        with db() as work:
            work.dispatches.save([mine.wait(LATER)])
            work.dispatches.save([])
            assert 0 == work.dispatches.done([mine.key])
            assert 0 == work.dispatches.done([])
            assert {} == work.dispatches.find([mine.key])
        assert [suspended(1)] == self.events(self.claim(db, "search"))

    def test_what_became_of_a_batch_is_noted_unless_it_is_somebody_elses(self, db: Begin[Any]) -> None:
        """What is handled is gone, whoever has it by now; what failed and was taken over, or is gone, is left alone."""
        self.forward(db, *(suspended(n) for n in range(1, 5)))
        first, second, third, fourth = self.claim(db, "mailer")
        again = [each.fail("no", at=AT, due_at=AT, limit=9) for each in (second, third, fourth)]
        assert [suspended(1), suspended(2)] == self.events(self.claim(db, "mailer", 2, at=LATER + timedelta(hours=1), by=YOU))
        with db() as work:
            work.dispatches.done([fourth.key])
        with db() as work:
            work.dispatches.settle(ME, [first.key], again)
            work.dispatches.settle(ME, [], [])
        with db() as work:
            kept = work.dispatches.find([each.key for each in (first, second, third, fourth)])
            assert {second.key: second, third.key: again[1]} == kept
        assert [suspended(3)] == self.events(self.claim(db, "mailer"))

    def test_a_failure_is_kept_and_ends_the_lease(self, db: Begin[Any]) -> None:
        """It comes back with what went wrong, when it is due, and not before."""
        self.forward(db, suspended(1))
        (mine,) = self.claim(db, "mailer")
        failed = mine.fail('"no" \\ said the mailer', at=AT, due_at=LATER, limit=3)
        with db() as work:
            work.dispatches.save([failed])
        assert [] == self.claim(db, "mailer")
        assert [failed] == self.claim(db, "mailer", at=LATER)
        with db() as work:
            assert {failed.key: failed} == work.dispatches.find([failed.key, ("search", samples.numbered(9, 9))])
            assert {} == work.dispatches.find([])

    def test_a_dead_letter_is_not_tried_until_somebody_says_so(self, db: Begin[Any]) -> None:
        """After its last attempt it is listed with the dead, the latest event first; retried, it is due again."""
        self.forward(db, *(suspended(n) for n in range(1, 4)))
        buried = [each.fail("no", at=AT, due_at=AT, limit=1) for each in self.claim(db, "mailer") + self.claim(db, "search", 1)]
        with db() as work:
            work.dispatches.save(buried)
        assert [] == self.claim(db, "mailer", at=FAR_OFF, early=True)
        by_age = sorted(buried, key=lambda each: (-each.message.sequence, each.subscription))
        with db() as work:
            assert by_age == list(work.dispatches.dead(None, 10))
            assert by_age[:2] == list(work.dispatches.dead(None, 2))
            assert by_age[2:] == list(work.dispatches.dead(by_age[1].place, 10))
            assert by_age[3:] == list(work.dispatches.dead(by_age[2].place, 1))
            assert [each for each in by_age if each.subscription == "mailer"] == list(work.dispatches.dead(None, 10, "mailer"))
            assert [] == list(work.dispatches.dead(by_age[-1].place, 10))
            assert by_age[1:2] == list(work.dispatches.dead(by_age[0].place, 1, "mailer"))
            work.dispatches.save([by_age[0].retry(at=AT)])
        (again,) = self.claim(db, "mailer")
        assert (0, by_age[0].failures, DispatchStatus.WAITING) == (again.attempts, again.failures, again.status)

    def test_who_locks_a_dispatch_has_it_alone(self, db: Begin[Any]) -> None:
        """Another one who wants it waits, and sees what became of it; what is not there is left out."""
        self.forward(db, suspended(1))
        (mine,) = self.claim(db, "mailer")
        dead = mine.fail("no", at=AT, due_at=AT, limit=1)
        with db() as work:
            work.dispatches.save([dead])

        def other() -> Sequence[Dispatch]:
            with db() as work:
                return list(work.dispatches.lock([dead.key, ("mailer", samples.numbered(9, 9))]).values())

        with another_thread() as run:
            with db() as work:
                assert {dead.key: dead} == work.dispatches.lock([dead.key])
                found = run(other)
                moment_for_others(found)
                work.dispatches.save([dead.retry(at=LATER)])
            assert [dead.retry(at=LATER)] == found.result(PATIENCE_SECONDS)
        with db() as work:
            assert {} == work.dispatches.lock([])

    def test_order_is_kept_for_each_aggregate(self, db: Begin[Any]) -> None:
        """Of each aggregate only the oldest event is given, while that waits, is leased, or is dead; others do not wait for it."""
        self.forward(db, suspended(1), suspended(2), reinstated(1), reinstated(2))
        heads = self.claim(db, "mailer", in_order=True)
        assert [suspended(1), suspended(2)] == self.events(heads)
        assert [] == self.claim(db, "mailer", in_order=True, by=YOU)
        with db() as work:
            work.dispatches.done([heads[0].key])
            work.dispatches.save([heads[1].fail("no", at=AT, due_at=AT, limit=1)])
        assert [reinstated(1)] == self.events(self.claim(db, "mailer", in_order=True))
        with db() as work:
            work.dispatches.save([work.dispatches.find([heads[1].key])[heads[1].key].retry(at=AT)])
        assert [suspended(2)] == self.events(self.claim(db, "mailer", in_order=True))

    def test_depths_say_how_much_waits_and_since_when(self, db: Begin[Any]) -> None:
        """By subscription: what waits, leased or not; when the oldest event of it happened; and the dead."""
        self.forward(db, suspended(1, second=5), suspended(2, second=3))
        (mine,) = self.claim(db, "mailer", 1)
        with db() as work:
            work.dispatches.save([mine.fail("no", at=AT, due_at=AT, limit=1)])
        with db() as work:
            three = AT + timedelta(seconds=3)
            assert {"mailer": Depth(1, three, 1), "search": Depth(2, three, 0)} == work.dispatches.depths()

    def test_what_somebody_has_still_to_handle_is_not_put_away(self, db: Begin[Any]) -> None:
        """Archiving leaves waiting and dead messages where they are; forgetting drops what is archived, and nothing else."""
        self.forward(db, suspended(1), reinstated(2))
        (first, second), (third,) = self.claim(db, "mailer"), self.claim(db, "search")
        with db() as work:
            work.dispatches.done([second.key])
            work.dispatches.save([first.fail("no", at=AT, due_at=AT, limit=1)])
        with db() as work:
            assert 0 == work.outbox.archive(AT - timedelta(days=9_000), 10)
            assert 1 >= work.outbox.archive(FAR_OFF, 10)
            assert 0 == work.outbox.archive(FAR_OFF, 10)
            assert 1 >= work.outbox.forget(FAR_OFF)
            assert 0 == work.outbox.forget(FAR_OFF)
            assert {first.key, third.key} == set(work.dispatches.find([first.key, second.key, third.key]))

    def test_every_status_is_kept(self, db: Begin[Any]) -> None:
        """Every status of the lifecycle can be kept and comes back."""
        self.forward(db, *(suspended(n) for n, _ in enumerate(DISPATCH.states, start=1)))
        claimed = self.claim(db, "mailer")
        dead = claimed[0].fail("no", at=AT, due_at=AT, limit=1)
        with db() as work:
            work.dispatches.save([dead, *claimed[1:]])
        with db() as work:
            found = work.dispatches.find([each.key for each in claimed])
        assert set(DISPATCH.states) == {each.status for each in found.values()}

"""What mending dead letters comes to over any storage: what is tried anew, what is given up, and what goes on behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import pytest

from quarterturn_domain.kernel.dispatch import Dispatch, DispatchStatus
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.operations.mending import (
    MendDeadLetter,
    MendDeadLetters,
    MendSubscription,
    MendSubscriptions,
    ReadDeadLetters,
)
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import DatabaseContract
from quarterturn_domain.testing.contracts.dispatching import AT, FAR_OFF, HEARD, LATER, ME, reinstated, suspended

WHO: Final = samples.account_id(77)


class MendingContract(DatabaseContract):
    """What `MendDeadLetters`, `MendSubscriptions` and `ReadDeadLetters` need of a storage."""

    def buried(self, db: Begin[Any], count: int, name: str = "mailer") -> list[Dispatch]:
        """So many dead letters of a subscription, the oldest first; and an event behind each, about the same."""
        with db() as work:
            work.outbox.append([suspended(n) for n in range(1, count + 1)])
            work.outbox.append([reinstated(n) for n in range(1, count + 1)])
        with db() as work:
            work.outbox.forward(HEARD, 10_000, at=AT)
            heads = work.dispatches.claim(name, count, at=AT, until=LATER, by=ME, in_order=True)
            dead = [each.fail("no", at=AT, due_at=AT, limit=1) for each in heads]
            work.dispatches.save(dead)
        return dead

    def claimed(self, db: Begin[Any]) -> Sequence[Dispatch]:
        """What is due to a subscription that keeps order."""
        with db() as work:
            found: Sequence[Dispatch] = work.dispatches.claim(
                "mailer", 1_000, at=FAR_OFF, until=FAR_OFF + timedelta(minutes=1), by=ME, in_order=True
            )
        return found

    def test_a_dead_letter_is_tried_anew_and_those_behind_it_wait(self, db: Begin[Any]) -> None:
        """It is due at once, as if it had not been tried, with what went wrong before; order is kept."""
        (dead,) = self.buried(db, 1)
        assert dead == ReadDeadLetters(db).letter(*dead.key)
        assert [] == self.claimed(db)
        command = MendDeadLetter(act="retry", subscription="mailer", message_id=dead.message.id, by=WHO, at=LATER)
        again = MendDeadLetters(db)(command)
        assert (DispatchStatus.WAITING, 0, LATER, dead.failures) == (again.status, again.attempts, again.due_at, again.failures)
        assert [again] == self.claimed(db)
        with pytest.raises(InvalidTransition):
            MendDeadLetters(db)(command)
        with pytest.raises(NotFound):
            ReadDeadLetters(db).letter(*dead.key)

    def test_behind_what_is_given_up_later_events_go_on(self, db: Begin[Any]) -> None:
        """In a subscription that keeps order, of this aggregate; behind the others they still wait."""
        first, second = self.buried(db, 2)
        command = MendDeadLetter(
            act="discard", subscription="mailer", message_id=first.message.id, reason="a test of ours", by=WHO, at=LATER
        )
        assert first == MendDeadLetters(db)(command)
        assert [reinstated(1)] == [each.message.event for each in self.claimed(db)]
        assert [second] == list(ReadDeadLetters(db).page(None, 10))
        with pytest.raises(NotFound):
            MendDeadLetters(db)(command)
        with db() as work:
            (entry,) = work.audit.page(None, 10)
        assert ("dead_letter.discarded", WHO, LATER) == (entry.action, entry.actor_id, entry.at)
        assert {"subscription": "mailer", "event": "account.suspended", "reason": "a test of ours"} == entry.details

    def test_a_reason_is_needed_to_give_up(self, db: Begin[Any]) -> None:
        """And one that can be kept; nothing is changed without."""
        (dead,) = self.buried(db, 1)
        for reason in ("", " \n", "a\0b", "x" * 201):
            with pytest.raises(Invalid):
                MendDeadLetters(db)(
                    MendDeadLetter(act="discard", subscription="mailer", message_id=dead.message.id, reason=reason, at=AT)
                )
            with pytest.raises(Invalid):
                MendSubscriptions(db)(MendSubscription(act="discard", subscription="mailer", reason=reason, at=AT))
        assert [dead] == list(ReadDeadLetters(db).page(None, 10))

    def test_all_of_a_subscription_are_mended_and_no_others(self, db: Begin[Any]) -> None:
        """However many pages of them there are; how many there were is in the audit trail."""
        self.buried(db, 3, "search")
        with db() as work:
            work.dispatches.done(each.key for each in work.dispatches.claim("mailer", 100, at=AT, until=LATER, by=ME, early=True))
        dead = self.buried(db, 205)
        retry = MendSubscription(act="retry", subscription="mailer", by=WHO, at=LATER)
        assert 205 == MendSubscriptions(db)(retry)
        assert 0 == MendSubscriptions(db)(retry)
        assert 0 == MendSubscriptions(db)(MendSubscription(act="retry", subscription="nobody", at=LATER))
        assert {each.key for each in dead} == {each.key for each in self.claimed(db)}
        assert ["search"] * 3 == [each.subscription for each in ReadDeadLetters(db).page(None, 300)]
        with db() as work:
            counts = [int(entry.details["count"]) for entry in work.audit.page(None, 10)]
        assert 205 == sum(counts)
        gone = MendSubscription(act="discard", subscription="search", reason="a test of ours", at=LATER)
        assert 3 == MendSubscriptions(db)(gone)
        assert [] == list(ReadDeadLetters(db).page(None, 10))
        assert "search" not in {name for name, depth in ReadDeadLetters(db).depths().items() if depth.dead}

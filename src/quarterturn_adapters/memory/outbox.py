"""Events on their way out, what subscribers have handled, and first answers, kept in memory."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from uuid import UUID

import attrs

from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.memory.dispatching import MemoryDispatches
from quarterturn_adapters.memory.tables import Counter, Table, Transactions
from quarterturn_domain.kernel.dispatch import Dispatch, Forwarded, Message
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import Answer
from quarterturn_domain.kernel.ids import Ids


class MemoryOutbox:
    """The messages that nobody has delivered yet; delivered ones are dropped."""

    def __init__(self, transactions: Transactions, ids: Ids, dispatches: MemoryDispatches) -> None:
        self._ids = ids
        self._dispatches = dispatches
        self._messages: Table[int, Message] = Table(transactions, "message", lambda message: message.sequence)
        self._in_order = self._messages.sorted(lambda message: (message.sequence,))
        self._by_id = self._messages.unique(lambda message: message.id, "its id was given twice")
        self._sequence = Counter(transactions)
        self._committed = 0
        self._appended: list[Event] = []

    def begin(self) -> None:
        """Start a unit of work, of which nothing is appended yet."""
        self._committed = self._sequence.last
        self._appended = []

    def append(self, events: Iterable[Event], /) -> None:
        """Keep `events`, in this order."""
        fresh = list(events)
        numbered = zip(self._sequence.take(len(fresh)), fresh, strict=True)
        self._messages.put(Message(sequence, self._ids.new(), event) for sequence, event in numbered)
        self._appended += fresh

    def appended(self) -> Sequence[Event]:
        """The events of this unit of work so far, in order."""
        return tuple(self._appended)

    def pending(self, limit: int, /, *, after: int = 0) -> Sequence[Message]:
        """Committed messages that are not delivered, oldest first, at most `limit`, those whose sequence is above `after`."""
        page = self._in_order.page((after,) if after else None, limit)
        return list(takewhile(lambda message: message.sequence <= self._committed, page))

    def waiting(self) -> tuple[int, datetime | None]:
        """How many committed messages are not delivered, and when the oldest of their events happened."""
        found = [message.event.at for message in self._messages.all().values() if message.sequence <= self._committed]
        return len(found), min(found, default=None)

    def delivered(self, ids: Iterable[UUID], /) -> None:
        """Drop delivered messages; what is unknown or dropped already is passed over."""
        self._messages.drop([message.sequence for message in self._by_id.find(ids)])

    def forward(self, heard: Mapping[str, Sequence[str]], limit: int, /, *, at: datetime) -> Forwarded:
        """Make dispatches of up to `limit` pending messages, and mark those as delivered."""
        messages = self.pending(limit)
        fresh = [
            Dispatch(subscription=name, message=message, due_at=at)
            for message in messages
            for name in heard.get(message.event.tag, ())
        ]
        self._dispatches.add(fresh)
        self.delivered([message.id for message in messages])
        unheard = sum(not heard.get(message.event.tag) for message in messages)
        return Forwarded(len(messages), unheard, Tally(dispatch.subscription for dispatch in fresh))

    def archive(self, _: datetime, __: int, /) -> int:
        """Put away what was delivered before an instant: it is gone since it was, and there is none."""
        return 0

    def forget(self, _: datetime, /) -> int:
        """Drop the archived messages that were delivered before an instant: there are none."""
        return 0


@attrs.frozen
class _Handled:
    """That a subscriber has handled a message, and since when that is noted."""

    subscriber: str
    message_id: UUID
    at: datetime


class MemoryInbox:
    """Which messages each subscriber has handled."""

    def __init__(self, transactions: Transactions) -> None:
        self._handled: Table[tuple[str, UUID], _Handled] = Table(
            transactions, "message", lambda handled: (handled.subscriber, handled.message_id)
        )
        self._by_age = self._handled.sorted(lambda handled: (handled.at,))
        # As in a database server, notes are dated by the machine's own clock, whatever time it is in the marketplace.
        self._clock = SystemClock()

    def admit(self, subscriber: str, ids: Iterable[UUID], /) -> Sequence[UUID]:
        """Those of `ids` that `subscriber` sees for the first time, in order, noted from now on."""
        asked = dict.fromkeys((subscriber, each) for each in ids)
        known = self._handled.find(asked)
        fresh = [each for each in asked if each not in known]
        now = self._clock.now()
        self._handled.put(_Handled(*each, now) for each in fresh)
        return [message_id for _, message_id in fresh]

    def forget(self, before: datetime, /) -> int:
        """Drop what was noted before an instant; returns how many notes."""
        old = takewhile(lambda handled: handled.at < before, self._by_age.rows())
        return self._handled.drop([(handled.subscriber, handled.message_id) for handled in old])


class MemoryAnswers:
    """The first answer to every idempotency key."""

    def __init__(self, transactions: Transactions) -> None:
        self._answers: Table[str, Answer] = Table(transactions, "answer", lambda answer: answer.key)
        self._by_age = self._answers.sorted(lambda answer: (answer.at,))

    def find(self, keys: Iterable[str], /) -> Mapping[str, Answer]:
        """The first answers of those of `keys` that were used before."""
        return self._answers.find(keys)

    def add(self, answers: Iterable[Answer], /) -> None:
        """Keep first answers; raises `Conflict` when a key is taken."""
        self._answers.add(answers)

    def forget(self, before: datetime, /) -> int:
        """Drop the answers that are older than `before`; returns how many."""
        old = takewhile(lambda answer: answer.at < before, self._by_age.rows())
        return self._answers.drop([answer.key for answer in old])

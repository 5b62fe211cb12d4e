"""The unit of work: subscribers react to what happened before it is committed, until nothing new happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest

from quarterturn_domain.identity.events import AccountRegistered, AccountReinstated, AccountSuspended
from quarterturn_domain.kernel.batch import Draft
from quarterturn_domain.kernel.clock import utc
from quarterturn_domain.kernel.dispatch import Dispatches, Forwarded, Message
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import Answers
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.kernel.work import Inbox, Reactions

AT = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = AccountId(UUID(int=1))
REGISTERED = AccountRegistered(account_id=ACCOUNT, at=AT)
SUSPENDED = AccountSuspended(account_id=ACCOUNT, reason="none", at=AT)
REINSTATED = AccountReinstated(account_id=ACCOUNT, at=AT)


class Heard:
    """An outbox and a unit of work in one: it only remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.committed = False

    @property
    def outbox(self) -> Heard:
        """Itself."""
        return self

    @property
    def dispatches(self) -> Dispatches:
        """None: nobody asks."""
        raise NotImplementedError

    @property
    def inbox(self) -> Inbox:
        """None: nobody asks."""
        raise NotImplementedError

    @property
    def answers(self) -> Answers:
        """None: nobody asks."""
        raise NotImplementedError

    def append(self, events: Iterable[Event], /) -> None:
        """Remember."""
        self.events += events

    def appended(self) -> Sequence[Event]:
        """What is remembered."""
        return tuple(self.events)

    def pending(self, limit: int, /, *, after: int = 0) -> Sequence[Message]:
        """Nothing goes out."""
        raise NotImplementedError

    def forward(self, heard: Mapping[str, Sequence[str]], limit: int, /, *, at: datetime) -> Forwarded:
        """Nothing goes out."""
        raise NotImplementedError

    def delivered(self, ids: Iterable[UUID], /) -> None:
        """Nothing goes out."""
        raise NotImplementedError

    def waiting(self) -> tuple[int, datetime | None]:
        """Nothing goes out."""
        raise NotImplementedError

    def archive(self, before: datetime, limit: int, /) -> int:
        """Nothing went out."""
        raise NotImplementedError

    def forget(self, before: datetime, /) -> int:
        """Nothing went out."""
        raise NotImplementedError

    @contextmanager
    def begin(self) -> Iterator[Heard]:
        """Commit unless something was raised."""
        yield self
        self.committed = True


def test_subscribers_react_in_rounds_before_the_commit() -> None:
    """A reaction gets all events of its types in one go, in the order of subscription; its own events are the next round."""
    heard, told = Heard(), list[tuple[str, list[Event]]]()

    def first(work: Heard, events: Sequence[Event], /) -> None:
        assert not work.committed
        told.append(("first", list(events)))
        work.append([REINSTATED])

    def second(_: Heard, events: Sequence[Event], /) -> None:
        told.append(("second", list(events)))

    begin = Reactions(heard.begin, [([AccountSuspended], first), ([AccountRegistered, AccountReinstated], second)])
    with begin() as work:
        work.append([SUSPENDED, REGISTERED, SUSPENDED])
    assert told == [("first", [SUSPENDED, SUSPENDED]), ("second", [REGISTERED]), ("second", [REINSTATED])]
    assert heard.committed


def test_a_reaction_that_fails_prevents_the_commit() -> None:
    """What raises in a reaction rolls the whole transaction back."""
    heard = Heard()

    def refuse(_: Heard, events: Sequence[Event], /) -> None:
        raise Invalid(str(len(events)))

    with pytest.raises(Invalid), Reactions(heard.begin, [([AccountSuspended], refuse)])() as work:
        work.append([SUSPENDED])
    assert not heard.committed


def test_reactions_that_never_end_are_a_bug() -> None:
    """Two contexts that answer each other for ever are stopped."""
    heard = Heard()

    def again(work: Heard, events: Sequence[Event], /) -> None:
        work.append(events)

    with pytest.raises(AssertionError, match="without end"), Reactions(heard.begin, [([AccountSuspended], again)])() as work:
        work.append([SUSPENDED])
    assert not heard.committed


def test_a_draft_knows_what_is_new_and_what_has_changed() -> None:
    """A value that was loaded is changed, one that was not is added; putting the same again is neither."""
    draft: Draft[str, int] = Draft({"a": 1, "b": 2})
    draft.put("a", 1)
    draft.put("b", 3, SUSPENDED)
    draft.put("c", 4, REGISTERED)
    draft.put("c", 5, REINSTATED)
    assert ({"c": 5}, {"b": 3}) == (draft.added, draft.changed)
    assert [SUSPENDED, REGISTERED, REINSTATED] == draft.facts
    assert (5, None) == (draft.required("c", "thing"), draft.get("d"))
    with pytest.raises(NotFound, match="no thing d"):
        draft.required("d", "thing")


def test_the_time_is_utc() -> None:
    """An instant in another zone, or in none, is refused."""
    assert AT is utc(AT)
    for other in (AT.replace(tzinfo=None), datetime.fromisoformat("2026-01-01T12:00:00+01:00")):
        with pytest.raises(Invalid, match="an instant in UTC"):
            utc(other)

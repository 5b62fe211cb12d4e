"""The relay hands every event to its subscriber at least once, and what waits for one does not keep others from theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs
import pytest

from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.relay import Delivered, Relay, Subscription
from quarterturn_domain.identity.events import AccountRegistered, AccountReinstated, AccountSuspended
from quarterturn_domain.kernel.errors import Unavailable
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import AccountId

AT = datetime(2026, 11, 20, tzinfo=UTC)


def registered(number: int) -> AccountRegistered:
    """An event of one kind."""
    return AccountRegistered(account_id=AccountId(UUID(int=number)), at=AT)


def reinstated(number: int) -> AccountReinstated:
    """An event of another kind."""
    return AccountReinstated(account_id=AccountId(UUID(int=number)), at=AT)


@attrs.define
class Subscriber:
    """Remembers what it was handed, and answers by a rule."""

    rule: Callable[[Event], object] = lambda _: None
    handed: list[Event] = attrs.field(factory=list)

    def __call__(self, events: Sequence[Event]) -> Sequence[object]:
        """An outcome for each event."""
        self.handed += events
        return [self.rule(event) for event in events]


@pytest.fixture
def database() -> MemoryDatabase:
    """An empty database."""
    return MemoryDatabase()


def relay_of(database: MemoryDatabase, heard: Mapping[type[Event], Any], *, batch: int = 1_000) -> Relay:
    """A relay with a subscription for each kind of event."""
    subscriptions = [Subscription(name=kind.tag, events=(kind,), handle=handle) for kind, handle in heard.items()]
    return Relay(database.begin, subscriptions, SystemClock(), SystemIds(), batch=batch)


def happened(database: MemoryDatabase, *events: Event) -> None:
    """Commit events."""
    with database.begin() as work:
        work.outbox.append(events)


def test_every_event_reaches_its_subscriber_once(database: MemoryDatabase) -> None:
    """In order, page by page; what nobody subscribed to is done with, and a second round finds nothing."""
    subscriber = Subscriber()
    relay = relay_of(database, {AccountRegistered: subscriber}, batch=3)
    happened(database, *(registered(n) for n in range(1, 8)), reinstated(1))
    assert Delivered(8, 0) == relay.drain()
    assert [registered(n) for n in range(1, 8)] == subscriber.handed
    assert Delivered(0, 0) == relay.drain()


def test_what_waits_does_not_starve_what_comes_after(database: MemoryDatabase) -> None:
    """However many events wait for a subscriber that is away, those behind them are delivered, and the waiting ones come again."""
    away = Subscriber(lambda _: Unavailable("the provider"))
    other = Subscriber()
    relay = relay_of(database, {AccountRegistered: away, AccountReinstated: other}, batch=4)
    happened(database, *(registered(n) for n in range(1, 11)), reinstated(1))
    assert Delivered(1, 10) == relay.drain()
    assert [reinstated(1)] == other.handed
    away.rule = lambda _: None
    assert Delivered(10, 0) == relay.drain()
    assert [registered(n) for n in range(1, 11)] * 2 == away.handed


def test_a_subscriber_that_fails_harms_no_other(database: MemoryDatabase) -> None:
    """A bug in one subscriber is told, its events wait, and everybody else gets theirs."""
    bug = KeyError("a bug")

    def fail(_: Event) -> object:
        raise bug

    other = Subscriber()
    relay = relay_of(database, {AccountRegistered: Subscriber(fail), AccountReinstated: other})
    happened(database, registered(1), reinstated(1))
    assert Delivered(1, 1, (bug,)) == relay.drain()
    assert [reinstated(1)] == other.handed


def test_events_that_a_subscriber_causes_are_delivered_in_the_same_round(database: MemoryDatabase) -> None:
    """A subscriber whose use case makes further events does not have to be asked twice."""

    def cause(event: Event) -> object:
        assert isinstance(event, AccountRegistered)
        happened(database, AccountSuspended(account_id=event.account_id, reason="a rule", at=AT))
        return None

    other = Subscriber()
    relay = relay_of(database, {AccountRegistered: Subscriber(cause), AccountSuspended: other})
    happened(database, registered(1))
    assert Delivered(2, 0) == relay.drain()
    assert 1 == len(other.handed)


def test_a_subscription_that_wants_them_gets_whole_messages(database: MemoryDatabase) -> None:
    """With their ids, which tell one that comes twice from two; others of the same event get it alone."""
    whole, plain = Subscriber(), Subscriber()
    subscriptions = [
        Subscription(name="whole", events=(AccountRegistered,), handle=whole, whole=True),
        Subscription(name="plain", events=(AccountRegistered,), handle=plain),
    ]
    happened(database, registered(1), registered(1))

    Relay(database.begin, subscriptions, SystemClock(), SystemIds()).drain()

    messages: list[Any] = list(whole.handed)
    assert [registered(1)] * 2 == [message.event for message in messages] == plain.handed
    assert 2 == len({message.id for message in messages})


def test_what_a_subscription_does_not_listen_to_makes_no_dispatch(database: MemoryDatabase) -> None:
    """What has been forwarded meanwhile is gone for it, and what comes after it listens again is heard; others hear all."""
    listening = {"sometimes": False}
    sometimes, always = Subscriber(), Subscriber()
    subscriptions = [
        Subscription(
            name="sometimes",
            events=(AccountRegistered, AccountReinstated),
            handle=sometimes,
            listens=lambda _: listening["sometimes"],
        ),
        Subscription(name="always", events=(AccountRegistered,), handle=always),
    ]
    relay = Relay(database.begin, subscriptions, SystemClock(), SystemIds())
    happened(database, registered(1), reinstated(1))

    forwarded = relay.forward()
    listening["sometimes"] = True
    happened(database, registered(2))
    relay.drain()

    assert (2, 1, {"always": 1}) == (forwarded.messages, forwarded.unheard, dict(forwarded.fresh))
    assert [registered(2)] == sometimes.handed
    assert [registered(1), registered(2)] == always.handed

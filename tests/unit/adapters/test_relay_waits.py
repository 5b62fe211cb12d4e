"""Work whose provider is left alone waits: it is not counted as tried, and asks no more than it has to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.relay import Handled, Relay, Subscription
from quarterturn_domain.identity.events import AccountReinstated
from quarterturn_domain.kernel.dispatch import Dispatch
from quarterturn_domain.kernel.errors import CircuitOpen, Unavailable
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.testing.samples import START


class Asks:
    """Answers by number, and remembers what it was asked."""

    def __init__(self) -> None:
        self.outcomes: dict[int, object] = {}
        self.default: object = None
        self.asked: list[int] = []

    def __call__(self, events: Sequence[Any]) -> Sequence[Any]:
        """An outcome for each event."""
        numbers = [event.account_id.int for event in events]
        self.asked += numbers
        return [self.outcomes.get(number, self.default) for number in numbers]


@pytest.fixture
def clock() -> ManualClock:
    """The time."""
    return ManualClock(START)


def scene(clock: ManualClock, asks: Asks, count: int, *, chance: float = 0.0) -> tuple[MemoryDatabase, Relay]:
    """So many events that are due to one subscription, two at a time."""
    database = MemoryDatabase()
    subscription = Subscription(name="asks", events=(AccountReinstated,), handle=asks, batch=2, attempts=2)
    relay = Relay(database.begin, [subscription], clock, SystemIds(), chance=lambda: chance)
    with database.begin() as work:
        work.outbox.append([AccountReinstated(account_id=AccountId(UUID(int=n)), at=START) for n in range(1, count + 1)])
    relay.forward()
    return database, relay


def waiting(database: MemoryDatabase, clock: ManualClock) -> Sequence[Dispatch]:
    """What waits, the oldest first."""
    with database.begin() as work:
        return work.dispatches.claim("asks", 100, at=clock.now(), until=clock.now(), by=UUID(int=9), early=True)


@pytest.mark.parametrize(
    ("named", "chance", "expected"),
    [(10, 0.0, 10.0), (10, 1.0, 12.5), (None, 0.0, 1.0), (600, 0.0, 24.0), (600, 1.0, 30.0)],
    ids=[
        "when it may be asked",
        "spread",
        "soon when nobody says",
        "early enough for who closes it by hand",
        "and that spread, too",
    ],
)
def test_what_was_not_tried_is_put_off_and_not_counted(
    clock: ManualClock, named: int | None, chance: float, expected: float
) -> None:
    """However often, it is no nearer to being a dead letter; and it is due when whom it asks may be asked."""
    asks = Asks()
    asks.default = CircuitOpen("the provider", named)
    database, relay = scene(clock, asks, 2, chance=chance)
    for _ in range(5):
        assert Handled(2, put_off=2) == relay.handle("asks")
        found = waiting(database, clock)
        assert [(0, (), timedelta(seconds=expected))] * 2 == [
            (each.attempts, each.failures, each.due_at - clock.now()) for each in found
        ]
        clock.advance(timedelta(seconds=expected))
    asks.default = None
    assert Handled(2, 2) == relay.handle("asks")


def test_the_rest_is_left_where_it_is_until_whom_it_asks_may_be_asked(clock: ManualClock) -> None:
    """However much is due, one batch finds out; then all is handled."""
    asks = Asks()
    asks.default = CircuitOpen("the provider", 10)
    _, relay = scene(clock, asks, 9)
    assert Handled(2, put_off=2) == relay.handle("asks")
    assert Handled(0) == relay.handle("asks")
    clock.advance(timedelta(seconds=9))
    assert Handled(0) == relay.handle("asks")
    assert [1, 2] == asks.asked
    asks.default = None
    clock.advance(timedelta(seconds=1))
    while relay.handle("asks").claimed:
        pass
    assert [1, 2, *range(1, 10)] == asks.asked


def test_who_asks_several_goes_on_with_the_others(clock: ManualClock) -> None:
    """One that is left alone keeps no event from another one; a failure beside it counts as ever."""
    asks = Asks()
    asks.outcomes = {1: CircuitOpen("the provider", 10), 2: Unavailable("another one")}
    database, relay = scene(clock, asks, 4)
    assert Handled(2, again=1, put_off=1) == relay.handle("asks")
    assert Handled(2, 2) == relay.handle("asks")
    assert [(0, 0), (1, 1)] == [(each.attempts, len(each.failures)) for each in waiting(database, clock)]
    clock.advance(timedelta(seconds=5))
    assert Handled(1, dead=1) == relay.handle("asks")

"""Events, and subscribers that do as a test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.relay import Backoff, Relay, Subscription
from quarterturn_domain.identity.events import AccountReinstated, AccountSuspended
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.kernel.work import Begin

AT = datetime(2026, 11, 20, tzinfo=UTC)
PATIENCE_SECONDS = 20
SOON = Backoff(timedelta(milliseconds=20), timedelta(milliseconds=20))


def reinstated(number: int) -> AccountReinstated:
    """An event, told from others by its number."""
    return AccountReinstated(account_id=AccountId(UUID(int=number)), at=AT)


def suspended(number: int) -> AccountSuspended:
    """Another one, about the same."""
    return AccountSuspended(account_id=AccountId(UUID(int=number)), reason="a rule", at=AT)


def commit(begin: Begin[Any], *events: Event) -> None:
    """Let events happen."""
    with begin() as work:
        work.outbox.append(events)


def relay_of(begin: Begin[Any], *subscriptions: Subscription, lease: timedelta = timedelta(seconds=30)) -> Relay:
    """A relay of its own to these subscriptions."""
    return Relay(begin, subscriptions, SystemClock(), SystemIds(), lease=lease)


class Hearer:
    """Remembers what it was handed, by number; answers by a rule, and can be held back."""

    def __init__(self, rule: Callable[[int], object] = lambda _: None) -> None:
        self.rule = rule
        self.heard: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def __call__(self, events: Sequence[Any]) -> Sequence[Any]:
        """An outcome for each event."""
        self.entered.set()
        assert self.gate.wait(PATIENCE_SECONDS)
        numbers = [event.account_id.int for event in events]
        self.heard += numbers
        return [self.rule(number) for number in numbers]


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, or fail."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)

"""`quarterturn worker`, where a witness hears of every event as well, and one more subscriber is made to fail.

    python -m tests.chaos.worker WITNESS_URL LEASE_SECONDS --threads 4

The witness notes in a database of its own how often it was told of each event; the other one fails at every event that
`made_to_fail` names, however often it is tried.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import psycopg

from quarterturn_adapters import bootstrap
from quarterturn_adapters.codec import encode_event
from quarterturn_adapters.relay import Backoff, Relay, Subscription
from quarterturn_api.command import main as command
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Unavailable
from quarterturn_domain.kernel.events import Event, registered
from quarterturn_domain.kernel.ids import Ids
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.events import RefundRequested

WITNESS: Final = "witness"
FAILING: Final = "made-to-fail"
TRIES: Final = 3
_MOMENT_SECONDS: Final = 0.05

TABLE: Final = "CREATE TABLE heard (number BIGSERIAL, event TEXT PRIMARY KEY, times INTEGER NOT NULL DEFAULT 1)"
_HEAR: Final = """INSERT INTO heard (event)
SELECT event FROM unnest(%s::text[]) WITH ORDINALITY AS told (event, place) ORDER BY place
ON CONFLICT (event) DO UPDATE SET times = heard.times + 1"""


def known_as(event: Event) -> str:
    """What tells an event from all others."""
    content = hashlib.sha256(encode_event(event).encode()).hexdigest()
    return f"{event.tag} {event.aggregate_id} {content}"


def made_to_fail(refund_id: str) -> bool:
    """Whether the handler fails that hears of a refund, about one in four."""
    return refund_id.replace("-", "")[-1] in "048c"


def relay_with_witness(url: str, lease: timedelta) -> type[Relay]:
    """A relay to two more subscriptions."""

    def hear(events: Sequence[Event]) -> Sequence[None]:
        with psycopg.connect(url) as connection:
            connection.execute(_HEAR, ([known_as(event) for event in events],))
        # Whoever is killed now has had the effect, and has not noted it yet.
        time.sleep(_MOMENT_SECONDS)
        return [None] * len(events)

    def fail(events: Sequence[RefundRequested]) -> Sequence[Any]:
        return [Unavailable("what is made to fail") if made_to_fail(str(event.refund_id)) else None for event in events]

    class Witnessed(Relay):
        def __init__(self, begin: Begin[Any], subscriptions: Iterable[Subscription], clock: Clock, ids: Ids) -> None:
            soon = Backoff(timedelta(milliseconds=100), timedelta(milliseconds=100))
            more = [
                Subscription(name=WITNESS, events=tuple(registered().values()), handle=hear, in_order=True),
                Subscription(name=FAILING, events=(RefundRequested,), handle=fail, attempts=TRIES, backoff=soon),
            ]
            super().__init__(begin, [*subscriptions, *more], clock, ids, lease=lease)

    return Witnessed


def main(url: str, lease_seconds: str, *options: str) -> int:
    """The exit status of the command."""
    bootstrap.Relay = relay_with_witness(url, timedelta(seconds=float(lease_seconds)))  # type: ignore[attr-defined]
    return command(["worker", *options])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

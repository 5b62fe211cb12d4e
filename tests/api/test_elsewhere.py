"""A payment provider that is slow: whoever asks it waits, and nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from tests.api.bought import ordered
from tests.api.people import Client, People, keyed

from quarterturn_api.app import THREADS
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.elsewhere import Elsewhere
from quarterturn_domain.kernel.errors import Unavailable
from quarterturn_domain.payments.taking import StartPayments


@contextmanager
def under_way(threads: Sequence[Thread], release: Event) -> Iterator[None]:
    """While they run; `release` lets them end."""
    for each in threads:
        each.start()
    try:
        yield
    finally:
        release.set()
        for each in threads:
            each.join(10)


def test_a_slow_provider_keeps_nobody_else_waiting(
    client: Client, people: People, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many wait for it as the edge has threads, and more: whoever asks for something else is answered."""
    begun, answered = Event(), Event()

    def slow(_: StartPayments, __: object) -> Any:  # noqa: ANN401
        begun.set()
        answered.wait(10)
        raise Unavailable("the provider", 1)

    monkeypatch.setattr(StartPayments, "__call__", slow)
    buyer = people.client()
    body = {"orderId": str(ordered(service, buyer, people.vendor()).id)}
    ask = {"json": body, "headers": keyed(buyer.headers)}
    payers = [Thread(target=client.post, args=("/api/v1/payments/intent",), kwargs=ask) for _ in range(THREADS + 2)]
    other = Thread(target=client.get, args=("/api/v1/users/me",), kwargs={"headers": buyer.headers})

    with under_way(payers, answered):
        assert begun.wait(10)
        other.start()
        other.join(5)
        waited = other.is_alive()
    other.join(10)

    assert not waited


def test_too_many_who_wait_are_told_to_come_again() -> None:
    """At once: a queue without end would only be answered when nobody waits any more; with room again, it goes on."""

    async def asked() -> list[object]:
        elsewhere, answered = Elsewhere(threads=1, waiting=1), Event()
        waiting = [asyncio.create_task(elsewhere.ask(answered.wait, 10)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            await elsewhere.ask(answered.wait, 10)
        answered.set()
        told = [*await asyncio.gather(*waiting), await elsewhere.ask(str, 7)]
        elsewhere.close()
        return [*told, refused.value.retry_after_seconds]

    assert [True, True, "7", 1] == asyncio.run(asked())

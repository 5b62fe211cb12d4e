"""Payout runs that are asked for several times at once: by an administrator whose browser did, or whose network lost the answer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any, Final

import attrs
import pytest
from litestar.testing import TestClient
from tests.api.bought import bought, payable
from tests.api.people import Client, People, keyed, serving
from tests.api.victims import fresh
from tests.databases import EMBEDDED, running

from quarterturn_adapters.clock import ManualClock
from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payouts.claiming import ClaimPayouts, PayoutRun, RunPayouts
from quarterturn_domain.payouts.ports import PayoutsWork

RUNS: Final = "/api/v1/admin/payouts/runs"


class Slow(ClaimPayouts):
    """Claims as ever, but the first time only when it is told to."""

    def __init__(self, work: Begin[PayoutsWork]) -> None:
        super().__init__(work)
        self.begun, self.go_on = Event(), Event()

    def __call__(self, command: RunPayouts) -> PayoutRun:
        """What was claimed."""
        if not self.begun.is_set():
            self.begun.set()
            assert self.go_on.wait(30)
        return super().__call__(command)


@pytest.fixture(params=["memory", "postgres"])
def slow(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[tuple[Service, Client, Slow]]:
    """A service whose first payout run waits, in memory and over a real database."""
    url = "memory" if request.param == "memory" else running(EMBEDDED).database()
    with serving(clock, url) as service:
        waiting = Slow(service.application.begin)
        slowed = attrs.evolve(service, application=attrs.evolve(service.application, claim_payouts=waiting))
        with TestClient(create_app(slowed)) as client:
            yield slowed, client, waiting


def test_a_run_that_is_asked_for_twice_at_once_is_one_run(slow: tuple[Service, Client, Slow], clock: ManualClock) -> None:
    """The second one hears that it is being done, and afterwards what was done; another run goes its own way meanwhile."""
    service, client, waiting = slow
    people = People(service)
    admin, buyer, sellers = people.admin(), people.client(), [people.vendor() for _ in range(3)]
    payable(service, *sellers)
    order = bought(service, buyer, *sellers)
    for seller in sellers:
        for status in ("processing", "shipped", "delivered"):
            moved = client.put(f"/api/v1/vendor/orders/{order.id}/status", json={"status": status}, headers=seller.headers)
            assert 200 == moved.status_code, moved.text
    clock.advance(timedelta(days=8))
    headers = keyed(fresh(service, admin).headers)

    def ask(headers: dict[str, str], **body: Any) -> Any:  # noqa: ANN401
        return client.post(RUNS, json=body, headers=headers)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, headers)
        assert waiting.begun.wait(30)
        meanwhile = ask(headers)
        another = ask(keyed(headers), vendorIds=[str(sellers[0].vendor_id)])
        waiting.go_on.set()
        done = first.result(30)
    again = ask(headers)

    assert (409, "conflict") == (meanwhile.status_code, meanwhile.json()["code"]), meanwhile.text
    assert "being done" in meanwhile.json()["details"]["reason"]
    assert [201] * 3 == [each.status_code for each in (another, done, again)]
    assert [1, 2, 2] == [len(each.json()["payouts"]) for each in (another, done, again)]
    assert done.json()["payouts"] == again.json()["payouts"]
    listed = client.get("/api/v1/admin/payouts", headers=headers).json()["items"]
    assert sorted(str(seller.vendor_id) for seller in sellers) == sorted(each["vendorId"] for each in listed)

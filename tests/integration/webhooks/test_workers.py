"""Webhooks by real workers over PostgreSQL: one endpoint that never answers delays nobody, and what dies is sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic, sleep
from typing import Final
from uuid import uuid4

import pytest
from standardwebhooks.webhooks import Webhook
from tests.integration.webhooks.receiving import receiver

from quarterturn_adapters.bootstrap import Application, application
from quarterturn_adapters.chance import PlainHasher
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.databases import opened
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.webhooks import PinnedSender
from quarterturn_api.assembly import serving
from quarterturn_api.edge.answering import Service
from quarterturn_domain.identity.registering import RegisterAccount
from quarterturn_domain.kernel.ids import AccountId, DeliveryId, EndpointId
from quarterturn_domain.webhooks.asking import PingEndpoint
from quarterturn_domain.webhooks.delivery import DeliveryStatus
from quarterturn_domain.webhooks.endpoint import Endpoint
from quarterturn_domain.webhooks.receiver import Receivers
from quarterturn_domain.webhooks.registering import RegisterEndpoint

PATIENCE_SECONDS: Final = 30.0
SOMEBODY: Final = AccountId(uuid4())


@pytest.fixture
def service(url: str) -> Iterator[Service]:
    """A service with its workers and schedules, which may reach this machine."""
    settings = Settings.from_environment({"QUARTERTURN_UNSAFE_WEBHOOKS": "for-development-only", "QUARTERTURN_SECRET": "x" * 40})
    with serving(settings, database=url) as made:
        yield made


def registered(app: Application, url: str, *filters: str) -> tuple[Endpoint, str]:
    """An endpoint of the platform, and its secret."""
    command = RegisterEndpoint(
        endpoint_id=EndpointId(uuid4()), vendor_id=None, url=url, filters=filters, by=SOMEBODY, at=app.clock.now()
    )
    made = app.register_endpoints(command)
    return made.endpoint, made.text


def accounts(app: Application, count: int) -> None:
    """Let so many accounts be registered, each of which is told."""
    for _ in range(count):
        account_id = AccountId(uuid4())
        email = f"{account_id}@example.org"
        app.register_accounts(
            RegisterAccount(account_id=account_id, email=email, name="Me", password=f"a password {email}", at=app.clock.now())
        )


def soon(holds: Callable[[], object]) -> bool:
    """Whether something comes true in time."""
    until = monotonic() + PATIENCE_SECONDS
    while monotonic() < until:
        if holds():
            return True
        sleep(0.05)
    return False


def test_an_endpoint_that_never_answers_delays_nobody(service: Service) -> None:
    """Everybody else has all of theirs while its first call is under way; what it was not told waits, and loses no attempt."""
    with receiver() as well, receiver() as sick:
        _, secret = registered(service.application, well.url(), "account.*")
        silent, _ = registered(service.application, sick.url("/silent"), "account.*")

        accounts(service.application, 30)

        assert soon(lambda: len(well.received) == 30)
        assert len(sick.received) <= 1
        for got in well.received:
            Webhook(secret).verify(got.body, dict(got.headers))
        assert 30 == len({got.headers["webhook-id"] for got in well.received})
        read = service.application.read_endpoints
        waiting = read.deliveries(None, silent.id, None, 100, status=DeliveryStatus.WAITING)
        assert 30 == len(waiting)
        assert sum(len(each.attempts) for each in waiting) <= 1


def test_what_failed_is_reminded_of_by_itself(service: Service) -> None:
    """A receiver that was away is told some seconds later, by whoever looks at what is due."""
    with receiver() as hooks:
        hooks.answers.append(503)
        endpoint, _ = registered(service.application, hooks.url(), "account.*")

        accounts(service.application, 1)

        assert soon(lambda: len(hooks.received) == 2)
        assert 1 == len({got.headers["webhook-id"] for got in hooks.received})
        read = service.application.read_endpoints
        assert soon(lambda: read.deliveries(None, endpoint.id, None, 1)[0].status is DeliveryStatus.DELIVERED)


def test_two_that_send_at_once_send_once(url: str) -> None:
    """However many hear that a turn has come, one of them takes it."""
    clock = SystemClock()
    with opened(url, Settings.from_environment({})) as database, receiver() as hooks:
        receivers = Receivers(anywhere=True)
        sandbox = Sandbox(clock)
        senders = [PinnedSender(receivers) for _ in range(4)]
        apps = [
            application(
                database.begin,
                payments=SandboxPayments(sandbox),
                transfers=SandboxTransfers(sandbox),
                clock=clock,
                ids=SystemIds(),
                hasher=PlainHasher(),
                retried=database.retried,
                receivers=receivers,
                sender=sender,
            )
            for sender in senders
        ]
        endpoint, _ = registered(apps[0], hooks.url(), "*")
        pings = [
            apps[0].ask_for_deliveries(
                PingEndpoint(delivery_id=DeliveryId(uuid4()), endpoint_id=endpoint.id, vendor_id=None, at=clock.now())
            )
            for _ in range(10)
        ]
        due = [each.due(clock.now()) for each in pings]

        with ThreadPoolExecutor(4) as pool:
            made = sum(pool.map(lambda app: app.send_deliveries(due), apps))

        assert 10 == made
        assert sorted(each.message_id for each in pings) == sorted(got.headers["webhook-id"] for got in hooks.received)
        assert 0 == apps[1].remind_deliveries(100)
        found = apps[0].read_endpoints.deliveries(None, endpoint.id, None, 100)
        assert {(DeliveryStatus.DELIVERED, 1)} == {(each.status, len(each.attempts)) for each in found}
        assert 10 == apps[0].forget_deliveries(clock.now() + timedelta(seconds=1), 100)
        for sender in senders:
            sender.close()

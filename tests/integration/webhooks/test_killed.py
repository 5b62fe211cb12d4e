"""A worker that is killed while it sends: another one sends the same again, and the receiver knows it by its id."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import attrs
import pytest
from standardwebhooks.webhooks import Webhook
from tests.integration.webhooks.receiving import receiver
from tests.integration.webhooks.test_workers import SOMEBODY, soon

from quarterturn_adapters.bootstrap import application
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.databases import opened
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_adapters.settings import Settings
from quarterturn_domain.kernel.ids import DeliveryId, EndpointId
from quarterturn_domain.webhooks.asking import PingEndpoint
from quarterturn_domain.webhooks.delivery import DeliveryStatus
from quarterturn_domain.webhooks.receiver import Receivers
from quarterturn_domain.webhooks.registering import RegisterEndpoint


@contextmanager
def working(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`quarterturn worker`, as a process of its own; killed at the end, if it is still there."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("QUARTERTURN_")},
        "QUARTERTURN_DATABASE_URL": url,
        "QUARTERTURN_DATA_FOLDER": str(folder),
        "QUARTERTURN_UNSAFE_WEBHOOKS": "for-development-only",
    }
    with subprocess.Popen([sys.executable, "-m", "quarterturn_api", "worker"], env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_what_a_killed_worker_was_sending_is_sent_again(url: str, tmp_path: Path) -> None:
    """Once its turn is over, by another worker, under the same id; one attempt is known, since the other was noted by nobody."""
    clock = SystemClock()
    sandbox = Sandbox(clock)
    with opened(url, Settings.from_environment({})) as database, receiver() as hooks:
        app = application(
            database.begin,
            payments=SandboxPayments(sandbox),
            transfers=SandboxTransfers(sandbox),
            clock=clock,
            ids=SystemIds(),
            receivers=Receivers(anywhere=True),
        )
        command = RegisterEndpoint(
            endpoint_id=EndpointId(uuid4()),
            vendor_id=None,
            url=hooks.url("/silent-once"),
            filters=("*",),
            by=SOMEBODY,
            at=clock.now(),
        )
        made = app.register_endpoints(command)
        endpoint = made.endpoint
        ping = app.ask_for_deliveries(
            PingEndpoint(delivery_id=DeliveryId(uuid4()), endpoint_id=endpoint.id, vendor_id=None, at=clock.now())
        )
        with working(url, tmp_path) as worker:
            assert soon(lambda: len(hooks.received) == 1)
            worker.kill()
            worker.wait()

        # Minutes go by: the turn of the killed one is over.
        with database.begin() as work:
            (taken,) = work.webhook_deliveries.lock([ping.id]).values()
            assert (DeliveryStatus.WAITING, 2, ()) == (taken.status, taken.turn, taken.attempts)
            work.webhook_deliveries.save([attrs.evolve(taken, due_at=clock.now())])
        with working(url, tmp_path):
            assert soon(lambda: len(hooks.received) == 2)
            read = app.read_endpoints
            assert soon(lambda: read.delivery(None, endpoint.id, ping.id).status is DeliveryStatus.DELIVERED)

        first, second = hooks.received
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == ping.message_id
        assert first.body == second.body == ping.payload
        Webhook(made.text).verify(second.body, dict(second.headers))
        assert [204] == [each.status_code for each in read.delivery(None, endpoint.id, ping.id).attempts]

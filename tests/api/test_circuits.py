"""Circuits over HTTP: who is left alone, what a buyer hears then, and what whoever operates the platform can say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.api.bought import bought, ordered
from tests.api.people import Client, People, Person, keyed

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import Fault
from quarterturn_adapters.sandbox.faults import ANY
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.ids import OrderId
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.operations.overriding import CloseCircuit
from quarterturn_domain.payments.webhook import TRIES

CIRCUITS = "/api/v1/admin/circuits"


def pay(client: Client, buyer: Person, order_id: OrderId) -> tuple[int, str, str | None]:
    """What a buyer hears who wants to pay: the status, the code of a refusal, and when to come again."""
    asked = {"orderId": str(order_id)}
    answer = client.post("/api/v1/payments/intent", json=asked, headers=keyed(buyer.headers))
    return answer.status_code, answer.json().get("code", ""), answer.headers.get("retry-after")


def states(service: Service) -> dict[str, float]:
    """What Prometheus reads of circuits."""
    lines = service.metrics.exposed().decode().splitlines()
    found = [line for line in lines if line.startswith("quarterturn_circuit_state{")]
    return {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in found}


def test_a_buyer_is_refused_at_once_while_the_provider_is_left_alone(
    client: Client, service: Service, people: People, clock: ManualClock
) -> None:
    """503 with Retry-After, and the provider hears nothing of it; orders are still placed; afterwards everything can be paid."""
    seller, buyer = people.vendor(), people.client()
    order = ordered(service, buyer, seller, quantity=1)
    sandbox = service.provider.sandbox
    assert sandbox is not None
    sandbox.faults.chance(ANY, Fault.UNAVAILABLE, Rate(1, 1))
    heard = [pay(client, buyer, order.id) for _ in range(7)]
    assert [(503, "unavailable")] * 5 == [each[:2] for each in heard[:5]]
    assert [(503, "circuit_open", "15")] * 2 == heard[5:]
    sandbox.faults.clear()
    assert (503, "circuit_open", "15") == pay(client, buyer, order.id)
    assert 201 == _placed(client, buyer, seller.sku)
    admin = people.admin()
    shown = {each["name"]: each for each in client.get(CIRCUITS, headers=admin.headers).json()["items"]}
    assert {"sandbox/payments": "open", "sandbox/transfers": "closed"} == {name: each["status"] for name, each in shown.items()}
    assert ("the sandbox is not available; retry after 1 s", 1) == (
        shown["sandbox/payments"]["failure"],
        shown["sandbox/payments"]["trips"],
    )
    assert {"sandbox/payments": 2.0, "sandbox/transfers": 0.0} == states(service)

    clock.advance(timedelta(seconds=15))
    assert 201 == pay(client, buyer, order.id)[0]
    assert {"sandbox/payments": 0.0, "sandbox/transfers": 0.0} == states(service)
    assert {"closed"} == {each["status"] for each in client.get(CIRCUITS, headers=admin.headers).json()["items"]}


def _placed(client: Client, buyer: Person, sku: str) -> int:
    asked = {"lines": [{"sku": sku, "quantity": 1}]}
    return client.post("/api/v1/orders", json=asked, headers=keyed(buyer.headers)).status_code


def test_what_an_operator_says_holds(client: Client, service: Service, people: People, clock: ManualClock) -> None:
    """Open until it is closed, or for some time; who said so, and why, is shown and in the audit trail."""
    seller, buyer, admin = people.vendor(), people.client(), people.admin()
    order = ordered(service, buyer, seller)
    asked = {"circuit": "sandbox/payments", "status": "open", "reason": "they told us", "forSeconds": 600}
    told = client.put(CIRCUITS, json=asked, headers=admin.headers)
    until = (clock.now() + timedelta(seconds=600)).isoformat().replace("+00:00", "Z")
    said = told.json()
    assert (200, "open", "open", until, "they told us") == (
        told.status_code,
        said["status"],
        said["held"],
        said["heldUntil"],
        said["reason"],
    )
    assert (503, "circuit_open", "60") == pay(client, buyer, order.id)
    closed = client.put(CIRCUITS, json={**asked, "status": "closed", "forSeconds": None}, headers=admin.headers)
    assert ("closed", None) == (closed.json()["status"], closed.json()["held"])
    (last, first) = client.get("/api/v1/admin/audit?subjectId=sandbox/payments", headers=admin.headers).json()["items"]
    assert ("circuit.closed", "circuit.opened", str(admin.account_id)) == (last["action"], first["action"], first["actorId"])
    assert "they told us" == first["details"]["reason"]


def test_what_a_provider_tells_is_believed_while_it_is_left_alone(
    client: Client, service: Service, people: People, clock: ManualClock
) -> None:
    """Nobody has to be asked whether it is signed; it waits to be handled, however long that takes, and is not counted as tried."""
    seller, buyer, admin = people.vendor(), people.client(), people.admin()
    app, sandbox = service.application, service.provider.sandbox
    assert sandbox is not None
    bought(service, buyer, seller)
    asked = {"circuit": "sandbox/payments", "status": "open", "reason": "they told us"}
    assert 200 == client.put(CIRCUITS, json=asked, headers=admin.headers).status_code
    look_again(service)
    path = "/api/v1/webhooks/sandbox"
    statuses: list[int] = []
    told = sandbox.deliver(
        lambda headers, body: statuses.append(client.post(path, content=body, headers=dict(headers)).status_code)
    )
    assert [204] * told == statuses
    app.relay.drain()
    for _ in range(TRIES + 1):
        clock.advance(timedelta(minutes=2))
        app.catch_up()
    with service.database.begin() as work:
        keys = work.webhooks.waiting(clock.now() + timedelta(days=1), 100)
        assert {0} == {webhook.tries for webhook in work.webhooks.find(keys).values()}
    app.override_circuits(CloseCircuit(name="sandbox/payments", reason="they are back", at=clock.now()))
    look_again(service)
    clock.advance(timedelta(minutes=2))
    app.catch_up()
    with service.database.begin() as work:
        assert [] == list(work.webhooks.waiting(clock.now() + timedelta(days=1), 100))


def look_again(service: Service) -> None:
    """Let the breakers of the service look now, and not in a second."""
    payments: Any = service.provider.payments
    payments._breaker._breakers._looked = None


@pytest.mark.parametrize(
    ("case", "change", "status"),
    [
        ("a circuit that there is not", {"circuit": f"nobody/{uuid4()}"}, 404),
        ("half open", {"status": "half_open"}, 422),
        ("without a reason", {"reason": ""}, 422),
        ("with an empty reason", {"reason": " "}, 422),
        ("for no time", {"forSeconds": 0}, 422),
        ("for ever and a day", {"forSeconds": 30 * 86_400 + 1}, 422),
    ],
)
def test_what_cannot_be_said(client: Client, people: People, case: str, change: dict[str, object], status: int) -> None:
    """It is refused, and nothing is changed."""
    headers = people.admin().headers
    before = client.get(CIRCUITS, headers=headers).json()
    asked = {"circuit": "sandbox/payments", "status": "open", "reason": "they told us", **change}
    assert (case, status) == (case, client.put(CIRCUITS, json=asked, headers=headers).status_code)
    assert before == client.get(CIRCUITS, headers=headers).json()
    assert 403 == client.put(CIRCUITS, json=asked, headers=people.vendor().headers).status_code

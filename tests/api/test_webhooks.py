"""Webhooks over HTTP: believed when signed, kept before they are answered, handled once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from litestar.testing import TestClient
from tests.api.bought import ordered
from tests.api.people import Assemble, Client, People

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import Sandbox
from quarterturn_adapters.sandbox.webhooks import SIGNATURE_HEADER, Delivery, signed
from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.ordering.order import Order, OrderStatus
from quarterturn_domain.payments.taking import StartPayment

PATH = "/api/v1/webhooks/sandbox"


def _sandbox(service: Service) -> Sandbox:
    assert service.provider.sandbox is not None
    return service.provider.sandbox


def _paid_elsewhere(service: Service, people: People) -> Order:
    """An order whose customer has finished the payment with the provider, of which we have heard nothing yet."""
    app = service.application
    order = ordered(service, people.client(), people.vendor())
    payment_id = PaymentId(uuid4())
    command = StartPayment(payment_id=payment_id, order_id=order.id, method="card_action_required", at=service.clock.now())
    started = granted(app.start_payments([command])[0])
    assert started.payment.reference is not None
    _sandbox(service).authenticate(started.payment.reference)
    return order


@pytest.mark.parametrize("how", [Delivery.ONCE, Delivery.TWICE, Delivery.REORDERED])
def test_what_the_provider_tells_is_heard(client: Client, people: People, service: Service, how: Delivery) -> None:
    """However often and in whatever order it comes, the order is paid once."""
    order = _paid_elsewhere(service, people)
    statuses: list[int] = []

    told = _sandbox(service).deliver(
        lambda headers, body: statuses.append(client.post(PATH, content=body, headers=dict(headers)).status_code), how=how
    )

    assert [204] * told == statuses
    assert OrderStatus.AWAITING_PAYMENT is service.application.read_orders.order(order.id).status
    service.application.relay.drain()
    assert OrderStatus.CONFIRMED is service.application.read_orders.order(order.id).status
    (payment,) = service.application.read_payments.of_order(order.id)
    assert order.total == payment.captured


@pytest.mark.parametrize(
    ("case", "status", "code"),
    [
        ("no signature", 403, "forbidden"),
        ("another secret", 403, "forbidden"),
        ("another body", 403, "forbidden"),
        ("too old", 403, "forbidden"),
        ("signed nonsense", 422, "invalid"),
        ("another provider", 404, "not_found"),
    ],
)
def test_what_anybody_tells_is_not(
    client: Client, people: People, service: Service, clock: ManualClock, case: str, status: int, code: str
) -> None:
    """Refused, and nothing of it is kept."""
    _paid_elsewhere(service, people)
    sandbox = _sandbox(service)
    headers, body = sandbox.letter(sandbox.waiting[-1])
    path = "/api/v1/webhooks/stripe" if case == "another provider" else PATH
    if case == "no signature":
        del headers[SIGNATURE_HEADER]
    elif case == "another secret":
        headers = signed(body, ["somebody else's"], clock.now())
    elif case == "another body":
        body = body.replace(b"event", b"evert")
    elif case == "too old":
        clock.advance(timedelta(minutes=6))
    elif case == "signed nonsense":
        body = b"{}"
        headers = signed(body, sandbox.secrets, clock.now())

    answer = client.post(path, content=body, headers=headers)

    assert (status, code) == (answer.status_code, answer.json()["code"])
    with service.application.begin() as work:
        assert {} == work.webhooks.tally()


def test_a_letter_that_is_too_long_is_not_read(client: Client) -> None:
    """More than a megabyte is no webhook."""
    assert 413 == client.post(PATH, content=b"x" * 1_000_001, headers={"Content-Type": "application/json"}).status_code


def test_the_provider_is_not_limited(assemble: Assemble) -> None:
    """Where strangers may ask twice a minute, it may tell as much as there is to tell."""
    with assemble(QUARTERTURN_LIMITS="public=2") as service, TestClient(create_app(service)) as client:
        assert [403] * 5 == [client.post(PATH, content=b"{}").status_code for _ in range(5)]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("no JSON", b"{"),
        ("a list", b"[]"),
        ("nested beyond reason", b"[" * 100_000),
        ("a number as an id", b'{"id": 1, "type": "a.b", "created": 1, "data": {"object": {"id": "a", "object": "payment"}}}'),
        ("no id of the object", b'{"id": "e", "type": "a.b", "created": 1, "data": {"object": {"object": "payment"}}}'),
        ("a kind that is none", b'{"id": "e", "type": "a.b", "created": 1, "data": {"object": {"id": "a", "object": []}}}'),
        ("a time before 1970", b'{"id": "e", "type": "a.b", "created": -1, "data": {"object": {"id": "a", "object": "payment"}}}'),
        (
            "an account that is a number",
            b'{"id": "e", "type": "a.b", "created": 1, "account": 5, "data": {"object": {"id": "a", "object": "payment"}}}',
        ),
        (
            "a character that no database keeps",
            b'{"id": "\\u0000", "type": "a", "created": 1, "data": {"object": {"id": "a", "object": "b"}}}',
        ),
    ],
)
def test_what_is_signed_and_is_no_event_is_refused(client: Client, service: Service, case: str, said: bytes) -> None:
    """As the description of the body says; nothing of it is kept."""
    headers = signed(said, _sandbox(service).secrets, service.clock.now())

    answer = client.post(PATH, content=said, headers=headers)

    assert (422, "invalid") == (answer.status_code, answer.json()["code"]), (case, answer.text)
    with service.database.begin() as work:
        assert {} == work.webhooks.find([("sandbox", "e"), ("sandbox", "1"), ("sandbox", "\0")])


def test_the_body_of_a_webhook_is_described(client: Client) -> None:
    """An object with what is read of it, and an example that is one."""
    operation = client.get("/schema/openapi.json").json()["paths"]["/api/v1/webhooks/{provider}"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert {"id", "type", "created", "data"} == set(schema["required"]) <= set(schema["examples"][0])
    assert {"provider", "Stripe-Signature", "Sandbox-Signature"} == {each["name"] for each in operation["parameters"]}

"""Payments over HTTP: begun, confirmed, read from the provider, and nobody else's."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar.testing import TestClient
from tests.api.bought import ordered
from tests.api.people import Assemble, Client, People, Person, keyed

from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.ids import OrderId

INTENT = "/api/v1/payments/intent"


def _started(client: Client, buyer: Person, order_id: object, **other: str) -> dict[str, Any]:
    answer = client.post(INTENT, json={"orderId": str(order_id), **other}, headers=keyed(buyer.headers))
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_an_order_is_paid(client: Client, people: People, service: Service) -> None:
    """The secret is for the customer's browser; once the provider has the money, the order is confirmed."""
    seller, buyer = people.vendor(), people.client()
    order = ordered(service, buyer, seller)
    started = _started(client, buyer, order.id)
    payment = started["payment"]
    path = f"/api/v1/payments/{payment['id']}"

    assert ("requires_payment", "99.80") == (payment["status"], payment["amount"]["amount"])
    assert started["clientSecret"]
    assert started["clientSecret"] not in client.get(path, headers=buyer.headers).text
    done = client.post(f"{path}/confirm", json={"method": "card_approved"}, headers=keyed(buyer.headers))
    assert (200, "captured") == (done.status_code, done.json()["payment"]["status"])
    assert "captured" == client.get(path, headers=buyer.headers).json()["status"]
    assert "confirmed" == client.get(f"/api/v1/orders/{order.id}", headers=buyer.headers).json()["status"]


def test_an_intent_that_is_asked_for_again_is_one_payment(client: Client, people: People, service: Service) -> None:
    """Under one key the same is one payment, and another order is refused."""
    seller, buyer = people.vendor(), people.client()
    orders = [ordered(service, buyer, seller) for _ in range(2)]

    first, again, other = (
        client.post(INTENT, json={"orderId": str(order.id)}, headers=keyed(buyer.headers, "one"))
        for order in (orders[0], orders[0], orders[1])
    )

    assert (201, first.json()) == (again.status_code, again.json())
    assert (409, "conflict") == (other.status_code, other.json()["code"])


def test_a_declined_card_is_told_and_another_one_tried(client: Client, people: People, service: Service) -> None:
    """A decline is a state of the payment, not an error; the next try is another one."""
    seller, buyer = people.vendor(), people.client()
    started = _started(client, buyer, ordered(service, buyer, seller).id, method="card_insufficient_funds")
    path = f"/api/v1/payments/{started['payment']['id']}/confirm"

    assert ("failed", "insufficient_funds") == (started["payment"]["status"], started["payment"]["failure"])
    lost, right = (
        client.post(path, json={"method": method}, headers=keyed(buyer.headers)) for method in ("card_lost", "card_approved")
    )
    assert ("failed", "lost_card") == (lost.json()["payment"]["status"], lost.json()["payment"]["failure"])
    assert "captured" == right.json()["payment"]["status"]


def test_the_customers_word_is_not_enough(client: Client, people: People, service: Service) -> None:
    """Confirmed without a method the provider is asked: before the bank has said yes nothing is paid, afterwards it is."""
    seller, buyer = people.vendor(), people.client()
    started = _started(client, buyer, ordered(service, buyer, seller).id, method="card_action_required")
    path = f"/api/v1/payments/{started['payment']['id']}/confirm"
    assert started["actionRequired"]
    before = client.post(path, json={}, headers=keyed(buyer.headers)).json()["payment"]["status"]
    with service.application.begin() as work:
        (payment,) = work.payments.of_order(_order(started))
    assert service.provider.sandbox is not None
    assert payment.reference is not None
    service.provider.sandbox.authenticate(payment.reference)

    after = client.post(path, json={}, headers=keyed(buyer.headers)).json()["payment"]["status"]

    assert ("requires_payment", "captured") == (before, after)


def _order(started: dict[str, Any]) -> OrderId:
    """The order of a payment that was started."""
    return OrderId(UUID(started["payment"]["orderId"]))


def test_an_authorised_payment_confirms_the_order(client: Client, people: People, service: Service) -> None:
    """Captured later, it is held for the vendors until then."""
    seller, buyer = people.vendor(), people.client()
    order = ordered(service, buyer, seller)

    started = _started(client, buyer, order.id, method="card_approved", captureMethod="manual")

    payment = started["payment"]
    assert ("authorized", "0.00", "99.80") == (payment["status"], payment["captured"]["amount"], payment["held"]["amount"])
    assert "confirmed" == client.get(f"/api/v1/orders/{order.id}", headers=buyer.headers).json()["status"]


def test_a_payment_of_somebody_else_is_not_there(client: Client, people: People, service: Service) -> None:
    """Neither to begin, nor to confirm, nor to read; without saying who one is, nothing is."""
    seller, buyer, stranger = people.vendor(), people.client(), people.client()
    order = ordered(service, buyer, seller)
    path = f"/api/v1/payments/{_started(client, buyer, order.id)['payment']['id']}"

    for headers, status in ((stranger.headers, 404), (seller.headers, 404), ({}, 401)):
        answers = [
            client.get(path, headers=headers),
            client.post(INTENT, json={"orderId": str(order.id)}, headers=keyed(headers)),
            client.post(f"{path}/confirm", json={}, headers=keyed(headers)),
            client.post(f"{path}/confirm", json={"method": "card_approved"}, headers=keyed(headers)),
        ]
        assert [status] * 4 == [each.status_code for each in answers]
    assert 404 == client.get(f"/api/v1/payments/{uuid4()}", headers=buyer.headers).status_code


@pytest.mark.parametrize("method", ["4111111111111111", "card_of_nobody"])
def test_a_real_cards_number_is_refused_and_not_repeated(client: Client, people: People, service: Service, method: str) -> None:
    """Neither the answer nor what is read later says it."""
    buyer = people.client()
    order = ordered(service, buyer, people.vendor())

    answer = client.post(INTENT, json={"orderId": str(order.id), "method": method}, headers=keyed(buyer.headers))

    assert (409, "gateway_refused") == (answer.status_code, answer.json()["code"])
    assert method not in answer.text


def test_an_order_that_is_paid_takes_no_second_payment(client: Client, people: People, service: Service) -> None:
    """It says that it does not wait for one."""
    buyer = people.client()
    order = ordered(service, buyer, people.vendor())
    _started(client, buyer, order.id, method="card_approved")

    answer = client.post(INTENT, json={"orderId": str(order.id)}, headers=keyed(buyer.headers))

    assert (409, "not_awaiting_payment") == (answer.status_code, answer.json()["code"])


def test_payments_are_limited_by_account(assemble: Assemble) -> None:
    """Ten tries a minute, however many addresses they come from; reading is not among them, and neither are others' tries."""
    with assemble(QUARTERTURN_LIMITS="payments=10,signed-in=0,public=0") as service, TestClient(create_app(service)) as client:
        people = People(service)
        buyer, other = people.client(), people.client()
        body = {"orderId": str(uuid4())}

        answers = [client.post(INTENT, json=body, headers=keyed(buyer.headers)) for _ in range(11)]

        assert [404] * 10 + [429] == [each.status_code for each in answers]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert 404 == client.post(INTENT, json=body, headers=keyed(other.headers)).status_code
        assert 404 == client.get(f"/api/v1/payments/{uuid4()}", headers=buyer.headers).status_code

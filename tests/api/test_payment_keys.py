"""Payments under one key: the same is done once, and something else under it is refused before any provider hears of it."""

from __future__ import annotations

import pytest
from tests.api.bought import ordered
from tests.api.people import Client, People, keyed

from quarterturn_api.edge.answering import Service

INTENT = "/api/v1/payments/intent"


@pytest.mark.parametrize(
    ("case", "first", "second"),
    [
        ("a method after none", {}, {"method": "card_approved"}),
        ("none after a method", {"method": "card_declined"}, {}),
        ("another method", {"method": "card_declined"}, {"method": "card_approved"}),
        ("another way to capture", {"captureMethod": "manual"}, {"captureMethod": "automatic"}),
    ],
)
def test_a_payment_is_begun_with_one_method(
    client: Client, people: People, service: Service, case: str, first: dict[str, str], second: dict[str, str]
) -> None:
    """Other content under the key is 409, and the payment stays as it is; the same again is the same."""
    seller, buyer = people.vendor(), people.client()
    order = {"orderId": str(ordered(service, buyer, seller).id)}

    begun, other, again = (
        client.post(INTENT, json=order | body, headers=keyed(buyer.headers, "one")) for body in (first, second, first)
    )

    assert 201 == begun.status_code, case
    assert (409, "conflict") == (other.status_code, other.json()["code"]), case
    assert (201, begun.json()["payment"]) == (again.status_code, again.json()["payment"]), case


@pytest.mark.parametrize("first", ["card_declined", "card_approved"])
def test_a_payment_is_tried_with_one_method(client: Client, people: People, service: Service, first: str) -> None:
    """Whether it was taken or declined: another card is another try, under another key."""
    seller, buyer = people.vendor(), people.client()
    order = ordered(service, buyer, seller)
    begun = client.post(INTENT, json={"orderId": str(order.id)}, headers=keyed(buyer.headers)).json()["payment"]
    path = f"/api/v1/payments/{begun['id']}/confirm"

    tried, other, again = (
        client.post(path, json={"method": method}, headers=keyed(buyer.headers, "try"))
        for method in (first, "card_challenge", first)
    )

    assert (200, 409, 200) == (tried.status_code, other.status_code, again.status_code)
    assert "conflict" == other.json()["code"]
    assert tried.json()["payment"]["status"] == again.json()["payment"]["status"]


def test_nothing_is_kept_of_a_number(client: Client, people: People, service: Service) -> None:
    """Not even a digest: there are so few numbers of cards that each can be tried."""
    buyer = people.client()
    order = {"orderId": str(ordered(service, buyer, people.vendor()).id)}

    refused = [
        client.post(INTENT, json=order | {"method": number}, headers=keyed(buyer.headers, "one"))
        for number in ("4111111111111111", "5555-5555-5555-4444")
    ]

    assert ["gateway_refused"] * 2 == [each.json()["code"] for each in refused]


def test_an_order_that_is_paid_is_not_paid_once_more(client: Client, people: People, service: Service) -> None:
    """By a payment that was begun before, on another page for example: it would be charged to be given back, and cost its fees."""
    seller, buyer = people.vendor(), people.client()
    order = ordered(service, buyer, seller)
    paths = []
    for _ in range(2):
        begun = client.post(INTENT, json={"orderId": str(order.id)}, headers=keyed(buyer.headers))
        paths.append(f"/api/v1/payments/{begun.json()['payment']['id']}")
    card = {"method": "card_approved"}

    first, again = (client.post(f"{paths[0]}/confirm", json=card, headers=keyed(buyer.headers, "one")) for _ in range(2))
    second = client.post(f"{paths[1]}/confirm", json=card, headers=keyed(buyer.headers))

    assert [(200, "captured")] * 2 == [(each.status_code, each.json()["payment"]["status"]) for each in (first, again)]
    assert (409, "not_awaiting_payment") == (second.status_code, second.json()["code"])
    assert "requires_payment" == client.get(paths[1], headers=buyer.headers).json()["status"]
    assert [] == client.get(f"/api/v1/orders/{order.id}/refunds", headers=buyer.headers).json()["items"]

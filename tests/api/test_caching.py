"""Caches: what is somebody's own is kept by no shared one, and what is said once by none at all."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.people import Client, People, keyed

from quarterturn_api.edge.answering import Service


def directives(answer: Any) -> set[str]:  # noqa: ANN401
    """What caches are told, in whichever order."""
    return {each.strip() for each in answer.headers.get("cache-control", "").split(",")}


@pytest.mark.parametrize(
    ("case", "method", "path", "expected"),
    [
        ("one's own", "GET", "/api/v1/users/me", {"private", "no-cache"}),
        ("the shop window for who is known", "GET", "/api/v1/products", {"private", "no-cache"}),
        ("a file", "GET", "/api/v1/vendor/statement.csv?currency=EUR", {"no-store"}),
        ("what was changed", "PUT", "/api/v1/users/me", {"no-store"}),
        ("somebody else's", "GET", "/api/v1/orders/00000000-0000-0000-0000-000000000007", {"no-store"}),
        ("no such path", "GET", "/api/v1/nowhere", {"no-store"}),
        ("no such method", "PATCH", "/api/v1/orders", {"no-store"}),
        ("figures", "GET", "/metrics", {"no-store"}),
    ],
)
def test_what_caches_are_told(client: Client, people: People, case: str, method: str, path: str, expected: set[str]) -> None:
    """By every answer, whatever its status."""
    body = {"name": "Another name"} if method == "PUT" else None

    answer = client.request(method, path, json=body, headers=people.vendor().headers)

    assert expected == directives(answer), case


def test_a_guests_cart_is_the_guests(client: Client, people: People) -> None:
    """Although nobody is known: a shared cache would hand it to the next one; the shop window is everybody's."""
    made = client.post("/api/v1/cart/items", json={"sku": people.vendor().sku, "quantity": 1}, headers=keyed())
    token = {"X-Cart-Token": made.json()["token"]}

    assert {"no-store"} == directives(made)
    assert {"private", "no-cache"} == directives(client.get("/api/v1/cart", headers=token))
    assert {"no-cache"} == directives(client.get("/api/v1/products"))


@pytest.mark.parametrize("method", ["BREW", "PROPFIND", "get", "X" * 200])
def test_methods_that_somebody_makes_up_are_counted_as_one(client: Client, method: str) -> None:
    """Figures must not grow with what a stranger thinks of."""
    client.request(method, "/api/v1/products")

    # What the front door counts is counted for the first service of this application.
    service: Service = client.app.state.service
    counted = service.metrics.exposed().decode()
    assert 'method="(other)"' in counted
    assert f'method="{method}"' not in counted

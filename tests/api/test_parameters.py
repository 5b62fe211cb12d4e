"""Queries and headers: read strictly, named as they were sent, and keys that are asked for only where it costs somebody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, get_args
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from litestar.handlers import HTTPRouteHandler
from tests.api.people import Client, People, keyed

from quarterturn_api.edge.access import KEY, VENDOR_HEADER
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.parameters import kinds
from quarterturn_domain.identity.registering import GrantRoles
from quarterturn_domain.identity.role import Role

API: Final = "/api/v1"

STRANGE: Final[Mapping[type, Sequence[str]]] = {
    int: ("null", "NULL", "1.0", "1e1", " 1", "0x1", "", "1&{}=1"),
    float: ("null", "nan", "inf", "1_0", "", "1&{}=1"),
    bool: ("null", "1", "TRUE", "on", "", "true&{}=true"),
    datetime: ("null", "0", "-1", "1.5", "1e9", "", "2026-03-02T09:00:00Z&{}=2026-03-02T09:00:00Z"),
    date: ("null", "0", "20260302", ""),
    UUID: ("null", "0", ""),
    Enum: ("null", "0", ""),
    str: ("a&{}=a",),
}
"""What is no value of a kind, although some reader would take it for one; `{}` is where the parameter is said once more."""


def parameters(client: Client) -> Iterator[tuple[str, str, Any]]:
    """Path, name and kind of every parameter of a query that the application reads."""
    for route in client.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and KEY in handler.opt:
                for name, kind in kinds(handler).items():
                    yield getattr(route, "path_format", route.path), name, kind


def _strange(kind: Any) -> Sequence[str]:  # noqa: ANN401
    return next((texts for known, texts in STRANGE.items() if isinstance(kind, type) and issubclass(kind, known)), ())


def test_every_query_is_read_strictly(client: Client, service: Service, people: People) -> None:
    """Of every route: what is no value of a parameter is refused as 422, by the parameter's name and in the one body of errors."""
    seller = people.vendor()
    service.application.govern_accounts(GrantRoles(account_id=seller.account_id, roles=frozenset(Role), at=service.clock.now()))
    headers = {**seller.headers, VENDOR_HEADER: str(seller.vendor_id)}
    tried: Counter[Any] = Counter()

    for path, name, kind in parameters(client):
        for text in _strange(kind):
            first, _, again = text.partition("&")
            query = f"{name}={quote(first)}" + (f"&{again.format(name)}" if again else "")
            # Who asks for what is read before what is asked about.
            answer = client.get(f"{re.sub('{[^}]*}', str(UUID(int=1)), path)}?{query}", headers=headers)
            assert (422, "invalid") == (answer.status_code, answer.json()["code"]), (path, query, answer.text)
            assert [name] == [each["field"] for each in answer.json()["details"]["fields"]], (path, query)
            tried[kind] += 1

    # Each kind is had by some route, so that what is refused here is refused somewhere.
    assert {int, float, bool, datetime, date, UUID, str} <= set(tried)
    assert [kind for kind in tried if isinstance(kind, type) and issubclass(kind, Enum)]
    assert {str} == {get_args(kind)[0] for _, _, kind in parameters(client) if kind not in tried}, "what else may be said twice?"


def test_what_is_said_well_is_read(client: Client, people: People) -> None:
    """Strictness is not deafness: each kind in the spelling that the description has."""
    seller = people.vendor()
    said = {"limit": "5", "inStock": "true", "lat": "52.5", "lng": "13", "radiusKm": "1e2", "vendor": str(seller.vendor_id)}

    answer = client.get(f"{API}/products?{urlencode(said)}")

    assert (200, 1) == (answer.status_code, len(answer.json()["items"])), answer.text
    assert 200 == client.get(f"{API}/cart?code=A&code=B").status_code


@pytest.mark.parametrize(
    ("path", "headers", "field"),
    [
        ("/orders", {}, "Idempotency-Key"),
        ("/orders", {"Idempotency-Key": "with blanks"}, "Idempotency-Key"),
        ("/orders", {"Idempotency-Key": "x" * 256}, "Idempotency-Key"),
        ("/cart/items", {"Idempotency-Key": "with blanks"}, "Idempotency-Key"),
        ("/cart/items", {"Idempotency-Key": "good", "X-Cart-Token": "x" * 1_000}, "X-Cart-Token"),
    ],
)
def test_a_header_is_complained_of_by_its_name(
    client: Client, people: People, path: str, headers: Mapping[str, str], field: str
) -> None:
    """Whoever reads the answer finds the name in their own request, or in the description."""
    buyer = people.client()
    body = {"sku": "A", "quantity": 1}
    answer = client.post(
        f"{API}{path}", json={"lines": [body]} if path == "/orders" else body, headers={**buyer.headers, **headers}
    )
    said = answer.json()
    assert (422, [field]) == (answer.status_code, [each["field"] for each in said["details"]["fields"]]), said
    assert said["message"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("query", "field", "why"),
    [
        ("vendor/statement?currency=EUR&from=yesterday", "from", "There is no parameter `from`: there are `currency`, `cursor`, "),
        ("vendor/statement.csv?currency=EUR&fields=amount", "fields", "There is no parameter `fields`: there are `currency`, "),
        ("products?limt=5", "limt", "There is no parameter `limt`; did you mean `limit`?"),
        ("products?in_stock=true", "in_stock", "There is no parameter `in_stock`; did you mean `inStock`?"),
        ("users/me?field=id", "field", "There is no parameter `field`; did you mean `fields`?"),
        ("products?fields=id,titel", "fields", "There is no field `titel`; did you mean `title`?"),
        ("users/me?fields=%20id,bogus", "fields", "There is no field `bogus`: there are `email`, "),
        ("products?sort=best", "sort", "Expected one of `newest`, `price`, `-price`"),
        ("products?currency=eur", "currency", "Expected a text that matches ^[A-Z]{3}$ (Offered in this currency, ISO 4217)"),
        ("products?limit=0", "limit", "Expected `int` >= 1"),
    ],
)
def test_a_name_or_a_value_that_there_is_none_of(client: Client, people: People, query: str, field: str, why: str) -> None:
    """It is refused, and not passed over: whoever misspells it would be answered with something else than they asked for."""
    answer = client.get(f"{API}/{query}", headers=people.vendor().headers)

    (said,) = answer.json()["details"]["fields"]
    assert (422, field) == (answer.status_code, said["field"]), answer.text
    assert said["message"].startswith(why)


def test_what_is_needed_for_a_change_has_no_names_to_choose(client: Client, people: People) -> None:
    """Only what is read has fields to choose from."""
    answer = client.put(f"{API}/users/me?fields=name", json={"name": "Ada"}, headers=people.client().headers)

    assert (422, "fields: There is no parameter `fields`: there are none") == (answer.status_code, answer.json()["message"])


def test_a_pattern_of_a_header_is_said_in_words(client: Client, people: People) -> None:
    """Where nobody would read it, it is not shown."""
    body = {"lines": [{"sku": "A", "quantity": 1}]}

    answer = client.post(f"{API}/orders", json=body, headers=keyed(people.client().headers, "with blanks"))

    wanted = "Idempotency-Key: Expected a text of visible ASCII characters, without blanks"
    assert (422, wanted) == (answer.status_code, answer.json()["message"])


def test_of_many_unknown_names_some_are_told_of(client: Client) -> None:
    """A query has room for thousands, and each would be answered with a sentence."""
    answer = client.get(f"{API}/products?{'&'.join(f'unknown{number}=1' for number in range(1_000))}")

    assert (422, 10) == (answer.status_code, len(answer.json()["details"]["fields"]))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("GET", "/metrics", 200),
        ("GET", "/schema/openapi.json", 200),
        ("OPTIONS", f"{API}/products", 204),
        ("POST", f"{API}/webhooks/sandbox", 403),
    ],
)
def test_others_may_add_what_they_like(client: Client, method: str, path: str, status: int) -> None:
    """Who asks for what is not for the users of the API, or is a provider, has habits of their own."""
    assert status == client.request(method, f"{path}?added=1&fields=bogus").status_code


def test_every_parameter_that_is_described_is_taken(client: Client) -> None:
    """And every one that is taken is described, so that nobody is refused who keeps to the description."""
    described = {
        (path, parameter["name"])
        for path, item in client.get("/schema/openapi.json").json()["paths"].items()
        for operation in item.values()
        for parameter in operation["parameters"]
        if parameter["in"] == "query" and parameter["name"] != "fields"
    }

    assert {(path, name) for path, name, _ in parameters(client)} == described


COSTLY: Final = {
    "/cart/checkout",
    "/orders",
    "/orders/{order_id}/cancel",
    "/payments/intent",
    "/payments/{payment_id}/confirm",
    "/vendor/orders/{order_id}/refunds",
    "/admin/orders/{order_id}/cancel",
    "/admin/orders/{order_id}/refunds",
    "/admin/payouts/runs",
}
"""Where an order or money is at stake, so that a request without a key is refused."""

MADE: Final = {
    "/auth/api-keys",
    "/auth/register",
    "/admin/categories",
    "/admin/terms/commissions",
    "/admin/terms/discounts",
    "/admin/terms/taxes",
    "/cart/items",
    "/orders/{order_id}/returns",
    "/users/me/addresses",
    "/users/me/email",
    "/vendor/apply",
    "/vendor/invitations",
    "/vendor/locations",
    "/vendor/products",
    "/vendor/stock/movements",
}
"""Where something is made that nobody pays for: a key is honoured, and may be left out. Others are so, too."""


def test_keys_are_asked_for_where_it_costs_somebody(client: Client) -> None:
    """Every POST that takes a key says in its description whether it can do without one."""
    paths = client.get("/schema/openapi.json").json()["paths"]
    needed = {
        path.removeprefix(API): parameter["required"]
        for path, item in paths.items()
        for parameter in item.get("post", {}).get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }
    assert {path for path, required in needed.items() if required} == COSTLY
    assert {path for path, required in needed.items() if not required} >= MADE


def test_whoever_makes_something_needs_no_key(client: Client, people: People) -> None:
    """Without one each request makes one more; with one it is the same, and with another body it is refused."""
    person = {"email": "ada@example.org", "name": "Ada", "password": "four quarter turns of a key"}
    registered = client.post(f"{API}/auth/register", json=person)
    assert 201 == registered.status_code, registered.text
    assert 409 == client.post(f"{API}/auth/register", json=person).status_code

    seller = people.vendor()
    location, moved = {"name": "A shed"}, {"sku": seller.sku, "locationId": str(seller.location_id), "quantity": 5}
    made = [client.post(f"{API}/vendor/locations", json=location, headers=seller.headers) for _ in range(2)]
    assert [201, 201] == [each.status_code for each in made]
    assert made[0].json()["id"] != made[1].json()["id"]
    levels = [client.post(f"{API}/vendor/stock/movements", json=moved, headers=seller.headers).json() for _ in range(2)]
    assert [105, 110] == [each["available"] for each in levels]
    named = keyed(seller.headers)
    levels = [client.post(f"{API}/vendor/stock/movements", json=moved, headers=named).json() for _ in range(2)]
    assert [115, 115] == [each["available"] for each in levels]
    assert 409 == client.post(f"{API}/vendor/stock/movements", json={**moved, "quantity": 6}, headers=named).status_code

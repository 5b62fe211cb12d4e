"""Becoming a vendor over HTTP: apply, be decided about, go to the payment provider."""

from __future__ import annotations

import attrs
from litestar.testing import TestClient
from tests.api.people import Client, People

from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service

LINKS = {"returnUrl": "https://shop.example/done", "refreshUrl": "https://shop.example/again"}


def test_whoever_applies_owns_the_vendor(client: Client, people: People) -> None:
    """An application makes a vendor that waits; asked again with the same key it is the same, with other content 409."""
    person = people.client()
    headers = person.headers | {"Idempotency-Key": "mine"}
    asked = {"name": "Iron Alley", "country": "DE"}
    made = client.post("/api/v1/vendor/apply", json=asked, headers=headers)
    assert (201, "applied", False, "the vendor is applied") == (
        made.status_code,
        made.json()["status"],
        made.json()["payable"],
        made.json()["notPayable"],
    )
    assert made.json() == client.post("/api/v1/vendor/apply", json=asked, headers=headers).json()
    assert 409 == client.post("/api/v1/vendor/apply", json=asked | {"name": "Other"}, headers=headers).status_code
    mine = client.get("/api/v1/vendor/mine", headers=person.headers).json()
    assert [{"role": "owner", "vendor": made.json()}] == mine["items"]
    assert made.json() == client.get("/api/v1/vendor", headers=person.headers).json()


def test_who_has_no_vendor_is_refused(client: Client, people: People) -> None:
    """Somebody without a vendor has none to read: 403; a stranger is 401."""
    assert 403 == client.get("/api/v1/vendor", headers=people.client().headers).status_code
    assert 401 == client.get("/api/v1/vendor").status_code


def test_onboarding_answers_where_to_go_on(client: Client, people: People) -> None:
    """The account at the provider is opened once, and what it lacks is told."""
    seller = people.vendor()
    first = client.post("/api/v1/vendor/onboarding", json=LINKS, headers=seller.headers)
    again = client.post("/api/v1/vendor/onboarding", json=LINKS, headers=seller.headers)
    assert (200, 200) == (first.status_code, again.status_code), first.text
    assert first.json()["vendor"] == again.json()["vendor"]
    assert first.json()["vendor"]["requirements"]
    staff = people.staff(seller.vendor_id)
    assert 403 == client.post("/api/v1/vendor/onboarding", json=LINKS, headers=staff.headers).status_code


def test_the_sandbox_is_given_what_it_wants_over_http(client: Client, people: People) -> None:
    """Whoever visits the link is sent back, and the vendor is payable; once more it is sent for a new link."""
    seller = people.vendor()
    link = client.post("/api/v1/vendor/onboarding", json=LINKS, headers=seller.headers).json()["url"]

    answers = [client.get(link, follow_redirects=False) for _ in range(2)]
    guessed = client.get(f"{link}x", follow_redirects=False)

    assert link.startswith("http://testserver.local/api/v1/sandbox/onboarding/"), link
    assert [(303, LINKS["returnUrl"]), (303, LINKS["refreshUrl"])] == [
        (each.status_code, each.headers["location"]) for each in answers
    ]
    assert (404, "not_found") == (guessed.status_code, guessed.json()["code"])
    vendor = client.post("/api/v1/vendor/onboarding", json=LINKS, headers=seller.headers).json()["vendor"]
    assert (True, []) == (vendor["payable"], vendor["requirements"])


def test_another_provider_has_its_pages_elsewhere(service: Service) -> None:
    """Where the sandbox is not the provider, its pages are not there, and nothing describes them."""
    elsewhere = attrs.evolve(service, provider=attrs.evolve(service.provider, sandbox=None))
    with TestClient(create_app(elsewhere)) as client:
        assert 404 == client.get("/api/v1/sandbox/onboarding/any", follow_redirects=False).status_code
        assert not [path for path in client.get("/schema/openapi.json").json()["paths"] if "sandbox" in path]

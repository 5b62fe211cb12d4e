"""Becoming a vendor over HTTP: apply, be decided about, go to the payment provider."""

from __future__ import annotations

from tests.api.people import Client, People

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
    assert first.json()["url"].startswith("https://")
    staff = people.staff(seller.vendor_id)
    assert 403 == client.post("/api/v1/vendor/onboarding", json=LINKS, headers=staff.headers).status_code

"""API keys: what they are made with, and what they never govern."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from tests.api.people import PASSWORD, Client, People, keyed

KEYS = "/api/v1/auth/api-keys"
SOME = UUID(int=7)


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ("0001-01-01T00:00:00+14:00", "invalid"),
        ("9999-12-31T23:59:59-14:00", "invalid"),
        ("2026-03-02T10:00:00", "invalid"),
        ("2026-03-02T09:00:00+01:00", "invalid"),
    ],
    ids=["before the first year", "after the last year", "without an offset", "in the past, where it is told"],
)
def test_an_end_that_cannot_be_is_refused(client: Client, people: People, ends: str, code: str) -> None:
    """422, whatever calendars or databases make of it."""
    asked = {"name": "Warehouse", "scopes": ["shop"], "expiresAt": ends}

    answer = client.post(KEYS, json=asked, headers=keyed(people.client().headers))

    assert (422, code) == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/auth/sessions", None),
        ("DELETE", "/api/v1/auth/sessions", None),
        ("DELETE", f"/api/v1/auth/sessions/{SOME}", None),
        ("GET", KEYS, None),
        ("POST", KEYS, {"name": "another", "scopes": ["shop"]}),
        ("DELETE", f"{KEYS}/{SOME}", None),
        ("POST", "/api/v1/users/me/email", {"email": "other@example.org", "current": PASSWORD}),
        ("POST", "/api/v1/users/me/email/confirm", {"token": "lt_" + 32 * "0" + "_" + 43 * "a"}),
        ("POST", "/api/v1/invitations/accept", {"token": "lt_" + 32 * "0" + "_" + 43 * "a"}),
        ("PUT", "/api/v1/users/me/password", {"current": PASSWORD, "password": "another one that is long"}),
    ],
)
def test_a_key_governs_nobodys_way_in(client: Client, people: People, method: str, path: str, body: Any) -> None:  # noqa: ANN401
    """A key may be lost: whoever finds it neither signs its owner out, nor sees their devices, nor changes the password."""
    person = people.client()
    made = client.post(KEYS, json={"name": "a shop", "scopes": ["shop"]}, headers=keyed(person.headers)).json()
    found = keyed({"Authorization": f"Bearer {made['text']}"})
    assert 200 == client.get("/api/v1/users/me", headers=found).status_code

    answer = client.request(method, path, json=body, headers=found)

    assert (403, "forbidden") == (answer.status_code, answer.json()["code"])
    assert 200 == client.get("/api/v1/users/me", headers=person.headers).status_code

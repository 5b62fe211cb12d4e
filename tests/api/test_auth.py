"""Signing up, in and out over HTTP, devices, and API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from tests.api.people import PASSWORD, Client, People, keyed

from quarterturn_adapters.clock import ManualClock
from quarterturn_api.edge.answering import Service
from quarterturn_domain.identity.registering import SuspendAccount
from quarterturn_domain.kernel.ids import AccountId, SessionId

ADA = {"email": "Ada@Example.org", "name": "Ada", "password": PASSWORD, "device": "a browser"}


def _registered(client: Client, **other: str) -> dict[str, Any]:
    answer = client.post("/api/v1/auth/register", json={**ADA, **other}, headers=keyed())
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_whoever_registers_is_signed_in(client: Client) -> None:
    """The answer holds an account and a session whose token is good at once."""
    said = _registered(client)

    assert ("ada@example.org", "Ada", ["client"]) == tuple(said["account"][key] for key in ("email", "name", "roles"))
    assert "2026-03-02T09:15:00Z" == said["expiresAt"]
    me = client.get("/api/v1/users/me", headers=_bearer(said["accessToken"]))
    assert (200, said["account"]["id"]) == (me.status_code, me.json()["id"])


def test_registering_twice_under_one_key_is_registering_once(client: Client) -> None:
    """The same body is the same account, another name under the same key is refused, and so is the address under another key."""
    first, again, other, anew = (
        client.post("/api/v1/auth/register", json={**ADA, "name": name}, headers=keyed(key=key))
        for name, key in (("Ada", "one"), ("Ada", "one"), ("Eve", "one"), ("Ada", "two"))
    )

    assert (201, 201, 409, 409) == (first.status_code, again.status_code, other.status_code, anew.status_code)
    assert first.json()["account"] == again.json()["account"]


def test_nobody_takes_an_account_over_by_its_key(client: Client) -> None:
    """Who knows address, name and key of a registration still has to know the password."""
    client.post("/api/v1/auth/register", json=ADA, headers=keyed(key="one"))

    answer = client.post("/api/v1/auth/register", json={**ADA, "password": "another long password"}, headers=keyed(key="one"))

    assert 401 == answer.status_code


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({**ADA, "password": "short"}, 422, "invalid", id="password too short"),
        pytest.param({**ADA, "password": "password123"}, 422, "invalid", id="password that many have"),
        pytest.param({**ADA, "email": "nobody"}, 422, "invalid", id="no address"),
        pytest.param({**ADA, "role": "admin"}, 422, "invalid", id="a field that is not known"),
        pytest.param({"email": "a@b.example"}, 422, "invalid", id="no password"),
    ],
)
def test_registering_is_refused(client: Client, body: dict[str, str], status: int, code: str) -> None:
    """What cannot be an account is refused with the reason, and without repeating the password."""
    answer = client.post("/api/v1/auth/register", json=body, headers=keyed())

    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert body.get("password", "four quarter") not in answer.text


def test_a_wrong_password_and_an_unknown_address_are_refused_alike(client: Client) -> None:
    """Nobody learns by signing in who has an account."""
    _registered(client)

    wrong, unknown = (
        client.post("/api/v1/auth/login", json={"email": email, "password": "not this one"})
        for email in ("ada@example.org", "eve@example.org")
    )

    assert (401, 401) == (wrong.status_code, unknown.status_code)
    assert (wrong.json()["code"], wrong.json()["message"]) == (unknown.json()["code"], unknown.json()["message"])
    assert "Bearer" == wrong.headers["www-authenticate"]


def test_guessing_is_throttled(client: Client, clock: ManualClock) -> None:
    """After five wrong passwords the right one is refused, too, and the answer says for how long."""
    _registered(client)
    for _ in range(5):
        client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": "not this one"})

    locked = client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": PASSWORD})
    clock.advance(timedelta(minutes=1))
    later = client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": PASSWORD})

    assert (429, "too_many_attempts", "60") == (locked.status_code, locked.json()["code"], locked.headers["retry-after"])
    assert 200 == later.status_code


def test_a_refresh_token_is_good_once_and_a_copy_ends_the_session(client: Client) -> None:
    """Used again, it revokes its whole family: the newer tokens are good for nothing from then on."""
    first = _registered(client)
    second = client.post("/api/v1/auth/refresh", json={"refreshToken": first["refreshToken"]})
    assert (200, "no-store") == (second.status_code, second.headers["cache-control"])
    newer = second.json()
    assert 200 == client.get("/api/v1/users/me", headers=_bearer(newer["accessToken"])).status_code

    reused = client.post("/api/v1/auth/refresh", json={"refreshToken": first["refreshToken"]})

    assert 401 == reused.status_code
    assert 401 == client.post("/api/v1/auth/refresh", json={"refreshToken": newer["refreshToken"]}).status_code
    assert 401 == client.get("/api/v1/users/me", headers=_bearer(newer["accessToken"])).status_code


def test_signing_out_ends_the_access_token_at_once(client: Client) -> None:
    """The session is looked up with every request; signing out twice is as good as once."""
    said = _registered(client)

    statuses = [client.post("/api/v1/auth/logout", json={"refreshToken": said["refreshToken"]}).status_code for _ in range(2)]

    assert [204, 204] == statuses
    assert 401 == client.get("/api/v1/users/me", headers=_bearer(said["accessToken"])).status_code


def test_devices_are_listed_and_signed_out(client: Client, people: People) -> None:
    """The list says which one asks; one can be ended, then all others; another person's cannot."""
    account = people.registered("client")
    here, there, elsewhere = (people.signed_in(account, device) for device in ("here", "there", "elsewhere"))
    stranger = people.client()

    listed = client.get("/api/v1/auth/sessions", headers=here.headers).json()["items"]
    assert {("here", True), ("there", False), ("elsewhere", False)} == {(each["device"], each["current"]) for each in listed}
    assert 404 == client.delete(f"/api/v1/auth/sessions/{there.session_id}", headers=stranger.headers).status_code
    assert 204 == client.delete(f"/api/v1/auth/sessions/{there.session_id}", headers=here.headers).status_code
    assert 401 == client.get("/api/v1/users/me", headers=there.headers).status_code
    assert 204 == client.delete("/api/v1/auth/sessions", headers=here.headers).status_code
    assert 401 == client.get("/api/v1/users/me", headers=elsewhere.headers).status_code
    assert 200 == client.get("/api/v1/users/me", headers=here.headers).status_code


def test_lists_of_devices_go_on_where_the_page_before_ended(client: Client, people: People) -> None:
    """Every session is listed once, on as many pages as it takes."""
    account = people.registered("client")
    signed = [people.signed_in(account) for _ in range(5)]
    seen: list[str] = []
    query = "?limit=2"
    while query:
        page = client.get(f"/api/v1/auth/sessions{query}", headers=signed[0].headers).json()
        seen += [each["id"] for each in page["items"]]
        query = f"?limit=2&cursor={page['nextCursor']}" if page["nextCursor"] else ""

    assert {str(each.session_id) for each in signed} == set(seen)
    assert 5 == len(seen)


def _claims(service: Service, account_id: UUID, session_id: UUID, **other: Any) -> dict[str, Any]:
    now = service.clock.now()
    made = {"iss": "quarterturn", "sub": account_id.hex, "sid": session_id.hex, "iat": now, "nbf": now}
    return {**made, "exp": now + timedelta(minutes=15), **other}


def test_tokens_that_are_not_good_are_refused(client: Client, people: People, service: Service, clock: ManualClock) -> None:
    """Expired, not yet valid, of another key, unsigned, of no session, of a session that is over, of a suspended account."""
    person, suspended = people.client(), people.client()
    secret = service.tokens.secret
    now = service.clock.now()
    good = _claims(service, person.account_id, person.session_id)
    refused = {
        "expired": jwt.encode({**good, "exp": now}, secret),
        "not yet": jwt.encode({**good, "nbf": now + timedelta(seconds=1)}, secret),
        "another key": jwt.encode(good, b"another secret that is long enough"),
        "alg none": jwt.encode(good, None, algorithm="none"),
        "another issuer": jwt.encode({**good, "iss": "somebody"}, secret),
        "no session": jwt.encode(_claims(service, person.account_id, uuid4()), secret),
        "no claims": jwt.encode({"iss": "quarterturn"}, secret),
        "no token": "abc",
    }
    service.application.govern_accounts(SuspendAccount(account_id=suspended.account_id, reason="fraud", at=now))

    assert 200 == client.get("/api/v1/users/me", headers=_bearer(jwt.encode(good, secret))).status_code
    assert dict.fromkeys(refused, 401) == {
        name: client.get("/api/v1/users/me", headers=_bearer(token)).status_code for name, token in refused.items()
    }
    assert 401 == client.get("/api/v1/users/me", headers=suspended.headers).status_code
    clock.advance(timedelta(minutes=15))
    assert 401 == client.get("/api/v1/users/me", headers=person.headers).status_code


def test_a_token_does_not_say_who_asks_where_its_session_is_somebody_elses(
    client: Client, people: People, service: Service
) -> None:
    """The session alone says whose it is."""
    person, other = people.client(), people.client()
    token, _ = service.tokens.issue(AccountId(other.account_id), SessionId(person.session_id))

    assert str(person.account_id) == client.get("/api/v1/users/me", headers=_bearer(token)).json()["id"]


def test_an_api_key_may_what_its_scopes_say(client: Client, people: People) -> None:
    """Its text is shown once; it opens what it is for and nothing else; revoked, it opens nothing."""
    seller = people.vendor()
    asked = {"name": "Warehouse", "scopes": ["vendor.stock"], "vendorId": str(seller.vendor_id)}
    made = client.post("/api/v1/auth/api-keys", json=asked, headers=keyed(seller.headers, "one"))
    assert 201 == made.status_code, made.text
    text, key = made.json()["text"], made.json()["key"]

    assert text.startswith("qt_")
    assert "no-store" == made.headers["cache-control"]
    assert 409 == client.post("/api/v1/auth/api-keys", json=asked, headers=keyed(seller.headers, "one")).status_code
    listed = client.get("/api/v1/auth/api-keys", headers=seller.headers)
    assert [key] == listed.json()["items"]
    assert text not in listed.text
    assert 403 == client.get("/api/v1/users/me", headers=_bearer(text)).status_code
    assert 403 == client.get("/api/v1/cart", headers=_bearer(text)).status_code
    assert 200 == client.get("/api/v1/products", headers=_bearer(text)).status_code
    assert 404 == client.delete(f"/api/v1/auth/api-keys/{key['id']}", headers=people.client().headers).status_code
    assert 204 == client.delete(f"/api/v1/auth/api-keys/{key['id']}", headers=seller.headers).status_code
    assert 401 == client.get("/api/v1/products", headers=_bearer(text)).status_code


def test_nobody_makes_a_key_that_may_more_than_they(client: Client, people: People) -> None:
    """Neither for the platform, nor for another's vendor, nor by a key."""
    person, seller = people.client(), people.vendor()
    own = client.post("/api/v1/auth/api-keys", json={"name": "Mine", "scopes": ["shop"]}, headers=keyed(person.headers))

    asked = [
        (person.headers, {"name": "All", "scopes": ["admin.users"]}),
        (person.headers, {"name": "Theirs", "scopes": ["vendor.stock"], "vendorId": str(seller.vendor_id)}),
        (_bearer(own.json()["text"]), {"name": "Child", "scopes": ["shop"]}),
    ]
    assert [403, 403, 403] == [
        client.post("/api/v1/auth/api-keys", json=body, headers=keyed(headers)).status_code for headers, body in asked
    ]

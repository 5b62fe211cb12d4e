"""Profile, password, addresses and wishlist over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.api.people import PASSWORD, Client, People, keyed

HOME = {"name": "Ada Lovelace", "lines": ["12 Analytical Row"], "city": "London", "postalCode": "N1 1AA", "country": "GB"}


def test_a_person_reads_and_changes_who_they_are(client: Client, people: People) -> None:
    """The name changes, the address of the account does not."""
    person = people.client()

    changed = client.put("/api/v1/users/me", json={"name": "  Ada  "}, headers=person.headers)

    assert (200, "Ada", person.email) == (changed.status_code, changed.json()["name"], changed.json()["email"])
    assert changed.json() == client.get("/api/v1/users/me", headers=person.headers).json()
    assert 401 == client.get("/api/v1/users/me").status_code


def test_an_owner_is_told_of_their_vendor(client: Client, people: People) -> None:
    """Who works for a vendor reads as what."""
    seller = people.vendor()

    said = client.get("/api/v1/users/me", headers=seller.headers).json()

    assert [(str(seller.vendor_id), "owner")] == [(each["vendorId"], each["role"]) for each in said["vendors"]]


def test_another_password_signs_all_other_devices_out(client: Client, people: People) -> None:
    """The one before has to be known; afterwards it is good for nothing."""
    account = people.registered("client")
    here, there = people.signed_in(account), people.signed_in(account)
    asked = {"current": PASSWORD, "password": "a newer and longer one"}

    wrong = client.put("/api/v1/users/me/password", json={**asked, "current": "not this one"}, headers=here.headers)
    right = client.put("/api/v1/users/me/password", json=asked, headers=here.headers)

    assert (403, 204) == (wrong.status_code, right.status_code)
    assert (200, 401) == tuple(client.get("/api/v1/users/me", headers=each.headers).status_code for each in (here, there))
    logins = [client.post("/api/v1/auth/login", json={"email": account.email, "password": each}) for each in asked.values()]
    assert [401, 200] == [each.status_code for each in logins]


def test_addresses_are_kept_changed_and_removed(client: Client, people: People) -> None:
    """The first one is the default; a request that is repeated adds none, and one with other content is refused."""
    headers = people.client().headers
    first = client.post("/api/v1/users/me/addresses", json=HOME, headers=keyed(headers, "home"))
    again = client.post("/api/v1/users/me/addresses", json=HOME, headers=keyed(headers, "home"))
    other = client.post("/api/v1/users/me/addresses", json={**HOME, "city": "Leeds"}, headers=keyed(headers, "home"))
    assert (201, 201, 409) == (first.status_code, again.status_code, other.status_code), first.text
    assert first.json() == again.json()
    assert first.json()["isDefault"]

    work = client.post("/api/v1/users/me/addresses", json={**HOME, "label": "Work", "isDefault": True}, headers=keyed(headers))
    listed = client.get("/api/v1/users/me/addresses", headers=headers).json()["items"]
    assert {first.json()["id"]: False, work.json()["id"]: True} == {each["id"]: each["isDefault"] for each in listed}

    path = f"/api/v1/users/me/addresses/{first.json()['id']}"
    assert "Leeds" == client.put(path, json={**HOME, "city": "Leeds"}, headers=headers).json()["city"]
    assert 204 == client.delete(path, headers=headers).status_code
    assert 404 == client.delete(path, headers=headers).status_code
    assert 1 == len(client.get("/api/v1/users/me/addresses", headers=headers).json()["items"])


def test_an_address_of_somebody_else_is_not_there(client: Client, people: People) -> None:
    """Neither to change nor to remove, and putting one under an id that is not there makes none."""
    mine, theirs = people.client().headers, people.client().headers
    known = client.post("/api/v1/users/me/addresses", json=HOME, headers=keyed(mine)).json()["id"]

    for address_id in (known, str(uuid4())):
        path = f"/api/v1/users/me/addresses/{address_id}"
        assert (404, 404) == (
            client.put(path, json=HOME, headers=theirs).status_code,
            client.delete(path, headers=theirs).status_code,
        )
    assert [] == client.get("/api/v1/users/me/addresses", headers=theirs).json()["items"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"country": "Germany"}, id="no code of a country"),
        pytest.param({"lines": []}, id="no lines"),
        pytest.param({"lines": ["  "]}, id="empty lines"),
        pytest.param({"name": " "}, id="nobody"),
        pytest.param({"city": "x" * 121}, id="too long"),
    ],
)
def test_an_address_that_no_letter_would_reach_is_refused(client: Client, people: People, wrong: dict[str, object]) -> None:
    """With 422 and the reason."""
    answer = client.post("/api/v1/users/me/addresses", json={**HOME, **wrong}, headers=keyed(people.client().headers))

    assert (422, "invalid") == (answer.status_code, answer.json()["code"])


def test_wishes_are_kept_once_and_are_ones_own(client: Client, people: People) -> None:
    """Doing it twice is doing it once; what is not on show cannot be wished for."""
    seller, person = people.vendor(), people.client()
    path = f"/api/v1/users/me/wishlist/{seller.product_id}"

    assert [204, 204] == [client.put(path, headers=person.headers).status_code for _ in range(2)]
    listed = client.get("/api/v1/users/me/wishlist", headers=person.headers).json()["items"]
    assert [(str(seller.product_id), "published")] == [(each["productId"], each["status"]) for each in listed]
    assert [] == client.get("/api/v1/users/me/wishlist", headers=seller.headers).json()["items"]
    assert 404 == client.put(f"/api/v1/users/me/wishlist/{uuid4()}", headers=person.headers).status_code
    assert [204, 204] == [client.delete(path, headers=person.headers).status_code for _ in range(2)]
    assert [] == client.get("/api/v1/users/me/wishlist", headers=person.headers).json()["items"]

"""Who works for a vendor, over HTTP."""

from __future__ import annotations

from tests.api.people import Client, People

MEMBERS = "/api/v1/vendor/members"


def test_members_come_change_and_go(client: Client, people: People) -> None:
    """By address or id; what a member may do changes with the next request."""
    seller = people.vendor()
    friend = people.staff(seller.vendor_id)
    same = client.put(MEMBERS, json={"email": friend.email.upper(), "role": "staff"}, headers=seller.headers)
    assert (200, "staff", friend.email) == (same.status_code, same.json()["role"], same.json()["email"])
    assert 200 == client.get("/api/v1/vendor", headers=friend.headers).status_code
    assert 403 == client.get(MEMBERS, headers=friend.headers).status_code
    raised = client.put(MEMBERS, json={"accountId": str(friend.account_id), "role": "owner"}, headers=seller.headers)
    assert (200, "owner") == (raised.status_code, raised.json()["role"])
    assert 2 == len(client.get(MEMBERS, headers=friend.headers).json()["items"])
    assert 204 == client.delete(f"{MEMBERS}/{friend.account_id}", headers=seller.headers).status_code
    assert 403 == client.get("/api/v1/vendor", headers=friend.headers).status_code


def test_the_last_owner_stays(client: Client, people: People) -> None:
    """A vendor keeps an owner, whoever asks."""
    seller = people.vendor()
    gone = client.delete(f"{MEMBERS}/{seller.account_id}", headers=seller.headers)
    lowered = client.put(MEMBERS, json={"accountId": str(seller.account_id), "role": "staff"}, headers=seller.headers)
    assert [(409, "last_owner")] * 2 == [(each.status_code, each.json()["code"]) for each in (gone, lowered)]


def test_a_member_is_named_once(client: Client, people: People) -> None:
    """By an id or an address, not by both, nor by neither; nobody is 404."""
    seller = people.vendor()
    both = {"accountId": str(seller.account_id), "email": seller.email, "role": "staff"}
    assert 422 == client.put(MEMBERS, json=both, headers=seller.headers).status_code
    assert 422 == client.put(MEMBERS, json={"role": "staff"}, headers=seller.headers).status_code
    assert 404 == client.put(MEMBERS, json={"email": "nobody@example.org", "role": "staff"}, headers=seller.headers).status_code
    assert 404 == client.delete(f"{MEMBERS}/{people.client().account_id}", headers=seller.headers).status_code

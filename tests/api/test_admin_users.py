"""Accounts and the audit trail over HTTP, for administrators."""

from __future__ import annotations

from tests.api.people import Client, People

USERS = "/api/v1/admin/users"


def test_accounts_are_found(client: Client, people: People) -> None:
    """By the beginning of the address, the role and the status; pages lead through all of them."""
    admin, coach = people.admin(), people.coach()
    seller = people.vendor()
    found = client.get(USERS, params={"role": "coach"}, headers=admin.headers).json()["items"]
    assert [coach.email] == [each["email"] for each in found]
    found = client.get(USERS, params={"email": "VENDOR-", "status": "active"}, headers=admin.headers).json()["items"]
    assert [seller.email] == [each["email"] for each in found]
    seen, cursor = [], None
    while True:
        page = client.get(USERS, params={"limit": 1} | ({"cursor": cursor} if cursor else {}), headers=admin.headers).json()
        seen += [each["email"] for each in page["items"]]
        cursor = page.get("nextCursor")
        if cursor is None:
            break
    assert {admin.email, coach.email, seller.email} == set(seen)
    one = client.get(f"{USERS}/{seller.account_id}", headers=admin.headers).json()
    assert (seller.email, [str(seller.vendor_id)]) == (one["account"]["email"], [each["vendorId"] for each in one["vendors"]])


def test_an_account_is_suspended_and_reinstated(client: Client, people: People) -> None:
    """Its sessions end with the next request, and the trail says who did it."""
    admin, person = people.admin(), people.client()
    own = f"{USERS}/{person.account_id}"
    suspended = client.post(f"{own}/suspend", json={"reason": "fraud"}, headers=admin.headers)
    assert (200, "suspended") == (suspended.status_code, suspended.json()["status"])
    assert 401 == client.get("/api/v1/users/me", headers=person.headers).status_code
    assert 409 == client.post(f"{own}/suspend", json={"reason": "fraud"}, headers=admin.headers).status_code
    assert "active" == client.post(f"{own}/reinstate", headers=admin.headers).json()["status"]
    told = client.get("/api/v1/admin/audit", params={"subjectId": str(person.account_id)}, headers=admin.headers).json()["items"]
    acts = [(each["action"], each["actorId"]) for each in told]
    assert ("account.reinstated", str(admin.account_id)) == acts[0]
    assert ("account.suspended", str(admin.account_id)) in acts
    numbers = [each["number"] for each in told]
    assert sorted(numbers, reverse=True) == numbers


def test_roles_are_granted(client: Client, people: People) -> None:
    """The next request is decided by them; the last administrator stays one."""
    admin, person = people.admin(), people.client()
    assert 403 == client.get(USERS, headers=person.headers).status_code
    granted = client.put(f"{USERS}/{person.account_id}/roles", json={"roles": ["client", "admin"]}, headers=admin.headers)
    assert (200, ["admin", "client"]) == (granted.status_code, granted.json()["roles"])
    assert 200 == client.get(USERS, headers=person.headers).status_code
    assert 200 == client.put(f"{USERS}/{admin.account_id}/roles", json={"roles": ["client"]}, headers=person.headers).status_code
    last = client.put(f"{USERS}/{person.account_id}/roles", json={"roles": ["client"]}, headers=person.headers)
    assert (409, "last_admin") == (last.status_code, last.json()["code"])
    assert 422 == client.put(f"{USERS}/{person.account_id}/roles", json={"roles": []}, headers=person.headers).status_code


def test_only_administrators_get_in(client: Client, people: People) -> None:
    """Everybody else is refused, whatever they are for vendors."""
    seller = people.vendor()
    for headers, status in ((seller.headers, 403), (people.coach().headers, 403), ({}, 401)):
        for path in ("users", "vendors", "products", "orders", "refunds", "payouts", "ledger/accounts", "audit", "terms/taxes"):
            assert (path, status) == (path, client.get(f"/api/v1/admin/{path}", headers=headers).status_code)

"""Vendors and the terms over HTTP, for administrators."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.bought import bought
from tests.api.people import Client, People, keyed

from quarterturn_api.edge.answering import Service

VENDORS = "/api/v1/admin/vendors"
TERMS = "/api/v1/admin/terms"


def test_an_application_is_decided(client: Client, people: People) -> None:
    """Applied, approved, suspended, reinstated, closed; what the state forbids is 409."""
    admin, person = people.admin(), people.client()
    asked = {"name": "Mat & Motion", "country": "PT"}
    made = client.post("/api/v1/vendor/apply", json=asked, headers=keyed(person.headers)).json()
    waiting = client.get(VENDORS, params={"status": "applied"}, headers=admin.headers).json()["items"]
    assert [made["id"]] == [each["id"] for each in waiting]
    own = f"{VENDORS}/{made['id']}"
    for act, status in (("approve", "approved"), ("suspend", "suspended"), ("reinstate", "approved"), ("close", "closed")):
        body = {"reason": "because"} if act in {"suspend", "close"} else None
        decided = client.post(f"{own}/{act}", json=body, headers=admin.headers)
        assert (act, 200, status) == (act, decided.status_code, decided.json().get("status"))
    assert 409 == client.post(f"{own}/approve", headers=admin.headers).status_code
    seen = client.get(own, headers=admin.headers).json()
    assert (person.email, "owner") == (seen["members"][0]["email"], seen["members"][0]["role"])
    told = client.get("/api/v1/admin/audit", params={"subjectId": made["id"]}, headers=admin.headers).json()["items"]
    assert ["close", "reinstate", "suspend", "approve", "applied"] == [each["action"].removeprefix("vendor.") for each in told]


def test_a_rejected_vendor_does_not_sell(client: Client, people: People) -> None:
    """An application may be rejected, with a reason."""
    admin, person = people.admin(), people.client()
    made = client.post("/api/v1/vendor/apply", json={"name": "Shop", "country": "DE"}, headers=keyed(person.headers)).json()
    rejected = client.post(f"{VENDORS}/{made['id']}/reject", json={"reason": "no papers"}, headers=admin.headers)
    assert (200, "rejected") == (rejected.status_code, rejected.json()["status"])
    assert 422 == client.post(f"{VENDORS}/{made['id']}/reject", json={}, headers=admin.headers).status_code


def test_a_vendors_commission_counts_from_the_next_order(client: Client, service: Service, people: People) -> None:
    """The same rate again is no new version, another one is the next; orders keep theirs; retired, it can come back."""
    admin, seller, buyer = people.admin(), people.vendor(price="10.00"), people.client()
    before = bought(service, buyer, seller)
    own = f"{VENDORS}/{seller.vendor_id}/commission"
    first, again = (client.put(own, json={"rate": "7.25"}, headers=admin.headers) for _ in range(2))
    assert (200, 1, "7.25") == (first.status_code, first.json()["version"], first.json()["rate"])
    assert first.json() == again.json()
    after = bought(service, buyer, seller)
    assert ["2.00", "1.45"] == [order.split.commission.amount for order in (before, after)]
    assert 2 == client.put(own, json={"rate": "8"}, headers=admin.headers).json()["version"]
    rule = f"{TERMS}/commissions/{first.json()['id']}"
    assert 204 == client.delete(rule, headers=admin.headers).status_code
    assert [] == client.get(f"{TERMS}/commissions", headers=admin.headers).json()["items"]
    assert 3 == client.put(own, json={"rate": "8"}, headers=admin.headers).json()["version"]
    assert 422 == client.put(own, json={"rate": "100.5"}, headers=admin.headers).status_code
    assert 404 == client.put(f"{VENDORS}/{seller.product_id}/commission", json={"rate": "8"}, headers=admin.headers).status_code


RULE = {
    "name": "rowers",
    "match": {},
    "position": 3,
    "rate": "12.5",
    "tiers": [{"above": [{"amount": "100.00", "currency": "EUR"}], "rate": "5"}],
    "perUnit": [{"amount": "0.30", "currency": "EUR"}],
    "perOrder": [{"amount": "1.00", "currency": "EUR"}],
    "floor": [{"amount": "0.50", "currency": "EUR"}],
    "cap": [{"amount": "50.00", "currency": "EUR"}],
    "tax": "19",
    "onShipping": True,
}
DISCOUNT = {
    "name": "spring",
    "funding": "shared",
    "match": {},
    "position": 1,
    "code": "SPRING",
    "percent": "10",
    "amount": [],
    "platformShare": "25",
    "minimum": [{"amount": "20.00", "currency": "EUR"}],
    "startsAt": "2026-03-01T00:00:00Z",
    "endsAt": "2026-06-01T00:00:00Z",
}
TAX = {
    "name": "VAT",
    "rate": "19",
    "match": {},
    "country": "DE",
    "region": "BY",
    "included": True,
    "keptByPlatform": False,
    "onShipping": True,
}


def said(body: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Of an answer what was asked for; what matches everything is left out."""
    plain = {name: body[name] for name in names}
    plain["match"] = {key: value for key, value in plain["match"].items() if value is not None}
    return plain


@pytest.mark.parametrize(("kind", "terms"), [("commissions", RULE), ("discounts", DISCOUNT), ("taxes", TAX)])
def test_terms_are_made_changed_and_retired(client: Client, people: People, kind: str, terms: dict[str, Any]) -> None:
    """What is asked for comes back, once under its key; the same id takes other terms by PUT, and none after DELETE."""
    admin = people.admin()
    path = f"{TERMS}/{kind}"
    made = client.post(path, json=terms, headers=keyed(admin.headers, "one"))
    assert (201, terms) == (made.status_code, said(made.json(), terms))
    assert made.json() == client.post(path, json=terms, headers=keyed(admin.headers, "one")).json()
    assert 409 == client.post(path, json=terms | {"name": "other"}, headers=keyed(admin.headers, "one")).status_code
    own = f"{path}/{made.json()['id']}"
    changed = client.put(own, json=terms | {"name": "other"}, headers=admin.headers)
    assert (200, "other") == (changed.status_code, changed.json()["name"])
    assert [changed.json()] == client.get(path, headers=admin.headers).json()["items"]
    for _ in range(2):
        assert 204 == client.delete(own, headers=admin.headers).status_code
    assert [] == client.get(path, headers=admin.headers).json()["items"]


@pytest.mark.parametrize(
    ("case", "kind", "terms"),
    [
        ("a rate above 100 %", "commissions", RULE | {"rate": "101"}),
        ("a rate that is a number", "commissions", RULE | {"rate": 12.5}),
        ("a floor above the cap", "commissions", RULE | {"floor": [{"amount": "60.00", "currency": "EUR"}]}),
        ("a percentage and an amount", "discounts", DISCOUNT | {"amount": [{"amount": "1.00", "currency": "EUR"}]}),
        ("neither of them", "discounts", DISCOUNT | {"percent": None}),
        ("a time without an offset", "discounts", DISCOUNT | {"startsAt": "2026-03-01T00:00:00"}),
        ("a time before all time", "discounts", DISCOUNT | {"startsAt": "0001-01-01T00:00:00+14:00"}),
        ("a negative rate", "taxes", TAX | {"rate": "-1"}),
        ("an unknown field", "taxes", TAX | {"vat": True}),
    ],
)
def test_terms_that_make_no_sense(client: Client, people: People, case: str, kind: str, terms: dict[str, Any]) -> None:
    """Each is 422, and nothing is in force afterwards."""
    admin = people.admin()
    assert (case, 422) == (case, client.post(f"{TERMS}/{kind}", json=terms, headers=keyed(admin.headers)).status_code)
    assert [] == client.get(f"{TERMS}/{kind}", headers=admin.headers).json()["items"]


def test_terms_come_in_pages(client: Client, people: People) -> None:
    """The cursor leads through all of them in the operator's order."""
    admin = people.admin()
    for position in (3, 1, 2):
        client.post(f"{TERMS}/commissions", json=RULE | {"position": position}, headers=keyed(admin.headers))
    seen, cursor = [], None
    while True:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        found = client.get(f"{TERMS}/commissions", params=query, headers=admin.headers).json()
        seen += [each["position"] for each in found["items"]]
        cursor = found.get("nextCursor")
        if cursor is None:
            break
    assert [1, 2, 3] == seen

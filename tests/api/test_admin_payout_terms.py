"""How vendors are paid, as an administrator sets it over HTTP."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.api.people import Client, People

TERMS = "/api/v1/admin/terms/payouts"
ORDINARY: dict[str, object] = {
    "vendorId": None,
    "rhythm": "daily",
    "day": 0,
    "holdDays": 7,
    "minimum": [],
    "reserve": "0",
    "reserveDays": 90,
    "recovery": {"steps": ["net", "reverse", "reserve", "write_off"], "patienceDays": 14, "giveUpDays": 180},
}


_EUR = {"amount": "25.00", "currency": "EUR"}


def test_what_is_not_said_is_as_it_is_without_terms(client: Client, people: People) -> None:
    """Seven days of hold, every day, any sum, nothing kept back: read so, and set so by an empty body."""
    headers = people.admin().headers
    assert ORDINARY == client.get(TERMS, headers=headers).json()
    assert ORDINARY == client.put(TERMS, json={}, headers=headers).json()


def test_a_vendor_has_the_terms_of_all_until_it_has_its_own(client: Client, people: People) -> None:
    """Terms of one vendor change nothing for others, and those of all change nothing for it."""
    headers = people.admin().headers
    one, other = people.vendor().vendor_id, people.vendor().vendor_id
    own = {"rhythm": "weekly", "day": 4, "holdDays": 30, "minimum": [{"amount": "25.00", "currency": "EUR"}], "reserve": "5"}
    told = client.put(_of(one), json=own, headers=headers)
    assert (200, {**ORDINARY, **own, "vendorId": str(one)}) == (told.status_code, told.json())
    client.put(TERMS, json={"holdDays": 0}, headers=headers)
    assert told.json() == client.get(_of(one), headers=headers).json()
    assert {**ORDINARY, "holdDays": 0} == client.get(_of(other), headers=headers).json()


@pytest.mark.parametrize(
    ("case", "said", "refusal"),
    [
        ("a day that no week has", {"rhythm": "weekly", "day": 7}, "day 7"),
        ("a day that no month has", {"rhythm": "monthly", "day": 0}, "day 0"),
        ("more than all in reserve", {"reserve": "101"}, "reserve"),
        ("a step twice", {"recovery": {"steps": ["net", "net"]}}, "twice"),
        ("a negative hold", {"holdDays": -1}, "holdDays"),
        ("two sums of one currency", {"minimum": [_EUR, {"amount": "1", "currency": "JPY"}, _EUR]}, "minimum[2]: "),
        ("a negative sum", {"minimum": [{"amount": "-1.00", "currency": "EUR"}]}, "minimum"),
        ("a word too many", {"hold": 1}, "hold"),
    ],
)
def test_terms_that_make_no_sense(client: Client, people: People, case: str, said: dict[str, object], refusal: str) -> None:
    """They are refused with 422, and change nothing."""
    headers = people.admin().headers
    answer = client.put(TERMS, json=said, headers=headers)
    assert (422, True) == (answer.status_code, refusal in answer.json()["message"]), (case, answer.text)
    assert ORDINARY == client.get(TERMS, headers=headers).json()


@pytest.mark.parametrize(
    ("path", "said", "field"),
    [
        ("/api/v1/admin/terms/commissions", {"name": "A", "floor": [_EUR, _EUR]}, "floor[1]"),
        ("/api/v1/admin/terms/commissions", {"name": "A", "tiers": [{"rate": "1", "above": [_EUR, _EUR]}]}, "tiers[0].above[1]"),
        ("/api/v1/admin/terms/commissions", {"name": "A", "perUnit": [_EUR, _EUR]}, "perUnit[1]"),
        ("/api/v1/admin/terms/discounts", {"name": "A", "funding": "vendor", "amount": [_EUR, _EUR]}, "amount[1]"),
        (
            "/api/v1/admin/terms/discounts",
            {"name": "A", "funding": "vendor", "minimum": [_EUR, _EUR]},
            "minimum[1]",
        ),
    ],
)
def test_amounts_are_one_for_each_currency(client: Client, people: People, path: str, said: dict[str, object], field: str) -> None:
    """A second one is refused, and named by its place, in whatever terms."""
    answer = client.post(path, json=said, headers=people.admin().headers)
    assert (422, [field]) == (answer.status_code, [each["field"] for each in answer.json()["details"]["fields"]]), answer.text


def test_a_vendor_that_is_not_there(client: Client, people: People) -> None:
    """404, for reading and for setting."""
    headers = people.admin().headers
    nobody = UUID(int=0)
    assert 404 == client.get(_of(nobody), headers=headers).status_code
    assert 404 == client.put(_of(nobody), json={}, headers=headers).status_code


def _of(vendor_id: UUID) -> str:
    return f"/api/v1/admin/vendors/{vendor_id}/payout-terms"

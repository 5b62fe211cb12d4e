"""Money of a vendor over HTTP, and the payout runs of the platform."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from tests.api.bought import bought, later, payable
from tests.api.people import Client, People, keyed

from quarterturn_adapters.clock import ManualClock
from quarterturn_api.edge.answering import Service

STATEMENT = "/api/v1/vendor/statement"
RUNS = "/api/v1/admin/payouts/runs"


def test_a_statement_adds_up_in_json_and_csv(client: Client, service: Service, people: People) -> None:
    """Pages follow each other to the cent, the CSV has the same lines, and the balance says the same."""
    seller, buyer = people.vendor(price="10.00"), people.client()
    for _ in range(5):
        bought(service, buyer, seller)
    lines, cursor, balance = [], None, Decimal(0)
    while True:
        query: dict[str, str | int] = {"currency": "EUR", "limit": 2, "until": "2027-01-01T00:00:00Z"}
        if cursor:
            query["cursor"] = cursor
        found = client.get(STATEMENT, params=query, headers=seller.headers).json()
        assert balance == Decimal(found["opening"]["amount"])
        balance = Decimal(found["closing"]["amount"])
        lines += found["items"]
        cursor = found.get("nextCursor")
        if cursor is None:
            break
    assert 5 == len(lines)
    assert Decimal("90.00") == balance == sum(Decimal(line["net"]["amount"]) for line in lines)
    (held,) = client.get("/api/v1/vendor/balance", headers=seller.headers).json()["items"]
    assert ("90.00", "0.00") == (held["pending"]["amount"], held["available"]["amount"])
    told = client.get(f"{STATEMENT}.csv", params={"currency": "EUR", "until": "2027-01-01T00:00:00Z"}, headers=seller.headers)
    assert (200, "text/csv; charset=utf-8") == (told.status_code, told.headers["content-type"])
    rows = list(csv.DictReader(io.StringIO(told.text, newline="")))
    assert [(str(line["number"]), line["net"]["amount"], line["balance"]["amount"]) for line in lines] == [
        (row["number"], row["net"], row["balance"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("case", "query"),
    [
        ("no currency", {}),
        ("an unknown currency", {"currency": "ZZZ"}),
        ("a time without an offset", {"currency": "EUR", "since": "2026-01-01T00:00:00"}),
        ("a time too far away", {"currency": "EUR", "since": "0001-01-01T00:00:00+14:00"}),
        ("a cursor that is none", {"currency": "EUR", "cursor": "x"}),
    ],
)
def test_a_statement_of_nothing_sensible_is_refused(client: Client, people: People, case: str, query: dict[str, str]) -> None:
    """422, in JSON and in CSV; whoever has no vendor is refused before."""
    headers = people.vendor().headers
    answers = [client.get(STATEMENT, params=query, headers=headers).status_code]
    if "cursor" not in query:
        answers.append(client.get(f"{STATEMENT}.csv", params=query, headers=headers).status_code)
    assert (case, {422}) == (case, set(answers))


def test_money_is_for_owners(client: Client, people: People) -> None:
    """Staff sees nothing of it, nor does somebody else."""
    seller = people.vendor()
    staff, stranger = people.staff(seller.vendor_id), people.client()
    for path in ("balance", "statement?currency=EUR", "statement.csv?currency=EUR", "payouts"):
        for person in (staff, stranger):
            assert (path, 403) == (path, client.get(f"/api/v1/vendor/{path}", headers=person.headers).status_code)


def test_a_run_pays_what_is_available_once(client: Client, service: Service, people: People, clock: ManualClock) -> None:
    """A dry run tells, a run claims, the same run again claims nothing more; a vendor sees its own payout only."""
    seller, other, admin = people.vendor(price="10.00"), people.vendor(), people.admin()
    payable(service, seller, other)
    order = bought(service, people.client(), seller)
    for status in ("processing", "shipped", "delivered"):
        path = f"/api/v1/vendor/orders/{order.id}/status"
        assert 200 == client.put(path, json={"status": status}, headers=seller.headers).status_code
    headers = later(service, clock, admin, days=8)
    service.application.release_earnings()
    dry = client.post(RUNS, json={"dryRun": True}, headers=keyed(headers, "monday")).json()
    run = client.post(RUNS, json={}, headers=keyed(headers, "monday"))
    again = client.post(RUNS, json={}, headers=keyed(headers, "monday"))
    assert (201, 201) == (run.status_code, again.status_code), run.text
    assert [["18.00"]] * 3 == [[each["amount"]["amount"] for each in found["payouts"]] for found in (dry, run.json(), again.json())]
    (payout,) = run.json()["payouts"]
    assert payout == client.get(f"/api/v1/admin/payouts/{payout['id']}", headers=headers).json()
    assert [payout] == client.get("/api/v1/admin/payouts", params={"status": "scheduled"}, headers=headers).json()["items"]
    mine, theirs = later(service, clock, seller, days=0), later(service, clock, other, days=0)
    assert [payout] == client.get("/api/v1/vendor/payouts", headers=mine).json()["items"]
    assert payout == client.get(f"/api/v1/vendor/payouts/{payout['id']}", headers=mine).json()
    assert [] == client.get("/api/v1/vendor/payouts", headers=theirs).json()["items"]
    assert 404 == client.get(f"/api/v1/vendor/payouts/{payout['id']}", headers=theirs).status_code
    assert 403 == client.post(RUNS, json={}, headers=keyed(mine, "x")).status_code
    service.application.relay.drain()
    assert "sent" == client.get(f"/api/v1/vendor/payouts/{payout['id']}", headers=mine).json()["status"]
    other_body = client.post(RUNS, json={"vendorIds": [str(other.vendor_id)]}, headers=keyed(headers, "monday"))
    assert 409 == other_body.status_code

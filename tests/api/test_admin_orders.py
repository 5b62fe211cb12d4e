"""Orders, refunds, disputes, the books and the figures over HTTP, for administrators."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import attrs
import pytest
from tests.api.bought import bought, ordered
from tests.api.people import Client, People, keyed

from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.ids import RefundId

ADMIN = "/api/v1/admin"


def test_an_order_is_explained_to_the_cent(client: Client, service: Service, people: People) -> None:
    """The split adds up, every figure holds, and the journal says the same."""
    admin, one, other = people.admin(), people.vendor(price="30.00"), people.vendor(price="20.00")
    order = bought(service, people.client(), one, other)
    found = client.get(f"{ADMIN}/orders/{order.id}", headers=admin.headers).json()
    split = {name: Decimal(part["amount"]) for name, part in found["split"].items()}
    assert (Decimal("100.00"), Decimal("90.00"), Decimal("10.00")) == (split["paid"], split["earning"], split["commission"])
    assert found["holds"]
    assert all(figure["holds"] for line in found["lines"] for figure in line["figures"])
    assert {str(one.vendor_id): "54.00", str(other.vendor_id): "36.00"} == {
        each["vendorId"]: each["booked"]["amount"] for each in found["vendors"]
    }
    assert ["captured"] == [each["status"] for each in found["payments"]]
    assert 404 == client.get(f"{ADMIN}/orders/{uuid4()}", headers=admin.headers).status_code


def test_orders_are_listed_by_state_and_time(client: Client, service: Service, people: People) -> None:
    """Filters show those that they name, the latest first; a time without an offset is refused."""
    admin, seller, buyer = people.admin(), people.vendor(), people.client()
    paid, open_ = bought(service, buyer, seller), ordered(service, buyer, seller)

    def ids(**query: str) -> set[str]:
        return {each["id"] for each in client.get(f"{ADMIN}/orders", params=query, headers=admin.headers).json()["items"]}

    assert {str(paid.id), str(open_.id)} == ids()
    assert {str(paid.id)} == ids(state="paid")
    assert {str(open_.id)} == ids(state="placed", since="2026-01-01T00:00:00Z")
    assert set() == ids(until="2026-01-01T00:00:00Z")
    naive = client.get(f"{ADMIN}/orders", params={"since": "2026-01-01T00:00:00"}, headers=admin.headers)
    assert 422 == naive.status_code


def test_any_order_is_cancelled(client: Client, service: Service, people: People) -> None:
    """What was paid goes back, and the answer says so."""
    admin, seller = people.admin(), people.vendor(price="10.00")
    order = bought(service, people.client(), seller)
    for _ in range(2):
        asked = {"reason": "recalled"}
        after = client.post(f"{ADMIN}/orders/{order.id}/cancel", json=asked, headers=keyed(admin.headers, "recall"))
        assert (200, "cancelled") == (after.status_code, after.json()["status"])
        assert "20.00" == after.json()["vendorOrders"][0]["lines"][0]["refunded"]["amount"]
    other = client.post(f"{ADMIN}/orders/{order.id}/cancel", json={"reason": "other"}, headers=keyed(admin.headers, "recall"))
    assert 409 == other.status_code


@pytest.mark.parametrize(
    ("case", "asked", "status"),
    [
        ("all of it", {}, 201),
        ("an amount", {"amount": {"amount": "5.00", "currency": "EUR"}}, 201),
        ("units of a line", {"lines": [{"line": 1, "units": 1}]}, 201),
        ("more than there is", {"amount": {"amount": "500.00", "currency": "EUR"}}, 409),
        ("a line that is not there", {"lines": [{"line": 9, "units": 1}]}, 404),
        ("lines and an amount", {"lines": [{"line": 1, "units": 1}], "amount": {"amount": "5.00", "currency": "EUR"}}, 422),
        ("another currency", {"amount": {"amount": "5.00", "currency": "USD"}}, 422),
        ("no reason", {"reason": ""}, 422),
    ],
)
def test_an_order_is_refunded(
    client: Client, service: Service, people: People, case: str, asked: dict[str, object], status: int
) -> None:
    """By lines, by an amount or all of it; asked again under the key it is the same refund."""
    admin, one, other = people.admin(), people.vendor(price="10.00"), people.vendor(price="10.00")
    order = bought(service, people.client(), one, other)
    path, body = f"{ADMIN}/orders/{order.id}/refunds", {"reason": "goodwill"} | asked
    made = client.post(path, json=body, headers=keyed(admin.headers, "once"))
    assert (case, status) == (case, made.status_code)
    assert made.status_code == client.post(path, json=body, headers=keyed(admin.headers, "once")).status_code
    listed = client.get(f"{ADMIN}/refunds", headers=admin.headers).json()["items"]
    assert (1 if status == 201 else 0) == len(listed)
    if status == 201:
        changed = body | {"reason": "other"}
        assert 409 == client.post(path, json=changed, headers=keyed(admin.headers, "once")).status_code


def test_only_a_refund_that_failed_is_sent_again(client: Client, service: Service, people: People) -> None:
    """One that arrived is 409, and one that is not there 404."""
    admin, seller = people.admin(), people.vendor()
    order = bought(service, people.client(), seller)
    made = client.post(f"{ADMIN}/orders/{order.id}/refunds", json={"reason": "x"}, headers=keyed(admin.headers)).json()
    with service.application.begin() as work:
        (refund,) = work.refunds.lock([RefundId(UUID(made["id"]))]).values()
        work.refunds.save([attrs.evolve(refund.move("fail", failure="the card is closed"))])
    again = client.post(f"{ADMIN}/refunds/{made['id']}/retry", headers=admin.headers)
    assert (200, "requested", 2) == (again.status_code, again.json()["status"], again.json()["attempt"])
    assert 409 == client.post(f"{ADMIN}/refunds/{made['id']}/retry", headers=admin.headers).status_code
    assert 404 == client.post(f"{ADMIN}/refunds/{uuid4()}/retry", headers=admin.headers).status_code


def test_what_waits_for_a_person_is_listed(client: Client, service: Service, people: People) -> None:
    """Payments in quarantine, and disputes by status."""
    admin, seller = people.admin(), people.vendor()
    order = bought(service, people.client(), seller)
    bought(service, people.client(), seller)
    app, sandbox = service.application, service.provider.sandbox
    assert sandbox is not None
    (payment,) = app.read_payments.of_order(order.id)
    assert [] == client.get(f"{ADMIN}/payments", headers=admin.headers).json()["items"]
    with app.begin() as work:
        work.payments.lock([payment.id])
        work.payments.save([attrs.evolve(payment, quarantine="it pays for nothing")])
    (held,) = client.get(f"{ADMIN}/payments", headers=admin.headers).json()["items"]
    assert (str(payment.id), "it pays for nothing") == (held["id"], held["quarantine"])
    assert [] == client.get(f"{ADMIN}/disputes", params={"status": "open"}, headers=admin.headers).json()["items"]


def test_the_books_balance(client: Client, service: Service, people: People) -> None:
    """The trial balance sums to zero; accounts and entries can be told apart by kind, vendor and order."""
    admin, one, other = people.admin(), people.vendor(), people.vendor()
    order = bought(service, people.client(), one)
    bought(service, people.client(), other)
    totals = client.get(f"{ADMIN}/ledger/totals", headers=admin.headers).json()["items"]
    assert 0 == sum(Decimal(each["balance"]["amount"]) for each in totals)

    def read(what: str, **query: str | int) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        cursor = None
        while True:
            asked = query | {"limit": 1} | ({"cursor": cursor} if cursor else {})
            found = client.get(f"{ADMIN}/ledger/{what}", params=asked, headers=admin.headers).json()
            seen += found["items"]
            cursor = found.get("nextCursor")
            if cursor is None:
                return seen

    pending = read("accounts", kind="vendor_pending")
    assert {str(one.vendor_id), str(other.vendor_id)} == {each["vendorId"] for each in pending}
    assert len(read("accounts")) > len(pending)
    everything = read("entries")
    numbers = [each["number"] for each in everything]
    assert sorted(numbers, reverse=True) == numbers
    for query in ({"vendorId": str(one.vendor_id)}, {"orderId": str(order.id)}):
        found = read("entries", **query)
        assert [each for each in everything if str(order.id) == each["orderId"]] == found
    assert everything == read("entries", kind="processor_clearing")
    assert everything[0] == client.get(f"{ADMIN}/ledger/entries/{numbers[0]}", headers=admin.headers).json()
    assert 404 == client.get(f"{ADMIN}/ledger/entries/99999", headers=admin.headers).status_code
    two = {"vendorId": str(one.vendor_id), "kind": "refunds"}
    assert 422 == client.get(f"{ADMIN}/ledger/entries", params=two, headers=admin.headers).status_code


DAYS = {"since": "2026-03-01", "until": "2026-03-03"}


def test_figures_are_told_by_day_vendor_and_category(client: Client, service: Service, people: People) -> None:
    """Sales, refunds and conversion of the days that are asked for, in the time zone that is asked for."""
    admin, one, other = people.admin(), people.vendor(price="10.00"), people.vendor(price="5.00")
    order = bought(service, people.client(), one, other)
    ordered(service, people.client(), one)
    refund = {"reason": "x", "lines": [{"line": 1, "units": 1}]}
    assert 201 == client.post(f"{ADMIN}/orders/{order.id}/refunds", json=refund, headers=keyed(admin.headers)).status_code
    found = client.get(f"{ADMIN}/analytics", params=DAYS | {"timeZone": "Europe/Berlin"}, headers=admin.headers).json()
    (day,) = found["days"]
    assert ("2026-03-02", "30.00", "10.00", "20.00") == (
        day["day"],
        day["sales"]["gross"]["amount"],
        day["sales"]["givenBack"]["amount"],
        day["sales"]["net"]["amount"],
    )
    assert {str(one.category_id): "20.00", str(other.category_id): "10.00"} == {
        each["categoryId"]: each["sales"]["gross"]["amount"] for each in found["categories"]
    }
    assert ("33.33", 1) == (found["refunds"][0]["rate"], found["refunds"][0]["ordersRefunded"])
    assert (2, 1, "50.00") == tuple(found["conversion"][name] for name in ("ordersPlaced", "ordersPaid", "paymentRate"))
    vendors = client.get(f"{ADMIN}/analytics/vendors", params=DAYS | {"limit": 1}, headers=admin.headers).json()
    more = client.get(
        f"{ADMIN}/analytics/vendors", params=DAYS | {"limit": 1, "cursor": vendors["nextCursor"]}, headers=admin.headers
    ).json()
    assert {str(one.vendor_id), str(other.vendor_id)} == {each["vendorId"] for each in vendors["items"] + more["items"]}
    none = client.get(f"{ADMIN}/analytics", params=DAYS | {"currency": "USD"}, headers=admin.headers).json()
    assert ([], [], []) == (none["days"], none["categories"], none["refunds"])


@pytest.mark.parametrize(
    ("case", "query"),
    [
        ("no days", {}),
        ("the end before the beginning", {"since": "2026-03-03", "until": "2026-03-01"}),
        ("too many days", {"since": "1900-01-01", "until": "2026-03-01"}),
        ("a time zone that is none", DAYS | {"timeZone": "Europe/Atlantis"}),
        ("a path as a time zone", DAYS | {"timeZone": "../../etc/passwd"}),
        ("a currency that is none", DAYS | {"currency": "ZZZ"}),
        ("a day that is none", {"since": "2026-02-30", "until": "2026-03-01"}),
    ],
)
def test_figures_of_nothing_sensible_are_refused(client: Client, people: People, case: str, query: dict[str, str]) -> None:
    """Each is 422."""
    answer = client.get(f"{ADMIN}/analytics", params=query, headers=people.admin().headers)
    assert (case, 422) == (case, answer.status_code)

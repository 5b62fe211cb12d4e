"""Dead letters over HTTP: what is stuck is seen with its history, and mended; to try again is safe."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from tests.api.bought import bought
from tests.api.people import START, Client, People, keyed
from tests.api.victims import DEAD_IN, dead_letter

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import Fault
from quarterturn_adapters.sandbox.faults import ANY
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.dispatch import DispatchStatus
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.payments.gateway import LineKind

LETTERS = "/api/v1/admin/dead-letters"
AUDIT = "/api/v1/admin/audit"


def test_a_refund_that_nobody_tries_any_more_is_mended_and_sent_once(
    client: Client, service: Service, people: People, clock: ManualClock
) -> None:
    """Its last try did it at the provider, and nobody heard: tried anew it is found there, and not sent a second time."""
    seller, buyer, admin = people.vendor(), people.client(), people.admin()
    order = bought(service, buyer, seller)
    app, sandbox = service.application, service.provider.sandbox
    assert sandbox is not None
    app.relay.drain()
    asked = {"reason": "broken", "amount": {"amount": "10.00", "currency": "EUR"}}
    client.post(f"/api/v1/admin/orders/{order.id}/refunds", json=asked, headers=keyed(admin.headers))
    attempts = app.relay.subscriptions["send-refunds"].attempts
    sandbox.faults.chance(ANY, Fault.LOST_REQUEST, Rate(1, 1))
    app.relay.forward()
    for attempt in range(1, attempts + 1):
        if attempt == attempts:
            sandbox.faults.clear()
            sandbox.faults.next("refund_payment", Fault.LOST_ANSWER)
        assert 1 == app.relay.handle("send-refunds").claimed
        clock.advance(timedelta(hours=2))
    headers = people.admin().headers

    (listed,) = client.get(LETTERS, headers=headers).json()["items"]
    assert ("send-refunds", "refund.requested", attempts) == (listed["subscription"], listed["event"], listed["attempts"])
    path = f"{LETTERS}/send-refunds/{listed['messageId']}"
    shown = client.get(path, headers=headers).json()
    assert attempts == len(shown["failures"])
    assert {"order_id": str(order.id)}.items() <= shown["content"].items()
    assert listed == {name: value for name, value in shown.items() if name not in {"content", "failures"}}

    again = client.post(f"{path}/retry", headers=headers)
    assert (200, "waiting", 0) == (again.status_code, again.json()["status"], again.json()["attempts"])
    app.relay.drain()

    assert [] == client.get(LETTERS, headers=headers).json()["items"]
    assert ["succeeded"] == [each["status"] for each in client.get("/api/v1/admin/refunds", headers=headers).json()["items"]]
    clock.advance(timedelta(days=7))
    lines = service.provider.payments.statement(START, clock.now())
    assert ["-10.00"] == [line.amount.amount for line in lines if line.kind is LineKind.REFUND]
    headers = people.admin().headers
    # There is nothing to mend any more.
    assert 404 == client.post(f"{path}/retry", headers=headers).status_code
    (entry,) = client.get(AUDIT, params={"subjectId": listed["messageId"]}, headers=headers).json()["items"]
    assert ("dead_letter.retried", "send-refunds") == (entry["action"], entry["details"]["subscription"])


def test_what_waits_is_no_dead_letter(client: Client, service: Service, people: People) -> None:
    """It cannot be mended a second time: 409; and it is shown to nobody as dead."""
    headers = people.admin().headers
    path = f"{LETTERS}/{DEAD_IN}/{dead_letter(service).message.id}"
    assert 200 == client.post(f"{path}/retry", headers=headers).status_code
    assert 404 == client.get(path, headers=headers).status_code
    for act, body in (("retry", None), ("discard", {"reason": "nobody wants it"})):
        refused = client.post(f"{path}/{act}", json=body, headers=headers)
        assert (409, "invalid_transition") == (refused.status_code, refused.json()["code"])


def test_what_is_discarded_is_gone_and_a_reason_is_kept(client: Client, service: Service, people: People) -> None:
    """Without a reason nothing is discarded; who did it, and why, is in the audit trail."""
    admin = people.admin()
    letter = dead_letter(service)
    path = f"{LETTERS}/{DEAD_IN}/{letter.message.id}"
    for body in ({}, {"reason": ""}, {"reason": "  "}):
        assert 422 == client.post(f"{path}/discard", json=body, headers=admin.headers).status_code
    assert 204 == client.post(f"{path}/discard", json={"reason": "a test of ours"}, headers=admin.headers).status_code
    assert 404 == client.get(path, headers=admin.headers).status_code
    (entry,) = client.get(AUDIT, params={"subjectId": str(letter.message.id)}, headers=admin.headers).json()["items"]
    assert ("dead_letter.discarded", str(admin.account_id)) == (entry["action"], entry["actorId"])
    assert {"subscription": DEAD_IN, "event": "shop_window.opened", "reason": "a test of ours"} == entry["details"]


@pytest.mark.parametrize(("act", "body", "waiting"), [("retry", None, 3), ("discard", {"reason": "too many"}, 0)])
def test_all_of_a_subscription_are_mended_at_once(
    client: Client, service: Service, people: People, act: str, body: dict[str, str] | None, waiting: int
) -> None:
    """Those of this subscription and no others; done twice, there is nothing to do."""
    headers = people.admin().headers
    for _ in range(3):
        dead_letter(service)
    other = dead_letter(service, subscription="another")
    assert {"count": 3} == client.post(f"{LETTERS}/{DEAD_IN}/{act}", json=body, headers=headers).json()
    assert {"count": 0} == client.post(f"{LETTERS}/{DEAD_IN}/{act}", json=body, headers=headers).json()
    left = client.get(LETTERS, headers=headers).json()["items"]
    assert [str(other.message.id)] == [each["messageId"] for each in left]
    with service.database.begin() as work:
        depths = work.dispatches.depths()
        assert DispatchStatus.DEAD is work.dispatches.find([other.key])[other.key].status
    assert waiting == (depths[DEAD_IN].waiting if DEAD_IN in depths else 0)


def test_pages_tell_of_every_dead_letter_once(client: Client, service: Service, people: People) -> None:
    """Page by page, the latest event first, also where several subscriptions have failed at one; filtered by subscription."""
    headers = people.admin().headers
    letters = [dead_letter(service, subscription=name) for name in ("b", "a", "b", "a", "b")]
    expected = [str(each.message.id) for each in reversed(letters)]
    for query, ids in (
        ({}, expected),
        ({"subscription": "a"}, [str(each.message.id) for each in reversed(letters) if each.subscription == "a"]),
        ({"subscription": "nobody"}, []),
    ):
        found: list[str] = []
        cursor: str | None = None
        while True:
            asked: dict[str, str | int] = {**query, "limit": 2, **({"cursor": cursor} if cursor else {})}
            page = client.get(LETTERS, params=asked, headers=headers).json()
            found += [each["messageId"] for each in page["items"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert ids == found


def test_nobody_else_mends(client: Client, service: Service, people: People) -> None:
    """Not a vendor, not a customer; and what there is not is not there for an administrator either."""
    path = f"{LETTERS}/{DEAD_IN}/{dead_letter(service).message.id}"
    for person in (people.client(), people.vendor()):
        assert 403 == client.get(LETTERS, headers=person.headers).status_code
        assert 403 == client.post(f"{path}/retry", headers=person.headers).status_code
    for missing in (f"{LETTERS}/{DEAD_IN}/{uuid4()}", path.replace(DEAD_IN, "another")):
        assert 404 == client.post(f"{missing}/retry", headers=people.admin().headers).status_code

"""Webhooks out, over HTTP from end to end: a real receiver on this machine verifies what it is told by Standard Webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import attrs
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from tests.api.bought import bought, later
from tests.api.people import Assemble, Client, People, Person, Seller, keyed
from tests.api.victims import API
from tests.integration.webhooks.receiving import Received, Receiver, receiver

from quarterturn_adapters.clock import ManualClock
from quarterturn_api.edge.answering import Service

MINE: Final = f"{API}/vendor/webhook-endpoints"
OURS: Final = f"{API}/admin/webhook-endpoints"


@pytest.fixture
def clock() -> ManualClock:
    """The real time, at the beginning: whoever verifies a webhook compares it with theirs."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def service(assemble: Assemble) -> Iterator[Service]:
    """A service that may reach this machine, as only tests may."""
    with assemble(QUARTERTURN_UNSAFE_WEBHOOKS="for-development-only") as made:
        yield made


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    """Somebody who receives."""
    with receiver() as made:
        yield made


def registered(client: Client, person: Person, url: str, *events: str, root: str = MINE) -> tuple[str, str]:
    """The id and the secret of an endpoint."""
    answer = client.post(root, json={"url": url, "events": events or ("*",)}, headers=keyed(person.headers))
    assert answer.status_code == 201, answer.text
    return answer.json()["endpoint"]["id"], answer.json()["secret"]


def told(service: Service) -> None:
    """Let everything that has happened be told."""
    service.application.relay.drain()


def verified(secret: str, got: Received) -> Any:  # noqa: ANN401
    """What a receiver that verifies has received."""
    return Webhook(secret).verify(got.body, dict(got.headers))


def deliveries(client: Client, person: Person, endpoint_id: str, root: str = MINE, **query: str) -> list[Any]:
    """What an endpoint was told, the latest first."""
    answer = client.get(f"{root}/{endpoint_id}/deliveries", params=query, headers=person.headers)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


def test_an_order_is_told_to_whom_it_concerns(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """Each vendor hears of its part, the platform of the whole, who has nothing to do with it hears nothing."""
    one, other, third, admin = people.vendor(), people.vendor(price="11.00"), people.vendor(), people.admin()
    secrets = {
        str(each.vendor_id): registered(client, each, hooks.url(f"/{each.vendor_id}"), "order.*")[1] for each in (one, other, third)
    }
    secrets["ours"] = registered(client, admin, hooks.url("/ours"), "order.paid", root=OURS)[1]

    order = bought(service, people.client(), one, other)
    told(service)

    found = {(got.path.strip("/"), verified(secrets[got.path.strip("/")], got)["type"]) for got in hooks.received}
    mine = {(str(each.vendor_id), type_) for each in (one, other) for type_ in ("order.placed", "order.paid")}
    assert mine | {("ours", "order.paid")} == found
    said = {got.path.strip("/"): json.loads(got.body) for got in hooks.received if '"order.paid"' in got.body}
    paid = said[str(one.vendor_id)]["data"]
    assert {"orderId": str(order.id), "vendorId": str(one.vendor_id)} == {name: paid[name] for name in ("orderId", "vendorId")}
    assert {"amount": "99.80", "currency": "EUR"} == paid["total"]
    assert [{"sku": one.sku, "quantity": 2}] == paid["items"]
    for secret in (str(other.vendor_id), other.sku, "121.80", "22.00"):
        assert secret not in json.dumps(said[str(one.vendor_id)])
    assert {str(one.vendor_id), str(other.vendor_id)} == {each["vendorId"] for each in said["ours"]["data"]["vendors"]}


def test_what_was_told_can_be_read(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """With every attempt, what was answered to it, and exactly what was sent."""
    seller = people.vendor()
    endpoint_id, secret = registered(client, seller, hooks.url("/status/500"), "order.paid")
    bought(service, people.client(), seller)
    told(service)

    (listed,) = deliveries(client, seller, endpoint_id)
    read = client.get(f"{MINE}/{endpoint_id}/deliveries/{listed['id']}", headers=seller.headers).json()

    (got,) = hooks.received
    assert listed["messageId"] == got.headers["webhook-id"]
    assert ("waiting", 500) == (listed["status"], listed["lastAttempt"]["statusCode"])
    assert [("answered with 500", "a body of \N{REPLACEMENT CHARACTER}mine")] == [
        (each["error"], each["excerpt"]) for each in read["attempts"]
    ]
    assert (got.body, {**listed}) == (read["payload"], {name: read[name] for name in listed})
    assert [] == deliveries(client, seller, endpoint_id, status="delivered")
    shown = client.get(f"{MINE}/{endpoint_id}", headers=seller.headers)
    assert shown.json()["failingSince"] is not None
    assert secret.removeprefix("whsec_") not in shown.text + json.dumps(read) + client.get(MINE, headers=seller.headers).text


def test_a_failure_is_tried_again_under_the_same_id(
    client: Client, service: Service, people: People, hooks: Receiver, clock: ManualClock
) -> None:
    """By the schedule, with a signature of its own time, until it arrives."""
    seller = people.vendor()
    endpoint_id, secret = registered(client, seller, hooks.url(), "order.paid")
    hooks.answers += [500, 503]
    bought(service, people.client(), seller)
    told(service)
    told(service)
    assert len(hooks.received) == 1, "not before its time"

    for wait in (timedelta(seconds=6), timedelta(minutes=6)):
        clock.advance(wait)
        assert 1 == service.application.remind_deliveries(100)
        assert 0 == service.application.remind_deliveries(100)
        told(service)

    headers = later(service, clock, seller, 0)
    (delivery,) = client.get(f"{MINE}/{endpoint_id}/deliveries", headers=headers).json()["items"]
    assert "delivered" == delivery["status"]
    assert 3 == len(hooks.received)
    assert 1 == len({got.headers["webhook-id"] for got in hooks.received})
    assert 3 == len({got.headers["webhook-timestamp"] for got in hooks.received})
    assert 1 == len({got.body for got in hooks.received})
    verified(secret, hooks.received[0])
    assert client.get(f"{MINE}/{endpoint_id}", headers=headers).json()["failingSince"] is None


def test_who_dies_after_sending_sends_again_under_the_same_id(
    client: Client, service: Service, people: People, hooks: Receiver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent and not noted is sent once more, when its turn is over, and by the same id the receiver knows it."""
    seller = people.vendor()
    endpoint_id, _ = registered(client, seller, hooks.url(), "order.paid")
    bought(service, people.client(), seller)
    send = service.application.send_deliveries

    def dies(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(send), "_note", dies)
        with pytest.raises(KeyboardInterrupt):
            told(service)
    assert 1 == len(hooks.received)
    told(service)
    assert 1 == len(hooks.received), "the turn was taken"

    clock.advance(timedelta(minutes=5))
    assert 1 == service.application.remind_deliveries(100)
    told(service)

    first, second = hooks.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    (delivery,) = client.get(f"{MINE}/{endpoint_id}/deliveries", headers=later(service, clock, seller, 0)).json()["items"]
    assert "delivered" == delivery["status"]


def test_an_event_that_comes_twice_is_told_once(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """The relay hands every event over at least once; a delivery is named by its event and its endpoint."""
    seller = people.vendor()
    registered(client, seller, hooks.url(), "order.paid")
    bought(service, people.client(), seller)
    app = service.application
    with service.database.begin() as work:
        messages = list(work.outbox.pending(1_000))
    made = [app.tell_endpoints(messages), app.tell_endpoints(messages)]

    told(service)

    assert [1, 0] == made
    assert 1 == len(hooks.received)


def test_a_secret_is_rotated_without_a_gap(
    client: Client, service: Service, people: People, hooks: Receiver, clock: ManualClock
) -> None:
    """For as long as the grace lasts, who knows either secret can verify; then the new one is the only one."""
    seller = people.vendor()
    endpoint_id, old = registered(client, seller, hooks.url(), "order.paid")
    key = {"Idempotency-Key": str(uuid4())}
    rotated = client.post(f"{MINE}/{endpoint_id}/rotate-secret", json={"graceSeconds": 60}, headers=seller.headers | key)
    again = client.post(f"{MINE}/{endpoint_id}/rotate-secret", json={"graceSeconds": 60}, headers=seller.headers | key)
    new = rotated.json()["secret"]

    bought(service, people.client(), seller)
    told(service)
    clock.advance(timedelta(seconds=61))
    bought(service, people.client(), seller)
    told(service)

    assert (200, 409) == (rotated.status_code, again.status_code)
    assert rotated.json()["endpoint"]["oldSecretUntil"] is not None
    assert "no-store" in rotated.headers["cache-control"]
    during, after = hooks.received
    assert verified(old, during) == verified(new, during)
    assert verified(new, after)
    with pytest.raises(WebhookVerificationError):
        verified(old, after)


def test_an_endpoint_that_fails_for_days_is_disabled_with_notice(
    client: Client, service: Service, people: People, hooks: Receiver, clock: ManualClock
) -> None:
    """After five days in which nothing has arrived; its owner hears of it by another endpoint, and enables it again."""
    seller, admin, buyer = people.vendor(), people.admin(), people.client()
    sick, _ = registered(client, seller, hooks.url("/status/500"), "order.paid")
    registered(client, seller, hooks.url("/theirs"), "webhook_endpoint.*")
    registered(client, admin, hooks.url("/ours"), "webhook_endpoint.*", root=OURS)
    for _ in range(6):
        bought(service, buyer, seller)
        told(service)
        clock.advance(timedelta(days=1))
        service.application.remind_deliveries(100)
    told(service)

    headers = later(service, clock, seller, 0)
    endpoint = client.get(f"{MINE}/{sick}", headers=headers).json()
    assert ("disabled", "every attempt has failed for 5 days") == (endpoint["status"], endpoint["reason"])
    notices = [json.loads(got.body) for got in hooks.received if got.path in {"/theirs", "/ours"}]
    assert [("webhook_endpoint.disabled", sick, True)] * 2 == [
        (each["type"], each["data"]["endpointId"], each["data"]["automatic"]) for each in notices
    ]
    before = len(hooks.received)
    bought(service, buyer, seller)
    told(service)
    assert before == len(hooks.received), "it is told nothing more"
    refused = client.post(f"{MINE}/{sick}/ping", headers=keyed(headers))
    assert (409, "endpoint_off") == (refused.status_code, refused.json()["code"])

    enabled = client.post(f"{MINE}/{sick}/enable", headers=headers).json()

    assert ("enabled", "", None) == (enabled["status"], enabled["reason"], enabled["failingSince"])
    assert 201 == client.post(f"{MINE}/{sick}/ping", headers=keyed(headers)).status_code


def test_an_endpoint_that_is_gone_is_disabled_at_once(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """410 is its owner's own word; what else waits for it is given up, and can be asked for when it is enabled."""
    seller = people.vendor()
    endpoint_id, _ = registered(client, seller, hooks.url(), "order.*")
    hooks.answers.append(410)
    bought(service, people.client(), seller)
    told(service)

    # Both were in hand together; what was not tried is looked at when its turn comes.
    endpoint = client.get(f"{MINE}/{endpoint_id}", headers=seller.headers).json()
    assert ("disabled", "it answered 410 Gone") == (endpoint["status"], endpoint["reason"])
    client.post(f"{MINE}/{endpoint_id}/enable", headers=seller.headers)
    waiting = deliveries(client, seller, endpoint_id, status="waiting")
    again = client.post(f"{MINE}/{endpoint_id}/deliveries/{waiting[0]['id']}/redeliver", headers=seller.headers)
    told(service)
    assert 200 == again.status_code
    assert {"delivered"} == {each["status"] for each in deliveries(client, seller, endpoint_id)}


def test_redelivery_is_the_same_message(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """Also of what has arrived: the same id and the same body, for whoever has lost it."""
    seller = people.vendor()
    endpoint_id, secret = registered(client, seller, hooks.url(), "order.paid")
    bought(service, people.client(), seller)
    told(service)
    (delivery,) = deliveries(client, seller, endpoint_id)

    answer = client.post(f"{MINE}/{endpoint_id}/deliveries/{delivery['id']}/redeliver", headers=seller.headers)
    told(service)

    assert (200, "waiting") == (answer.status_code, answer.json()["status"])
    first, second = hooks.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert verified(secret, first) == verified(secret, second)
    assert "delivered" == deliveries(client, seller, endpoint_id)[0]["status"]


def test_a_ping_is_told_whatever_the_filters(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """Signed and listed as anything else; repeated with its key it is the same one."""
    seller = people.vendor()
    endpoint_id, secret = registered(client, seller, hooks.url(), "payout.paid")
    key = {"Idempotency-Key": "one-ping"}

    made = [client.post(f"{MINE}/{endpoint_id}/ping", headers=seller.headers | key) for _ in range(2)]
    told(service)

    assert [201, 201] == [each.status_code for each in made]
    (got,) = hooks.received
    said = verified(secret, got)
    assert ("webhook_endpoint.ping", {"endpointId": endpoint_id}) == (said["type"], said["data"])
    assert ["delivered"] == [each["status"] for each in deliveries(client, seller, endpoint_id)]


def test_lists_go_on_by_cursor(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """Every delivery once, the latest first, and every endpoint once."""
    seller = people.vendor()
    endpoint_id, _ = registered(client, seller, hooks.url())
    registered(client, seller, hooks.url("/other"))
    for _ in range(5):
        assert client.post(f"{MINE}/{endpoint_id}/ping", headers=keyed(seller.headers)).status_code == 201

    for path, count in ((f"{MINE}/{endpoint_id}/deliveries", 5), (MINE, 2)):
        found: list[str] = []
        query: dict[str, Any] | None = {"limit": 1}
        while query is not None:
            read = client.get(path, params=query, headers=seller.headers).json()
            found += [each["id"] for each in read["items"]]
            query = {"limit": 1, "cursor": read["nextCursor"]} if read.get("nextCursor") else None
        assert (count, count) == (len(found), len(set(found)))


def test_registering_twice_with_a_key_is_refused_and_shows_no_secret(client: Client, people: People, hooks: Receiver) -> None:
    """The secret was shown; whoever has missed it rotates."""
    seller = people.vendor()
    asked = {"url": hooks.url(), "events": ["*"]}
    key = {"Idempotency-Key": "one-endpoint"}

    first, second = (client.post(MINE, json=asked, headers=seller.headers | key) for _ in range(2))

    assert (201, 409) == (first.status_code, second.status_code)
    assert "whsec_" not in second.text


def test_changes_are_noted(client: Client, people: People, hooks: Receiver) -> None:
    """Who did what to which endpoint stands in the audit trail, without secrets or paths."""
    seller, admin = people.vendor(), people.admin()
    endpoint_id, secret = registered(client, seller, hooks.url("/a-token-of-mine"), "order.*")
    asked = {"url": hooks.url("/another-token"), "events": ["*"], "description": "Elsewhere"}
    assert client.put(f"{MINE}/{endpoint_id}", json=asked, headers=seller.headers).json()["events"] == ["*"]
    client.post(f"{MINE}/{endpoint_id}/rotate-secret", json={}, headers=keyed(seller.headers))
    client.post(f"{MINE}/{endpoint_id}/disable", json={"reason": "a rest"}, headers=seller.headers)
    client.post(f"{MINE}/{endpoint_id}/disable", json={"reason": "again"}, headers=seller.headers)
    client.post(f"{MINE}/{endpoint_id}/enable", headers=seller.headers)
    assert client.delete(f"{MINE}/{endpoint_id}", headers=seller.headers).status_code == 204

    trail = client.get(f"{API}/admin/audit", params={"subjectId": endpoint_id, "limit": 50}, headers=admin.headers)

    done = ["removed", "enabled", "disabled", "secret_rotated", "changed", "registered"]
    assert [f"webhook_endpoint.{each}" for each in done] == [each["action"] for each in trail.json()["items"]]
    assert {str(seller.account_id)} == {each["actorId"] for each in trail.json()["items"]}
    for hidden in (secret, "a-token-of-mine", "another-token"):
        assert hidden not in trail.text
    assert 404 == client.get(f"{MINE}/{endpoint_id}", headers=seller.headers).status_code


def test_a_key_for_webhooks_alone_is_enough(client: Client, people: People, hooks: Receiver) -> None:
    """For a program that registers itself; one for anything else is not, and staff may not."""
    seller = people.vendor()
    keys = {}
    for scope in ("vendor.webhooks", "vendor.read"):
        asked = {"name": scope, "scopes": [scope], "vendorId": str(seller.vendor_id)}
        text = client.post(f"{API}/auth/api-keys", json=asked, headers=keyed(seller.headers)).json()["text"]
        keys[scope] = {"Authorization": f"Bearer {text}"}
    keys["staff"] = people.staff(seller.vendor_id).headers

    answers = {who: client.post(MINE, json={"url": hooks.url(), "events": ["*"]}, headers=headers) for who, headers in keys.items()}

    assert {"vendor.webhooks": 201, "vendor.read": 403, "staff": 403} == {who: each.status_code for who, each in answers.items()}


def test_a_program_with_a_scoped_key_works_on_orders_and_stock(client: Client, service: Service, people: People) -> None:
    """What a workflow needs to answer `order.paid`: read the order, say that it is packed, set the stock; and nothing of money."""
    seller = people.vendor()
    order = bought(service, people.client(), seller)
    scopes = ["vendor.read", "vendor.fulfil", "vendor.stock"]
    asked = {"name": "n8n", "scopes": scopes, "vendorId": str(seller.vendor_id)}
    text = client.post(f"{API}/auth/api-keys", json=asked, headers=keyed(seller.headers)).json()["text"]
    key = {"Authorization": f"Bearer {text}"}

    read = client.get(f"{API}/vendor/orders/{order.id}", headers=key)
    packed = client.put(f"{API}/vendor/orders/{order.id}/status", json={"status": "processing"}, headers=key)
    stock = {"sku": seller.sku, "locationId": str(seller.location_id), "quantity": 5, "reason": "counted"}
    received = client.post(f"{API}/vendor/stock/movements", json=stock, headers=keyed(key))
    money = client.get(f"{API}/vendor/balance", headers=key)

    assert [200, 200, 201, 403] == [each.status_code for each in (read, packed, received, money)]


@pytest.mark.parametrize(
    ("case", "url"),
    [
        ("this machine", "https://127.0.0.1/in"),
        ("this machine by name", "https://localhost/in"),
        ("in the open", "http://shop.example/in"),
        ("a password", "https://a:b@shop.example/in"),
        ("another port", "https://shop.example:5432/"),
        ("a cloud's metadata", "https://169.254.169.254/latest/meta-data"),
    ],
)
def test_without_the_setting_only_the_internet_is_told(assemble: Assemble, door: Client, case: str, url: str) -> None:
    """What is not plainly on the internet is refused when it is registered, and when it is changed."""
    with assemble() as service:
        door.app.state.service = attrs.evolve(service, metrics=door.app.state.service.metrics)
        seller: Seller = People(service).vendor()
        endpoint_id, _ = registered(door, seller, "https://shop.example/in")

        made = door.post(MINE, json={"url": url, "events": ["*"]}, headers=keyed(seller.headers))
        changed = door.put(f"{MINE}/{endpoint_id}", json={"url": url, "events": ["*"]}, headers=seller.headers)

    assert [(422, "invalid")] * 2 == [(each.status_code, each.json()["code"]) for each in (made, changed)], case


def test_an_owner_has_so_many_endpoints(client: Client, people: People, hooks: Receiver) -> None:
    """And no more; the platform has its own."""
    seller, admin = people.vendor(), people.admin()
    for _ in range(20):
        registered(client, seller, hooks.url())

    refused = client.post(MINE, json={"url": hooks.url(), "events": ["*"]}, headers=keyed(seller.headers))

    assert (422, "more than 20 webhook endpoints; expected fewer; remove those that nobody uses") == (
        refused.status_code,
        refused.json()["message"],
    )
    registered(client, admin, hooks.url(), root=OURS)


def test_figures_tell_how_it_goes(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """Attempts by their outcome, without ids."""
    seller = people.vendor()
    for path in ("/", "/status/500"):
        registered(client, seller, hooks.url(path), "order.paid")
    bought(service, people.client(), seller)
    told(service)

    exposed = service.metrics.exposed().decode()

    assert 'quarterturn_webhook_attempts_total{outcome="delivered"} 1.0' in exposed
    assert 'quarterturn_webhook_attempts_total{outcome="refused"} 1.0' in exposed


def test_operators_see_and_end_what_does_harm(client: Client, service: Service, people: People, hooks: Receiver) -> None:
    """Who runs the platform sees the endpoints of any vendor, without secrets, and can disable and enable them; noted as theirs."""
    seller, other, admin = people.vendor(), people.vendor(), people.admin()
    endpoint_id, secret = registered(client, seller, hooks.url(), "order.paid")
    of = f"{API}/admin/vendors/{seller.vendor_id}/webhook-endpoints"

    listed = client.get(of, headers=admin.headers)
    off = client.post(f"{of}/{endpoint_id}/disable", json={"reason": "floods a stranger"}, headers=admin.headers)
    bought(service, people.client(), seller)
    told(service)
    elsewhere = f"{API}/admin/vendors/{other.vendor_id}/webhook-endpoints/{endpoint_id}/enable"
    strange = client.post(elsewhere, headers=admin.headers)
    on = client.post(f"{of}/{endpoint_id}/enable", headers=admin.headers)

    assert [endpoint_id] == [each["id"] for each in listed.json()["items"]]
    assert secret not in listed.text
    assert ("disabled", "floods a stranger", 404, "enabled") == (
        off.json()["status"],
        off.json()["reason"],
        strange.status_code,
        on.json()["status"],
    )
    assert [] == hooks.received
    trail = client.get(f"{API}/admin/audit", params={"subjectId": endpoint_id}, headers=admin.headers).json()["items"]
    assert [str(admin.account_id)] * 2 + [str(seller.account_id)] == [each["actorId"] for each in trail]

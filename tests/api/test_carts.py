"""Carts over HTTP: a guest's by its token or cookie, an account's own, merging and checkout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from uuid import uuid4

import pytest
from litestar.testing import TestClient
from tests.api.people import PASSWORD, Client, People, Seller, keyed, serving

from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.carts import COOKIE
from quarterturn_domain.catalog.offering import RepriceOffer
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.cart import CartFull
from quarterturn_domain.ordering.carting import MergeCart, MergeCarts


def _filled(client: Client, seller: Seller, quantity: int = 1, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    answer = client.post("/api/v1/cart/items", json={"sku": seller.sku, "quantity": quantity}, headers=keyed(headers))
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def _quantities(cart: dict[str, Any]) -> dict[str, int]:
    return {line["sku"]: line["quantity"] for line in cart["lines"]}


def _by_token(cart: dict[str, Any]) -> dict[str, str]:
    return {"X-Cart-Token": cart["token"]}


def test_a_guest_fills_a_cart_that_the_token_opens(client: Client, people: People) -> None:
    """The token is told once; with it units are added, changed and taken out; without it there is no cart."""
    one, other = people.vendor(), people.vendor(price="10.00")
    cart = _filled(client, one, 2)
    token = _by_token(cart)
    client.cookies.clear()

    both = _filled(client, other, 3, token)
    assert (cart["id"], None) == (both["id"], both["token"])
    assert {one.sku: 2, other.sku: 3} == _quantities(both)
    assert {"amount": "129.80", "currency": "EUR"} == both["total"]
    items = {line["sku"]: line["id"] for line in both["lines"]}
    changed = client.put(f"/api/v1/cart/items/{items[one.sku]}", json={"quantity": 5}, headers=token)
    assert {one.sku: 5, other.sku: 3} == _quantities(changed.json())
    assert 204 == client.delete(f"/api/v1/cart/items/{items[other.sku]}", headers=token).status_code
    assert 404 == client.delete(f"/api/v1/cart/items/{items[other.sku]}", headers=token).status_code
    assert {one.sku: 5} == _quantities(client.get("/api/v1/cart", headers=token).json())
    assert (None, []) == tuple(client.get("/api/v1/cart").json()[key] for key in ("id", "lines"))


def test_a_browser_keeps_the_token_where_no_script_reads_it(client: Client, people: People) -> None:
    """The cookie is HttpOnly and Lax, and good for the next request; over HTTPS it is sent over nothing else."""
    seller = people.vendor()
    body = {"sku": seller.sku, "quantity": 1}
    plain = client.post("/api/v1/cart/items", json=body, headers=keyed())
    said = plain.headers["set-cookie"].lower()

    assert ("httponly" in said, "samesite=lax" in said, "secure" in said) == (True, True, False)
    assert {seller.sku: 1} == _quantities(client.get("/api/v1/cart").json())
    client.cookies.clear()
    safe = client.post("https://testserver/api/v1/cart/items", json=body, headers=keyed())
    assert "secure" in safe.headers["set-cookie"].lower()


@pytest.fixture(scope="module")
def allowing() -> Iterator[tuple[Client, Seller]]:
    """A service that lets pages of another origin in."""
    with serving(QUARTERTURN_ALLOWED_ORIGINS="https://shop.example") as service, TestClient(create_app(service)) as client:
        yield client, People(service).vendor()


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 201, id="our own page"),
        pytest.param({"Sec-Fetch-Site": "none"}, 201, id="typed in"),
        pytest.param({}, 201, id="no browser"),
        pytest.param({"Origin": "http://testserver.local"}, 201, id="our own page in an old browser"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"}, 201, id="a page that is allowed"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site", "Origin": "https://blog.testserver.local"}, 403, id="a neighbour of ours"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver.local"}, 403, id="what the browser denies"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another site in an old browser"),
        pytest.param({"Origin": "null"}, 403, id="a frame in a sandbox"),
    ],
)
def test_a_cookie_is_no_authority_for_pages_of_others(allowing: tuple[Client, Seller], caller: dict[str, str], status: int) -> None:
    """What changes something by the cookie alone is refused when another site's page asks; by the header it is not."""
    client, seller = allowing
    client.cookies.clear()
    token = _filled(client, seller)["token"]
    body = {"sku": seller.sku, "quantity": 1}

    answer = client.post("/api/v1/cart/items", json=body, headers=keyed(caller))
    assert status == answer.status_code, answer.text
    assert 200 == client.get("/api/v1/cart", headers=caller).status_code
    client.cookies.clear()
    assert 201 == client.post("/api/v1/cart/items", json=body, headers=keyed({**caller, "X-Cart-Token": token})).status_code


def test_a_forged_token_opens_no_cart(client: Client, people: People) -> None:
    """Neither one that was made up, nor that of another cart, nor one of another key; as a cookie it is passed over."""
    seller = people.vendor()
    token = _filled(client, seller)["token"]
    client.cookies.clear()
    forged = [token[:-1] + ("0" if token[-1] != "0" else "1"), f"ct_{uuid4().hex}_{token[-64:]}", "ct_", "x", ""]

    assert [422] * len(forged) == [client.get("/api/v1/cart", headers={"X-Cart-Token": each}).status_code for each in forged]
    client.cookies.set(COOKIE, forged[1])
    assert None is client.get("/api/v1/cart").json()["id"]


def test_a_cart_tells_what_costs_something_else_now(client: Client, people: People, service: Service) -> None:
    """Its total is that of now, and what is not for sale any more is in the way."""
    seller, other = people.vendor(), people.vendor()
    token = _by_token(_filled(client, seller, 2))
    client.cookies.clear()
    now = service.clock.now()
    price = Money.of("39.90", "EUR")
    reprice = RepriceOffer(sku=seller.sku, vendor_id=seller.vendor_id, price=price, shipping=Money.of("0", "EUR"), at=now)
    granted(service.application.change_offers([reprice])[0])

    cart = client.get("/api/v1/cart", headers=token).json()
    assert [{"sku": seller.sku, "before": _euro("49.90"), "now": _euro("39.90")}] == cart["changes"]
    assert (_euro("49.90"), _euro("39.90"), _euro("79.80")) == (
        cart["lines"][0]["price"],
        cart["lines"][0]["priceNow"],
        cart["total"],
    )
    _filled(client, other, 1, token)
    move = MoveProduct(product_id=other.product_id, act="withdraw", by=other.vendor_id, at=now)
    granted(service.application.move_products([move])[0])
    cart = client.get("/api/v1/cart", headers=token).json()
    assert (None, "not_for_sale") == (cart["total"], cart["obstacle"]["code"])


def _euro(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def test_a_request_that_is_repeated_adds_once(client: Client, people: People) -> None:
    """Under one key the same is done once, another quantity is refused; under another key it is done again."""
    seller, headers = people.vendor(), people.client().headers

    def put(quantity: int, key: str) -> int:
        body = {"sku": seller.sku, "quantity": quantity}
        return client.post("/api/v1/cart/items", json=body, headers=keyed(headers, key)).status_code

    assert [201, 201, 409, 201] == [put(1, "a"), put(1, "a"), put(2, "a"), put(1, "b")]
    assert {seller.sku: 2} == _quantities(client.get("/api/v1/cart", headers=headers).json())


@pytest.mark.parametrize("way", ["header", "cookie"])
def test_a_guests_cart_becomes_that_of_whoever_signs_in(client: Client, people: People, way: str) -> None:
    """What was in both adds up; the token is good for nothing any more, and the browser forgets it."""
    seller, other = people.vendor(), people.vendor()
    account = people.registered("client")
    mine = people.signed_in(account)
    _filled(client, seller, 1, mine.headers)
    client.cookies.clear()
    guest = _filled(client, seller, 2)
    _filled(client, other, 3, _by_token(guest))
    if way == "header":
        client.cookies.clear()

    headers = _by_token(guest) if way == "header" else {}
    said = client.post("/api/v1/auth/login", json={"email": account.email, "password": PASSWORD}, headers=headers)

    cart = client.get("/api/v1/cart", headers={"Authorization": f"Bearer {said.json()['accessToken']}"}).json()
    assert {seller.sku: 3, other.sku: 3} == _quantities(cart)
    assert cart["id"] == said.json()["cartId"]
    assert None is client.get("/api/v1/cart", headers=_by_token(guest)).json()["id"]
    assert COOKIE not in client.cookies
    again = client.post("/api/v1/auth/login", json={"email": account.email, "password": PASSWORD}, headers=_by_token(guest))
    assert (200, cart["id"]) == (again.status_code, again.json()["cartId"])


def test_a_cart_that_cannot_be_merged_stays_the_guests(client: Client, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps nobody from signing in, and the browser does not lose it."""
    seller, account = people.vendor(), people.registered("client")
    _filled(client, seller, 2)

    def full(_: MergeCarts, __: MergeCart) -> NoReturn:
        raise CartFull(100, "lines")

    monkeypatch.setattr(MergeCarts, "__call__", full)
    said = client.post("/api/v1/auth/login", json={"email": account.email, "password": PASSWORD})

    assert (200, None) == (said.status_code, said.json()["cartId"])
    assert {seller.sku: 2} == _quantities(client.get("/api/v1/cart").json())


def test_a_guest_signs_up_and_checks_out(client: Client, people: People) -> None:
    """The cart ends with the order; asked again under the same key it is the same order, with other content it is refused."""
    sellers = [people.vendor(), people.vendor(price="10.00")]
    guest = _filled(client, sellers[0], 2)
    _filled(client, sellers[1], 1, _by_token(guest))
    signed = client.post(
        "/api/v1/auth/register",
        json={"email": "ada@example.org", "name": "Ada", "password": PASSWORD},
        headers=keyed(_by_token(guest)),
    ).json()
    headers = {"Authorization": f"Bearer {signed['accessToken']}"}
    cart = client.get("/api/v1/cart", headers=headers).json()
    door = {"name": "Ada", "lines": ["12 Analytical Row"], "city": "London", "country": "GB"}
    body = {"cartId": cart["id"], "expectedTotal": cart["total"], "delivery": door}

    wrong = client.post("/api/v1/cart/checkout", json={**body, "expectedTotal": _euro("1.00")}, headers=keyed(headers))
    first = client.post("/api/v1/cart/checkout", json=body, headers=keyed(headers, "one"))
    again = client.post("/api/v1/cart/checkout", json=body, headers=keyed(headers, "one"))
    other = client.post("/api/v1/cart/checkout", json={"cartId": cart["id"]}, headers=keyed(headers, "one"))
    twice = client.post("/api/v1/cart/checkout", json=body, headers=keyed(headers, "two"))

    assert (409, "price_changed") == (wrong.status_code, wrong.json()["code"])
    assert (201, _euro("109.80"), 2) == (first.status_code, first.json()["total"], len(first.json()["vendorOrders"]))
    assert door.items() <= first.json()["delivery"].items()
    assert (201, first.json()) == (again.status_code, again.json())
    assert (409, 409) == (other.status_code, twice.status_code)
    assert None is client.get("/api/v1/cart", headers=headers).json()["id"]


def test_nobody_checks_out_the_cart_of_somebody_else(client: Client, people: People) -> None:
    """Neither an account's nor a guest's that was not merged; strangers do not check out at all."""
    seller, mine, theirs = people.vendor(), people.client(), people.client()
    cart = _filled(client, seller, 1, mine.headers)
    client.cookies.clear()
    guest = _filled(client, seller)

    for cart_id in (cart["id"], guest["id"], str(uuid4())):
        answer = client.post("/api/v1/cart/checkout", json={"cartId": cart_id}, headers=keyed(theirs.headers))
        assert 404 == answer.status_code
    assert 401 == client.post("/api/v1/cart/checkout", json={"cartId": guest["id"]}, headers=keyed(_by_token(guest))).status_code


def test_an_account_has_one_cart_on_all_its_devices(client: Client, people: People) -> None:
    """And a guest's token beside it changes nothing."""
    seller, account = people.vendor(), people.registered("client")
    guest = _filled(client, seller, 5)
    here, there = people.signed_in(account), people.signed_in(account)
    _filled(client, seller, 1, here.headers)
    _filled(client, seller, 1, {**there.headers, **_by_token(guest)})

    assert {seller.sku: 2} == _quantities(client.get("/api/v1/cart", headers=here.headers).json())
    client.cookies.clear()
    assert {seller.sku: 5} == _quantities(client.get("/api/v1/cart", headers=_by_token(guest)).json())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"sku": "NOT-THERE", "quantity": 1}, 404, id="no such offer"),
        pytest.param({"sku": "NOT-THERE", "quantity": 0}, 422, id="nothing of it"),
        pytest.param({"sku": " ", "quantity": 1}, 422, id="no SKU"),
        pytest.param({"sku": "NOT-THERE", "quantity": "1"}, 422, id="no number"),
        pytest.param({"sku": "NOT-THERE"}, 422, id="no quantity"),
    ],
)
def test_what_cannot_be_put_in(client: Client, body: dict[str, object], status: int) -> None:
    """Refused, and no cart is opened for it."""
    answer = client.post("/api/v1/cart/items", json=body, headers=keyed())

    assert status == answer.status_code
    assert "set-cookie" not in answer.headers

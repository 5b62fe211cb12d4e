"""Nobody reads or changes what is somebody else's: every route of the application, by everybody who has no business there.

The matrix is made from the routes of the application. A new route fails here until this file says what a valid request to it is,
and a new public one until it says why everybody may use it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final, TypeVar

import attrs
import pytest
from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.routes import BaseRoute
from tests.api.bought import bought
from tests.api.people import Assemble, Client, People, Person, keyed
from tests.api.victims import API, EUR, Victim, state, victim
from tests.databases import EMBEDDED, running

from quarterturn_adapters.clock import ManualClock
from quarterturn_api import app as application
from quarterturn_api.app import create_app
from quarterturn_api.bodies.orders import OrderBody
from quarterturn_api.edge.access import KEY, VENDOR_HEADER, Access, needs
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.asking import Ask
from quarterturn_api.routes import ROUTES, wellknown
from quarterturn_domain.identity.role import PERMISSIONS, VENDOR_PERMISSIONS, Permission, Role, VendorRole
from quarterturn_domain.kernel.ids import OrderId

PUBLIC: Final[Mapping[tuple[str, str], str]] = {
    ("GET", "/health/live"): "asked by machines that keep the process running; says nothing else",
    ("GET", "/health/ready"): "asked by machines that send requests here; says nothing else",
    ("GET", "/metrics"): "figures without names or ids, which operators keep to their own network",
    ("POST", "/auth/register"): "who registers has no account yet",
    ("POST", "/auth/login"): "who signs in shows a password",
    ("POST", "/auth/password-reset"): "who has forgotten a password cannot sign in; nothing is answered",
    ("POST", "/auth/password-reset/confirm"): "the token of the letter says who asks",
    ("POST", "/auth/refresh"): "the refresh token says who asks",
    ("POST", "/auth/logout"): "the refresh token says who asks",
    ("GET", "/products"): "the shop window",
    ("GET", "/products/search"): "the shop window",
    ("GET", "/products/{product_id}"): "the shop window, for what is published",
    ("GET", "/categories"): "the shop window",
    ("GET", "/cart"): "guests have carts, too; the cart's token says whose it is",
    ("POST", "/cart/items"): "guests have carts, too; the cart's token says whose it is",
    ("PUT", "/cart/items/{item_id}"): "guests have carts, too; the cart's token says whose it is",
    ("DELETE", "/cart/items/{item_id}"): "guests have carts, too; the cart's token says whose it is",
    ("POST", "/webhooks/{provider}"): "the provider signs what it tells",
    (
        "GET",
        "/sandbox/onboarding/{link}",
    ): "a page of the provider's, where the link says who comes; there while the sandbox is the provider",
}
"""Routes that need nobody, and why."""

HARMLESS: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/auth/register"): "an address that has an account is refused with 409, as whoever it belongs to would be",
    ("DELETE", "/users/me/wishlist/{product_id}"): "takes a product from one's own list, and says the same where it never was",
    ("PUT", "/cart/items/{item_id}"): "what a line is called follows from its SKU, so that it is one's own line",
    ("DELETE", "/cart/items/{item_id}"): "what a line is called follows from its SKU, so that it is one's own line",
    ("POST", "/invitations/accept"): "a token that is forged opens nothing, and is answered with 409 as one that was used is",
    ("POST", "/users/me/email/confirm"): "a token that is forged opens nothing, and is answered with 409 as one that was used is",
    (
        "POST",
        "/auth/password-reset/confirm",
    ): "a token that is forged opens nothing, and is answered with 409 as one that was used is",
    ("GET", "/sandbox/onboarding/{link}"): "whoever has a link was given it; nothing is told but where to go on",
}
"""Routes where what is named is not somebody's thing, so that other answers than refusals are right, too."""

REFUSED: Final = frozenset({401, 403, 404})
NOTHING: Final[Sequence[Any]] = (None,)


@attrs.frozen(kw_only=True)
class Attacker:
    """Somebody who asks: `may` is what their own account allows, `vendor_id` the vendor that is their own, if any."""

    headers: Mapping[str, str]
    may: frozenset[Permission] = frozenset()
    vendor_id: str | None = None
    works_there: bool = False
    """Whether they work for the victim's vendor, so that what they may do of it is no attack."""

    @classmethod
    def of(cls, person: Person, role: Role, **more: Any) -> Attacker:
        """Somebody with a role."""
        return cls(headers=person.headers, may=PERMISSIONS[role], **more)


T = TypeVar("T")
Maker = Callable[[People, Victim, Client], Attacker]


def _key(client: Client, owner: Person, scope: Permission) -> str:
    asked = {"name": "a key", "scopes": [scope.value]}
    answer = client.post(f"{API}/auth/api-keys", json=asked, headers=keyed(owner.headers))
    assert answer.status_code == 201, answer.text
    return f"Bearer {answer.json()['text']}"


def _rival(people: People, _: Victim, __: Client) -> Attacker:
    seller = people.vendor()
    owner = VENDOR_PERMISSIONS[VendorRole.OWNER]
    return Attacker(headers=seller.headers, may=PERMISSIONS[Role.VENDOR] | owner, vendor_id=str(seller.vendor_id))


def _staff_of(vendor_id: Any, people: People, *, inside: bool) -> Attacker:  # noqa: ANN401
    person = people.staff(vendor_id)
    may = PERMISSIONS[Role.VENDOR] | VENDOR_PERMISSIONS[VendorRole.STAFF]
    return Attacker(headers=person.headers, may=may, vendor_id=str(vendor_id), works_there=inside)


def _coachs_key(people: People, _: Victim, client: Client) -> Attacker:
    return Attacker(headers={"Authorization": _key(client, people.coach(), Permission.COACH)})


def _key_for_stock(_: People, of: Victim, client: Client) -> Attacker:
    may = frozenset({Permission.VENDOR_STOCK})
    return Attacker(headers={"Authorization": _key(client, of.seller, Permission.VENDOR_STOCK)}, may=may, works_there=True)


ATTACKERS: Final[Mapping[str, Maker]] = {
    "a stranger": lambda *_: Attacker(headers={}),
    "a client": lambda people, *_: Attacker.of(people.client(), Role.CLIENT),
    "a coach": lambda people, *_: Attacker.of(people.coach(), Role.COACH),
    "the owner of another vendor": _rival,
    "staff of another vendor": lambda people, *_: _staff_of(people.vendor().vendor_id, people, inside=False),
    "staff of the same vendor": lambda people, of, _: _staff_of(of.seller.vendor_id, people, inside=True),
    "a key that may nothing here": _coachs_key,
    "the victim's own key, for stock only": _key_for_stock,
    "an admin": lambda people, *_: Attacker.of(people.admin(), Role.ADMIN),
}


def _offers(of: Victim) -> list[dict[str, Any]]:
    draft = {"productId": of.thing("product_id"), "variantId": of.draft["variants"][0]["id"]}
    return [{"sku": "MINE-1", **draft, "price": EUR}, {"sku": of.thing("sku"), **draft, "price": EUR}]


def _movements(of: Victim) -> list[dict[str, Any]]:
    return [{"sku": sku, "locationId": of.thing("location_id"), "quantity": 5} for sku in (*of.things["sku"], "MINE-1")]


def _forged(of: Victim) -> list[dict[str, Any]]:
    return [{"refreshToken": f"rt_{session.replace('-', '')}_{'x' * 40}.{'y' * 40}"} for session in of.things["session_id"]]


def _forged_letters(of: Victim) -> list[dict[str, Any]]:
    return [{"token": f"lt_{letter.replace('-', '')}_{'x' * 43}"} for letter in of.things["invitation_id"]]


_ADDRESS: Final = {"name": "Me", "lines": ["1 Open Street"], "city": "Berlin", "country": "DE"}
_TAX: Final = {"name": "Mine", "rate": "99"}
_HOOK: Final = {"url": "https://mine.example/hooks", "events": ["*"]}
_DISCOUNT: Final = {"name": "Mine", "funding": "vendor", "percent": "99"}

BODIES: Final[Mapping[tuple[str, str], Sequence[Any] | Callable[[Victim], Sequence[Any]]]] = {
    ("POST", "/auth/register"): lambda of: [{"email": of.buyer.email, "name": "Me", "password": "a password of mine, long"}],
    # For the victim's address a letter would be written to the victim, as it should.
    ("POST", "/auth/password-reset"): [{"email": "nobody@example.org"}],
    ("POST", "/auth/password-reset/confirm"): lambda of: [
        {"token": each["token"], "password": "a password of mine, long"} for each in _forged_letters(of)
    ],
    ("POST", "/users/me/email"): [{"email": "me@example.org", "current": "a guess of mine"}],
    ("POST", "/users/me/email/confirm"): _forged_letters,
    ("POST", "/invitations/accept"): _forged_letters,
    ("POST", "/vendor/invitations"): [{"email": "nobody@example.org", "role": "owner"}],
    ("DELETE", "/vendor/invitations/{invitation_id}"): NOTHING,
    ("POST", "/auth/login"): lambda of: [{"email": of.buyer.email, "password": "a guess of mine"}],
    ("POST", "/auth/refresh"): _forged,
    ("POST", "/auth/logout"): _forged,
    ("DELETE", "/auth/sessions"): NOTHING,
    ("DELETE", "/auth/sessions/{session_id}"): NOTHING,
    ("POST", "/auth/api-keys"): lambda of: [
        {"name": "Mine", "scopes": ["vendor.money"], "vendorId": of.vendor_id},
        {"name": "Mine", "scopes": ["admin.users"]},
    ],
    ("DELETE", "/auth/api-keys/{key_id}"): NOTHING,
    ("PUT", "/users/me"): [{"name": "Me"}],
    ("PUT", "/users/me/password"): [{"current": "a guess of mine", "password": "a password of mine, long"}],
    ("POST", "/users/me/addresses"): [_ADDRESS],
    ("PUT", "/users/me/addresses/{address_id}"): [_ADDRESS],
    ("DELETE", "/users/me/addresses/{address_id}"): NOTHING,
    ("PUT", "/users/me/wishlist/{product_id}"): NOTHING,
    ("DELETE", "/users/me/wishlist/{product_id}"): NOTHING,
    ("POST", "/cart/items"): [{"sku": "NO-SUCH-1", "quantity": 1}],
    ("PUT", "/cart/items/{item_id}"): [{"quantity": 9}],
    ("DELETE", "/cart/items/{item_id}"): NOTHING,
    ("POST", "/cart/checkout"): lambda of: [{"cartId": cart} for cart in of.things["cart_id"]],
    ("POST", "/orders"): [{"lines": [{"sku": "NO-SUCH-1", "quantity": 1}]}],
    ("POST", "/orders/{order_id}/cancel"): [{"reason": "not mine"}],
    ("POST", "/orders/{order_id}/returns"): lambda of: [{"vendorId": of.vendor_id, "reason": "not mine"}],
    ("POST", "/payments/intent"): lambda of: [{"orderId": order, "method": "card_approved"} for order in of.things["order_id"]],
    ("POST", "/payments/{payment_id}/confirm"): [{}, {"method": "card_approved"}],
    ("POST", "/webhooks/{provider}"): lambda of: [{"type": "payment.captured", "id": of.thing("payment_id")}],
    ("POST", "/vendor/apply"): [{"name": "Mine", "country": "DE"}],
    ("POST", "/vendor/onboarding"): [{"returnUrl": "https://mine.example/", "refreshUrl": "https://mine.example/"}],
    ("POST", "/vendor/products"): lambda of: [{"title": "Mine", "variants": [{"id": str(of.seller.variant_id), "title": "Mine"}]}],
    ("PUT", "/vendor/products/{product_id}"): [{"title": "Mine now"}],
    ("POST", "/vendor/products/{product_id}/publish"): NOTHING,
    ("POST", "/vendor/products/{product_id}/withdraw"): NOTHING,
    ("POST", "/vendor/products/{product_id}/archive"): NOTHING,
    ("POST", "/vendor/offers"): _offers,
    ("PUT", "/vendor/offers/{sku}"): [{"price": EUR}],
    ("POST", "/vendor/offers/{sku}/pause"): NOTHING,
    ("POST", "/vendor/offers/{sku}/resume"): NOTHING,
    ("POST", "/vendor/offers/{sku}/withdraw"): NOTHING,
    ("POST", "/vendor/locations"): [{"name": "Mine"}],
    ("POST", "/vendor/stock/movements"): _movements,
    ("PUT", "/vendor/orders/{order_id}/status"): [
        {"status": status} for status in ("processing", "shipped", "delivered", "cancelled")
    ],
    ("POST", "/vendor/orders/{order_id}/refunds"): [{"reason": "mine", "lines": [{"line": 1, "goods": EUR}]}],
    ("POST", "/vendor/returns/{return_id}/approve"): NOTHING,
    ("POST", "/vendor/returns/{return_id}/reject"): NOTHING,
    ("POST", "/vendor/returns/{return_id}/receive"): [{}],
    ("PUT", "/vendor/members"): [{"role": "owner", "email": "nobody@example.org"}],
    ("DELETE", "/vendor/members/{account_id}"): NOTHING,
    ("POST", "/vendor/webhook-endpoints"): [_HOOK],
    ("PUT", "/vendor/webhook-endpoints/{endpoint_id}"): [_HOOK],
    ("DELETE", "/vendor/webhook-endpoints/{endpoint_id}"): NOTHING,
    ("POST", "/vendor/webhook-endpoints/{endpoint_id}/rotate-secret"): [{"graceSeconds": 0}],
    ("POST", "/vendor/webhook-endpoints/{endpoint_id}/enable"): NOTHING,
    ("POST", "/vendor/webhook-endpoints/{endpoint_id}/disable"): [{}],
    ("POST", "/vendor/webhook-endpoints/{endpoint_id}/ping"): NOTHING,
    ("POST", "/vendor/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/redeliver"): NOTHING,
    ("POST", "/admin/vendors/{vendor_id}/webhook-endpoints/{endpoint_id}/enable"): NOTHING,
    ("POST", "/admin/vendors/{vendor_id}/webhook-endpoints/{endpoint_id}/disable"): [{}],
    ("POST", "/admin/webhook-endpoints"): [_HOOK],
    ("PUT", "/admin/webhook-endpoints/{endpoint_id}"): [_HOOK],
    ("DELETE", "/admin/webhook-endpoints/{endpoint_id}"): NOTHING,
    ("POST", "/admin/webhook-endpoints/{endpoint_id}/rotate-secret"): [{"graceSeconds": 0}],
    ("POST", "/admin/webhook-endpoints/{endpoint_id}/enable"): NOTHING,
    ("POST", "/admin/webhook-endpoints/{endpoint_id}/disable"): [{}],
    ("POST", "/admin/webhook-endpoints/{endpoint_id}/ping"): NOTHING,
    ("POST", "/admin/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/redeliver"): NOTHING,
    ("POST", "/admin/users/{account_id}/suspend"): [{"reason": "mine"}],
    ("POST", "/admin/users/{account_id}/reinstate"): NOTHING,
    ("PUT", "/admin/users/{account_id}/roles"): [{"roles": ["admin"]}],
    ("POST", "/admin/vendors/{vendor_id}/approve"): NOTHING,
    ("POST", "/admin/vendors/{vendor_id}/reject"): [{"reason": "mine"}],
    ("POST", "/admin/vendors/{vendor_id}/suspend"): [{"reason": "mine"}],
    ("POST", "/admin/vendors/{vendor_id}/reinstate"): NOTHING,
    ("POST", "/admin/vendors/{vendor_id}/close"): [{"reason": "mine"}],
    ("PUT", "/admin/vendors/{vendor_id}/commission"): [{"rate": "99"}],
    ("POST", "/admin/terms/commissions"): [{"name": "Mine", "rate": "99"}],
    ("PUT", "/admin/terms/commissions/{rule_id}"): [{"name": "Mine", "rate": "99"}],
    ("DELETE", "/admin/terms/commissions/{rule_id}"): NOTHING,
    ("POST", "/admin/terms/discounts"): [_DISCOUNT],
    ("PUT", "/admin/terms/discounts/{discount_id}"): [_DISCOUNT],
    ("DELETE", "/admin/terms/discounts/{discount_id}"): NOTHING,
    ("POST", "/admin/terms/taxes"): [_TAX],
    ("PUT", "/admin/terms/taxes/{rule_id}"): [_TAX],
    ("DELETE", "/admin/terms/taxes/{rule_id}"): NOTHING,
    ("POST", "/admin/categories"): [{"name": "Mine"}],
    ("PUT", "/admin/categories/{category_id}"): [{"name": "Mine"}],
    ("POST", "/admin/products/{product_id}/withdraw"): NOTHING,
    ("POST", "/admin/products/{product_id}/archive"): NOTHING,
    ("POST", "/admin/orders/{order_id}/cancel"): [{"reason": "mine"}],
    ("POST", "/admin/orders/{order_id}/refunds"): [{"reason": "mine"}],
    ("POST", "/admin/refunds/{refund_id}/retry"): NOTHING,
    ("PUT", "/admin/circuits"): [{"circuit": "sandbox/payments", "status": "open", "reason": "mine"}],
    ("POST", "/admin/dead-letters/{subscription}/retry"): NOTHING,
    ("POST", "/admin/dead-letters/{subscription}/discard"): [{"reason": "mine"}],
    ("POST", "/admin/dead-letters/{subscription}/{message_id}/retry"): NOTHING,
    ("POST", "/admin/dead-letters/{subscription}/{message_id}/discard"): [{"reason": "mine"}],
    ("PUT", "/admin/terms/payouts"): [{"holdDays": 1}],
    ("PUT", "/admin/vendors/{vendor_id}/payout-terms"): [{"holdDays": 1}],
    ("POST", "/admin/payouts/runs"): lambda of: [{"vendorIds": [of.vendor_id]}],
}
"""A valid body, or several, for every route that changes something; those that name something of the victim have to be refused."""

QUERIES: Final[Mapping[str, Mapping[str, str] | Callable[[Victim], Mapping[str, str]]]] = {
    "/products/search": {"q": "secret"},
    "/vendor/statement": {"currency": "EUR"},
    "/vendor/statement.csv": {"currency": "EUR"},
    "/vendor/stock/movements": lambda of: {"sku": str(of.seller.sku)},
    "/admin/analytics": {"since": "2026-03-01", "until": "2026-03-31"},
    "/admin/analytics/vendors": {"since": "2026-03-01", "until": "2026-03-31"},
}
"""What reading needs to be asked, where it needs anything."""


@attrs.frozen
class Cell:
    """One request of the matrix: what is asked, and by which vendor's name."""

    method: str
    template: str
    access: Access
    path: str
    query: Mapping[str, str]
    body: Any
    vendor_id: str | None

    @property
    def route(self) -> tuple[str, str]:
        """How the tables call it."""
        return self.method, self.template


def operations(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str, Access]]:
    """Method, path and rule of everything that the application answers."""
    for route in routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and isinstance(handler.opt.get(KEY), Access):
                for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                    yield method, getattr(route, "path_format", route.path).removeprefix(API), handler.opt[KEY]


def cells(routes: Iterable[BaseRoute], of: Victim, by: Attacker) -> Iterator[Cell]:
    """Every request to every route with everything of the victim's that its path can name."""
    # Whoever has applied owns a vendor, and is somebody else from then on.
    for method, template, access in sorted(operations(routes), key=lambda each: each[1] == "/vendor/apply"):
        names = [part[1:-1] for part in template.split("/") if part.startswith("{")]
        unknown = [name for name in names if name not in of.things]
        assert not unknown, f"{method} {template}: let `victim` make something that {unknown} can name"
        assert method == "GET" or (method, template) in BODIES, f"{method} {template}: say in BODIES what a valid body of it is"
        bodies = NOTHING if method == "GET" else _for(of, BODIES[method, template])
        vendors = dict.fromkeys([None, of.vendor_id, by.vendor_id]) if access.of_vendor else [None]
        query = _for(of, QUERIES[template]) if method == "GET" and template in QUERIES else {}
        root = "" if template.startswith(("/health", "/metrics")) else API
        for values, body, vendor_id in product(product(*(of.things[name] for name in names)), bodies, vendors):
            path = root + template
            for name, value in zip(names, values, strict=True):
                path = path.replace(f"{{{name}}}", value)
            yield Cell(method, template, access, path, query, body, vendor_id)


def _for(of: Victim, given: T | Callable[[Victim], T]) -> T:
    return given(of) if callable(given) else given


def allowed(cell: Cell, of: Victim, by: Attacker) -> bool:
    """Whether the request is no attack: an admin's on the platform, or of who works for the vendor and may do this there."""
    permission = cell.access.permission
    if permission is None or permission not in by.may:
        return False
    return permission.value.startswith("admin.") or (cell.access.of_vendor and by.works_there)


def must_be_refused(cell: Cell, of: Victim, by: Attacker) -> bool:
    """Whether it needs what the attacker does not have, or names something of the victim's."""
    permission = cell.access.permission
    if permission is not None and permission not in by.may:
        return True
    if cell.route in HARMLESS:
        return False
    said = json.dumps([cell.body, cell.query])
    named = any(each in said for each in (*of.secrets, *of.things["sku"], of.vendor_id))
    return "{" in cell.template or cell.vendor_id == of.vendor_id or named


def faults(client: Client, service: Service, of: Victim, by: Attacker) -> Iterator[str]:
    """What is wrong with the answers to all requests of the matrix, and with what became of the victim."""
    before = state(service, of)
    for cell in cells(client.app.routes, of, by):
        if allowed(cell, of, by):
            continue
        headers = {**by.headers, **({VENDOR_HEADER: cell.vendor_id} if cell.vendor_id else {})}
        client.cookies.clear()
        answer = client.request(
            cell.method,
            cell.path,
            headers=headers if cell.method == "GET" else keyed(headers),
            params=cell.query,
            json=cell.body,
            follow_redirects=False,
        )
        what = f"{cell.method} {cell.path} {json.dumps(cell.body)} for {cell.vendor_id}: {answer.status_code}"
        if must_be_refused(cell, of, by) and answer.status_code not in REFUSED:
            yield f"{what} is no refusal: {answer.text[:300]}"
        if answer.status_code >= 500:
            yield f"{what} is a bug"
        # A refusal may repeat what was asked for, and nothing else.
        asked = cell.path + json.dumps(cell.body) if answer.status_code >= 400 else ""
        if told := [each for each in of.secrets if each in answer.text and each not in asked]:
            yield f"{what} tells {told}"
        if cell.method != "GET":
            after = state(service, of)
            if changed := sorted(str(key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)):
                yield f"{what} changes {changed}"
            before = after


@pytest.fixture
def service(assemble: Assemble, request: pytest.FixtureRequest) -> Iterator[Service]:
    """A service in memory or, where a test says so, over a real PostgreSQL."""
    url = running(EMBEDDED).database() if getattr(request, "param", "memory") == "postgres" else "memory"
    with assemble(url) as made:
        yield made


IN_FULL: Final = os.environ.get("QUARTERTURN_CHAOS") == "full"
FEW: Final = ("a stranger", "the owner of another vendor", "staff of the same vendor")
"""Those who are tried over a real database, too, unless everything is tried there: `nox -s chaos` does."""


@pytest.mark.parametrize(
    ("service", "who"),
    [
        *(("memory", who) for who in ATTACKERS),
        *(pytest.param("postgres", who, marks=pytest.mark.slow) for who in (ATTACKERS if IN_FULL else FEW)),
    ],
    indirect=["service"],
)
def test_nobody_reaches_what_is_somebody_elses(
    client: Client, service: Service, people: People, clock: ManualClock, who: str
) -> None:
    """401, 403 or 404, or nothing of the victim's; and the victim is the same afterwards."""
    of = victim(client, service, people, clock)
    by = ATTACKERS[who](people, of, client)

    found = list(faults(client, service, of, by))
    assert not found, "\n".join(found)


def test_the_victim_reaches_it_all(client: Client, service: Service, people: People, clock: ManualClock) -> None:
    """What the matrix is refused is there: the victims read it, and find what they shall be the only ones to find."""
    of = victim(client, service, people, clock)
    admin = people.admin()
    found: set[str] = set()
    mine = {"/vendor": of.seller, "/admin": admin}
    for cell in cells(client.app.routes, of, Attacker(headers={})):
        if cell.method == "GET":
            person = next((who for start, who in mine.items() if cell.template.startswith(start)), of.buyer)
            answer = client.get(cell.path, headers=person.headers, params=cell.query, follow_redirects=False)
            # Of several things of one name some are the buyer's, some the owner's, and a draft is in no shop window.
            assert answer.status_code in {200, 303, 404}, (cell.path, answer.text)
            found |= {each for each in of.secrets if answer.status_code == 200 and each in answer.text}

    # A cart of a guest is reached by its token alone, which is told once, as the secret of an endpoint is.
    guests = {of.things["cart_id"][1], *(each for each in of.secrets if each.startswith(("ct_", "whsec_")))}
    assert guests == of.secrets - found


def test_a_vendor_sees_its_own_part_of_an_order_and_nothing_of_the_other(client: Client, service: Service, people: People) -> None:
    """One order of two vendors: each reads its lines and its money, and not who else has sold what for how much."""
    one, other, buyer = people.vendor(price="11.11"), people.vendor(price="33.37"), people.client()
    order = bought(service, buyer, one, other)

    for mine, theirs in ((one, other), (other, one)):
        said = client.get(f"{API}/vendor/orders/{order.id}", headers=mine.headers)
        listed = client.get(f"{API}/vendor/orders", headers=mine.headers)
        assert (200, 200) == (said.status_code, listed.status_code)
        assert mine.sku in said.text
        for secret in (theirs.sku, str(theirs.vendor_id), str(theirs.price.amount), theirs.email, buyer.email):
            assert secret not in said.text + listed.text


def test_public_routes_are_public_for_a_reason(client: Client) -> None:
    """The list is whole, and nothing on it has gone."""
    public = {(method, path) for method, path, access in operations(client.app.routes) if access.permission is None}

    assert set(PUBLIC) == public, "say in PUBLIC why a route needs nobody, or give it a rule: see edge/access.py"


def test_the_tables_name_only_what_is_there(client: Client) -> None:
    """A request that nobody can make tests nothing."""
    known = {(method, path) for method, path, _ in operations(client.app.routes)}

    assert set() == set(BODIES) - known
    assert set() == set(HARMLESS) - known
    assert set() == set(QUERIES) - {path for _, path in known}


def _with(planted: HTTPRouteHandler, service: Service) -> Litestar:
    """The application with one more route."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "ROUTES", (*ROUTES, planted))
        return create_app(service)


def test_a_route_without_a_rule_does_not_start(service: Service) -> None:
    """Forgetting who may use a route is noticed before the first request."""

    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return ""

    # Only handlers of the API are asked for their rule, and this one pretends to be.
    forgotten.fn.__module__ = wellknown.__name__

    with pytest.raises(AssertionError, match="/api/v1/forgotten says nothing of who may use it"):
        _with(forgotten, service)


def test_the_matrix_catches_a_route_that_forgets_whose_it_is(service: Service, clock: ManualClock) -> None:
    """A route that shows an order to whoever knows its id is found out, by everybody who may shop."""

    @get("/leaks/{order_id:uuid}", summary="Read any order", sync_to_thread=True, **needs(Permission.SHOP))
    def leak(request: Ask, order_id: FromPath[OrderId]) -> OrderBody:
        return OrderBody.of(request.service.application.read_orders.order(order_id))

    with Client(_with(leak, service)) as client:
        people = People(service)
        of = victim(client, service, people, clock)
        found = list(faults(client, service, of, ATTACKERS["a client"](people, of, client)))

    assert found
    assert all("/leaks/" in each for each in found)
    assert any("is no refusal" in each for each in found)


@pytest.mark.parametrize("service", ["memory", "postgres"], indirect=True)
def test_what_becomes_of_the_victim_is_seen(client: Client, service: Service, people: People, clock: ManualClock) -> None:
    """Wherever it is kept: another name of the buyer, and one more row, is a change; what somebody else does is none."""
    of = victim(client, service, people, clock)
    before = state(service, of)
    people.vendor()
    same = state(service, of)
    client.put(f"{API}/users/me", json={"name": "Buyer in secret no more"}, headers=of.buyer.headers)
    renamed = state(service, of)

    assert len(before) > 50
    assert before == same
    assert before != renamed
    assert {"accounts"} == {key[0] for key in before.keys() | renamed.keys() if before.get(key) != renamed.get(key)}

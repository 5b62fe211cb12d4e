"""A victim: somebody who has bought, and a vendor that has sold, with one of everything that nobody else may read or change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

import attrs
import psycopg
from psycopg import sql
from tests.api.bought import bought, ordered, payable
from tests.api.people import Client, People, Person, Seller, keyed

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.memory.tables import Table
from quarterturn_api.bodies.carts import item_id
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.dispatch import Dispatch
from quarterturn_domain.search.events import WindowOpened

API = "/api/v1"
P = TypeVar("P", bound=Person)

EUR = {"amount": "1.00", "currency": "EUR"}


@attrs.frozen(kw_only=True)
class Victim:
    """`things` are its objects by the names that path parameters give them; `secrets` is what must not be told to anybody else."""

    buyer: Person
    seller: Seller
    staff: Person
    things: Mapping[str, tuple[str, ...]]
    secrets: frozenset[str]
    draft: Mapping[str, Any]
    """A product of the vendor that nobody has seen."""

    @property
    def vendor_id(self) -> str:
        """Of the vendor; every shopper may know it."""
        return str(self.seller.vendor_id)

    def thing(self, name: str) -> str:
        """One of its objects."""
        return self.things[name][0]


def victim(client: Client, service: Service, people: People, clock: ManualClock) -> Victim:
    """The victim, after a week of trade; tokens that were issued before are too old then."""
    tell = _Teller(client)
    admin, buyer, seller = people.admin(), people.client(), people.vendor(title="Seen by all")
    staff = people.staff(seller.vendor_id)
    payable(service, seller)
    for person, name in ((buyer, "Buyer in secret"), (seller, "Owner in secret"), (staff, "Staff in secret")):
        tell("PUT", "/users/me", person, {"name": name})

    delivered = bought(service, buyer, seller)
    for status in ("processing", "shipped", "delivered"):
        tell("PUT", f"/vendor/orders/{delivered.id}/status", seller, {"status": status, "tracking": "TRACKED-1"})
    clock.advance(timedelta(days=8))
    admin, buyer, staff, seller = fresh(service, admin), fresh(service, buyer), fresh(service, staff), fresh(service, seller)
    service.application.release_earnings()
    run = tell("POST", "/admin/payouts/runs", admin, {})
    service.application.relay.drain()

    shipped, paid, waiting = bought(service, buyer, seller), bought(service, buyer, seller), ordered(service, buyer, seller)
    for status in ("processing", "shipped"):
        tell("PUT", f"/vendor/orders/{shipped.id}/status", seller, {"status": status, "tracking": "TRACKED-2"})
    asked = {"vendorId": str(seller.vendor_id), "reason": "a secret reason"}
    back = tell("POST", f"/orders/{delivered.id}/returns", buyer, asked)
    lines = [{"line": 1, "goods": EUR}]
    refund = tell("POST", f"/vendor/orders/{delivered.id}/refunds", seller, {"reason": "a secret refund", "lines": lines})
    service.application.relay.drain()
    started = tell("POST", "/payments/intent", buyer, {"orderId": str(waiting.id)})
    (captured,) = tell("GET", f"/orders/{delivered.id}/payments", buyer)["items"]

    address = tell("POST", "/users/me/addresses", buyer, _ADDRESS)
    tell("PUT", f"/users/me/wishlist/{seller.product_id}", buyer)
    cart = tell("POST", "/cart/items", buyer, {"sku": seller.sku, "quantity": 3})
    guest = tell("POST", "/cart/items", None, {"sku": seller.sku, "quantity": 4})
    client.cookies.clear()
    key = tell("POST", "/auth/api-keys", buyer, {"name": "A secret key", "scopes": ["shop"]})["key"]

    draft = tell("POST", "/vendor/products", seller, {"title": "A secret draft", "variants": [{"title": "A secret form"}]})
    location = tell("POST", "/vendor/locations", seller, {"name": "A secret warehouse"})
    # A second offer, of which nobody has bought anything yet, so that every act on it would be possible.
    offer = {"sku": "UNSOLD-1", "productId": str(seller.product_id), "variantId": str(seller.variant_id), "price": EUR}
    tell("POST", "/vendor/offers", seller, offer)
    movement = {"sku": seller.sku, "locationId": location["id"], "quantity": 7, "reason": "a secret delivery"}
    tell("POST", "/vendor/stock/movements", seller, movement)
    hook = _hook(tell, seller)
    rule = tell("PUT", f"/admin/vendors/{seller.vendor_id}/commission", admin, {"rate": "7.77"})
    tax = tell(
        "POST", "/admin/terms/taxes", admin, {"name": "A tax", "rate": "1", "match": {"categoryId": str(seller.category_id)}}
    )
    match = {"vendorId": str(seller.vendor_id)}
    discount = {"name": "A secret discount", "funding": "vendor", "match": match, "percent": "5", "code": "SECRET-CODE"}
    discounted = tell("POST", "/admin/terms/discounts", admin, discount)
    entries = tell("GET", "/admin/ledger/entries", admin)["items"]

    orders = tuple(str(each.id) for each in (delivered, shipped, paid, waiting))
    payments = (started["payment"]["id"], captured["id"])
    (payout,) = run["payouts"]
    account_ids = tuple(str(each.account_id) for each in (buyer, staff, seller))
    sessions = tuple(str(each.session_id) for each in (buyer, seller, staff))
    things = {
        "account_id": account_ids,
        "address_id": (address["id"],),
        "category_id": (str(seller.category_id),),
        "delivery_id": (hook["ping"],),
        "discount_id": (discounted["id"],),
        "endpoint_id": (hook["id"],),
        "cart_id": (cart["id"], guest["id"]),
        "invitation_id": (tell("POST", "/vendor/invitations", seller, _INVITED)["invitation"]["id"],),
        "item_id": (str(item_id(seller.sku)),),
        "key_id": (key["id"],),
        "link": (tell("POST", "/vendor/onboarding", seller, _PAGES)["url"].rpartition("/")[2],),
        "location_id": (location["id"],),
        "message_id": (str(dead_letter(service).message.id),),
        "number": (str(entries[0]["number"]),),
        "order_id": orders,
        "payment_id": payments,
        "payout_id": (payout["id"],),
        "product_id": (draft["id"],),
        "provider": (service.provider.name,),
        "refund_id": (refund["id"],),
        "return_id": (back["id"],),
        "rule_id": (rule["id"], tax["id"]),
        "session_id": sessions,
        "sku": ("UNSOLD-1", str(seller.sku)),
        "subscription": (DEAD_IN,),
        "vendor_id": (str(seller.vendor_id),),
    }
    public = {"category_id", "link", "number", "provider", "sku", "subscription", "vendor_id", "item_id"}
    told = {each for name, values in things.items() if name not in public for each in values}
    told |= {guest["token"], hook["secret"], draft["variants"][0]["id"], *(each.email for each in (buyer, seller, staff))}
    return Victim(buyer=buyer, seller=seller, staff=staff, things=things, secrets=_WORDS | told, draft=draft)


_WORDS: Final = frozenset(
    {"Buyer in secret", "Owner in secret", "Staff in secret", "1 Secret Street", "TRACKED-1", "TRACKED-2", "a secret reason"}
    | {"a secret refund", "A secret key", "A secret draft", "A secret form", "A secret warehouse", "a secret delivery"}
    | {"A secret hook", "a-secret-path"}
    | {"invited-in-secret@example.org", "A secret discount", "SECRET-CODE", "a secret failure"}
)
"""What the victims have said somewhere."""

_INVITED: Final = {"email": "invited-in-secret@example.org", "role": "staff"}
_PAGES: Final = {"returnUrl": "https://a.example/", "refreshUrl": "https://b.example/"}
_ADDRESS: Final = {"name": "Buyer in secret", "lines": ["1 Secret Street"], "city": "Berlin", "country": "DE"}


DEAD_IN: Final = "dress-window"
"""Where a dead letter is."""


def dead_letter(service: Service, *, subscription: str = DEAD_IN, failures: int = 1) -> Dispatch:
    """An event that a subscription has failed at too often."""
    now = service.clock.now()
    with service.database.begin() as work:
        work.outbox.append([WindowOpened(revision=uuid4().hex, at=now)])
    with service.database.begin() as work:
        work.outbox.forward({WindowOpened.tag: [subscription]}, 1_000, at=now)
        until, by = now + timedelta(minutes=1), service.ids.new()
        dead: Dispatch = work.dispatches.claim(subscription, 1, at=now, until=until, by=by)[0]
        for _ in range(failures):
            dead = dead.fail("a secret failure", at=now, due_at=now, limit=failures)
        work.dispatches.save([dead])
    return dead


def _hook(tell: _Teller, seller: Seller) -> Mapping[str, str]:
    """An endpoint of webhooks with something that it is told, and its secret."""
    asked = {"url": "https://victim.example/a-secret-path", "events": ["order.*"], "description": "A secret hook"}
    made = tell("POST", "/vendor/webhook-endpoints", seller, asked)
    endpoint_id: str = made["endpoint"]["id"]
    return {
        "id": endpoint_id,
        "secret": made["secret"],
        "ping": tell("POST", f"/vendor/webhook-endpoints/{endpoint_id}/ping", seller)["id"],
    }


def fresh(service: Service, person: P) -> P:
    """The same person with a token of now."""
    token, _ = service.tokens.issue(person.account_id, person.session_id)
    return attrs.evolve(person, headers={"Authorization": f"Bearer {token}"})


def state(service: Service, of: Victim) -> dict[tuple[str, ...], object]:
    """Every row of the database, in memory or wherever it is, that says something of the victim."""
    marks = {*of.secrets, of.vendor_id, *of.things["sku"], *of.things["rule_id"]}
    if service.database.url is not None:
        return {(name, row): row for name, row in _rows(service.database.url) if any(mark in row for mark in marks)}
    found: dict[tuple[str, ...], object] = {}
    with service.database.begin() as work:
        for name, repository in vars(work).items():
            for field, table in _tables(repository):
                for key, row in table.all().items():
                    said = f"{key!r} {row!r}"
                    if any(mark in said for mark in marks):
                        found[name, field, repr(key)] = row
    return found


def _rows(url: str) -> list[tuple[str, str]]:
    """Every row of every table of a PostgreSQL, as text, in one reading."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = [name for (name,) in connection.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")]
        one = sql.SQL("SELECT {}, t::text FROM {} t")
        whole = sql.SQL(" UNION ALL ").join(one.format(name, sql.Identifier(name)) for name in names)
        return connection.execute(whole).fetchall()


def _tables(repository: object) -> list[tuple[str, Table[Any, Any]]]:
    return [(field, value) for field, value in vars(repository).items() if isinstance(value, Table)]


@attrs.frozen
class _Teller:
    """Asks for what has to succeed."""

    client: Client

    def __call__(self, method: str, path: str, person: Person | None, body: object = None) -> Any:  # noqa: ANN401
        """What was answered."""
        headers = keyed({} if person is None else person.headers)
        content = {} if method == "GET" or body is None else {"json": body}
        answer = self.client.request(method, f"{API}{path}", headers=headers, **content)  # type: ignore[arg-type]
        assert answer.status_code < 300, (method, path, answer.text)
        return answer.json() if answer.content else None

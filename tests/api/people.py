"""People who use the API in tests: shoppers, coaches, vendors with something to sell, and who runs the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Final, TypeAlias
from uuid import uuid4

import attrs
from litestar import Litestar
from litestar.testing import TestClient

from quarterturn_adapters.chance import PlainHasher
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.databases import opened
from quarterturn_adapters.settings import Settings
from quarterturn_api.assembly import assembled
from quarterturn_api.edge.answering import Service
from quarterturn_domain.catalog.categorising import PlaceCategory
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.offering import MakeOffer
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.joining import AddMember
from quarterturn_domain.identity.onboarding import ApplyAsVendor, DecideVendor
from quarterturn_domain.identity.registering import GrantRoles, RegisterAccount
from quarterturn_domain.identity.role import Role, VendorRole
from quarterturn_domain.identity.signing_in import SignIn
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import (
    AccountId,
    CategoryId,
    LocationId,
    ProductId,
    SessionId,
    Sku,
    VariantId,
    VendorId,
)
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.stock.receiving import MoveStock, OpenLocation

PASSWORD: Final = "four quarter turns of a key"  # noqa: S105
"""What everybody here signs in with."""

START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When every test begins."""

ENVIRONMENT: Final[Mapping[str, str]] = {
    "QUARTERTURN_SECRET": "a secret of tests that is long enough",
    # Whoever tests limits sets them.
    "QUARTERTURN_LIMITS": "public=0,signed-in=0,payments=0,admin=0",
}
"""What every service of tests is set to."""

Client: TypeAlias = TestClient[Litestar]
"""Speaks HTTP to the service."""

Assemble: TypeAlias = Callable[..., AbstractContextManager[Service]]
"""Makes a service in memory, of an environment that differs."""

BERLIN: Final = Coordinates(52_520_000, 13_405_000)
"""Where every vendor's stock lies."""


@contextmanager
def serving(clock: Clock | None = None, /, database: str = "memory", **environment: str) -> Iterator[Service]:
    """A service in memory, or over the database at a URL, whose environment differs by `environment`."""
    settings = Settings.from_environment({**ENVIRONMENT, **environment})
    with (
        opened(database, settings) as found,
        assembled(found, settings, clock=clock or ManualClock(START), hasher=PlainHasher()) as service,
    ):
        yield service


@attrs.frozen(kw_only=True)
class Person:
    """Somebody who is signed in; `headers` say so."""

    account_id: AccountId
    email: str
    session_id: SessionId
    refresh_token: str
    headers: dict[str, str]


@attrs.frozen(kw_only=True)
class Seller(Person):
    """The owner of an approved vendor that sells one product, of which there are 100 units in Berlin at 49.90 EUR each."""

    vendor_id: VendorId
    category_id: CategoryId
    product_id: ProductId
    variant_id: VariantId
    location_id: LocationId
    sku: Sku
    price: Money


class People:
    """Makes people by the use cases themselves, so that tests of routes begin where their story does."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._numbers = count(1)

    def client(self) -> Person:
        """Somebody who shops."""
        return self.signed_in(self.registered("client"))

    def coach(self) -> Person:
        """Somebody who coaches, and shops."""
        return self.signed_in(self.registered("coach", Role.CLIENT, Role.COACH))

    def admin(self) -> Person:
        """Somebody who runs the platform."""
        return self.signed_in(self.registered("admin", Role.CLIENT, Role.ADMIN))

    def staff(self, vendor_id: VendorId) -> Person:
        """Somebody who works for a vendor without owning it."""
        person = self.signed_in(self.registered("staff"))
        app = self._service.application
        app.govern_members(
            AddMember(vendor_id=vendor_id, account_id=person.account_id, role=VendorRole.STAFF, at=self._service.clock.now())
        )
        return person

    def vendor(self, title: str = "Rowing machine", price: str = "49.90", currency: str = "EUR", units: int = 100) -> Seller:
        """The owner of an approved vendor with a published product, an offer of it, and stock."""
        app, now = self._service.application, self._service.clock.now()
        person = self.signed_in(self.registered("vendor"))
        number = next(self._numbers)
        vendor_id, category_id, product_id = VendorId(uuid4()), CategoryId(uuid4()), ProductId(uuid4())
        variant_id, location_id = VariantId(uuid4()), LocationId(uuid4())
        sku, cost = Sku(f"SKU-{number:04}"), Money.of(price, currency)
        name = f"Vendor {number}"
        granted(
            app.apply_as_vendors([ApplyAsVendor(vendor_id=vendor_id, name=name, country="DE", owner_id=person.account_id, at=now)])[
                0
            ]
        )
        granted(app.govern_vendors([DecideVendor(vendor_id=vendor_id, act="approve", at=now)])[0])
        app.place_categories(PlaceCategory(category_id=category_id, name=f"Category {number}", at=now))
        granted(
            app.describe_products(
                [
                    DescribeProduct(
                        product_id=product_id,
                        title=f"{title} {number}",
                        description="It folds.",
                        category_id=category_id,
                        variants=(Variant(variant_id, "standard"),),
                        by=vendor_id,
                        at=now,
                    )
                ]
            )[0]
        )
        granted(app.move_products([MoveProduct(product_id=product_id, by=vendor_id, at=now)])[0])
        offer = MakeOffer(
            sku=sku,
            vendor_id=vendor_id,
            product_id=product_id,
            variant_id=variant_id,
            price=cost,
            shipping=Money.zero(cost.currency),
            at=now,
        )
        granted(app.make_offers([offer])[0])
        location = OpenLocation(location_id=location_id, vendor_id=vendor_id, name="Berlin", coordinates=BERLIN, at=now)
        granted(app.open_locations([location])[0])
        if units:
            receipt = MoveStock(
                movement_id=uuid4(),
                vendor_id=vendor_id,
                sku=sku,
                location_id=location_id,
                quantity=units,
                actor="test",
                at=now,
            )
            granted(app.move_stocks([receipt])[0])
        return Seller(
            **attrs.asdict(person, recurse=False),
            vendor_id=vendor_id,
            category_id=category_id,
            product_id=product_id,
            variant_id=variant_id,
            location_id=location_id,
            sku=sku,
            price=cost,
        )

    def registered(self, name: str, *roles: Role) -> RegisterAccount:
        """An account with `roles`, that of a client unless others are named."""
        app, now = self._service.application, self._service.clock.now()
        command = RegisterAccount(
            account_id=AccountId(uuid4()),
            email=f"{name}-{next(self._numbers)}@example.org",
            name=f"A {name}",
            password=PASSWORD,
            at=now,
        )
        app.register_accounts(command)
        if roles:
            app.govern_accounts(GrantRoles(account_id=command.account_id, roles=frozenset(roles), at=now))
        return command

    def signed_in(self, registered: RegisterAccount, device: str = "a test") -> Person:
        """A session of the account, with its access token."""
        service = self._service
        command = SignIn(
            email=registered.email,
            password=registered.password or "",
            device=device,
            session_id=SessionId(uuid4()),
            at=service.clock.now(),
        )
        signed = service.application.sign_people_in(command)
        token, _ = service.tokens.issue(registered.account_id, signed.session.id)
        return Person(
            account_id=registered.account_id,
            email=registered.email,
            session_id=signed.session.id,
            refresh_token=signed.refresh_token,
            headers={"Authorization": f"Bearer {token}"},
        )


def keyed(headers: Mapping[str, str] | None = None, key: str | None = None) -> dict[str, str]:
    """`headers` with an Idempotency-Key: `key`, or one that was never used."""
    return {**(headers or {}), "Idempotency-Key": key or uuid4().hex}

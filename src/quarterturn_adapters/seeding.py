"""Seeding: a small marketplace to begin with, and people who can sign in to it; what is there already stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID, uuid5

import attrs

from quarterturn_adapters.bootstrap import Application
from quarterturn_domain.catalog.categorising import PlaceCategory
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.offering import MakeOffer
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.joining import AddMember
from quarterturn_domain.identity.onboarding import ApplyAsVendor, DecideVendor
from quarterturn_domain.identity.registering import GrantRoles, RegisterAccount
from quarterturn_domain.identity.role import Role, VendorRole
from quarterturn_domain.identity.secret import Secrets
from quarterturn_domain.identity.vendor import VendorStatus
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import AccountId, CategoryId, LocationId, ProductId, Sku, VariantId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.stock.geography import Coordinates
from quarterturn_domain.stock.receiving import MoveStock, OpenLocation

_SEED: Final = UUID("7f6b1d1c-0b9d-5c77-9a43-5a1e3f0c2d88")


def named(what: str) -> UUID:
    """The id of a seeded thing, the same in every database."""
    return uuid5(_SEED, what)


@attrs.frozen
class Guest:
    """Somebody who is to have an account; `vendor_id` is the vendor that they own."""

    email: str
    name: str
    roles: frozenset[Role]
    vendor_id: VendorId | None = None

    @property
    def id(self) -> AccountId:
        """The account."""
        return AccountId(named(f"account:{self.email}"))


@attrs.frozen
class Admitted:
    """A guest whose account was made just now, with the only time that its password is told."""

    guest: Guest
    password: str = attrs.field(repr=False)


@attrs.frozen
class Seller:
    """A vendor, where its stock lies, and what it sells."""

    name: str
    country: str
    place: str
    coordinates: Coordinates
    goods: tuple[Good, ...]

    @property
    def id(self) -> VendorId:
        """The vendor."""
        return VendorId(named(f"vendor:{self.name}"))

    @property
    def location_id(self) -> LocationId:
        """Where its stock lies."""
        return LocationId(named(f"location:{self.name}"))


@attrs.frozen
class Good:
    """A product in its one form, offered under one SKU; `in_stock` units of it are there at first."""

    sku: Sku
    category: str
    title: str
    description: str
    price: Money
    in_stock: int

    @property
    def product_id(self) -> ProductId:
        """The product."""
        return ProductId(named(f"product:{self.sku}"))

    @property
    def variant_id(self) -> VariantId:
        """Its one form."""
        return VariantId(named(f"variant:{self.sku}"))


def _good(sku: str, category: str, title: str, description: str, price: str, in_stock: int) -> Good:
    return Good(Sku(sku), category, title, description, Money.of(price, "EUR"), in_stock)


CATEGORIES: Final = ("Strength", "Cardio", "Mobility")

SELLERS: Final = (
    Seller(
        "Iron Alley",
        "DE",
        "Berlin",
        Coordinates(52_520_000, 13_405_000),
        (
            _good("KETTLEBELL-16", "Strength", "Kettlebell, 16 kg", "Cast in one piece, with a wide handle.", "59.00", 40),
            _good("BARBELL-20", "Strength", "Barbell, 20 kg", "Bearings at both ends, 2.2 m long.", "189.00", 12),
            _good("PLATE-10", "Strength", "Bumper plate, 10 kg", "Rubber, for a bar of 50 mm.", "39.90", 60),
            _good("BENCH-01", "Strength", "Adjustable bench", "Seven positions, from flat to upright.", "219.00", 8),
            _good("ROWER-01", "Cardio", "Rowing machine", "Air resistance; it stands upright when nobody rows.", "899.00", 5),
        ),
    ),
    Seller(
        "Mat & Motion",
        "PT",
        "Lisbon",
        Coordinates(38_722_000, -9_139_000),
        (
            _good("YOGA-MAT-5", "Mobility", "Yoga mat, 5 mm", "Natural rubber that does not slip.", "34.90", 80),
            _good("FOAM-ROLLER", "Mobility", "Foam roller", "Firm, 45 cm long.", "24.90", 50),
            _good("BANDS-SET", "Mobility", "Set of resistance bands", "Five bands, from light to heavy.", "19.90", 100),
            _good("JUMP-ROPE", "Cardio", "Jump rope", "A thin steel rope with turning handles.", "14.90", 120),
            _good("STEP-01", "Cardio", "Aerobic step", "Three heights, up to 120 kg.", "44.90", 25),
        ),
    ),
)

GUESTS: Final = (
    Guest("admin@quarterturn.example", "Administrator", frozenset({Role.CLIENT, Role.ADMIN})),
    Guest("client@quarterturn.example", "Client", frozenset({Role.CLIENT})),
    Guest("coach@quarterturn.example", "Coach", frozenset({Role.CLIENT, Role.COACH})),
    Guest("iron-alley@quarterturn.example", "Owner of Iron Alley", frozenset({Role.CLIENT, Role.VENDOR}), SELLERS[0].id),
    Guest("mat-and-motion@quarterturn.example", "Owner of Mat & Motion", frozenset({Role.CLIENT, Role.VENDOR}), SELLERS[1].id),
)


def admit(app: Application, secrets: Secrets, guests: Iterable[Guest] = GUESTS) -> Iterator[Admitted]:
    """Give those of `guests` an account who have none, one after the other, each with a password that was made for it.

    And let those who own a vendor own it, whether or not they had an account.
    Raises `Conflict` for an address that belongs to somebody else's account.
    """
    for guest in guests:
        with app.begin() as work:
            known = work.accounts.find([guest.id])
            member = None if guest.vendor_id is None else work.memberships.find([(guest.vendor_id, guest.id)])
            vendor = None if guest.vendor_id is None else work.vendors.find([guest.vendor_id]).get(guest.vendor_id)
        now = app.clock.now()
        password = secrets.new()
        if not known:
            app.register_accounts(
                RegisterAccount(account_id=guest.id, email=guest.email, name=guest.name, password=password, at=now)
            )
            app.govern_accounts(GrantRoles(account_id=guest.id, roles=guest.roles, at=now))
        if vendor is not None and not member:
            app.govern_members(AddMember(vendor_id=vendor.id, account_id=guest.id, role=VendorRole.OWNER, at=now))
        if not known:
            yield Admitted(guest, password)


def furnish(app: Application) -> int:
    """Make what is missing of the categories, vendors, products, offers and stock; how many things were made."""
    return _categories(app) + sum(_vendor(app, seller) + _goods(app, seller) for seller in SELLERS)


def _categories(app: Application) -> int:
    ids = {name: CategoryId(named(f"category:{name}")) for name in CATEGORIES}
    with app.begin() as work:
        known = work.categories.find(ids.values())
    missing = [(position, name) for position, name in enumerate(CATEGORIES) if ids[name] not in known]
    for position, name in missing:
        app.place_categories(PlaceCategory(category_id=ids[name], name=name, position=position, new=True, at=app.clock.now()))
    return len(missing)


def _vendor(app: Application, seller: Seller) -> int:
    now = app.clock.now()
    with app.begin() as work:
        vendor = work.vendors.find([seller.id]).get(seller.id)
        location = work.locations.find([seller.location_id])
    made = 0
    if vendor is None:
        applied = ApplyAsVendor(vendor_id=seller.id, name=seller.name, country=seller.country, at=now)
        vendor = granted(app.apply_as_vendors([applied])[0])
        made += 1
    # One that was applied for and not yet approved was broken off before; whatever else it is was decided since.
    if vendor.status is VendorStatus.APPLIED:
        granted(app.govern_vendors([DecideVendor(vendor_id=seller.id, act="approve", at=now)])[0])
    if not location:
        opened = OpenLocation(
            location_id=seller.location_id, vendor_id=seller.id, name=seller.place, coordinates=seller.coordinates, at=now
        )
        granted(app.open_locations([opened])[0])
        made += 1
    return made


def _goods(app: Application, seller: Seller) -> int:
    now = app.clock.now()
    receipts = {good.sku: _receipt(app, seller, good) for good in seller.goods}
    with app.begin() as work:
        products = work.products.find([good.product_id for good in seller.goods])
        offers = work.offers.find(receipts)
        received = work.stock.caused([receipt.cause for receipt in receipts.values()])
    drafts = [_description(app, seller, good) for good in seller.goods if good.product_id not in products]
    made = [granted(each) for each in app.describe_products(drafts)]
    for each in app.move_products([MoveProduct(product_id=product.id, by=seller.id, at=now) for product in made]):
        granted(each)
    fresh = [_offer(app, seller, good) for good in seller.goods if good.sku not in offers]
    for offer in app.make_offers(fresh):
        granted(offer)
    due = [receipt for receipt in receipts.values() if not received.get(receipt.cause)]
    for item in app.move_stocks(due):
        granted(item)
    return len(drafts) + len(fresh) + len(due)


def _description(app: Application, seller: Seller, good: Good) -> DescribeProduct:
    return DescribeProduct(
        product_id=good.product_id,
        title=good.title,
        description=good.description,
        category_id=CategoryId(named(f"category:{good.category}")),
        variants=(Variant(good.variant_id, ""),),
        by=seller.id,
        new=True,
        at=app.clock.now(),
    )


def _offer(app: Application, seller: Seller, good: Good) -> MakeOffer:
    return MakeOffer(
        sku=good.sku,
        vendor_id=seller.id,
        product_id=good.product_id,
        variant_id=good.variant_id,
        price=good.price,
        shipping=Money.zero(good.price.currency),
        at=app.clock.now(),
    )


def _receipt(app: Application, seller: Seller, good: Good) -> MoveStock:
    return MoveStock(
        movement_id=named(f"receipt:{good.sku}"),
        vendor_id=seller.id,
        sku=good.sku,
        location_id=seller.location_id,
        quantity=good.in_stock,
        actor="seed",
        at=app.clock.now(),
    )

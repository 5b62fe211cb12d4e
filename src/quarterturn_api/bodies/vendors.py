"""What vendors, their goods, their stock and their part of orders look like over the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from quarterturn_api.bodies.orders import LineBody, ShipmentBody
from quarterturn_api.edge.bodies import Asked, Body, MoneyBody
from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer, OfferStatus
from quarterturn_domain.catalog.product import Product, ProductStatus, Variant
from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.role import VendorRole
from quarterturn_domain.identity.vendor import Vendor, VendorStatus
from quarterturn_domain.ordering.vendor_order import VendorOrder, VendorOrderStatus
from quarterturn_domain.stock.geography import MICRODEGREES, Coordinates
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.stock.stock_item import StockItem


class VendorBody(Body):
    """A vendor; `notPayable` says why money cannot go out to it now, and is absent when it can."""

    id: UUID
    name: str
    country: str
    status: VendorStatus
    applied_at: datetime
    payable: bool
    not_payable: str | None
    requirements: list[str]

    @classmethod
    def of(cls, vendor: Vendor) -> VendorBody:
        """`vendor` as its members and the platform see it."""
        account = vendor.payout_account
        return cls(
            id=vendor.id,
            name=vendor.name,
            country=vendor.country,
            status=vendor.status,
            applied_at=vendor.applied_at,
            payable=vendor.not_payable is None,
            not_payable=vendor.not_payable,
            requirements=[] if account is None else list(account.requirements),
        )


class MemberBody(Body):
    """Somebody who works for a vendor."""

    account_id: UUID
    email: str
    name: str
    role: VendorRole
    since: datetime

    @classmethod
    def of(cls, found: tuple[Membership, Account]) -> MemberBody:
        """A membership with its account."""
        member, account = found
        return cls(account_id=account.id, email=account.email, name=account.name, role=member.role, since=member.since)


class CategoryPlacedBody(Body):
    """A category and its place in the tree; `position` orders it among its siblings."""

    id: UUID
    name: str
    parent_id: UUID | None
    position: int

    @classmethod
    def of(cls, category: Category) -> CategoryPlacedBody:
        """`category` as the platform sees it."""
        return cls(id=category.id, name=category.name, parent_id=category.parent_id, position=category.position)


class OwnVariantBody(Body):
    """One form of a product."""

    id: UUID
    title: str
    options: dict[str, str]
    weight_grams: int | None

    @classmethod
    def of(cls, variant: Variant) -> OwnVariantBody:
        """`variant` as its maker sees it."""
        return cls(id=variant.id, title=variant.title, options=dict(variant.options), weight_grams=variant.weight_grams)


class OwnProductBody(Body):
    """A product in whatever state, as its maker and the platform see it."""

    id: UUID
    title: str
    description: str
    category_id: UUID | None
    created_by: UUID | None
    status: ProductStatus
    variants: list[OwnVariantBody]

    @classmethod
    def of(cls, product: Product) -> OwnProductBody:
        """`product` as its maker sees it."""
        return cls(
            id=product.id,
            title=product.title,
            description=product.description,
            category_id=product.category_id,
            created_by=product.created_by,
            status=product.status,
            variants=[OwnVariantBody.of(each) for each in product.variants],
        )


class OwnOfferBody(Body):
    """A variant for sale under a SKU; `price` and `shipping` are for one unit."""

    sku: str
    product_id: UUID
    variant_id: UUID
    price: MoneyBody
    shipping: MoneyBody
    status: OfferStatus

    @classmethod
    def of(cls, offer: Offer) -> OwnOfferBody:
        """`offer` as its vendor sees it."""
        return cls(
            sku=offer.sku,
            product_id=offer.product_id,
            variant_id=offer.variant_id,
            price=MoneyBody.of(offer.price),
            shipping=MoneyBody.of(offer.shipping),
            status=offer.status,
        )


Degrees = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^-?\d{1,3}(\.\d{1,6})?$", description="Decimal degrees, with at most six decimals.", examples=["52.520008"]
    ),
]


class CoordinatesBody(Asked):
    """A point on Earth; north and east are positive."""

    latitude: Degrees
    longitude: Degrees

    @classmethod
    def of(cls, point: Coordinates) -> CoordinatesBody:
        """`point` in degrees."""
        return cls(latitude=_degrees(point.latitude), longitude=_degrees(point.longitude))

    def coordinates(self) -> Coordinates:
        """The point in whole microdegrees, exactly."""
        return Coordinates(int(Decimal(self.latitude) * MICRODEGREES), int(Decimal(self.longitude) * MICRODEGREES))


def _degrees(microdegrees: int) -> str:
    return str(Decimal(microdegrees).scaleb(-6))


class LocationBody(Body):
    """A place where stock lies; orders are taken from places of lower `priority` first."""

    id: UUID
    name: str
    priority: int
    coordinates: CoordinatesBody | None

    @classmethod
    def of(cls, location: Location) -> LocationBody:
        """`location` as its vendor sees it."""
        point = location.coordinates
        return cls(
            id=location.id,
            name=location.name,
            priority=location.priority,
            coordinates=None if point is None else CoordinatesBody.of(point),
        )


class LevelBody(Body):
    """How many units of a SKU lie at a place, and how many of them are promised."""

    sku: str
    location_id: UUID
    on_hand: int
    reserved: int
    available: int

    @classmethod
    def of(cls, item: StockItem) -> LevelBody:
        """`item` as its vendor sees it."""
        return cls(
            sku=item.sku, location_id=item.location_id, on_hand=item.on_hand, reserved=item.reserved, available=item.available
        )


class MovementBody(Body):
    """Units that came or went, and why."""

    number: int
    sku: str
    location_id: UUID
    kind: MovementKind
    quantity: int
    reason: str
    at: datetime

    @classmethod
    def of(cls, numbered: tuple[int, Movement]) -> MovementBody:
        """A movement with its number, as its vendor sees it."""
        number, movement = numbered
        return cls(
            number=number,
            sku=movement.sku,
            location_id=movement.location_id,
            kind=movement.kind,
            quantity=movement.quantity,
            reason=movement.reason,
            at=movement.at,
        )


class OwnOrderBody(Body):
    """A vendor's part of an order; `earning`, `commission` and `commissionTax` are what is left after everything given back."""

    order_id: UUID
    status: VendorOrderStatus
    placed_at: datetime
    total: MoneyBody
    earning: MoneyBody
    commission: MoneyBody
    commission_tax: MoneyBody
    lines: list[LineBody]
    shipments: list[ShipmentBody]
    delivered_at: datetime | None

    @classmethod
    def of(cls, found: tuple[datetime, VendorOrder]) -> OwnOrderBody:
        """A part of an order with the time of its placing, as its vendor sees it."""
        placed_at, part = found
        split = part.split
        return cls(
            order_id=part.order_id,
            status=part.status,
            placed_at=placed_at,
            total=MoneyBody.of(part.total),
            earning=MoneyBody.of(split.earning),
            commission=MoneyBody.of(split.charged),
            commission_tax=MoneyBody.of(split.commission_tax),
            lines=[LineBody.of(line) for line in part.lines],
            shipments=[ShipmentBody.of(each) for each in part.shipments],
            delivered_at=part.delivered_at,
        )

"""What accounts, their sessions, API keys, addresses and wishes look like over the wire."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from quarterturn_api.edge.bodies import Body
from quarterturn_domain.catalog.product import Product, ProductStatus
from quarterturn_domain.catalog.wishlist import Wish
from quarterturn_domain.identity.account import Account, AccountStatus
from quarterturn_domain.identity.address import Address
from quarterturn_domain.identity.api_key import ApiKey
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.role import Permission, Role, VendorRole
from quarterturn_domain.identity.session import Session
from quarterturn_domain.kernel.ids import SessionId


class AccountBody(Body):
    """A person."""

    id: UUID
    email: str
    name: str
    status: AccountStatus
    roles: list[Role]
    registered_at: datetime

    @classmethod
    def of(cls, account: Account) -> AccountBody:
        """`account` as its owner and the platform see it."""
        return cls(
            id=account.id,
            email=account.email,
            name=account.name,
            status=account.status,
            roles=sorted(account.roles),
            registered_at=account.registered_at,
        )


class MembershipBody(Body):
    """A vendor that a person works for, and as what."""

    vendor_id: UUID
    role: VendorRole
    since: datetime

    @classmethod
    def of(cls, member: Membership) -> MembershipBody:
        """`member` as the person sees it."""
        return cls(vendor_id=member.vendor_id, role=member.role, since=member.since)


class SessionBody(Body):
    """A device that is signed in; `current` is the one that asks."""

    id: UUID
    device: str
    opened_at: datetime
    used_at: datetime
    expires_at: datetime
    current: bool

    @classmethod
    def of(cls, session: Session, current: SessionId | None) -> SessionBody:
        """`session` as its owner sees it; nothing of its tokens."""
        return cls(
            id=session.id,
            device=session.device,
            opened_at=session.opened_at,
            used_at=session.used_at,
            expires_at=session.expires_at,
            current=session.id == current,
        )


class ApiKeyBody(Body):
    """An API key, of which only the beginning is shown."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Permission]
    vendor_id: UUID | None
    made_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyBody:
        """`key` as its owner sees it."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=sorted(key.scopes),
            vendor_id=key.vendor_id,
            made_at=key.made_at,
            expires_at=key.expires_at,
        )


class AddressBody(Body):
    """Where somebody gets post."""

    id: UUID
    label: str
    name: str
    lines: list[str]
    city: str
    postal_code: str
    region: str
    country: str
    phone: str
    is_default: bool

    @classmethod
    def of(cls, address: Address) -> AddressBody:
        """`address` as its owner sees it."""
        return cls(
            id=address.id,
            label=address.label,
            name=address.name,
            lines=list(address.lines),
            city=address.city,
            postal_code=address.postal_code,
            region=address.region,
            country=address.country,
            phone=address.phone,
            is_default=address.is_default,
        )


class WishBody(Body):
    """A product that somebody wants to remember; one that is not on show any more has another status than `published`."""

    product_id: UUID
    title: str
    status: ProductStatus
    since: datetime

    @classmethod
    def of(cls, wish: Wish, product: Product) -> WishBody:
        """`wish` as its owner sees it."""
        return cls(product_id=wish.product_id, title=product.title, status=product.status, since=wish.since)

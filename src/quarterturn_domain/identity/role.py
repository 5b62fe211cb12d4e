"""Roles and permissions: one table for what each role may do, and one for what each member of a vendor may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What an account is on the platform; nobody has to be only one thing."""

    CLIENT = "client"
    COACH = "coach"
    VENDOR = "vendor"
    ADMIN = "admin"


class VendorRole(StrEnum):
    """What a member is within one vendor."""

    OWNER = "owner"
    STAFF = "staff"


class Permission(StrEnum):
    """What may be done; one that begins with `vendor.` is had for one vendor at a time."""

    SHOP = "shop"
    """The own cart, orders, payments, addresses, wishlist and profile."""
    COACH = "coach"

    VENDOR_READ = "vendor.read"
    """The vendor's profile and its own orders."""
    VENDOR_CATALOG = "vendor.catalog"
    """Its products and offers."""
    VENDOR_STOCK = "vendor.stock"
    VENDOR_FULFIL = "vendor.fulfil"
    VENDOR_REFUND = "vendor.refund"
    VENDOR_MONEY = "vendor.money"
    """Its balance, statement and payouts."""
    VENDOR_STAFF = "vendor.staff"
    """Its members, and its onboarding."""
    VENDOR_WEBHOOKS = "vendor.webhooks"
    """Which programs elsewhere are told of what happens to it: orders, stock and money alike."""

    ADMIN_USERS = "admin.users"
    ADMIN_VENDORS = "admin.vendors"
    ADMIN_CATALOG = "admin.catalog"
    ADMIN_ORDERS = "admin.orders"
    ADMIN_REFUNDS = "admin.refunds"
    ADMIN_PAYOUTS = "admin.payouts"
    ADMIN_LEDGER = "admin.ledger"
    ADMIN_ANALYTICS = "admin.analytics"
    ADMIN_OPERATIONS = "admin.operations"

    @property
    def of_a_vendor(self) -> bool:
        """Whether it is had for one vendor at a time, by being a member of it."""
        return self.value.startswith("vendor.")


_OF_VENDORS: Final = frozenset(each for each in Permission if each.of_a_vendor)
_OF_ADMINS: Final = frozenset(each for each in Permission if each.value.startswith("admin."))

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.CLIENT: frozenset({Permission.SHOP}),
        Role.COACH: frozenset({Permission.SHOP, Permission.COACH}),
        Role.VENDOR: frozenset({Permission.SHOP}),
        Role.ADMIN: frozenset({Permission.SHOP}) | _OF_ADMINS,
    }
)
"""What every role may do, of whichever vendor."""

VENDOR_PERMISSIONS: Final[Mapping[VendorRole, frozenset[Permission]]] = MappingProxyType(
    {
        VendorRole.OWNER: _OF_VENDORS,
        VendorRole.STAFF: frozenset(
            {Permission.VENDOR_READ, Permission.VENDOR_CATALOG, Permission.VENDOR_STOCK, Permission.VENDOR_FULFIL}
        ),
    }
)
"""What every member may do of the vendor that it is a member of."""

assert set(PERMISSIONS) == set(Role), "every role has a row"
assert set(VENDOR_PERMISSIONS) == set(VendorRole), "every role of a vendor has a row"

"""An asker: who makes a request, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from quarterturn_domain.identity.role import PERMISSIONS, VENDOR_PERMISSIONS, Permission, Role, VendorRole
from quarterturn_domain.kernel.ids import AccountId, ApiKeyId, SessionId, VendorId


@attrs.frozen
class Asker:
    """An account that asks, by a session or by an API key; `vendors` are those that it is a member of.

    The `scopes` of an API key narrow what its account may; None narrows nothing.
    """

    account_id: AccountId
    roles: frozenset[Role]
    vendors: Mapping[VendorId, VendorRole] = attrs.field(factory=dict)
    session_id: SessionId | None = None
    key_id: ApiKeyId | None = None
    scopes: frozenset[Permission] | None = None

    def may(self, permission: Permission, vendor_id: VendorId | None = None) -> bool:
        """Whether the asker has `permission`: what belongs to a vendor only for the vendor that is named, so never without one."""
        if self.scopes is not None and permission not in self.scopes:
            return False
        if permission.of_a_vendor:
            role = None if vendor_id is None else self.vendors.get(vendor_id)
            return role is not None and permission in VENDOR_PERMISSIONS[role]
        return any(permission in PERMISSIONS[role] for role in self.roles)

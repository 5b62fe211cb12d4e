"""A membership: an account that works for a vendor, and as what."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.identity.role import VendorRole
from quarterturn_domain.kernel.errors import Rejected
from quarterturn_domain.kernel.ids import AccountId, VendorId

MAX_MEMBERS: Final = 100
"""How many members a vendor has at most."""


@attrs.frozen(eq=False)
class LastOwner(Rejected):
    """A vendor keeps an owner: the last one can neither leave nor become something else."""

    vendor_id: VendorId

    @property
    def message(self) -> str:
        """What would help."""
        return f"The vendor {self.vendor_id} would have no owner; make somebody else an owner first"


@attrs.frozen
class Membership:
    """An account that is a member of a vendor since `since`."""

    vendor_id: VendorId
    account_id: AccountId
    role: VendorRole
    since: datetime


def keeps_an_owner(members: Collection[Membership], leaving: Membership) -> None:
    """Refuse, as `LastOwner`, that `leaving` is an owner no more when no other member of its vendor is one."""
    owners = {member.account_id for member in members if member.role is VendorRole.OWNER}
    if owners == {leaving.account_id}:
        raise LastOwner(leaving.vendor_id)

"""An API key: how a service asks in the name of an account, with no more than it needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import Forbidden, Invalid
from quarterturn_domain.kernel.ids import AccountId, ApiKeyId, VendorId
from quarterturn_domain.kernel.texts import short

MAX_KEYS: Final = 50
"""How many keys an account may have that are not revoked."""

_LONGEST_NAME: Final = 80


@attrs.frozen
class ApiKey:
    """A key of an account, and of one vendor if it is bound to one; only the digest of its secret is kept, as `hash`."""

    id: ApiKeyId
    account_id: AccountId
    vendor_id: VendorId | None
    name: str
    scopes: frozenset[Permission]
    hash: str = attrs.field(repr=False)
    made_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def prefix(self) -> str:
        """What lists show, so that its owner recognises it."""
        return f"qt_{self.id.hex[:12]}"

    def live(self, at: datetime) -> bool:
        """Whether it may be used."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def revoked(self, at: datetime) -> ApiKey:
        """The key when it has been revoked; one that was revoked before stays as it is."""
        return self if self.revoked_at is not None else attrs.evolve(self, revoked_at=at)


def scoped(asker: Asker, scopes: Iterable[Permission], vendor_id: VendorId | None) -> frozenset[Permission]:
    """`scopes` as those of a key that `asker` makes; `Forbidden` beyond what the asker may, and for a key that makes keys."""
    wanted = frozenset(scopes)
    if not wanted:
        raise Invalid("an API key without scopes", "one permission or more")
    if asker.key_id is not None:
        raise Forbidden("An API key makes no API keys; sign in to make one")
    if vendor_id is not None and (strange := sorted(each for each in wanted if not each.of_a_vendor)):
        raise Invalid(f"an API key of a vendor for {', '.join(strange)}", "permissions of a vendor")
    # Without a vendor it is for any that the asker is a member of; None is the platform itself.
    places = [None, *asker.vendors] if vendor_id is None else [vendor_id]
    beyond = sorted(each for each in wanted if not any(asker.may(each, place) for place in places))
    if beyond:
        raise Forbidden(f"An API key cannot do what its maker may not: {', '.join(beyond)}")
    return wanted


def key_name(name: str) -> str:
    """`name` without blanks around it, or `Invalid`."""
    short(_LONGEST_NAME, name=name)
    if not name.strip():
        raise Invalid("an API key without a name", "what it is for")
    return name.strip()

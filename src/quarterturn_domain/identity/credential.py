"""A credential: what an account signs in with, as a hash; an account without one cannot sign in."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.ids import AccountId


@attrs.frozen
class Credential:
    """The hash of an account's password, in the form of the hasher that made it; it is in no `repr`."""

    account_id: AccountId
    hash: str = attrs.field(repr=False)
    set_at: datetime

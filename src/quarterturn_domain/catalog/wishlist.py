"""A wishlist: the products that an account wants to remember."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import AccountId, ProductId

MAX_WISHES: Final = 500
"""How many products a wishlist has at most."""


@attrs.frozen
class Wish:
    """A product on the wishlist of an account, since `since`."""

    account_id: AccountId
    product_id: ProductId
    since: datetime

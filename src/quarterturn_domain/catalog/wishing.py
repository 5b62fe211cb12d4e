"""Wishing: putting products on a wishlist, and taking them off it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.catalog.product import Product, ProductStatus
from quarterturn_domain.catalog.wishlist import MAX_WISHES, Wish
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, ProductId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class WishFor:
    """Put a product on the wishlist of an account."""

    account_id: AccountId
    product_id: ProductId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class Unwish:
    """Take a product off the wishlist of an account."""

    account_id: AccountId
    product_id: ProductId


class KeepWishlists:
    """Puts products on wishlists and takes them off; doing either twice is doing it once."""

    def __init__(self, work: Begin[CatalogWork]) -> None:
        self._work = work

    def __call__(self, command: WishFor | Unwish) -> Wish | None:
        """The wish as it is now, None when it was taken off; raises `NotFound` for what buyers cannot see, or `Invalid`."""
        with self._work() as work:
            # Who changes the wishlist of an account holds the account.
            required(work.accounts.lock([command.account_id]), command.account_id, "account")
            if isinstance(command, Unwish):
                work.wishes.remove(command.account_id, [command.product_id])
                return None
            known = work.wishes.find(command.account_id, [command.product_id]).get(command.product_id)
            if known is not None:
                return known
            product = work.products.find([command.product_id]).get(command.product_id)
            if product is None or product.status is not ProductStatus.PUBLISHED:
                raise NotFound("product", str(command.product_id))
            if work.wishes.count(command.account_id) >= MAX_WISHES:
                raise Invalid(f"a wishlist of more than {MAX_WISHES} products", "fewer; take off what is no longer wanted")
            wish = Wish(command.account_id, command.product_id, command.at)
            work.wishes.add([wish])
        return wish


class ReadWishlists:
    """Answers what somebody wants to remember."""

    def __init__(self, work: Begin[CatalogWork]) -> None:
        self._work = work

    def __call__(
        self, account_id: AccountId, after: tuple[datetime, ProductId] | None, limit: int
    ) -> Sequence[tuple[Wish, Product]]:
        """Up to `limit` wishes of an account with their products, the latest first, those after the one of `after`."""
        with self._work() as work:
            wishes = work.wishes.page(account_id, after, limit)
            products = work.products.find([wish.product_id for wish in wishes])
        return [(wish, products[wish.product_id]) for wish in wishes]

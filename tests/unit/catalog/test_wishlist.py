"""Wishlists: products that an account wants to remember."""

from __future__ import annotations

import pytest

from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.catalog.product import ProductStatus
from quarterturn_domain.catalog.wishing import KeepWishlists, Unwish, WishFor
from quarterturn_domain.catalog.wishlist import MAX_WISHES, Wish
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.ids import ProductId
from quarterturn_domain.testing import samples

ONE, OTHER, NOBODY = (samples.account_id(n) for n in (1, 2, 999))


@pytest.fixture
def database() -> MemoryDatabase:
    """A furnished marketplace."""
    made = MemoryDatabase()
    with made.begin() as work:
        samples.furnish_catalog(work)
    return made


def published(database: MemoryDatabase) -> ProductId:
    """A product that buyers can see."""
    with database.begin() as work:
        return next(each.id for each in work.products.page(None, 100) if each.status is ProductStatus.PUBLISHED)


def test_wishing_twice_is_wishing_once(database: MemoryDatabase) -> None:
    """A product is on a wishlist since it was put there first, and off it once taken off; on nobody else's."""
    keep, product = KeepWishlists(database.begin), published(database)
    for n in (1, 2):
        assert Wish(ONE, product, samples.moment(1)) == keep(WishFor(account_id=ONE, product_id=product, at=samples.moment(n)))
    for _ in range(2):
        assert keep(Unwish(account_id=OTHER, product_id=product)) is None
    with database.begin() as work:
        assert [product] == [wish.product_id for wish in work.wishes.page(ONE, None, 10)]
    for _ in range(2):
        assert keep(Unwish(account_id=ONE, product_id=product)) is None
    with database.begin() as work:
        assert 0 == work.wishes.count(ONE)


def test_what_buyers_cannot_see_is_not_wished_for(database: MemoryDatabase) -> None:
    """A product that does not exist, or is not published, is not found; neither is an account that does not exist."""
    keep, product = KeepWishlists(database.begin), published(database)
    with database.begin() as work:
        draft, _ = work.products.lock([product])[product].move("withdraw", at=samples.START)
        work.products.save([draft])
    for account, wanted in ((ONE, product), (ONE, samples.product_id(999)), (NOBODY, product)):
        with pytest.raises(NotFound):
            keep(WishFor(account_id=account, product_id=wanted, at=samples.START))


def test_a_wishlist_is_bounded(database: MemoryDatabase) -> None:
    """A wishlist that is full takes no more, but what is on it stays."""
    keep, product = KeepWishlists(database.begin), published(database)
    with database.begin() as work:
        work.wishes.add(Wish(ONE, samples.product_id(1_000 + n), samples.START) for n in range(MAX_WISHES))
    with pytest.raises(Invalid, match="more than 500"):
        keep(WishFor(account_id=ONE, product_id=product, at=samples.START))
    assert keep(WishFor(account_id=ONE, product_id=samples.product_id(1_000), at=samples.START)) is not None

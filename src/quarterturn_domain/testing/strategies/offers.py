"""Strategies for offers as checkout sees them, and for baskets of several vendors' offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.testing.strategies.money import currencies

# Few of each, so that rules drawn apart from the baskets do match them.
VENDORS: Final = tuple(VendorId(UUID(int=0xA0 + number)) for number in range(3))
"""The vendors of the marketplace that strategies make up."""

PRODUCTS: Final = tuple(ProductId(UUID(int=0xB0 + number)) for number in range(4))
"""Its products; each is offered by every vendor."""

CATEGORIES: Final = tuple(CategoryId(UUID(int=0xC0 + number)) for number in range(4))
"""Its categories: the last is the root, and the parents of each other one stand after it."""

Basket: TypeAlias = Sequence[tuple[Sellable, int]]
"""Pairs of an offer and a quantity, in one currency, as `quote` takes them."""


@st.composite
def sellables(draw: DrawFn, currency: Currency | None = None, *, max_minor: int = 10**7) -> Sellable:
    """An offer of one of `VENDORS` for one of `PRODUCTS`, at up to `max_minor` minor units; it or its shipping may be free.

    A vendor has one SKU for each product, but two draws may price it differently: draw a basket to have them agree.
    """
    unit = draw(currencies()) if currency is None else currency
    vendor, product = draw(st.integers(0, len(VENDORS) - 1)), draw(st.integers(0, len(PRODUCTS) - 1))
    # Small prices are where rounding shows.
    price = draw(st.one_of(st.integers(0, 25), st.integers(0, max_minor)))
    shipping = draw(st.one_of(st.just(0), st.integers(0, 25), st.integers(0, max_minor // 10)))
    return Sellable(
        sku=Sku(f"{'ABC'[vendor]}-{product + 1:02}"),
        vendor_id=VENDORS[vendor],
        product_id=PRODUCTS[product],
        title=f"Product {product + 1}",
        # A product is in one category, and so in those above it; one product is in none.
        categories=CATEGORIES[product:] if product < len(CATEGORIES) - 1 else (),
        price=Money(price, unit),
        shipping=Money(shipping, unit),
    )


@st.composite
def baskets(draw: DrawFn, currency: Currency | None = None, *, max_lines: int = 6, max_quantity: int = 5) -> Basket:
    """A basket of one to `max_lines` lines from one vendor or several; a SKU may stand on two lines, always at one price."""
    unit = draw(currencies()) if currency is None else currency
    size = draw(st.integers(1, max_lines))
    priced: dict[Sku, Sellable] = {}
    offers = draw(st.lists(sellables(unit), min_size=size, max_size=size))
    return [(priced.setdefault(offer.sku, offer), draw(st.integers(1, max_quantity))) for offer in offers]

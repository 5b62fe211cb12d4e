"""An offer: a vendor sells a variant under a SKU of its own, at its price."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.catalog.events import OfferMade, OfferRepriced, OfferStatusChanged
from quarterturn_domain.catalog.product import ProductStatus
from quarterturn_domain.identity.vendor import VendorStatus
from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku, VariantId, VendorId, sku
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.money import Money

MAX_PRICE: Final = 10**12
"""The largest price, and the largest shipping, of one unit, in minor units of whatever currency.

At most 10,000 units are on a line, so a line is worth at most 2 * 10**16 minor units, of the 2**63 > 9 * 10**18 that a database
keeps; `MAX_BASKET` bounds the sum of the lines.
"""


class OfferStatus(StrEnum):
    """Whether the vendor sells it now."""

    LIVE = "live"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


OFFER: Final = StateMachine(
    "offer",
    initial=OfferStatus.LIVE,
    table={
        OfferStatus.LIVE: {"pause": OfferStatus.PAUSED, "withdraw": OfferStatus.WITHDRAWN},
        OfferStatus.PAUSED: {"resume": OfferStatus.LIVE, "withdraw": OfferStatus.WITHDRAWN},
        OfferStatus.WITHDRAWN: {},
    },
)


@attrs.frozen(eq=False)
class NotForSale(Rejected):
    """The offer exists but cannot be bought now."""

    sku: Sku
    reason: str

    @property
    def message(self) -> str:
        """Which offer, and why not."""
        return f"{self.sku} is not for sale: {self.reason}"


@attrs.frozen
class Offer:
    """A vendor's offer; `price` and `shipping` are for one unit and in one currency."""

    sku: Sku
    vendor_id: VendorId
    product_id: ProductId
    variant_id: VariantId
    price: Money
    shipping: Money
    status: OfferStatus = OFFER.initial

    @classmethod
    def make(cls, offer: Offer, *, at: datetime) -> tuple[Offer, OfferMade]:
        """A new offer, or `Invalid`."""
        sku(offer.sku)
        _check(offer.price, offer.shipping)
        return offer, OfferMade(
            sku=offer.sku,
            vendor_id=offer.vendor_id,
            product_id=offer.product_id,
            price=offer.price,
            shipping=offer.shipping,
            at=at,
        )

    def reprice(self, price: Money, shipping: Money, *, at: datetime) -> tuple[Offer, OfferRepriced]:
        """The offer at another price; orders that were placed keep theirs."""
        _check(price, shipping)
        if price.currency is not self.price.currency:
            raise Invalid(f"a price in {price.currency.code} for {self.sku}", f"{self.price.currency.code}, as it was offered")
        after = attrs.evolve(self, price=price, shipping=shipping)
        return after, OfferRepriced(sku=self.sku, price=price, shipping=shipping, at=at)

    def move(self, act: str, *, at: datetime) -> tuple[Offer, OfferStatusChanged]:
        """The offer after `pause`, `resume` or `withdraw`."""
        after = OFFER.next(self.status, act)
        return attrs.evolve(self, status=after), OfferStatusChanged(sku=self.sku, act=act, status=after.value, at=at)


@attrs.frozen
class Sellable:
    """An offer as checkout sees it: its price now, its categories (nearest first), and why it cannot be bought, if so."""

    sku: Sku
    vendor_id: VendorId
    product_id: ProductId
    title: str
    categories: tuple[CategoryId, ...]
    price: Money
    shipping: Money
    not_for_sale: str | None = None

    def refuse_unless_for_sale(self) -> None:
        """Raise `NotForSale` when it cannot be bought now."""
        if self.not_for_sale is not None:
            raise NotForSale(self.sku, self.not_for_sale)


def why_not_for_sale(offer: str, product: str, variant: object, vendor: str) -> str | None:
    """Why an offer cannot be bought now, or None when it can.

    By its own status, that of its product, its `variant` or None when the product has it no more, and the status of its vendor.
    """
    if offer != OfferStatus.LIVE:
        return f"the offer is {offer}"
    if product != ProductStatus.PUBLISHED:
        return f"the product is {product}"
    if variant is None:
        return "the product has this variant no more"
    if vendor != VendorStatus.APPROVED:
        return f"the vendor is {vendor}"
    return None


def _check(price: Money, shipping: Money) -> None:
    if price.minor < 0 or shipping.minor < 0:
        raise Invalid(f"a price of {price} with shipping of {shipping}", "amounts of zero or more")
    if price.minor > MAX_PRICE or shipping.minor > MAX_PRICE:
        raise Invalid(f"a price of {price} with shipping of {shipping}", f"amounts of at most {Money(MAX_PRICE, price.currency)}")
    if price.currency is not shipping.currency:
        raise Invalid(f"a price in {price.currency.code} with shipping in {shipping.currency.code}", "one currency")

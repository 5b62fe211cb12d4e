"""What carts look like over the wire: what was put in, what it costs now, and what has changed since."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

import msgspec

from quarterturn_api.edge.bodies import Body, MoneyBody
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.ordering.cart import CartLine, PriceChange
from quarterturn_domain.ordering.carting import PricedCart

_ITEMS: Final = UUID("5d0f1c8a-7d8e-5a63-9f0e-2c6b8a0d4e17")


def item_id(sku: Sku) -> UUID:
    """What a line is called in a path, where not every SKU could stand."""
    return uuid5(_ITEMS, sku)


class CartLineBody(Body):
    """Units of one offer: `price` is what one cost when it was put in, `priceNow` is absent when it cannot be bought any more."""

    id: UUID
    sku: str
    title: str | None
    product_id: UUID | None
    vendor_id: UUID | None
    quantity: int
    price: MoneyBody
    price_now: MoneyBody | None
    not_for_sale: str | None

    @classmethod
    def of(cls, line: CartLine, shown: PricedCart) -> CartLineBody:
        """`line` with what is known of its offer now."""
        offer = shown.offers.get(line.sku)
        reason = "it is not offered any more" if offer is None else offer.not_for_sale
        return cls(
            id=item_id(line.sku),
            sku=line.sku,
            title=None if offer is None else offer.title,
            product_id=None if offer is None else offer.product_id,
            vendor_id=None if offer is None else offer.vendor_id,
            quantity=line.quantity,
            price=MoneyBody.of(line.price),
            price_now=None if offer is None or reason is not None else MoneyBody.of(offer.price),
            not_for_sale=reason,
        )


class PriceChangeBody(Body):
    """An offer that costs something else now than when it was put in; `now` is absent when it cannot be bought any more."""

    sku: str
    before: MoneyBody
    now: MoneyBody | None

    @classmethod
    def of(cls, change: PriceChange) -> PriceChangeBody:
        """`change` as the buyer sees it."""
        return cls(sku=change.sku, before=MoneyBody.of(change.before), now=None if change.now is None else MoneyBody.of(change.now))


class ObstacleBody(Body):
    """Why the cart cannot be bought as it is."""

    code: str
    message: str


class CartBody(Body):
    """A cart; `total` is what it costs now, and `obstacle` why it cannot be bought, if so. Without an `id` it is not there yet.

    `token` is told once, when a guest's cart is opened: whoever has it may fill the cart.
    """

    id: UUID | None = None
    token: str | None = None
    lines: list[CartLineBody] = msgspec.field(default_factory=list)
    changes: list[PriceChangeBody] = msgspec.field(default_factory=list)
    total: MoneyBody | None = None
    obstacle: ObstacleBody | None = None

    @classmethod
    def of(cls, shown: PricedCart, token: str | None = None) -> CartBody:
        """`shown` as whoever fills it sees it."""
        refusal = shown.refusal
        return cls(
            id=shown.cart.id,
            token=token,
            lines=[CartLineBody.of(line, shown) for line in shown.cart.lines],
            changes=[PriceChangeBody.of(each) for each in shown.changes],
            total=None if shown.total is None else MoneyBody.of(shown.total),
            obstacle=None if refusal is None else ObstacleBody(code=refusal.code, message=refusal.message),
        )

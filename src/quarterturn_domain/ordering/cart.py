"""A cart: what somebody thinks of buying, with the prices at the time it was put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.errors import Invalid, NotFound, Rejected
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, Sku
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.events import CartExpired, CartMerged

MAX_LINES: Final = 100
MAX_QUANTITY: Final = 10_000


class CartStatus(StrEnum):
    """What became of the cart."""

    OPEN = "open"
    ORDERED = "ordered"
    MERGED = "merged"
    EXPIRED = "expired"


CART: Final = StateMachine(
    "cart",
    initial=CartStatus.OPEN,
    table={
        CartStatus.OPEN: {
            "change": CartStatus.OPEN,
            "order": CartStatus.ORDERED,
            "merge": CartStatus.MERGED,
            "expire": CartStatus.EXPIRED,
        },
        CartStatus.ORDERED: {},
        CartStatus.MERGED: {},
        CartStatus.EXPIRED: {},
    },
)


@attrs.frozen(eq=False)
class CartFull(Rejected):
    """A cart takes no more lines, or a line no more units."""

    limit: int
    of: str

    @property
    def message(self) -> str:
        """What the limit is."""
        return f"A cart takes at most {self.limit} {self.of}"


@attrs.frozen
class CartLine:
    """Units of one offer, and what one cost when it was put in."""

    sku: Sku
    quantity: int
    price: Money


@attrs.frozen
class PriceChange:
    """An offer in the cart costs something else now; `now` is None when it is not for sale any more."""

    sku: Sku
    before: Money
    now: Money | None


@attrs.frozen
class Cart:
    """Lines in the order in which they were put in; a guest's cart has no owner."""

    id: CartId
    owner_id: AccountId | None
    lines: tuple[CartLine, ...] = ()
    status: CartStatus = CART.initial
    order_id: OrderId | None = None
    changed_at: datetime | None = None

    def add(self, offer: Sellable, quantity: int, *, at: datetime) -> Cart:
        """Put in `quantity` more of an offer, at its price now; raises `NotForSale`, `CartFull` or `Invalid`."""
        offer.refuse_unless_for_sale()
        already = next((line.quantity for line in self.lines if line.sku == offer.sku), 0)
        if quantity < 1:
            raise Invalid(f"a quantity of {quantity}", "one or more")
        return self._with(CartLine(offer.sku, already + quantity, offer.price), at)

    def change(self, sku: Sku, quantity: int, *, at: datetime) -> Cart:
        """Let there be `quantity` of an offer that is in the cart; none takes it out."""
        line = next((line for line in self.lines if line.sku == sku), None)
        if line is None:
            raise NotFound("cart line", sku)
        if quantity < 0:
            raise Invalid(f"a quantity of {quantity}", "zero or more")
        if quantity == 0:
            return self._changed(tuple(each for each in self.lines if each.sku != sku), at)
        return self._with(attrs.evolve(line, quantity=quantity), at)

    def merge(self, guest: Cart, *, at: datetime) -> tuple[Cart, Cart, CartMerged]:
        """Take a guest's lines into this cart: quantities add up, and the later price counts; the guest's cart ends."""
        merged = self
        for line in guest.lines:
            already = next((each.quantity for each in merged.lines if each.sku == line.sku), 0)
            merged = merged._with(attrs.evolve(line, quantity=min(already + line.quantity, MAX_QUANTITY)), at)
        ended = attrs.evolve(guest, status=CART.next(guest.status, "merge"), changed_at=at)
        return merged, ended, CartMerged(cart_id=guest.id, into=self.id, at=at)

    def order(self, order_id: OrderId, *, at: datetime) -> Cart:
        """The cart became an order; for the same order again it stays as it is."""
        if self.status is CartStatus.ORDERED and self.order_id == order_id:
            return self
        return attrs.evolve(self, status=CART.next(self.status, "order"), order_id=order_id, changed_at=at)

    def expire(self, *, at: datetime) -> tuple[Cart, CartExpired]:
        """Nobody wants it any more: whoever comes back begins with an empty one. When it was touched last is still known."""
        after = attrs.evolve(self, status=CART.next(self.status, "expire"))
        return after, CartExpired(cart_id=self.id, owner_id=self.owner_id, at=at)

    def changes(self, offers: Mapping[Sku, Sellable]) -> Sequence[PriceChange]:
        """What costs something else now than when it was put in."""
        found = []
        for line in self.lines:
            offer = offers.get(line.sku)
            now = offer.price if offer is not None and offer.not_for_sale is None else None
            if now != line.price:
                found.append(PriceChange(line.sku, line.price, now))
        return found

    def _with(self, line: CartLine, at: datetime) -> Cart:
        if line.quantity > MAX_QUANTITY:
            raise CartFull(MAX_QUANTITY, "units of one offer")
        if any(each.sku == line.sku for each in self.lines):
            return self._changed(tuple(line if each.sku == line.sku else each for each in self.lines), at)
        if len(self.lines) >= MAX_LINES:
            raise CartFull(MAX_LINES, "lines")
        return self._changed((*self.lines, line), at)

    def _changed(self, lines: tuple[CartLine, ...], at: datetime) -> Cart:
        return attrs.evolve(self, lines=lines, status=CART.next(self.status, "change"), changed_at=at)

"""An order line: one cart line as it was priced, and how far each of its units has come."""

from __future__ import annotations

import attrs

from quarterturn_domain.kernel.errors import Rejected
from quarterturn_domain.kernel.ids import ProductId, Sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import half_up
from quarterturn_domain.pricing.quote import LinePrice
from quarterturn_domain.pricing.split import RefundTooLarge, Split


@attrs.frozen(eq=False)
class NotThatMany(Rejected):
    """Fewer units of a line can be treated so than were asked for."""

    line: int
    act: str
    wanted: int
    possible: int

    @property
    def message(self) -> str:
        """How many units can, and how many were asked for."""
        return f"Only {self.possible} units of line {self.line} can be {self.act}; {self.wanted} were asked for"


@attrs.frozen
class OrderLine:
    """Units of one offer; counters say how many were shipped, delivered, cancelled, are on their way back, have come back.

    `shipped + cancelled <= quantity`, `delivered <= shipped`, `returning + returned <= delivered`. `refunded_goods` and
    `refunded_shipping` are what the customer got back so far, of what was paid for goods and for shipping.
    """

    number: int
    sku: Sku
    product_id: ProductId
    title: str
    price: LinePrice
    refunded_goods: Money
    refunded_shipping: Money
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    returning: int = 0
    returned: int = 0

    @property
    def quantity(self) -> int:
        """How many units were bought."""
        return self.price.quantity

    @property
    def paid(self) -> Money:
        """What the customer paid for the line, goods and shipping."""
        return self.price.goods.paid + self.price.shipping.paid

    @property
    def refunded(self) -> Money:
        """What the customer got back so far."""
        return self.refunded_goods + self.refunded_shipping

    @property
    def unshipped(self) -> int:
        """How many units can still be shipped or cancelled."""
        return self.quantity - self.shipped - self.cancelled

    @property
    def split(self) -> Split:
        """Who has which part of what was paid, after everything that was given back."""
        goods, shipping = self.price.goods, self.price.shipping
        gone = self.cancelled + self.returned
        if not (self.refunded_goods or self.refunded_shipping or gone):
            return goods + shipping
        # Goods that cost the customer nothing cannot be refunded: their units are undone as they go.
        back = goods.given_back(self.refunded_goods) if goods.paid else goods.undone(gone, self.quantity)
        return goods - back + shipping - shipping.given_back(self.refunded_shipping)

    def ship(self, units: int) -> OrderLine:
        """Send `units`, or `NotThatMany`."""
        self._check("shipped", units, self.unshipped)
        return attrs.evolve(self, shipped=self.shipped + units)

    def deliver(self, units: int) -> OrderLine:
        """Let `units` that were shipped arrive."""
        assert 0 < units <= self.shipped - self.delivered
        return attrs.evolve(self, delivered=self.delivered + units)

    def cancel(self, units: int) -> OrderLine:
        """Never ship `units`, or `NotThatMany`."""
        self._check("cancelled", units, self.unshipped)
        return attrs.evolve(self, cancelled=self.cancelled + units)

    def ask_back(self, units: int) -> OrderLine:
        """Want to send `units` back, or `NotThatMany`."""
        self._check("returned", units, self.delivered - self.returning - self.returned)
        return attrs.evolve(self, returning=self.returning + units)

    def keep(self, units: int) -> OrderLine:
        """Do not send `units` back after all."""
        assert 0 < units <= self.returning
        return attrs.evolve(self, returning=self.returning - units)

    def take_back(self, units: int) -> OrderLine:
        """Get `units` back that were on their way."""
        assert 0 < units <= self.returning
        return attrs.evolve(self, returning=self.returning - units, returned=self.returned + units)

    def worth(self, units: int, *, shipping: bool) -> tuple[Money, Money]:
        """What was paid for the latest `units` that were cancelled or came back: goods, and shipping when it counts.

        Never more than is left.

        It is computed cumulatively, so that the worth of all units one by one is the worth of the line.
        """
        gone = self.cancelled + self.returned
        assert 0 < units <= gone
        goods = self._part(self.price.goods.paid, gone) - self._part(self.price.goods.paid, gone - units)
        paid = self.price.shipping.paid
        freight = self._part(paid, gone) - self._part(paid, gone - units) if shipping else Money.zero(paid.currency)
        return min(goods, self.price.goods.paid - self.refunded_goods), min(freight, paid - self.refunded_shipping)

    def undone(self, units: int) -> Split:
        """What each party gives for the latest `units` that were cancelled or came back, of goods that cost the customer nothing.

        No refund can say it, because nothing was paid: the platform had funded all of it. Of what was paid for it is nothing.
        """
        gone, goods = self.cancelled + self.returned, self.price.goods
        assert 0 <= units <= gone
        if goods.paid:
            return Split.nothing(goods.paid.currency)
        return goods.undone(gone, self.quantity) - goods.undone(gone - units, self.quantity)

    def refund(self, goods: Money, shipping: Money) -> tuple[OrderLine, Split]:
        """Give back so much of the goods and of the shipping: the next line, and what each party gives; or `RefundTooLarge`."""
        after = attrs.evolve(
            self,
            refunded_goods=_added(self.refunded_goods, goods, self.price.goods.paid),
            refunded_shipping=_added(self.refunded_shipping, shipping, self.price.shipping.paid),
        )
        return after, self.split - after.split

    def _part(self, paid: Money, units: int) -> Money:
        return Money(half_up(paid.minor * units, self.quantity), paid.currency)

    def _check(self, act: str, wanted: int, possible: int) -> None:
        if not 0 < wanted <= possible:
            raise NotThatMany(self.number, act, wanted, possible)


def _added(before: Money, more: Money, paid: Money) -> Money:
    if more.minor < 0 or more > paid - before:
        raise RefundTooLarge(more, paid - before)
    return before + more

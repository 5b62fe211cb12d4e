"""Checkout: a cart becomes an order, at the prices of now, or says which of them have changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import attrs

from quarterturn_domain.kernel.errors import NotFound, Outcome, granted
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.delivery import Delivery
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.pricing.tax import Destination


@attrs.frozen(kw_only=True)
class CheckOut:
    """Order what is in a cart; `expected_total` is what the buyer was shown."""

    cart_id: CartId
    order_id: OrderId
    owner_id: AccountId | None = None
    buyer_id: AccountId | None = None
    expected_total: Money | None = None
    codes: tuple[str, ...] = ()
    destination: Destination | None = None
    delivery: Delivery | None = None
    at: datetime = attrs.field(metadata=TIMING)


class CheckOutCarts:
    """Checks carts out through whatever places orders: `PlaceOrders` itself, or a desk that collects callers."""

    def __init__(self, work: Begin[OrderingWork], place: Callable[[Sequence[PlaceOrder]], Sequence[Outcome[Order]]]) -> None:
        self._work = work
        self._place = place

    def __call__(self, command: CheckOut) -> Order:
        """The order; raises what `PlaceOrders` refuses with, and `NotFound` for a cart that is somebody else's.

        The cart is read without a lock: when it is changed before the order is placed, `Conflict`, and nothing is held.
        """
        with self._work() as work:
            cart = required(work.carts.find([command.cart_id]), command.cart_id, "cart")
        if cart.owner_id != command.owner_id:
            raise NotFound("cart", str(command.cart_id))
        placed = self._place(
            [
                PlaceOrder(
                    order_id=command.order_id,
                    lines=tuple(BasketLine(line.sku, line.quantity) for line in cart.lines),
                    buyer_id=command.buyer_id if command.buyer_id is not None else command.owner_id,
                    expected_total=command.expected_total,
                    codes=command.codes,
                    destination=command.destination,
                    delivery=command.delivery,
                    cart_id=command.cart_id,
                    at=command.at,
                )
            ]
        )
        return granted(placed[0])

"""Orders: placed by the domain's own pricing, and carried through every part of an order's life."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, ReturnId, ShipmentId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.cart import Cart
from quarterturn_domain.ordering.delivery import Delivery
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.placing import BasketLine, CheckoutPolicy, PlaceOrder, price
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.ordering.return_ import Return
from quarterturn_domain.payments.refund import LineRefund, give_back
from quarterturn_domain.testing.samples.goods import a_sellable, furnish_locations, offer_sku
from quarterturn_domain.testing.samples.numbering import MANY, moment, numbered
from quarterturn_domain.testing.samples.people import account_id
from quarterturn_domain.testing.samples.terms import BERLIN, a_price_book


def cart_id(n: int) -> CartId:
    """The id of the `n`-th cart."""
    return CartId(numbered(0xD1, n))


def order_id(n: int) -> OrderId:
    """The id of the `n`-th order."""
    return OrderId(numbered(0xD2, n))


def shipment_id(n: int) -> ShipmentId:
    """The id of the `n`-th parcel."""
    return ShipmentId(numbered(0xD3, n))


def return_id(n: int) -> ReturnId:
    """The id of the `n`-th return."""
    return ReturnId(numbered(0xD4, n))


A_DOOR: Final = Delivery(
    name="Zoë „Zo“ Ångström",
    lines=("Straße des 17. Juni 135", "c/o 'Gym'"),
    city="Berlin",
    postal_code="10623",
    country="DE",
    phone="+49 30 123456",
)
"""Where somebody gets parcels."""


def a_cart(n: int = 1, *, owner: AccountId | None = None) -> Cart:
    """The `n`-th cart with two lines; a guest's unless it has an owner."""
    start = Cart(cart_id(n), owner)
    first = (n - 1) % 33 + 1
    return start.add(a_sellable(first), 2, at=moment(n)).add(a_sellable(first + 3), n, at=moment(n))


def a_placed_order(n: int = 1, *, buyer: int | None = None) -> Order:
    """The `n`-th order: four lines of three vendors, one SKU twice, priced under `a_price_book`, not paid yet."""
    first = (n - 1) % 33 + 1
    skus = (first, first + 3, first + 6, first)
    command = PlaceOrder(
        order_id=order_id(n),
        lines=tuple(BasketLine(offer_sku(each), quantity) for each, quantity in zip(skus, (3, 1, 2, 1), strict=True)),
        buyer_id=account_id(buyer or (n - 1) % MANY + 1),
        destination=BERLIN,
        at=moment(n),
    )
    offers = {offer_sku(each): a_sellable(each) for each in skus}
    return granted(price([command], offers, a_price_book(), {}, CheckoutPolicy())[0])


def a_paid_order(n: int = 1) -> Order:
    """The `n`-th order, paid."""
    return a_placed_order(n).pay(at=moment(n + 1))[0]


def a_started_order(n: int = 1) -> Order:
    """The `n`-th order, which every vendor has begun to pack."""
    order = a_paid_order(n)
    for part in order.vendor_orders:
        order = order.replace(part.start(at=moment(n + 2))[0])
    return order


def a_partly_shipped_order(n: int = 1) -> Order:
    """The `n`-th order, of which one unit is under way."""
    order = a_started_order(n)
    part = order.vendor_orders[0]
    sent, _ = part.ship(shipment_id(10 * n), [Units(part.lines[0].number, 1)], carrier="DHL", tracking="JD01", at=moment(n + 3))
    return order.replace(sent)


def a_partly_cancelled_order(n: int = 1) -> Order:
    """The `n`-th order, of which a unit will not be shipped."""
    order = a_paid_order(n)
    part = order.vendor_orders[0]
    less, _ = part.cancel(f"cancellation:{n}", [Units(part.lines[0].number, 1)], reason="sold out", at=moment(n + 3))
    return order.replace(less)


def a_delivered_order(n: int = 1) -> Order:
    """The `n`-th order, delivered by every vendor, the first one's part in two parcels."""
    order = a_partly_shipped_order(n)
    for number, part in enumerate(order.vendor_orders):
        sent, _ = part.ship(shipment_id(10 * n + number + 1), at=moment(n + 4))
        order = order.replace(sent.deliver(at=moment(n + 5))[0])
    return order


def a_returning_order(n: int = 1) -> Order:
    """The `n`-th order, of which one unit came back and one is on its way."""
    order = a_delivered_order(n)
    part = order.vendor_orders[0]
    units = [Units(part.lines[0].number, 1)]
    came_back = part.each(units, OrderLine.ask_back).each(units, OrderLine.take_back)
    return order.replace(came_back.each(units, OrderLine.ask_back))


def a_refunded_order(n: int = 1) -> Order:
    """The `n`-th order, of which some was given back of goods and of shipping."""
    order = a_delivered_order(n)
    line = order.vendor_orders[0].lines[0]
    part = LineRefund(line.number, Money(7, order.total.currency), Money(3, order.total.currency))
    return give_back(order, [part])[0]


LIVES: Final[Mapping[str, Callable[[int], Order]]] = MappingProxyType(
    {
        "placed": a_placed_order,
        "expired": lambda n: a_placed_order(n).expire(at=moment(n + 1))[0],
        "cancelled": lambda n: a_placed_order(n).cancel(reason="changed my mind", at=moment(n + 1))[0],
        "paid": a_paid_order,
        "started": a_started_order,
        "partly shipped": a_partly_shipped_order,
        "partly cancelled": a_partly_cancelled_order,
        "delivered": a_delivered_order,
        "returning": a_returning_order,
        "refunded": a_refunded_order,
        "going to a door": lambda n: attrs.evolve(a_paid_order(n), delivery=A_DOOR),
        "a guest's, going nowhere": lambda n: attrs.evolve(a_placed_order(n), buyer_id=None, destination=None),
    }
)
"""The `n`-th order at every turn of an order's life."""


def a_return(n: int = 1, *, order: int | None = None) -> Return:
    """The `n`-th return, of one unit of an order that was delivered."""
    delivered = a_delivered_order(order or (n - 1) % MANY + 1)
    part = delivered.vendor_orders[0]
    units = (Units(part.lines[0].number, 1),)
    return Return(return_id(n), delivered.id, part.vendor_id, units, "too heavy", moment(n + 9))


def furnish_orders(work: OrderingWork) -> None:
    """Keep the catalog, locations, and delivered orders."""
    furnish_locations(work)
    work.orders.add(a_delivered_order(n) for n in range(1, MANY + 1))

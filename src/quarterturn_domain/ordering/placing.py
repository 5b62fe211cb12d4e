"""Placing orders: many checkouts are priced, held and recorded in one transaction, and each gets its own answer.

Prices come from the offers and terms as they are, never from the buyer; a basket is held as a whole or refused; and one short
basket never harms its neighbours in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.errors import Conflict, DomainError, Invalid, NotFound, Outcome, Rejected
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import TIMING, fingerprint
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, Sku, VendorId, possible
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.texts import written
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.cart import MAX_LINES, MAX_QUANTITY, Cart
from quarterturn_domain.ordering.delivery import Delivery
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.ordering.vendor_order import VendorOrder
from quarterturn_domain.pricing.quote import PriceBook, quote
from quarterturn_domain.pricing.tax import Destination
from quarterturn_domain.stock.allocation import Allocation, AllocationPolicy, fewest_locations
from quarterturn_domain.stock.kit import exploded
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockShort

_TWINS: Final = 3
"""How often a batch is decided anew because another transaction was placing one of its orders."""

MAX_BASKET: Final = 10**15
"""What a basket may be worth, goods and shipping before discounts and taxes, in minor units of whatever currency.

Without it MAX_LINES * MAX_QUANTITY * (MAX_PRICE + MAX_PRICE) were 2 * 10**18. With it every sum of an order, taxes of several times
the price included, is a thousandth of the 2**63 > 9 * 10**18 that a database keeps.
"""


@attrs.frozen(eq=False)
class PriceChanged(Rejected):
    """The basket costs something else than the buyer expects."""

    expected: Money
    actual: Money

    @property
    def message(self) -> str:
        """Both totals."""
        return f"The basket costs {self.actual} now, not {self.expected}; show the new total and ask again"


@attrs.frozen
class BasketLine:
    """So many units of an offer."""

    sku: Sku
    quantity: int


@attrs.frozen(kw_only=True)
class PlaceOrder:
    """Buy a basket; `order_id` is given by the asker and makes it one order however often it is asked for.

    `destination` is where it goes as far as taxes care, that of the `delivery` unless another one is said.
    `cart_id` is the cart that ends with it: the buyer's own or a guest's, and as many of each SKU are in it as in the basket.
    """

    order_id: OrderId
    lines: tuple[BasketLine, ...]
    buyer_id: AccountId | None = None
    expected_total: Money | None = None
    codes: tuple[str, ...] = ()
    destination: Destination | None = None
    delivery: Delivery | None = None
    cart_id: CartId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen
class CheckoutPolicy:
    """How long stock is held for a payment, and which locations give it."""

    hold: timedelta = timedelta(minutes=15)
    allocate: AllocationPolicy = fewest_locations


@attrs.frozen
class Decision:
    """What a batch came to: an outcome for each command, what is to be recorded, and which SKUs somebody missed."""

    outcomes: Sequence[Outcome[Order]]
    orders: Sequence[Order]
    carts: Sequence[Cart]
    allocation: Allocation
    facts: Sequence[Event]
    missed: frozenset[Sku]


class PlaceOrders:
    """Places orders, many at once; the same id with the same content is the same order."""

    def __init__(self, work: Begin[OrderingWork], policy: CheckoutPolicy | None = None) -> None:
        self._work = work
        self._policy = policy or CheckoutPolicy()

    def __call__(self, commands: Sequence[PlaceOrder]) -> Sequence[Outcome[Order]]:
        """For each command its order, or the refusal.

        `StockShort`, `PriceChanged`, `NotForSale`, `NotFound`, `Invalid`, `Conflict`, ...
        """
        if not commands:
            return []
        for _ in range(_TWINS):
            try:
                return self._place(commands)
            except Conflict:
                # Another transaction has placed one of the same ids at the same moment: by now it is known.
                continue
        return self._place(commands)

    def _place(self, commands: Sequence[PlaceOrder]) -> Sequence[Outcome[Order]]:
        ids = {command.order_id for command in commands}
        # What cannot be a SKU is not looked for: a basket that names it is refused alone.
        skus = possible(line.sku for command in commands for line in command.lines)
        cart_ids = {command.cart_id for command in commands if command.cart_id is not None}
        with self._work() as work:
            known = work.orders.find(ids)
            # Everything is priced before the stock is locked: others wait only for what has to be serial.
            priced = price(commands, work.offers.sellable(skus), work.price_books.current(), known, self._policy)
            carts = work.carts.lock(cart_ids) if cart_ids else {}
            shelf = work.stock.lock(skus)
            decision = decide(commands, priced, known, carts, shelf, self._policy)
            if decision.missed:
                if work.orders.find(ids).keys() != known.keys():
                    # What is short may be held by the very same order, placed by another transaction while this one waited.
                    raise Conflict("order", "of this batch", "another transaction placed it meanwhile")
                if lapsed := work.stock.lapsed(decision.missed, max(command.at for command in commands)):
                    decision = decide(commands, priced, known, carts, shelf.with_reservations(lapsed), self._policy)
            if decision.carts:
                work.carts.save(decision.carts)
            if decision.orders:
                work.stock.record(decision.allocation)
                work.orders.add(decision.orders)
                work.outbox.append(decision.facts)
        return decision.outcomes


def price(
    commands: Sequence[PlaceOrder],
    offers: Mapping[Sku, Sellable],
    book: PriceBook,
    known: Mapping[OrderId, Order],
    policy: CheckoutPolicy,
) -> Sequence[Outcome[Order]]:
    """For each command the order as it would be placed, or the one that was placed before, or why it cannot be; pure."""

    def draft(command: PlaceOrder) -> Order:
        mark = fingerprint(command)
        order = known.get(command.order_id)
        return _draft(command, mark, offers, book, policy) if order is None else _same(order, mark)

    return decide_each(commands, draft)


def decide(
    commands: Sequence[PlaceOrder],
    priced: Sequence[Outcome[Order]],
    known: Mapping[OrderId, Order],
    carts: Mapping[CartId, Cart],
    shelf: Shelf,
    policy: CheckoutPolicy,
) -> Decision:
    """Hold the stock of each priced order, in turn, or refuse it; pure."""
    allocation = Allocation(shelf, policy.allocate)
    outcomes: list[Outcome[Order]] = []
    placed: dict[OrderId, Order] = {}
    ordered: dict[CartId, Cart] = dict(carts)
    facts: list[Event] = []
    missed: set[Sku] = set()
    for command, order in zip(commands, priced, strict=True):
        if isinstance(order, DomainError) or order.id in known:
            outcomes.append(order)
            continue
        try:
            if order.id in placed:
                outcomes.append(_same(placed[order.id], order.fingerprint))
                continue
            cart = None if command.cart_id is None else _closed(required(ordered, command.cart_id, "cart"), order, at=command.at)
            allocation.hold(order.id, order.units, deadline=order.deadline, at=command.at)
        except DomainError as refusal:
            if isinstance(refusal, StockShort):
                missed.update(exploded(order.units, shelf.kits))
            outcomes.append(refusal.with_traceback(None))
            continue
        if cart is not None:
            ordered[cart.id] = cart
        placed[order.id] = order
        facts.append(order.placed(command.cart_id))
        outcomes.append(order)
    changed = [cart for key, cart in ordered.items() if cart is not carts.get(key)]
    return Decision(outcomes, tuple(placed.values()), changed, allocation, (*allocation.facts, *facts), frozenset(missed))


def _closed(cart: Cart, order: Order, *, at: datetime) -> Cart:
    """`cart` as the one that became `order`: the buyer's own or a guest's, and what is in it is what is bought."""
    if cart.owner_id not in {None, order.buyer_id}:
        raise NotFound("cart", str(cart.id))
    after = cart.order(order.id, at=at)
    if {line.sku: line.quantity for line in cart.lines} != order.units:
        raise Conflict("cart", str(cart.id), "what is in it is not what is ordered; read it again")
    return after


def _same(order: Order, mark: str) -> Order:
    if order.fingerprint != mark:
        raise Conflict("order", str(order.id), "it was placed with other content")
    return order


def _draft(command: PlaceOrder, mark: str, offers: Mapping[Sku, Sellable], book: PriceBook, policy: CheckoutPolicy) -> Order:
    if not 1 <= len(command.lines) <= MAX_LINES:
        raise Invalid(f"a basket of {len(command.lines)} lines", f"1 to {MAX_LINES}")
    destination = command.destination
    if destination is not None:
        written(country=destination.country, region=destination.region)
    if command.delivery is not None:
        command.delivery.refuse_unless_reachable(destination)
        destination = destination or Destination(command.delivery.country, command.delivery.region or None)
    basket: list[tuple[Sellable, int]] = []
    worth = 0
    for asked in command.lines:
        if not 1 <= asked.quantity <= MAX_QUANTITY:
            raise Invalid(f"a quantity of {asked.quantity} of {asked.sku}", f"1 to {MAX_QUANTITY}")
        offer = required(offers, asked.sku, "offer")
        offer.refuse_unless_for_sale()
        basket.append((offer, asked.quantity))
        worth += (offer.price.minor + offer.shipping.minor) * asked.quantity
    if worth > MAX_BASKET:
        raise Invalid(f"a basket of {worth} minor units before discounts and taxes", f"at most {MAX_BASKET}")
    prices = quote(basket, book, at=command.at, codes=command.codes, destination=destination)
    currency = prices[0].unit_price.currency
    nothing = Money.zero(currency)
    parts: dict[VendorId, list[OrderLine]] = {}
    due = 0
    for number, ((offer, _), each) in enumerate(zip(basket, prices, strict=True), start=1):
        line = OrderLine(number, offer.sku, offer.product_id, offer.title, each, nothing, nothing)
        parts.setdefault(offer.vendor_id, []).append(line)
        due += each.goods.paid.minor + each.shipping.paid.minor
    total = Money(due, currency)
    if command.expected_total is not None and command.expected_total != total:
        raise PriceChanged(command.expected_total, total)
    return Order(
        command.order_id,
        command.buyer_id,
        tuple(VendorOrder(command.order_id, vendor_id, tuple(lines)) for vendor_id, lines in parts.items()),
        total,
        command.at,
        command.at + policy.hold,
        mark,
        destination,
        delivery=command.delivery,
    )

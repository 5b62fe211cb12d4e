"""Ordering by example: one id is one order, one short basket harms nobody, and every unit is counted once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import attrs
import pytest
from tests.unit.ordering.shops import BASKET, after, euro, facts

from quarterturn_domain.catalog.offer import MAX_PRICE
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Conflict, DomainError, Invalid, Outcome
from quarterturn_domain.kernel.idempotency import KeyReused
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, Sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.cancelling import CancelOrder
from quarterturn_domain.ordering.cart import CartStatus
from quarterturn_domain.ordering.carting import AddToCart, MergeCart
from quarterturn_domain.ordering.checkout import CheckOut, CheckOutCarts
from quarterturn_domain.ordering.events import VendorOrderStarted
from quarterturn_domain.ordering.fulfilling import StartVendorOrder
from quarterturn_domain.ordering.order import Order, OrderState, OrderStatus
from quarterturn_domain.ordering.placing import MAX_BASKET, BasketLine, PlaceOrder
from quarterturn_domain.stock.stock_item import StockShort
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import VENDORS
from quarterturn_domain.testing.strategies.lives import AskBack, Cancel, Decide, Deliver, Goods, Onward, Pass, Ship, Step, Work

PAID: Final[tuple[Step, ...]] = (BASKET, Onward(0))
CART: Final = CartId(UUID(int=0xCA))
OWN: Final = CartId(UUID(int=0xCB))
OWNER: Final = AccountId(UUID(int=0xAC))


def basket(living: LivingShop, number: int, quantity: int, sku: str = "A-01") -> PlaceOrder:
    """Order units of one offer under an id."""
    return PlaceOrder(order_id=OrderId(UUID(int=number)), lines=(BasketLine(Sku(sku), quantity),), at=living.now)


def status(living: LivingShop, order: int = 0) -> OrderStatus:
    """What the customer is told."""
    return living.found()[order].status


def on_hand(living: LivingShop) -> list[tuple[int, int]]:
    """What is on the shelf of A-01 and B-02, and how much of it is reserved."""
    with living.shop.begin() as work:
        return [(item.on_hand, item.reserved) for item in work.stock.levels([Sku("A-01"), Sku("B-02")])]


def test_the_same_id_is_the_same_order() -> None:
    """Twice in a batch, and once more later: one order, one fact, one reservation."""
    living = after()
    command = basket(living, 1, 2)
    first, second = living.shop.place_orders([command, command])
    told = facts(living)
    (third,) = living.shop.place_orders([attrs.evolve(command, at=living.now + timedelta(hours=1))])
    assert first == second == third
    assert ["order.placed"] == [tag for tag in told if tag.startswith("order")]
    assert told == facts(living)
    assert [(9, 2), (9, 0)] == on_hand(living)


def test_the_same_id_with_another_basket_is_a_conflict_only_if_the_first_was_placed() -> None:
    """In a batch as one by one: after a refusal the id is still free."""
    living = after()
    taken = living.shop.place_orders([basket(living, 1, 2), basket(living, 1, 3)])
    assert Conflict("order", str(UUID(int=1)), "it was placed with other content") == taken[1]
    free = living.shop.place_orders([basket(living, 2, 10), basket(living, 2, 3)])
    assert StockShort(Sku("A-01"), 10, 7) == free[0]
    assert isinstance(free[1], Order)
    assert [(9, 5), (9, 0)] == on_hand(living)


def test_one_short_basket_harms_none_of_its_neighbours() -> None:
    """Of three in a batch the second is refused whole, and the third gets what the second did not."""
    living = after()
    both = PlaceOrder(order_id=OrderId(UUID(int=2)), lines=(BasketLine(Sku("B-02"), 9), BasketLine(Sku("A-01"), 5)), at=living.now)
    outcomes = living.shop.place_orders([basket(living, 1, 5), both, basket(living, 3, 9, "B-02")])
    assert [False, True, False] == [isinstance(outcome, DomainError) for outcome in outcomes]
    assert [(9, 5), (9, 9)] == on_hand(living)


def test_a_lapsed_hold_gives_way_and_the_rest_expires_later() -> None:
    """Somebody did not pay in time: a part of what was held is sold to another, the rest comes back with the expiry, once."""
    living = after(BASKET, Pass(timedelta(minutes=15)))
    (outcome,) = living.shop.place_orders([basket(living, 1, 8)])
    assert isinstance(outcome, Order)
    assert [(9, 8), (9, 1)] == on_hand(living)
    living.take(Work("expire"))
    assert [(9, 8), (9, 0)] == on_hand(living)
    assert status(living) is OrderStatus.EXPIRED
    assert list(living.shop.expire_orders(10)) == []


def test_a_hold_that_is_not_over_is_not_touched() -> None:
    """A second before its deadline nobody else gets it."""
    living = after(BASKET, Pass(timedelta(minutes=15, seconds=-1)))
    assert [StockShort(Sku("A-01"), 8, 7)] == list(living.shop.place_orders([basket(living, 1, 8)]))
    assert list(living.shop.expire_orders(10)) == []


def test_an_unpaid_order_is_cancelled_as_a_whole() -> None:
    """Everything is free again, and no vendor has anything to do."""
    living = after(BASKET, Cancel(0))
    assert [(9, 0), (9, 0)] == on_hand(living)
    assert OrderState.CANCELLED is living.found()[0].state
    prove(living)


def test_cancelled_units_go_back_where_they_came_from() -> None:
    """One of two, then the rest of everybody: each on the shelf once."""
    living = after(*PAID, Cancel(0, 0, ((0, 1),)))
    assert [(8, 0), (8, 0)] == on_hand(living)
    assert status(living) is OrderStatus.CONFIRMED
    living.take(Cancel(0))
    assert [(9, 0), (9, 0)] == on_hand(living)
    assert status(living) is OrderStatus.CANCELLED
    prove(living)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param((), OrderStatus.CONFIRMED, id="paid"),
        pytest.param((Ship(0, 0, ((0, 1),)),), OrderStatus.PARTIALLY_SHIPPED, id="a first parcel"),
        pytest.param((Ship(0, 0, ((0, 1),)), Deliver(0, 0)), OrderStatus.PARTIALLY_SHIPPED, id="a first parcel arrived"),
        pytest.param((Ship(0, 0),), OrderStatus.PARTIALLY_SHIPPED, id="one vendor is done"),
        pytest.param((Ship(0, 0), Ship(0, 1)), OrderStatus.SHIPPED, id="both have sent"),
        pytest.param((Ship(0, 0), Ship(0, 1), Deliver(0, 1)), OrderStatus.PARTIALLY_DELIVERED, id="one has arrived"),
        pytest.param((Ship(0, 0), Ship(0, 1), Deliver(0, 1), Deliver(0, 0)), OrderStatus.DELIVERED, id="all has arrived"),
        pytest.param((Cancel(0, 1), Ship(0, 0)), OrderStatus.SHIPPED, id="one cancelled, one sent"),
        pytest.param((Cancel(0, 1), Ship(0, 0), Deliver(0, 0)), OrderStatus.DELIVERED, id="one cancelled, one arrived"),
        pytest.param(
            (Cancel(0, 1), Ship(0, 0, ((0, 1),)), Deliver(0, 0), Cancel(0, 0)),
            OrderStatus.DELIVERED,
            id="the rest is cancelled when a part has arrived",
        ),
    ],
)
def test_the_status_follows_the_units(steps: tuple[Step, ...], expected: OrderStatus) -> None:
    """Two of one vendor and one of another: what the customer is told at each stage."""
    living = after(*PAID, *steps)
    assert expected is status(living)
    prove(living)


def test_what_comes_back_is_on_the_shelf_if_it_is_to_be() -> None:
    """One unit is put back, the other is not; both are refunded, shipping with the second."""
    living = after(*PAID, *[Onward(0)] * 4, AskBack(0, 0, ((0, 1),)), Decide(0, "approve"), Decide(0, "receive"))
    assert [(8, 0), (8, 0)] == on_hand(living)
    more: tuple[Step, ...] = (AskBack(0, 0), Decide(1, "approve"), Decide(1, "receive", restock=False, refund_shipping=True))
    for step in more:
        living.take(step)
    assert [(8, 0), (8, 0)] == on_hand(living)
    with living.shop.begin() as work:
        amounts = sorted(refund.amount for refund in work.refunds.of_order(living.orders[0]))
    assert [euro("60.00"), euro("64.90")] == amounts
    prove(living)


def test_a_rejected_return_may_be_asked_for_again() -> None:
    """The units are the customer's; nothing was refunded."""
    living = after(*PAID, *[Onward(0)] * 4, AskBack(0, 0), Decide(0, "reject"), AskBack(0, 0), Decide(1, "withdraw"))
    assert not [line.returning for part in living.found()[0].vendor_orders for line in part.lines if line.returning]
    with living.shop.begin() as work:
        assert list(work.refunds.of_order(living.orders[0])) == []


def test_a_guests_cart_becomes_the_accounts_and_an_order() -> None:
    """Merged twice it is merged once; checked out twice it is one order, and the cart is spent."""
    living = after()
    shop = living.shop
    shop.fill_carts(AddToCart(cart_id=CART, sku=Sku("A-01"), quantity=1, at=living.now))
    shop.fill_carts(AddToCart(cart_id=OWN, sku=Sku("A-01"), quantity=1, owner_id=OWNER, at=living.now))
    merge = MergeCart(guest_cart_id=CART, into=OWN, owner_id=OWNER, at=living.now)
    assert shop.merge_carts(merge) == shop.merge_carts(merge)
    order = CheckOut(cart_id=OWN, order_id=OrderId(UUID(int=1)), owner_id=OWNER, expected_total=euro("129.80"), at=living.now)
    placed = shop.check_out_carts(order)
    assert placed == shop.check_out_carts(order)
    assert (OWNER, euro("129.80")) == (placed.buyer_id, placed.total)
    with shop.begin() as work:
        carts = work.carts.find([CART, OWN])
    assert (CartStatus.MERGED, CartStatus.ORDERED, placed.id) == (carts[CART].status, carts[OWN].status, carts[OWN].order_id)


def test_a_basket_that_no_database_adds_up_is_refused_alone() -> None:
    """What a basket is worth before discounts and taxes has a limit; its neighbours are not asked."""
    price = Money(MAX_PRICE, EUR)
    living = after(goods=(Goods(0, 0, price, Money(0, EUR), 9_000), Goods(1, 1, Money(1, EUR), Money(0, EUR), 9)))
    most = MAX_BASKET // MAX_PRICE
    outcomes = living.shop.place_orders([basket(living, 1, most + 1), basket(living, 2, 1, "B-02"), basket(living, 3, most)])
    too_much = Invalid(f"a basket of {MAX_BASKET + MAX_PRICE} minor units before discounts and taxes", f"at most {MAX_BASKET}")
    assert too_much == outcomes[0]
    assert [Money(1, EUR), Money(MAX_BASKET, EUR)] == [each.total for each in outcomes[1:] if isinstance(each, Order)]


def test_a_cart_that_changed_before_it_was_ordered_is_not_ordered() -> None:
    """What ends a cart is its own order, line for line: changed between reading and placing, nothing is held and it stays open."""
    living = after()
    shop = living.shop
    fill = AddToCart(cart_id=CART, sku=Sku("A-01"), quantity=1, at=living.now)
    shop.fill_carts(fill)

    def late(commands: Sequence[PlaceOrder]) -> Sequence[Outcome[Order]]:
        shop.fill_carts(fill)
        return shop.place_orders(commands)

    command = CheckOut(cart_id=CART, order_id=OrderId(UUID(int=1)), at=living.now)
    with pytest.raises(Conflict, match="read it again"):
        CheckOutCarts(shop.begin, late)(command)
    with shop.begin() as work:
        assert CartStatus.OPEN is work.carts.find([CART])[CART].status
    assert [(9, 0), (9, 0)] == on_hand(living)
    assert [2] == [line.quantity for part in shop.check_out_carts(command).vendor_orders for line in part.lines]


def test_a_cart_is_compared_by_units_of_each_sku() -> None:
    """A basket may name a SKU on two lines and in another order than the cart; an account may order a guest's cart."""
    living = after()
    for sku, quantity in (("A-01", 3), ("B-02", 1)):
        living.shop.fill_carts(AddToCart(cart_id=CART, sku=Sku(sku), quantity=quantity, at=living.now))
    lines = (BasketLine(Sku("B-02"), 1), BasketLine(Sku("A-01"), 1), BasketLine(Sku("A-01"), 2))
    command = PlaceOrder(order_id=OrderId(UUID(int=1)), lines=lines, buyer_id=OWNER, cart_id=CART, at=living.now)
    (placed,) = living.shop.place_orders([command])
    assert isinstance(placed, Order)
    with living.shop.begin() as work:
        assert (CartStatus.ORDERED, placed.id) == attrs.astuple(work.carts.find([CART])[CART], recurse=False)[3:5]


def test_beginning_twice_is_beginning_once() -> None:
    """What a vendor does twice changes nothing the second time and is told once; neither in one batch nor in two is it refused."""
    living = after(*PAID)
    start = StartVendorOrder(order_id=living.orders[0], vendor_id=VENDORS[0], at=living.now)
    first, second = living.shop.fulfil_vendor_orders([start, start])
    told = facts(living)
    (third,) = living.shop.fulfil_vendor_orders([start])
    assert first == second == third
    assert told == facts(living)
    assert 1 == told.count(VendorOrderStarted.tag)


@pytest.mark.parametrize("owner", [None, OWNER], ids=["guest", "account"])
def test_a_request_to_add_counts_once(owner: AccountId | None) -> None:
    """The same request twice adds its units once, also when the cart was changed since; with other content its id is refused."""
    living = after()
    fill = living.shop.fill_carts
    add = AddToCart(cart_id=CART, sku=Sku("A-01"), quantity=2, owner_id=owner, request_id=UUID(int=1), at=living.now)
    first = fill(add)
    assert first == fill(attrs.evolve(add, at=living.now + timedelta(hours=1)))
    second = fill(attrs.evolve(add, request_id=UUID(int=2)))
    assert [4] == [line.quantity for line in second.lines]
    assert second == fill(add)
    with pytest.raises(KeyReused) as refused:
        fill(attrs.evolve(add, quantity=3))
    assert KeyReused(f"cart:{CART}:{UUID(int=1)}") == refused.value
    assert second == fill(add)


def test_a_request_that_was_refused_may_be_asked_again() -> None:
    """A refusal keeps nothing: the same id may carry what makes sense."""
    living = after()
    add = AddToCart(cart_id=CART, sku=Sku("A-01"), quantity=0, request_id=UUID(int=1), at=living.now)
    with pytest.raises(Invalid):
        living.shop.fill_carts(add)
    assert [1] == [line.quantity for line in living.shop.fill_carts(attrs.evolve(add, quantity=1)).lines]


def test_one_cancellation_id_cancels_each_order_once() -> None:
    """Two orders are given up under one id: both are, and each gives its units back once."""
    living = after(*PAID, BASKET, Onward(1))
    commands = [
        CancelOrder(cancellation_id=UUID(int=0xC0), order_id=order_id, reason="sold out", at=living.now)
        for order_id in living.orders
    ]
    for command in (*commands, *commands):
        living.shop.cancel_orders(command)
    assert [OrderStatus.CANCELLED] * 2 == [order.status for order in living.found()]
    assert [(9, 0), (9, 0)] == on_hand(living)
    prove(living)

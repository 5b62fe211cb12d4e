"""What the ports of ordering promise: carts, orders and returns."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import CartId, OrderId, ReturnId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.cart import Cart
from quarterturn_domain.ordering.order import ORDER, Order, OrderState
from quarterturn_domain.ordering.ports import Carts, OrderFilter, OrderingWork, Orders, Place, ReturnPlace, Returns
from quarterturn_domain.ordering.return_ import RETURN, Return, ReturnStatus
from quarterturn_domain.ordering.vendor_order import FULFILMENT, VendorOrderStatus
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed
from quarterturn_domain.testing.contracts.repository import RepositoryContract

NOW = samples.moment(0)
TICK = timedelta(microseconds=1)


class CartsContract(RepositoryContract[CartId, Cart]):
    """What `Carts` promises."""

    def furnish(self, work: OrderingWork) -> None:
        """Keep people and offers."""
        samples.furnish_catalog(work)
        work.orders.add([samples.a_placed_order(1)])

    def repository(self, work: OrderingWork) -> Carts:
        """The carts."""
        return work.carts

    def new(self, n: int) -> Cart:
        """A new cart of two lines; every second is a guest's."""
        return samples.a_cart(n, owner=samples.account_id(n) if n % 2 else None)

    def changed(self, value: Cart) -> Cart:
        """The cart with its first line taken out, put in again behind the other, and a third."""
        first, offer = value.lines[0], samples.a_sellable(int(value.lines[0].sku[-3:]))
        less = value.change(first.sku, 0, at=samples.moment(50))
        return less.add(offer, 7, at=samples.moment(51))

    def test_an_empty_cart_comes_back_equal(self, db: Begin[OrderingWork]) -> None:
        """A cart that never had a line comes back equal: nobody knows when it was changed."""
        cart = Cart(samples.cart_id(1), samples.account_id(1))
        self.added(db, [cart])
        assert [] == differences({cart.id: cart}, self.found(db, [cart.id]))

    def test_a_cart_that_was_ordered_or_merged_comes_back_equal(self, db: Begin[OrderingWork]) -> None:
        """A cart keeps what became of it, and for an ordered one which order."""
        ordered = self.new(1).order(samples.order_id(1), at=NOW)
        into, merged, _ = self.new(3).merge(self.new(2), at=NOW)
        expected = {cart.id: cart for cart in (ordered, into, merged)}
        self.added(db, expected.values())
        assert [] == differences(expected, self.found(db, expected))

    def test_the_open_cart_of_an_account(self, db: Begin[OrderingWork]) -> None:
        """`open_of` gives the open cart of an account, not one that was ordered, and nothing where there is none."""
        owner = samples.account_id(1)
        ordered = self.new(1).order(samples.order_id(1), at=NOW)
        cart = samples.a_cart(5, owner=owner)
        self.added(db, [ordered, cart, self.new(3)])
        with db() as work:
            assert cart == work.carts.open_of(owner)
            assert work.carts.open_of(samples.account_id(9)) is None

    def test_an_account_has_one_open_cart(self, db: Begin[OrderingWork]) -> None:
        """A second open cart of an account is a `Conflict`; guests may have as many as there are."""
        self.added(db, [self.new(1), self.new(2), self.new(4)])
        with pytest.raises(Conflict):
            self.added(db, [samples.a_cart(5, owner=samples.account_id(1))])

    def test_a_cart_that_was_ordered_makes_room(self, db: Begin[OrderingWork]) -> None:
        """Once its cart was ordered an account can have a new one."""
        cart = self.new(1)
        self.added(db, [cart])
        with db() as work:
            work.carts.lock([cart.id])
            work.carts.save([cart.order(samples.order_id(1), at=NOW)])
            assert work.carts.open_of(samples.account_id(1)) is None
        self.added(db, [samples.a_cart(5, owner=samples.account_id(1))])

    def test_idle_carts(self, db: Begin[OrderingWork]) -> None:
        """`idle` gives open carts that were changed before an instant, not at it, at most `limit` of them."""
        carts = [self.new(n) for n in (2, 4, 6, 8)]
        self.added(db, [*carts, self.new(1).order(samples.order_id(1), at=samples.moment(1))])
        with db() as work:
            assert {carts[0].id, carts[1].id} == set(work.carts.idle(samples.moment(6), 10))
            assert 1 == len(work.carts.idle(samples.moment(6), 1))
            assert [] == list(work.carts.idle(samples.moment(1), 10))


class OrdersContract(RepositoryContract[OrderId, Order]):
    """What `Orders` promises."""

    def furnish(self, work: OrderingWork) -> None:
        """Keep people, offers and locations."""
        samples.furnish_locations(work)

    def repository(self, work: OrderingWork) -> Orders:
        """The orders."""
        return work.orders

    def new(self, n: int) -> Order:
        """A new order of three vendors."""
        return samples.a_placed_order(n)

    def changed(self, value: Order) -> Order:
        """The order, paid."""
        return value.pay(at=samples.moment(60))[0]

    @pytest.mark.parametrize("life", samples.LIVES)
    def test_every_life_comes_back_equal(self, db: Begin[OrderingWork], life: str) -> None:
        """An order comes back whole and equal, saved at any turn of its life: lines in order, steps, taxes, counters, parcels."""
        order = samples.LIVES[life](2)
        self.added(db, [samples.a_placed_order(2)])
        with db() as work:
            work.orders.lock([order.id])
            work.orders.save([order])
        assert [] == differences({order.id: order}, self.found(db, [order.id]))

    @pytest.mark.parametrize("life", samples.LIVES)
    def test_an_order_can_be_added_at_any_turn_of_its_life(self, db: Begin[OrderingWork], life: str) -> None:
        """An order that comes from elsewhere is kept as it is: with all that happened to it before."""
        order = samples.LIVES[life](3)
        self.added(db, [order])
        assert [] == differences({order.id: order}, self.found(db, [order.id]))

    def test_a_second_parcel_is_kept_behind_the_first(self, db: Begin[OrderingWork]) -> None:
        """Saving an order with one parcel, and then with more, keeps each once and in order."""
        for order in (samples.a_placed_order(1), samples.a_partly_shipped_order(1), samples.a_delivered_order(1)):
            with db() as work:
                if work.orders.lock([order.id]):
                    work.orders.save([order])
                else:
                    work.orders.add([order])
        assert [] == differences({order.id: order}, self.found(db, [order.id]))

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    def test_pages_are_from_the_latest_to_the_first(self, db: Begin[OrderingWork], limit: int) -> None:
        """`page` gives every order once, the latest first, also those that were placed at the same instant."""
        orders = self._placed(db)
        with db() as work:
            read = leafed(work.orders.page, _place, limit)
        assert {order.id for order in orders} == {order.id for order in read}
        assert len(orders) == len(read)
        assert sorted((order.placed_at for order in orders), reverse=True) == [order.placed_at for order in read]

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_a_buyer(self, db: Begin[OrderingWork], limit: int) -> None:
        """`of_buyer` gives the orders of this buyer, and no guest's or other's, the latest first."""
        orders = self._placed(db)
        buyer = samples.account_id(1)
        with db() as work:
            read = leafed(lambda after, size: work.orders.of_buyer(buyer, after, size), _place, limit)
            assert [] == list(work.orders.of_buyer(samples.account_id(30), None, 10))
        mine = [order for order in orders if order.buyer_id == buyer]
        assert {order.id: order for order in mine} == {order.id: order for order in read}
        assert sorted((order.placed_at for order in mine), reverse=True) == [order.placed_at for order in read]

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_a_vendor(self, db: Begin[OrderingWork], limit: int) -> None:
        """`of_vendor` gives this vendor's parts of orders with the time of placing, the latest first, and of no other vendor."""
        orders = self._placed(db)
        vendor = orders[0].vendor_orders[1].vendor_id
        with db() as work:
            read = leafed(
                lambda after, size: work.orders.of_vendor(vendor, after, size), lambda part: (part[0], part[1].order_id), limit
            )
            assert [] == list(work.orders.of_vendor(samples.vendor_id(99), None, 10))
        mine = {order.id: (order.placed_at, part) for order in orders for part in order.vendor_orders if part.vendor_id == vendor}
        assert [] == differences(mine, {part.order_id: (at, part) for at, part in read})
        assert sorted((at for at, _ in mine.values()), reverse=True) == [at for at, _ in read]

    @pytest.mark.parametrize("limit", [1, 2, 100])
    @pytest.mark.parametrize("state", [None, *ORDER.states])
    @pytest.mark.parametrize(("since", "until"), [(None, None), (1, None), (None, 3), (1, 3), (2, 2)])
    def test_pages_of_some_orders(
        self, db: Begin[OrderingWork], limit: int, state: OrderState | None, since: int | None, until: int | None
    ) -> None:
        """`page` and `of_buyer` give only the orders in a state, and those placed with `since <= placed_at < until`."""
        orders = self._placed(db, states=True)
        only = OrderFilter(
            state, None if since is None else samples.moment(since), None if until is None else samples.moment(until)
        )
        buyer = samples.account_id(1)
        with db() as work:
            read = leafed(lambda after, size: work.orders.page(after, size, only), _place, limit)
            bought = leafed(lambda after, size: work.orders.of_buyer(buyer, after, size, only), _place, limit)
        expected = [
            order
            for order in orders
            if state in {None, order.state}
            and (only.since is None or only.since <= order.placed_at)
            and (only.until is None or order.placed_at < only.until)
        ]
        assert {order.id for order in expected} == {order.id for order in read}
        assert len(expected) == len(read)
        assert sorted((order.placed_at for order in read), reverse=True) == [order.placed_at for order in read]
        assert [order for order in read if order.buyer_id == buyer] == bought

    @pytest.mark.parametrize("limit", [1, 2, 100])
    @pytest.mark.parametrize("status", list(FULFILMENT.states))
    def test_pages_of_a_vendor_of_one_status(self, db: Begin[OrderingWork], limit: int, status: VendorOrderStatus) -> None:
        """`of_vendor` gives only this vendor's parts of one status, in the same order as all of them."""
        self._placed(db, states=True)
        vendor = samples.a_placed_order(1).vendor_orders[0].vendor_id
        with db() as work:
            every = [part for part in work.orders.of_vendor(vendor, None, 100) if part[1].status is status]
            read = leafed(
                lambda after, size: work.orders.of_vendor(vendor, after, size, status),
                lambda part: (part[0], part[1].order_id),
                limit,
            )
        assert [] == differences(every, read)
        assert every or status not in {VendorOrderStatus.PENDING, VendorOrderStatus.DELIVERED, VendorOrderStatus.CONFIRMED}

    def test_overdue_orders(self, db: Begin[OrderingWork]) -> None:
        """`overdue` gives placed orders whose deadline is `at` or earlier, the most overdue first; none that was paid or ended."""
        orders = [self.new(n) for n in (3, 1, 2, 4)]
        paid, expired = samples.a_paid_order(5), self.new(6).expire(at=samples.moment(90))[0]
        self.added(db, [*orders, paid, expired])
        at = orders[2].deadline
        with db() as work:
            assert [orders[1].id, orders[2].id] == list(work.orders.overdue(at, 10))
            assert [orders[1].id] == list(work.orders.overdue(at - TICK, 10))
            assert [orders[1].id] == list(work.orders.overdue(samples.moment(500), 1))
            assert [orders[n].id for n in (1, 2, 0, 3)] == list(work.orders.overdue(samples.moment(500), 10))

    def _placed(self, db: Begin[OrderingWork], *, states: bool = False) -> list[Order]:
        """Orders of one buyer and others, some placed at the same instant; in several states if asked for."""
        lives = list(samples.LIVES.values()) if states else [samples.a_placed_order]
        orders = [
            attrs.evolve(lives[n % len(lives)](n), buyer_id=samples.account_id(1 if n < 5 else n), placed_at=samples.moment(n // 2))
            for n in range(1, 7)
        ]
        if states:
            # All are of the same vendor, so that it has parts in every status.
            orders += [
                attrs.evolve(life(n), placed_at=samples.moment(n - 12), buyer_id=samples.account_id(1))
                for n, life in zip(
                    (13, 25, 37), (samples.a_delivered_order, samples.a_paid_order, samples.a_placed_order), strict=True
                )
            ]
        orders.append(attrs.evolve(samples.a_placed_order(7), buyer_id=None))
        self.added(db, orders[3:] + orders[:3])
        return orders


class ReturnsContract(RepositoryContract[ReturnId, Return]):
    """What `Returns` promises."""

    def furnish(self, work: OrderingWork) -> None:
        """Keep delivered orders."""
        samples.furnish_orders(work)

    def repository(self, work: OrderingWork) -> Returns:
        """The returns."""
        return work.returns

    def new(self, n: int) -> Return:
        """A new return of an order."""
        return samples.a_return(n)

    def changed(self, value: Return) -> Return:
        """The return, approved."""
        return value.move("approve", at=NOW)[0]

    @pytest.mark.parametrize("acts", [("approve", "receive"), ("reject",), ("withdraw",)], ids="-".join)
    def test_every_status_comes_back(self, db: Begin[OrderingWork], acts: tuple[str, ...]) -> None:
        """A return comes back equal in every status."""
        value = self.new(1)
        for act in acts:
            value, _ = value.move(act, at=NOW)
        self.added(db, [value])
        assert [] == differences({value.id: value}, self.found(db, [value.id]))

    def test_the_returns_of_an_order(self, db: Begin[OrderingWork]) -> None:
        """`of_order` gives the returns of one order in the order of their ids."""
        returns = [samples.a_return(n, order=1) for n in (3, 1, 2)]
        self.added(db, [*returns, samples.a_return(4, order=2)])
        with db() as work:
            assert [returns[n] for n in (1, 2, 0)] == list(work.returns.of_order(samples.order_id(1)))
            assert [] == list(work.returns.of_order(samples.order_id(3)))

    @pytest.mark.parametrize("limit", [1, 2, 100])
    @pytest.mark.parametrize("status", [None, *RETURN.states])
    def test_pages_of_returns(self, db: Begin[OrderingWork], limit: int, status: ReturnStatus | None) -> None:
        """`page` gives every return (of one status) once, the latest first, and `of_vendor` those to one vendor and no other."""
        acts = [(), ("approve",), ("approve", "receive"), ("reject",), ("withdraw",), ()]
        returns = []
        for n, life in enumerate(acts, start=1):
            value = attrs.evolve(samples.a_return(n, order=n % 2 + 1), requested_at=samples.moment(n // 2))
            for act in life:
                value, _ = value.move(act, at=NOW)
            returns.append(value)
        self.added(db, returns[::-1])
        vendor = returns[0].vendor_id
        assert any(each.vendor_id != vendor for each in returns)

        def place(value: Return) -> ReturnPlace:
            return (value.requested_at, value.id)

        with db() as work:
            read = leafed(lambda after, size: work.returns.page(after, size, status), place, limit)
            mine = leafed(lambda after, size: work.returns.of_vendor(vendor, after, size, status), place, limit)
        expected = sorted((each for each in returns if status in {None, each.status}), key=place, reverse=True)
        assert expected == read
        assert [each for each in expected if each.vendor_id == vendor] == mine


def _place(order: Order) -> Place:
    return (order.placed_at, order.id)

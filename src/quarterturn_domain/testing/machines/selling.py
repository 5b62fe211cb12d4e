"""Selling: the rules about offers, stock, orders and payments."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from quarterturn_domain.catalog.offering import MoveOffer, RepriceOffer
from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.cancelling import CancelOrder, CancelUnits
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.ordering.vendor_order import VendorOrder
from quarterturn_domain.payments.payment import TAKEN, CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.taking import ConfirmPayment, SettleAuthorization, StartPayment
from quarterturn_domain.stock.movement import MovementKind
from quarterturn_domain.stock.receiving import MoveStock
from quarterturn_domain.stock.stock_item import StockShort
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.gateways import Means
from quarterturn_domain.testing.machines.driving import DrivenMachine
from quarterturn_domain.testing.machines.opening import PLACES, SHELVED, WARES, Ware

LINES: Final = st.lists(st.tuples(st.integers(0, len(WARES) - 1), st.integers(1, 3)), min_size=1, max_size=4)
"""Baskets: which ware, and how many of it."""


class SellingMachine(DrivenMachine):
    """Sells at random: in batches, too much, too late, twice."""

    # Offers and stock.

    @rule(ware=st.sampled_from(WARES), change=st.sampled_from(["reprice", "pause", "resume"]), price=st.integers(1, 9_999))
    def change_an_offer(self, ware: Ware, change: str, price: int) -> None:
        """A vendor changes a price, or stops and goes on selling."""
        vendor, at = samples.vendor_id(ware.vendor), self.now()
        if change == "reprice":
            new, shipping = Money(price, ware.currency), Money(ware.shipping, ware.currency)
            self.ask(
                lambda market: market.change_offers(
                    [RepriceOffer(sku=ware.sku, vendor_id=vendor, price=new, shipping=shipping, at=at)]
                )
            )
            return
        command = MoveOffer(sku=ware.sku, vendor_id=vendor, act=change, at=at)
        (outcome,) = self.every(lambda market: market.change_offers([command]))
        assert isinstance(outcome, DomainError) == ((ware.sku in self.model.paused) == (change == "pause"))
        (self.model.paused.add if change == "pause" else self.model.paused.discard)(ware.sku)

    @rule(moves=st.lists(st.tuples(st.integers(0, len(PLACES) - 1), st.integers(0, 5), st.integers(-4, 9)), min_size=1, max_size=4))
    def move_stock(self, moves: list[tuple[int, int, int]]) -> None:
        """Vendors receive units or put counts right, several at once; what is reserved cannot go."""
        commands, expected = [], []
        there = {item.key: item.available for item in self.seen.items} if self.seen is not None else {}
        for place, which, quantity in moves:
            location = PLACES[place]
            own = [ware for ware in SHELVED if samples.vendor_id(ware.vendor) == location.vendor_id]
            key = (own[which % len(own)].sku, location.id)
            commands.append(
                MoveStock(
                    movement_id=self.new(0x11),
                    vendor_id=location.vendor_id,
                    sku=key[0],
                    location_id=location.id,
                    quantity=quantity or 1,
                    kind=MovementKind.ADJUSTMENT if quantity < 0 else MovementKind.RECEIPT,
                    actor="tester",
                    at=self.now(),
                )
            )
            fits = there.get(key, 0) + (quantity or 1) >= 0
            expected.append(None if fits else StockShort)
            if fits:
                there[key] = there.get(key, 0) + (quantity or 1)
                self.model.on_hand[key[0]] += quantity or 1
        outcomes = self.every(lambda market: market.move_stocks(commands))
        assert expected == [_refusal(outcome) for outcome in outcomes], (expected, outcomes)
        made = [command for command, refusal in zip(commands, expected, strict=True) if refusal is None]
        again = self.every(lambda market: market.move_stocks(made))
        assert [None] * len(made) == [_refusal(outcome) for outcome in again], "the same movements again change nothing"

    # Orders.

    @rule(baskets=st.lists(LINES, min_size=1, max_size=4), data=st.data())
    def place_orders(self, baskets: list[list[tuple[int, int]]], data: st.DataObject) -> None:
        """Several buyers order at once: some too much, unknown things, at a price of yesterday, or the same once more."""
        commands: list[PlaceOrder] = []
        for basket in baskets:
            kind = data.draw(st.sampled_from(["new"] * 6 + ["mixed", "again", "other content", "unknown", "price changed"]))
            lines = tuple(BasketLine(WARES[which].sku, quantity) for which, quantity in basket)
            if kind != "mixed":
                # A basket is in one currency, that of its first line.
                currency = self.model.currencies[lines[0].sku]
                lines = tuple(line for line in lines if self.model.currencies[line.sku] is currency)
            if kind == "unknown":
                lines = (*lines, BasketLine(Sku("NO-SUCH-THING"), 1))
            earlier = [*self.model.asked.values(), *commands]
            before = data.draw(st.sampled_from(earlier)) if earlier and kind in {"again", "other content"} else None
            if before is not None and kind == "again":
                commands.append(before)
                continue
            commands.append(
                PlaceOrder(
                    order_id=self.new(0x12) if before is None else before.order_id,
                    lines=lines,
                    expected_total=Money(1, WARES[basket[0][0]].currency) if kind == "price changed" else None,
                    destination=data.draw(st.sampled_from([None, samples.BERLIN])),
                    at=self.now(),
                )
            )
        self.place(commands)

    @rule(basket=LINES, units=st.integers(1, 2), deliver=st.booleans())
    def sell(self, basket: list[tuple[int, int]], units: int, *, deliver: bool) -> None:
        """Units arrive, and one buyer orders and pays at once: the beginning of everything that happens after a sale."""
        wares = [WARES[which] for which, _ in basket]
        wares = [ware for ware in wares if ware.currency is wares[0].currency]
        sellers = {samples.vendor_id(ware.vendor) for ware in wares}
        self.move_stock([(which, each, 3) for which, place in enumerate(PLACES) if place.vendor_id in sellers for each in range(2)])
        command = PlaceOrder(
            order_id=self.new(0x12),
            lines=tuple(BasketLine(ware.sku, units) for ware in wares),
            destination=samples.BERLIN,
            at=self.now(),
        )
        (placed,) = self.place([command])
        if isinstance(placed, DomainError):
            return
        payment_id = self.new(0x14)
        self.ask(
            lambda market: market.start_payments(
                [StartPayment(payment_id=payment_id, order_id=placed.id, method=market.around.means(Means.APPROVED), at=self.now())]
            )
        )
        self._hear(placed)
        for part in placed.vendor_orders if deliver else ():
            self._all_of_it(placed, part)

    @rule()
    def expire_orders(self) -> None:
        """Orders that nobody has paid for in time are given up."""
        expired = self.every(lambda market: market.expire_orders())
        assert self.model.expire(self.now()) == set(expired)

    @precondition(lambda self: self.orders())
    @rule(data=st.data(), whole=st.booleans())
    def cancel(self, data: st.DataObject, *, whole: bool) -> None:
        """An order is cancelled, whole or in part."""
        before = data.draw(st.sampled_from(self.orders(data.draw(st.sampled_from(OrderState))) or self.orders()))
        part = data.draw(st.sampled_from(before.vendor_orders))
        command: CancelOrder | CancelUnits
        if whole:
            command = CancelOrder(cancellation_id=self.new(0x13), order_id=before.id, reason="changed", at=self.now())
        else:
            units = data.draw(some_units(part))
            command = CancelUnits(
                cancellation_id=self.new(0x13),
                order_id=before.id,
                vendor_id=part.vendor_id,
                units=units,
                reason="gone",
                at=self.now(),
            )
        after = self.asked(lambda market: market.cancel_orders(command))
        if isinstance(after, DomainError):
            return
        if before.state is OrderState.PAID:
            self.follow(before, after)
        else:
            self.model.cancel(before.id)

    # Payments.

    @precondition(lambda self: self.orders())
    @rule(
        data=st.data(),
        method=st.sampled_from([None, Means.APPROVED, Means.APPROVED, Means.DECLINED, Means.LATE_SUCCESS, Means.ACTION_REQUIRED]),
        capture=st.sampled_from([CaptureMethod.AUTOMATIC, CaptureMethod.AUTOMATIC, CaptureMethod.MANUAL, CaptureMethod.PER_PARCEL]),
    )
    def start_payment(self, data: st.DataObject, method: Means | None, capture: CaptureMethod) -> None:
        """A buyer begins to pay, at once or to go on later."""
        order = data.draw(st.sampled_from(self.orders(OrderState.PLACED) or self.orders()))
        payment_id, at = self.new(0x14), self.now()
        self.ask(
            lambda market: market.start_payments(
                [
                    StartPayment(
                        payment_id=payment_id,
                        order_id=order.id,
                        capture_method=capture,
                        method=None if method is None else market.around.means(method),
                        at=at,
                    )
                ]
            )
        )
        self._hear(order)

    @precondition(lambda self: self._payments(PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED))
    @rule(data=st.data(), method=st.sampled_from([Means.APPROVED, Means.APPROVED, Means.DECLINED, Means.LATE_SUCCESS]))
    def go_on_paying(self, data: st.DataObject, method: Means) -> None:
        """A buyer pays what was begun before, perhaps late, perhaps after the order was given up or paid by other means."""
        payment = data.draw(st.sampled_from(self._payments(PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED)))
        attempt = self.new(0x15).int
        self.ask(
            lambda market: market.confirm_payments(
                ConfirmPayment(payment_id=payment.id, method=market.around.means(method), attempt=attempt)
            )
        )
        self._hear(self.order(payment.order_id))

    @precondition(lambda self: self._payments(PaymentStatus.AUTHORIZED))
    @rule(data=st.data(), act=st.sampled_from(["capture", "capture", "cancel"]))
    def settle_an_authorization(self, data: st.DataObject, act: str) -> None:
        """The platform takes what was authorised, or lets it go."""
        payment = data.draw(st.sampled_from(self._payments(PaymentStatus.AUTHORIZED)))
        before = self.order(payment.order_id)
        self.ask(lambda market: market.settle_authorizations(SettleAuthorization(payment_id=payment.id, act=act)))
        # One that came too late to be honoured may be in time when it is captured: units have come meanwhile.
        self._hear(before)

    @precondition(lambda self: any(payment.in_parts for payment in self.seen.payments) if self.seen is not None else False)
    @rule(data=st.data())
    def capture_what_has_left(self, data: st.DataObject) -> None:
        """The platform takes what parcels came to that have left, of what may be captured in parts."""
        assert self.seen is not None
        payment = data.draw(st.sampled_from([payment for payment in self.seen.payments if payment.in_parts]))
        before = self.order(payment.order_id)
        self.every(lambda market: market.capture_shipped([before.id]))
        self._hear(before)

    # What the rules above are made of.

    def place(self, commands: list[PlaceOrder]) -> list[Outcome[Order]]:
        """Place orders, which comes to what the model says."""
        expected = self.model.place(commands, self.now())
        outcomes: list[Outcome[Order]] = self.every(lambda market: market.place_orders(commands))
        assert expected == [_refusal(outcome) for outcome in outcomes], (expected, outcomes)
        for outcome in outcomes:
            if isinstance(outcome, Order):
                assert self.model.deadlines[outcome.id] == outcome.deadline
        return outcomes

    def now(self) -> Any:
        """The present instant."""
        return self.markets[0].now()

    def every(self, act: Any) -> Any:
        """The outcomes of commands that are decided each by its own merit."""
        outcomes = self.ask(act)
        assert not isinstance(outcomes, DomainError), outcomes
        return outcomes

    def _all_of_it(self, order: Order, part: VendorOrder) -> None:
        whose: dict[str, Any] = {"order_id": order.id, "vendor_id": part.vendor_id, "at": self.now()}
        steps = [StartVendorOrder(**whose), SendShipment(shipment_id=self.new(0x16), **whose), ConfirmDelivery(**whose)]
        self.every(lambda market: market.fulfil(steps))

    def _hear(self, before: Order) -> None:
        """Money for an order may have arrived or gone: the model says whether it is honoured, and hears what came back."""
        after = self.order(before.id)
        arrived = after.state is OrderState.PAID and self.model.states[before.id] is not OrderState.PAID
        paid = [payment for payment in self._now(before) if payment.status in TAKEN or payment.status is PaymentStatus.AUTHORIZED]
        if arrived or (paid and self.model.states[before.id] in {OrderState.PLACED, OrderState.EXPIRED} and self._fresh(paid)):
            assert arrived == self.model.pay(before.id), "money is honoured when the units are there, and only then"
        self._known = {*self._known, *((payment.id, payment.status) for payment in paid)}
        self.follow(before, after)

    def _fresh(self, paid: list[Payment]) -> bool:
        return any((payment.id, payment.status) not in self._known for payment in paid)

    def _now(self, order: Order) -> list[Payment]:
        with self.markets[0].begin() as work:
            return list(work.payments.of_orders([order.id]).get(order.id, ()))

    def _payments(self, *states: PaymentStatus) -> list[Payment]:
        return [payment for payment in self.seen.payments if payment.status in states] if self.seen is not None else []

    def _delivered(self) -> list[tuple[Order, VendorOrder]]:
        return [
            (order, part)
            for order in self.orders(OrderState.PAID)
            for part in order.vendor_orders
            if any(line.delivered for line in part.lines)
        ]


def some_units(part: VendorOrder) -> st.SearchStrategy[tuple[Units, ...]]:
    """Some units of some lines of a vendor order; none named means all."""
    one = st.builds(Units, st.sampled_from([line.number for line in part.lines]), st.integers(1, 3))
    return st.lists(one, max_size=2, unique_by=lambda units: units.line).map(tuple)


def _refusal(outcome: object) -> type[DomainError] | None:
    return type(outcome) if isinstance(outcome, DomainError) else None

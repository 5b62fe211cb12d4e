"""Living: an interpreter that takes the steps of a life one by one, through the real use cases of a shop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from quarterturn_domain.kernel.errors import DomainError, granted
from quarterturn_domain.kernel.ids import OrderId, PaymentId, RefundId, ReturnId, ShipmentId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.cancelling import CancelOrder, CancelUnits
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.ordering.returning import DecideReturn, RequestReturn
from quarterturn_domain.ordering.vendor_order import VendorOrder, VendorOrderStatus
from quarterturn_domain.payments.payment import CaptureMethod
from quarterturn_domain.payments.refunding import RefundLine, RequestRefund
from quarterturn_domain.payments.taking import (
    ConfirmPayment,
    SettleAuthorization,
    StartPayment,
)
from quarterturn_domain.payouts.claiming import RunPayouts
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives.opening import open_shop
from quarterturn_domain.testing.lives.ports import Outside, Shop
from quarterturn_domain.testing.strategies import lives as steps
from quarterturn_domain.testing.strategies.offers import VENDORS

_ENOUGH: Final = 1_000


class LivingShop:
    """A shop while a life is lived in it: what was ordered, paid and disputed, in the order in which it began."""

    def __init__(self, life: steps.OrderLife, shop: Shop, outside: Outside) -> None:
        self.life = life
        self.shop = shop
        self.outside = outside
        self.orders: list[OrderId] = []
        self.payments: list[PaymentId] = []
        self.returns: list[ReturnId] = []
        self.refunds: list[RefundId] = []
        self.disputes: list[str] = []
        self.refusals: list[tuple[steps.Step, DomainError]] = []
        self.quiet = False
        open_shop(life, shop, outside)

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.shop.clock.now()

    def take(self, step: steps.Step) -> None:
        """Let a step happen; a refusal is noted in `refusals`."""
        self.quiet = False
        try:
            _TAKEN[type(step)](self, step)
        except DomainError as refusal:
            self.refusals.append((step, refusal.with_traceback(None)))

    def place(self, step: steps.Place) -> None:
        """Baskets become orders."""
        goods = self.life.goods
        commands = [
            PlaceOrder(
                order_id=OrderId(self.shop.ids.new()),
                lines=tuple(BasketLine(goods[which % len(goods)].sku, quantity) for which, quantity in basket),
                at=self.now,
            )
            for basket in step.baskets
        ]
        outcomes = self.shop.place_orders(commands)
        if step.again:
            first, outcomes = outcomes, self.shop.place_orders(commands)
            assert all(isinstance(before, DomainError) or before == after for before, after in zip(first, outcomes, strict=True))
        for outcome in outcomes:
            if isinstance(outcome, DomainError):
                self.refusals.append((step, outcome))
            else:
                self.orders.append(outcome.id)

    def start(self, step: steps.Start) -> None:
        """A payment is opened."""
        if (order := self._order(step.order)) is not None:
            by_hand = CaptureMethod.MANUAL if step.manual else CaptureMethod.AUTOMATIC
            self._start(order, step.means, CaptureMethod.PER_PARCEL if step.parcels else by_hand)

    def confirm(self, step: steps.Confirm) -> None:
        """A payment is tried."""
        if self.payments:
            method = self.outside.means(step.means)
            self.shop.confirm_payments(
                ConfirmPayment(payment_id=_nth(self.payments, step.payment), method=method, attempt=step.attempt)
            )

    def authenticate(self, step: steps.Authenticate) -> None:
        """The customer does it, or fails to."""
        if (reference := self._reference(step.payment)) is not None:
            self.outside.authenticate(reference, succeed=step.succeed)

    def ask_back(self, step: steps.AskBack) -> None:
        """Units are to come back."""
        if (part := self._part(step.order, step.part)) is not None:
            command = RequestReturn(
                return_id=ReturnId(self.shop.ids.new()),
                order_id=part.order_id,
                vendor_id=part.vendor_id,
                units=_units(part, step.units),
                reason="does not fit",
                at=self.now,
            )
            made = self.shop.request_returns(command)
            assert made == self.shop.request_returns(command)
            self.returns.append(made.id)

    def dispute(self, step: steps.Dispute) -> None:
        """A bank takes money back."""
        if (reference := self._reference(step.payment)) is not None:
            self.disputes.append(self.outside.open_dispute(reference, step.part))

    def judge(self, step: steps.Judge) -> None:
        """A bank decides."""
        if self.disputes:
            self.outside.close_dispute(_nth(self.disputes, step.dispute), won=step.won)

    def onward(self, step: steps.Onward) -> None:
        """The next thing that happens to most orders."""
        order = self._order(step.order)
        if order is None:
            return
        if order.state in {OrderState.PLACED, OrderState.EXPIRED}:
            self._start(order, Means.APPROVED, CaptureMethod.AUTOMATIC)
            return
        ranks = {VendorOrderStatus.CONFIRMED: 0, VendorOrderStatus.PROCESSING: 1, VendorOrderStatus.SHIPPED: 2}
        going = [part for part in order.vendor_orders if part.status in ranks]
        if not going:
            # Long enough for the hold, and for the provider to have the money.
            self.outside.advance(self.life.payout_terms.hold + timedelta(days=3))
            self.release()
            self.pay_out()
        else:
            part = min(going, key=lambda part: ranks[part.status])
            if part.status is VendorOrderStatus.SHIPPED:
                self._fulfil(ConfirmDelivery(order_id=order.id, vendor_id=part.vendor_id, at=self.now))
            else:
                self._ship(part, ())

    def settle(self, step: steps.Settle) -> None:
        """An authorised payment is captured or cancelled."""
        if self.payments:
            command = SettleAuthorization(payment_id=_nth(self.payments, step.payment), act=step.act)
            self.shop.settle_authorizations(command)

    def cancel(self, step: steps.Cancel) -> None:
        """An order, or units of a vendor order, are given up; told twice it is done once."""
        order = self._order(step.order)
        if order is None:
            return
        cancellation = self.shop.ids.new()
        command: CancelOrder | CancelUnits
        if step.part is None:
            command = CancelOrder(cancellation_id=cancellation, order_id=order.id, reason="sold out", at=self.now)
        else:
            part = _nth(order.vendor_orders, step.part)
            command = CancelUnits(
                cancellation_id=cancellation,
                order_id=order.id,
                vendor_id=part.vendor_id,
                units=_units(part, step.units),
                reason="sold out",
                at=self.now,
            )
        self.shop.cancel_orders(command)
        after = self._order(step.order)
        assert after == self.shop.cancel_orders(command)

    def ship(self, step: steps.Ship) -> None:
        """A parcel is sent."""
        if (part := self._part(step.order, step.part)) is not None:
            self._ship(part, _units(part, step.units))

    def deliver(self, step: steps.Deliver) -> None:
        """Parcels arrive."""
        if (part := self._part(step.order, step.part)) is not None:
            self._fulfil(ConfirmDelivery(order_id=part.order_id, vendor_id=part.vendor_id, at=self.now))

    def decide(self, step: steps.Decide) -> None:
        """A return is decided about."""
        if self.returns:
            command = DecideReturn(
                return_id=_nth(self.returns, step.number),
                act=step.act,
                restock=step.restock,
                refund_shipping=step.refund_shipping,
                at=self.now,
            )
            assert self.shop.decide_returns(command) == self.shop.decide_returns(command)

    def refund(self, step: steps.Refund) -> None:
        """Money is owed; asked for twice it is owed once."""
        order = self._order(step.order)
        if order is None:
            return
        lines: tuple[RefundLine, ...] = ()
        amount = None
        every = [line for part in order.vendor_orders for line in part.lines]
        if step.line is not None:
            line = _nth(every, step.line)
            if step.units is not None:
                lines = (RefundLine(line.number, units=step.units),)
            else:
                goods = _thousandths(line.price.goods.paid - line.refunded_goods, step.goods)
                shipping = _thousandths(line.price.shipping.paid - line.refunded_shipping, step.shipping)
                lines = (RefundLine(line.number, goods, shipping),)
        elif step.spread is not None:
            amount = _thousandths(order.split.paid, step.spread)
        self.give_back(order, lines, amount)

    def give_back(self, order: Order, lines: tuple[RefundLine, ...] = (), amount: Money | None = None) -> None:
        """Owe a customer for lines, an amount, or everything that is left."""
        command = RequestRefund(
            refund_id=RefundId(self.shop.ids.new()), order_id=order.id, lines=lines, amount=amount, reason="goodwill", at=self.now
        )
        made = self.shop.request_refunds(command)
        assert made == self.shop.request_refunds(command)

    def fail(self, step: steps.Fail) -> None:
        """A call will fail."""
        self.outside.fail(step.method, step.how)

    def work(self, step: steps.Work) -> None:
        """One kind of work, or all of it until nothing is left to do."""
        if step.what == "quiet":
            self.come_to_rest()
        else:
            _WORKED[step.what](self)

    def come_to_rest(self) -> None:
        """Let the provider answer again, and do all work until the shop knows all that the provider knows."""
        self.outside.heal()
        for _ in range(3):
            for work in (LivingShop.relay, LivingShop.sync, LivingShop.confirm_payouts):
                work(self)
        self.quiet = True

    def relay(self) -> None:
        """Deliver the outbox."""
        self.shop.relay.drain()

    def sync(self) -> None:
        """Read everything again that the provider may know more of, and go on with what was asked of it."""
        self.shop.sync_payments(self.payments)
        self.shop.sync_disputes(self.disputes)
        self.shop.capture_shipped(list(dict.fromkeys(self.orders)))
        with self.shop.begin() as work:
            refunds = work.refunds.open(_ENOUGH)
        self.shop.send_refunds(refunds)

    def expire(self) -> None:
        """Let orders expire that were not paid in time."""
        self.shop.expire_orders(_ENOUGH)

    def release(self) -> None:
        """Release earnings whose time has come."""
        self.shop.release_earnings(_ENOUGH)

    def pay_out(self) -> None:
        """Pay vendors what they have, and ask for the same run twice."""
        run = RunPayouts(run_id=self.shop.ids.new(), at=self.now)
        first = self.shop.claim_payouts(run)
        assert first.payouts == self.shop.claim_payouts(run).payouts
        self.shop.send_payouts([payout.id for payout in first.payouts])

    def confirm_payouts(self) -> None:
        """Read payouts from the provider, those that were paid too: they may come back."""
        self.shop.confirm_payouts([payout.id for payout in self.payouts()])

    def recover(self) -> None:
        """Cover what vendors owe."""
        self.shop.recover_debts()

    def pass_time(self, step: steps.Pass) -> None:
        """Time passes."""
        self.outside.advance(step.by)

    def found(self) -> Sequence[Order]:
        """Every order, in the order of placing."""
        with self.shop.begin() as work:
            known = work.orders.find(self.orders)
        return [known[order_id] for order_id in dict.fromkeys(self.orders)]

    def payouts(self) -> Sequence[Payout]:
        """Every payout, vendor by vendor."""
        with self.shop.begin() as work:
            return [payout for vendor_id in VENDORS for payout in work.payouts.of_vendor(vendor_id, None, _ENOUGH)]

    def _order(self, number: int) -> Order | None:
        if not self.orders:
            return None
        order_id = _nth(self.orders, number)
        with self.shop.begin() as work:
            return work.orders.find([order_id])[order_id]

    def _part(self, order: int, part: int) -> VendorOrder | None:
        found = self._order(order)
        return None if found is None else _nth(found.vendor_orders, part)

    def _reference(self, number: int) -> str | None:
        if not self.payments:
            return None
        payment_id = _nth(self.payments, number)
        with self.shop.begin() as work:
            payment = work.payments.find([payment_id])[payment_id]
        return payment.reference if payment.amount else None

    def _start(self, order: Order, means: Means | None, capture: CaptureMethod) -> None:
        payment_id = PaymentId(self.shop.ids.new())
        command = StartPayment(
            payment_id=payment_id,
            order_id=order.id,
            capture_method=capture,
            method=None if means is None else self.outside.means(means),
            at=self.now,
        )
        outcome = self.shop.start_payments([command])[0]
        with self.shop.begin() as work:
            if work.payments.find([payment_id]):
                self.payments.append(payment_id)
        granted(outcome)

    def _ship(self, part: VendorOrder, units: tuple[Units, ...]) -> None:
        order_id, vendor_id = part.order_id, part.vendor_id
        if part.status is VendorOrderStatus.CONFIRMED:
            self._fulfil(StartVendorOrder(order_id=order_id, vendor_id=vendor_id, at=self.now))
        parcel = ShipmentId(self.shop.ids.new())
        self._fulfil(SendShipment(order_id=order_id, vendor_id=vendor_id, shipment_id=parcel, units=units, at=self.now))

    def _fulfil(self, command: StartVendorOrder | SendShipment | ConfirmDelivery) -> None:
        granted(self.shop.fulfil_vendor_orders([command])[0])


def live(
    life: steps.OrderLife, shop: Shop, outside: Outside, *, after: Callable[[LivingShop], None] = lambda _: None
) -> LivingShop:
    """Live a life in an empty shop, calling `after` when it is opened and after every step."""
    living = LivingShop(life, shop, outside)
    after(living)
    for step in life.steps:
        living.take(step)
        after(living)
    return living


def _nth(things: Sequence[Any], number: int) -> Any:  # noqa: ANN401
    return things[number % len(things)]


def _units(part: VendorOrder, asked: Sequence[tuple[int, int]]) -> tuple[Units, ...]:
    wanted = {_nth(part.lines, line).number: quantity for line, quantity in asked}
    return tuple(Units(line, quantity) for line, quantity in wanted.items())


def _thousandths(amount: Money, part: int) -> Money:
    return Money(amount.minor * part // 1000, amount.currency)


_TAKEN: Final[dict[type, Callable[[LivingShop, Any], None]]] = {
    steps.Place: LivingShop.place,
    steps.Onward: LivingShop.onward,
    steps.Start: LivingShop.start,
    steps.Confirm: LivingShop.confirm,
    steps.Authenticate: LivingShop.authenticate,
    steps.Settle: LivingShop.settle,
    steps.Cancel: LivingShop.cancel,
    steps.Ship: LivingShop.ship,
    steps.Deliver: LivingShop.deliver,
    steps.AskBack: LivingShop.ask_back,
    steps.Decide: LivingShop.decide,
    steps.Refund: LivingShop.refund,
    steps.Dispute: LivingShop.dispute,
    steps.Judge: LivingShop.judge,
    steps.Pass: LivingShop.pass_time,
    steps.Work: LivingShop.work,
    steps.Fail: LivingShop.fail,
}

_WORKED: Final[dict[str, Callable[[LivingShop], None]]] = {
    "relay": LivingShop.relay,
    "sync": LivingShop.sync,
    "expire": LivingShop.expire,
    "release": LivingShop.release,
    "pay_out": LivingShop.pay_out,
    "confirm": LivingShop.confirm_payouts,
    "recover": LivingShop.recover,
}

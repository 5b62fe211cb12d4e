"""The marketplace machine: sells, ships, refunds and pays out at random, and never breaks a law."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.ordering.placing import BasketLine, CheckoutPolicy, PlaceOrder
from quarterturn_domain.ordering.returning import DecideReturn, RequestReturn
from quarterturn_domain.payments.payment import TAKEN, PaymentStatus
from quarterturn_domain.payments.refunding import RefundLine, RequestRefund
from quarterturn_domain.payouts.claiming import RunPayouts
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.testing.machines.model import more
from quarterturn_domain.testing.machines.opening import SHELVED, Ware
from quarterturn_domain.testing.machines.selling import SellingMachine, some_units

AFTER: Final = (timedelta(minutes=4), timedelta(minutes=15), timedelta(days=1), timedelta(days=3))
"""How time passes: within a hold, to its very end, past the hold of an earning, past the settling of money."""


class MarketplaceMachine(SellingMachine):
    """Drives an adapter through the life of a marketplace, beside the reference model.

    A subclass says what to drive (`surroundings`); its `TestCase` is what pytest runs.
    """

    # Fulfilment and returns.

    @precondition(lambda self: self.orders(OrderState.PAID))
    @rule(data=st.data(), act=st.sampled_from(["start", "ship", "ship", "deliver", "all of it", "all of it"]))
    def fulfil(self, data: st.DataObject, act: str) -> None:
        """A vendor packs, sends some or all, and parcels arrive; or all of that at once."""
        order = data.draw(st.sampled_from(self.orders(OrderState.PAID)))
        part = data.draw(st.sampled_from(order.vendor_orders))
        if act == "all of it":
            self._all_of_it(order, part)
            return
        whose: dict[str, Any] = {"order_id": order.id, "vendor_id": part.vendor_id, "at": self.now()}
        units = data.draw(some_units(part)) if act == "ship" else ()
        steps: dict[str, StartVendorOrder | SendShipment | ConfirmDelivery] = {
            "start": StartVendorOrder(**whose),
            "ship": SendShipment(shipment_id=self.new(0x16), units=units, **whose),
            "deliver": ConfirmDelivery(**whose),
        }
        self.every(lambda market: market.fulfil([steps[act]]))

    @precondition(lambda self: self._delivered())
    @rule(data=st.data())
    def ask_back(self, data: st.DataObject) -> None:
        """A buyer wants to send units back."""
        order, part = data.draw(st.sampled_from(self._delivered()))
        command = RequestReturn(
            return_id=self.new(0x17),
            order_id=order.id,
            vendor_id=part.vendor_id,
            units=data.draw(some_units(part)),
            reason="too small",
            at=self.now(),
        )
        self.asked(lambda market: market.request_returns(command))

    @precondition(lambda self: self.seen is not None and self.seen.returns)
    @rule(
        data=st.data(),
        act=st.sampled_from(["approve", "approve", "receive", "receive", "reject", "withdraw"]),
        restock=st.booleans(),
        shipping=st.booleans(),
    )
    def decide_a_return(self, data: st.DataObject, act: str, *, restock: bool, shipping: bool) -> None:
        """A vendor decides about a return, or gets it; units that are fit for it go back on the shelf."""
        assert self.seen is not None
        wanted = data.draw(st.sampled_from(self.seen.returns))
        before = self.order(wanted.order_id)
        command = DecideReturn(return_id=wanted.id, act=act, restock=restock, refund_shipping=shipping, at=self.now())
        outcome = self.asked(lambda market: market.decide_returns(command))
        if not isinstance(outcome, DomainError) and restock:
            self.model.come_back(more(before, self.order(wanted.order_id), "returned"))

    # Money that goes back, and money that goes out.

    @precondition(lambda self: self.orders(OrderState.PAID))
    @rule(data=st.data(), kind=st.sampled_from(["line", "shipping", "units", "amount", "all"]), amount=st.integers(0, 3_000))
    def refund(self, data: st.DataObject, kind: str, amount: int) -> None:
        """The platform gives money back: of a line's goods or shipping, for units, a sum, or everything that is left."""
        order = data.draw(st.sampled_from(self.orders(OrderState.PAID)))
        line = data.draw(st.sampled_from([line for part in order.vendor_orders for line in part.lines]))
        money = Money(amount, order.total.currency)
        lines = {
            "line": (RefundLine(line.number, goods=money),),
            "shipping": (RefundLine(line.number, shipping=money),),
            "units": (RefundLine(line.number, units=amount % 4),),
        }.get(kind, ())
        command = RequestRefund(
            refund_id=self.new(0x18),
            order_id=order.id,
            lines=lines,
            amount=money if kind == "amount" else None,
            reason="kindness",
            at=self.now(),
        )
        self.asked(lambda market: market.request_refunds(command))

    @rule()
    def send_refunds(self) -> None:
        """What is owed is sent."""
        with self.markets[0].begin() as work:
            waiting = work.refunds.open(100)
        self.every(lambda market: market.send_refunds(waiting))

    @precondition(lambda self: self._payments(*TAKEN))
    @rule(data=st.data())
    def dispute(self, data: st.DataObject) -> None:
        """A buyer's bank takes a payment back."""
        payment = data.draw(st.sampled_from(self._payments(*TAKEN)))
        assert payment.reference is not None
        reference = payment.reference
        opened = self.ask(lambda market: market.around.open_dispute(reference))
        if not isinstance(opened, DomainError):
            self.every(lambda market: market.sync_disputes([opened]))

    @precondition(lambda self: self.seen is not None and self.seen.disputes)
    @rule(data=st.data(), won=st.booleans())
    def decide_a_dispute(self, data: st.DataObject, *, won: bool) -> None:
        """The bank decides."""
        assert self.seen is not None
        dispute = data.draw(st.sampled_from(self.seen.disputes))
        self.ask(lambda market: market.around.close_dispute(dispute.reference, won=won))
        self.every(lambda market: market.sync_disputes([dispute.reference]))

    @rule()
    def release_earnings(self) -> None:
        """What is due can be had."""
        self.ask(lambda market: market.release_earnings())

    @rule(send=st.booleans())
    def pay_vendors(self, *, send: bool) -> None:
        """Available balances are claimed, and sent at once or later."""
        command = RunPayouts(run_id=self.new(0x19), at=self.now())
        run = self.ask(lambda market: market.claim_payouts(command))
        assert not isinstance(run, DomainError)
        again = self.ask(lambda market: market.claim_payouts(command))
        assert not isinstance(again, DomainError)
        assert run.payouts == again.payouts, "the same run claims nothing twice, and says the same"
        if send:
            self.every(lambda market: market.send_payouts([payout.id for payout in run.payouts]))

    @precondition(lambda self: self.seen is not None and self.seen.payouts)
    @rule()
    def follow_payouts(self) -> None:
        """Claimed payouts are sent, and sent ones are looked after: paid, failed or returned."""
        assert self.seen is not None
        waiting = [each.id for each in self.seen.payouts if each.status in {PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN}]
        sent = [each.id for each in self.seen.payouts if each.status in {PayoutStatus.SENT, PayoutStatus.PAID}]
        self.every(lambda market: market.confirm_payouts(sent))
        self.every(lambda market: market.send_payouts(waiting))

    @rule()
    def recover_debts(self) -> None:
        """What vendors owe is covered as far as the terms allow."""
        self.ask(lambda market: market.recover_debts())

    @rule(ware=st.sampled_from(SHELVED))
    def outlast_a_hold(self, ware: Ware) -> None:
        """Somebody holds all that is left and does not pay; when the time is over, the next buyer gets it."""
        free = self.model.free(ware.sku)
        for quantity in (free, 1) if free > 0 else ():
            self.place([PlaceOrder(order_id=self.new(0x12), lines=(BasketLine(ware.sku, quantity),), at=self.now())])
            if quantity == free:
                for market in self.markets:
                    market.around.advance(CheckoutPolicy().hold)
        self._hear_of_payments()

    @precondition(lambda self: self.seen is not None and any(earning.due_at for earning in self.seen.earnings))
    @rule(confirm=st.booleans())
    def pay_what_is_due(self, *, confirm: bool) -> None:
        """Days later: what was delivered is released and paid out, and perhaps heard of again."""
        self.let_time_pass(by=AFTER[-1], expiring_first=True)
        self.release_earnings()
        self.pay_vendors(send=True)
        if confirm:
            self.let_time_pass(by=AFTER[-1], expiring_first=True)
            self.it_is_as_the_model_says()
            self.follow_payouts()

    @rule(by=st.sampled_from(AFTER), expiring_first=st.booleans())
    def let_time_pass(self, by: timedelta, *, expiring_first: bool) -> None:
        """Time passes; then payments that were under way are heard of, before or after their orders have expired."""
        for market in self.markets:
            market.around.advance(by)
        if expiring_first:
            self.expire_orders()
        self._hear_of_payments()

    def _hear_of_payments(self) -> None:
        in_parts = [payment for payment in self._payments(*TAKEN) if payment.in_parts]
        for payment in [*self._payments(PaymentStatus.PROCESSING, PaymentStatus.AUTHORIZED), *in_parts]:
            before = self.order(payment.order_id)
            self.every(lambda market, payment=payment: market.sync_payments([payment.id]))
            self._hear(before)

"""What the ports of payments promise: payments, refunds and disputes."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import attrs
import pytest

from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import DisputeId, PaymentId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payments.dispute import DISPUTE, Dispute, DisputeStatus
from quarterturn_domain.payments.payment import Payment
from quarterturn_domain.payments.ports import Disputes, Payments, PaymentsWork, Refunds, Webhooks
from quarterturn_domain.payments.refund import LineRefund, Refund
from quarterturn_domain.payments.webhook import TRIES, Webhook, WebhookStatus
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed
from quarterturn_domain.testing.contracts.repository import RepositoryContract

TICK = timedelta(microseconds=1)


class PaymentsContract(RepositoryContract[PaymentId, Payment]):
    """What `Payments` promises."""

    def furnish(self, work: PaymentsWork) -> None:
        """Keep orders."""
        samples.furnish_orders(work)

    def repository(self, work: PaymentsWork) -> Payments:
        """The payments."""
        return work.payments

    def new(self, n: int) -> Payment:
        """A new payment of which the provider does not know."""
        return samples.an_open_payment(n)

    def changed(self, value: Payment) -> Payment:
        """The payment, being processed by the provider."""
        return attrs.evolve(value.move("process"), reference=f"pi_{value.id}")

    @pytest.mark.parametrize("state", samples.PAYMENTS)
    def test_every_state_comes_back_equal(self, db: Begin[PaymentsWork], state: str) -> None:
        """A payment comes back equal in every state, with all that is known of it."""
        payment = samples.PAYMENTS[state](2)
        self.added(db, [self.new(2)])
        with db() as work:
            work.payments.lock([payment.id])
            work.payments.save([payment])
        assert [] == differences({payment.id: payment}, self.found(db, [payment.id]))

    def test_the_payments_of_one_order(self, db: Begin[PaymentsWork]) -> None:
        """`of_order` gives the payments of one order in the order of opening."""
        later, first = (
            samples.an_open_payment(1, order=1),
            attrs.evolve(samples.an_open_payment(2, order=1), opened_at=samples.moment(0)),
        )
        self.added(db, [later, first, samples.an_open_payment(3, order=2)])
        with db() as work:
            assert [first, later] == list(work.payments.of_order(samples.order_id(1)))
            assert [] == list(work.payments.of_order(samples.order_id(3)))

    def test_payments_in_quarantine_are_listed(self, db: Begin[PaymentsWork]) -> None:
        """`quarantined` gives those that wait for a person and no others, the latest first, page by page."""
        held = [attrs.evolve(samples.an_open_payment(n), quarantine="it pays for nothing") for n in (1, 2, 3)]
        self.added(db, [samples.an_open_payment(4), *held])
        latest = sorted(held, key=lambda payment: (payment.opened_at, payment.id), reverse=True)
        with db() as work:
            assert latest == list(work.payments.quarantined(None, 5))
            assert latest[1:2] == list(work.payments.quarantined((latest[0].opened_at, latest[0].id), 1))
        with db() as work:
            work.payments.lock([held[0].id])
            work.payments.save([attrs.evolve(held[0], quarantine=None)])
        with db() as work:
            assert held[0] not in work.payments.quarantined(None, 5)

    def test_the_payments_of_orders_in_the_order_of_opening(self, db: Begin[PaymentsWork]) -> None:
        """`of_orders` gives the payments of each order, the first opened first; an order without one is left out."""
        late, early = (attrs.evolve(samples.an_open_payment(n, order=1), opened_at=samples.moment(9 - n)) for n in (1, 2))
        other = samples.an_open_payment(3, order=2)
        self.added(db, [late, early, other])
        with db() as work:
            found = work.payments.of_orders([samples.order_id(n) for n in (3, 2, 1, 1)])
            expected = {samples.order_id(1): (early, late), samples.order_id(2): (other,)}
            assert [] == differences(expected, {order_id: tuple(payments) for order_id, payments in found.items()})
            assert {} == work.payments.of_orders([])

    def test_a_reference_leads_to_its_payment(self, db: Begin[PaymentsWork]) -> None:
        """`by_reference` gives the payments of those references that are known."""
        payments = [samples.a_captured_payment(n) for n in (1, 2)]
        self.added(db, [*payments, self.new(3)])
        with db() as work:
            assert {"pi_1": payments[0].id, "pi_2": payments[1].id} == work.payments.by_reference(["pi_2", "pi_9", "pi_1"])
            assert {} == work.payments.by_reference([])

    def test_a_reference_belongs_to_one_payment(self, db: Begin[PaymentsWork]) -> None:
        """A payment with the reference of another is a `Conflict`, added or saved; without one there may be many."""
        self.added(db, [samples.a_captured_payment(1), self.new(2), self.new(3)])
        taken = attrs.evolve(self.new(2), reference="pi_1")
        with pytest.raises(Conflict), db() as work:
            work.payments.lock([taken.id])
            work.payments.save([taken])
        with pytest.raises(Conflict):
            self.added(db, [attrs.evolve(self.new(4), reference="pi_1")])

    def test_a_charge_leads_to_its_payment(self, db: Begin[PaymentsWork]) -> None:
        """`by_charge` gives the payments of those charges that are known."""
        payments = [samples.a_captured_payment(n) for n in (1, 2)]
        self.added(db, [*payments, self.new(3)])
        with db() as work:
            assert {"ch_1": payments[0].id, "ch_2": payments[1].id} == work.payments.by_charge(["ch_2", "ch_9", "ch_1"])
            assert {} == work.payments.by_charge([])

    def test_unsettled_payments(self, db: Begin[PaymentsWork]) -> None:
        """`unsettled` gives payments opened before an instant of which the provider may know more, oldest first."""
        states = list(samples.PAYMENTS)
        payments = {state: samples.PAYMENTS[state](n) for n, state in enumerate(states, start=1)}
        self.added(db, reversed(payments.values()))
        open_ones = ["open", "processing", "authorized", "authorized for less", "failed", "authorized in parts", "captured in part"]
        expected = [payments[state].id for state in open_ones]
        with db() as work:
            assert expected == list(work.payments.unsettled(samples.moment(99), 100))
            assert expected[:2] == list(work.payments.unsettled(samples.moment(99), 2))
            assert expected[:2] == list(work.payments.unsettled(payments["authorized"].opened_at, 100))
            assert expected[:3] == list(work.payments.unsettled(payments["authorized"].opened_at + TICK, 100))
            place = (payments["processing"].opened_at, payments["processing"].id)
            assert expected[2:4] == list(work.payments.unsettled(samples.moment(99), 2, after=place))


class RefundsContract(RepositoryContract[RefundId, Refund]):
    """What `Refunds` promises."""

    def furnish(self, work: PaymentsWork) -> None:
        """Keep payments that were captured."""
        samples.furnish_payments(work)

    def repository(self, work: PaymentsWork) -> Refunds:
        """The refunds."""
        return work.refunds

    def new(self, n: int) -> Refund:
        """A new refund of a line."""
        return samples.a_refund(n)

    def changed(self, value: Refund) -> Refund:
        """The refund, refused by the provider and asked for anew, and sent."""
        return value.move("fail", failure="expired card").retry().move("send", reference=f"re_{value.id}")

    def test_a_refund_of_no_line_comes_back_equal(self, db: Begin[PaymentsWork]) -> None:
        """A refund of money that nobody had earned has no lines, and comes back equal; so does one of several lines."""
        whole = attrs.evolve(self.new(1), lines=())
        two = self.new(2)
        two = attrs.evolve(two, lines=(attrs.evolve(two.lines[0], line=2), two.lines[0]), amount=two.amount * 2)
        self.added(db, [whole, two])
        assert [] == differences({whole.id: whole, two.id: two}, self.found(db, [whole.id, two.id]))

    @pytest.mark.parametrize("acts", [("send", "succeed"), ("succeed",), ("fail",), ("send", "fail")], ids="-".join)
    def test_every_status_comes_back(self, db: Begin[PaymentsWork], acts: tuple[str, ...]) -> None:
        """A refund comes back equal in every status."""
        value = self.new(1)
        for act in acts:
            value = value.move(act, reference="re_1", failure="lost" if act == "fail" else None)
        self.added(db, [value])
        assert [] == differences({value.id: value}, self.found(db, [value.id]))

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_refunds(self, db: Begin[PaymentsWork], limit: int) -> None:
        """`page` gives every refund once, the latest first; `of_vendor` those of lines of one vendor, each once."""
        refunds = []
        for n in range(1, 7):
            order = samples.a_delivered_order(n % 3 + 1)
            lines = [
                LineRefund(line.number, Money(1, order.total.currency), Money.zero(order.total.currency)) for line in _lines(order)
            ]
            asked = samples.a_refund(n, order=n % 3 + 1)
            # Every second one is of all lines: of several vendors, and of several lines of one.
            refunds.append(attrs.evolve(asked, lines=tuple(lines) if n % 2 else asked.lines, requested_at=samples.moment(n // 2)))
        self.added(db, refunds[3:] + refunds[:3])
        orders = {order.id: order for order in map(samples.a_delivered_order, (1, 2, 3))}
        vendors = {part.vendor_id for order in orders.values() for part in order.vendor_orders}

        def place(refund: Refund) -> tuple[datetime, RefundId]:
            return (refund.requested_at, refund.id)

        expected = sorted(refunds, key=place, reverse=True)
        with db() as work:
            assert expected == leafed(work.refunds.page, place, limit)
            for vendor in vendors:
                read = leafed(partial(work.refunds.of_vendor, vendor), place, limit)
                touched = {
                    each.id for each in refunds if vendor in {orders[each.order_id].vendor_of(line.line) for line in each.lines}
                }
                assert [each for each in expected if each.id in touched] == read
            assert [] == list(work.refunds.of_vendor(samples.vendor_id(99), None, 10))
        assert len(vendors) > 1

    def test_the_refunds_of_an_order(self, db: Begin[PaymentsWork]) -> None:
        """`of_order` gives the refunds of one order, the first requested first."""
        refunds = [attrs.evolve(samples.a_refund(n, order=1), requested_at=samples.moment(9 - n)) for n in (1, 2, 3)]
        self.added(db, [*refunds, self.new(4)])
        with db() as work:
            assert refunds[::-1] == list(work.refunds.of_order(samples.order_id(1)))
            assert [] == list(work.refunds.of_order(samples.order_id(9)))

    def test_open_refunds(self, db: Begin[PaymentsWork]) -> None:
        """`open` gives the refunds that are requested or sent, oldest first, at most `limit`."""
        refunds = [attrs.evolve(self.new(n), requested_at=samples.moment(9 - n)) for n in (1, 2, 3, 4)]
        refunds[1] = refunds[1].move("send", reference="re_2")
        refunds[2] = refunds[2].move("succeed", reference="re_3")
        self.added(db, [*refunds, self.new(5).move("fail")])
        with db() as work:
            assert [refunds[n].id for n in (3, 1, 0)] == list(work.refunds.open(10))
            assert [refunds[3].id] == list(work.refunds.open(1))
            assert [refunds[1].id] == list(work.refunds.open(1, after=(refunds[3].requested_at, refunds[3].id)))

    def test_a_reference_leads_to_its_refund(self, db: Begin[PaymentsWork]) -> None:
        """`by_reference` gives the refunds that have a reference, or had it before they were sent anew."""
        first = self.new(1).move("send", reference="re_1")
        again = self.new(2).move("fail", reference="re_2").retry().move("send", reference="re_3")
        self.added(db, [first, again, self.new(3)])
        with db() as work:
            expected = {"re_1": first.id, "re_2": again.id, "re_3": again.id}
            assert expected == work.refunds.by_reference(["re_3", "re_2", "re_9", "re_1"])
            assert {} == work.refunds.by_reference([])

    def test_a_refund_that_bounced_comes_back_equal(self, db: Begin[PaymentsWork]) -> None:
        """A refund that had arrived, came back and was sent anew comes back equal, with all its references."""
        value = self.new(1)
        self.added(db, [value])
        for after in (
            value := value.move("succeed", reference="re_1"),
            value := value.bounce("closed"),
            value := value.retry(),
            value := value.move("succeed", reference="re_2"),
            value.bounce("closed again"),
        ):
            with db() as work:
                work.refunds.lock([after.id])
                work.refunds.save([after])
            assert [] == differences({after.id: after}, self.found(db, [after.id]))


class DisputesContract(RepositoryContract[DisputeId, Dispute]):
    """What `Disputes` promises."""

    def furnish(self, work: PaymentsWork) -> None:
        """Keep payments that were captured."""
        samples.furnish_payments(work)

    def repository(self, work: PaymentsWork) -> Disputes:
        """The disputes."""
        return work.disputes

    def new(self, n: int) -> Dispute:
        """A new dispute of a payment."""
        return samples.a_dispute(n)

    def changed(self, value: Dispute) -> Dispute:
        """The dispute, won."""
        return value.move("win")

    def test_a_lost_dispute_without_lines_comes_back_equal(self, db: Begin[PaymentsWork]) -> None:
        """A dispute about money that was refunded before has no lines, and comes back equal."""
        value = attrs.evolve(self.new(1), lines=(), fee=Money(0, self.new(1).amount.currency)).move("lose")
        self.added(db, [value])
        assert [] == differences({value.id: value}, self.found(db, [value.id]))

    @pytest.mark.parametrize("limit", [1, 2, 100])
    @pytest.mark.parametrize("status", [None, *DISPUTE.states])
    def test_pages_of_disputes(self, db: Begin[PaymentsWork], limit: int, status: DisputeStatus | None) -> None:
        """`page` gives every dispute (of one status) once, the latest first."""
        lives = [(), ("win",), ("lose",), (), ("lose",)]
        disputes = []
        for n, acts in enumerate(lives, start=1):
            value = attrs.evolve(samples.a_dispute(n), opened_at=samples.moment(n // 2))
            for act in acts:
                value = value.move(act)
            disputes.append(value)
        self.added(db, disputes[2:] + disputes[:2])

        def place(dispute: Dispute) -> tuple[datetime, DisputeId]:
            return (dispute.opened_at, dispute.id)

        with db() as work:
            read = leafed(lambda after, size: work.disputes.page(after, size, status), place, limit)
        assert sorted((each for each in disputes if status in {None, each.status}), key=place, reverse=True) == read

    def test_disputes_whose_evidence_is_due(self, db: Begin[PaymentsWork]) -> None:
        """`evidence_due` gives open disputes whose evidence is due before an instant and nobody was reminded, the soonest first."""
        due = [attrs.evolve(self.new(n), evidence_due_at=samples.moment(9 - n)) for n in (1, 2, 3, 4)]
        reminded = attrs.evolve(due[3], reminded_at=samples.moment(1))
        closed = attrs.evolve(self.new(5).move("win"), evidence_due_at=samples.moment(1))
        never = attrs.evolve(self.new(6), evidence_due_at=None)
        self.added(db, [*due[:3], reminded, closed, never])
        with db() as work:
            assert [due[2].id, due[1].id] == list(work.disputes.evidence_due(samples.moment(8), 10))
            assert [due[2].id] == list(work.disputes.evidence_due(samples.moment(8), 1))
        assert [] == differences({reminded.id: reminded}, self.found(db, [reminded.id]))

    def test_the_disputes_of_an_order(self, db: Begin[PaymentsWork]) -> None:
        """`of_order` gives the disputes of one order, the first opened first."""
        disputes = [attrs.evolve(samples.a_dispute(n, order=1), opened_at=samples.moment(9 - n)) for n in (1, 2, 3)]
        self.added(db, [*disputes, self.new(4)])
        with db() as work:
            assert disputes[::-1] == list(work.disputes.of_order(samples.order_id(1)))
            assert [] == list(work.disputes.of_order(samples.order_id(9)))


class WebhooksContract(RepositoryContract[tuple[str, str], Webhook]):
    """What `Webhooks` promises."""

    def repository(self, work: PaymentsWork) -> Webhooks:
        """The webhooks."""
        return work.webhooks

    def new(self, n: int) -> Webhook:
        """A new webhook."""
        return samples.a_webhook(n)

    def changed(self, value: Webhook) -> Webhook:
        """The webhook after a try that has failed."""
        return value.attempt(at=samples.moment(7))[0].failed("nobody answers")

    def key(self, value: Webhook) -> tuple[str, str]:
        """The provider, and its id of the event."""
        return value.key

    def test_the_same_event_of_two_providers_is_two(self, db: Begin[PaymentsWork]) -> None:
        """Ids of events are each provider's own."""
        one = self.new(1)
        other = attrs.evolve(one, provider="another")
        self.added(db, [one, other])
        assert [] == differences({each.key: each for each in (one, other)}, self.found(db, [one.key, other.key]))

    def test_every_status_comes_back(self, db: Begin[PaymentsWork]) -> None:
        """A webhook comes back equal in every status, and is found by none but its own key."""
        tried, _ = self.new(1).attempt(at=samples.moment(9))
        given_up = attrs.evolve(self.new(2), tries=TRIES).attempt(at=samples.moment(9))[0]
        values = [tried.handled(at=samples.moment(9)), given_up, attrs.evolve(self.new(3), status=WebhookStatus.PASSED_OVER)]
        self.added(db, values)
        assert [] == differences({each.key: each for each in values}, self.found(db, [each.key for each in values]))

    def test_waiting_webhooks(self, db: Begin[PaymentsWork]) -> None:
        """`waiting` gives the webhooks that are due, the longest due first, at most `limit`; those that are done with never."""
        webhooks = [attrs.evolve(self.new(n), due_at=samples.moment(9 - n)) for n in (1, 2, 3)]
        self.added(db, [*webhooks, self.new(4).attempt(at=samples.moment(1))[0].handled(at=samples.moment(1))])
        with db() as work:
            expected = [webhooks[2].key, webhooks[1].key]
            assert expected == list(work.webhooks.waiting(webhooks[1].due_at, 10))
            assert expected[:1] == list(work.webhooks.waiting(webhooks[1].due_at, 1))
            assert expected[:1] == list(work.webhooks.waiting(webhooks[1].due_at - TICK, 10))

    def test_the_tally(self, db: Begin[PaymentsWork]) -> None:
        """`tally` counts them by provider, type and status."""
        webhooks = [self.new(n) for n in (1, 2, 3)]
        webhooks = [attrs.evolve(each, hint=attrs.evolve(each.hint, type="payment.captured")) for each in webhooks]
        done = webhooks[2].handled(at=samples.moment(9))
        self.added(db, [*webhooks[:2], done])
        provider = done.provider
        expected = {
            (provider, "payment.captured", WebhookStatus.WAITING): 2,
            (provider, "payment.captured", WebhookStatus.HANDLED): 1,
        }
        with db() as work:
            assert expected == dict(work.webhooks.tally())


def _lines(order: Order) -> list[OrderLine]:
    return [line for part in order.vendor_orders for line in part.lines]

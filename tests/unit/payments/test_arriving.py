"""Payments by example: money that comes late, twice, out of order, in another sum, or for goods that were cancelled meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import attrs
import pytest
from tests.unit.ordering.shops import BASKET, TWO_VENDORS, after, euro, facts, world_of

from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.order import OrderState, OrderStatus
from quarterturn_domain.payments.gateway import GatewayPayment, LineKind
from quarterturn_domain.payments.payment import CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.recording import record
from quarterturn_domain.payments.refund import Refund, RefundStatus
from quarterturn_domain.payments.taking import StartPayment
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies.lives import (
    Authenticate,
    Cancel,
    Confirm,
    Dispute,
    Goods,
    Judge,
    Onward,
    Pass,
    Place,
    Settle,
    Ship,
    Start,
    Step,
    Work,
)

HOUR: Final = Pass(timedelta(hours=1))
ALL_OF_A: Final = Place((((0, 9),),))


def payments(living: LivingShop) -> list[Payment]:
    """Every payment, in the order of opening."""
    with living.shop.begin() as work:
        return [payment for each in work.payments.of_orders(living.orders).values() for payment in each]


def refunds(living: LivingShop) -> list[Refund]:
    """Every refund, in the order of requesting."""
    with living.shop.begin() as work:
        return [refund for order_id in living.orders for refund in work.refunds.of_order(order_id)]


def at_rest(living: LivingShop) -> LivingShop:
    """The shop when all work is done; every law holds."""
    living.take(Work("quiet"))
    prove(living)
    return living


def test_a_late_payment_is_honoured_while_its_goods_are_there() -> None:
    """The order had expired; its goods are held again and sold, and it is as any other."""
    living = at_rest(after(BASKET, HOUR, Work("expire")))
    assert [OrderStatus.EXPIRED] == [order.status for order in living.found()]
    living = at_rest(after(BASKET, Start(0), HOUR, Work("expire"), Confirm(0, Means.APPROVED)))
    assert [OrderStatus.CONFIRMED] == [order.status for order in living.found()]
    assert refunds(living) == []


def test_a_late_payment_goes_back_when_its_goods_are_gone() -> None:
    """Somebody else has bought them: the money is owed, sent back, and books and provider agree that only the fee is lost."""
    living = after(ALL_OF_A, Start(0), HOUR, ALL_OF_A, Onward(1), Confirm(0, Means.APPROVED))
    assert ["reservation.expired"] == [tag for tag in facts(living) if "expired" in tag]
    at_rest(living)
    (late, _) = payments(living)
    (refund,) = refunds(living)
    assert (PaymentStatus.REFUNDED, None) == (late.status, late.quarantine)
    assert (RefundStatus.SUCCEEDED, late.amount, ()) == (refund.status, refund.amount, refund.lines)
    assert refund.reason == "the payment came too late: fewer than 9 of A-01 are available"
    assert [OrderState.PLACED, OrderState.PAID] == [order.state for order in living.found()]


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        pytest.param(
            (Start(0, Means.ACTION_REQUIRED), Onward(0), Authenticate(0, succeed=True)),
            "the order is paid already",
            id="paid twice",
        ),
        pytest.param(
            (Start(0, Means.ACTION_REQUIRED), Cancel(0), Authenticate(0, succeed=True)),
            "the order is cancelled already",
            id="paid after it was cancelled",
        ),
    ],
)
def test_a_payment_that_no_order_wants_goes_back(steps: tuple[Step, ...], reason: str) -> None:
    """All of it, once, by itself."""
    living = at_rest(after(BASKET, *steps))
    (refund,) = refunds(living)
    assert (RefundStatus.SUCCEEDED, euro("169.80"), reason) == (refund.status, refund.amount, refund.reason)
    at_rest(living)
    assert [refund] == refunds(living)


def told(living: LivingShop, **truth: Any) -> Payment:
    """The first payment after the provider has said this of it."""
    payment = payments(living)[0]
    words = GatewayPayment(
        payment.reference or "pay_1", payment.id, PaymentStatus.CAPTURED, payment.amount, payment.amount, Money.zero(EUR)
    )
    return record(living.shop.begin, [(payment.id, attrs.evolve(words, **truth))], living.shop.clock)[payment.id]


@pytest.mark.parametrize(
    ("captured", "quarantine"),
    [
        pytest.param(euro("169.79"), "169.79 EUR is paid where 169.80 EUR is due", id="too little"),
        pytest.param(euro("169.81"), "169.81 EUR is paid where 169.80 EUR is due", id="too much"),
        pytest.param(Money.of("169", "JPY"), "169 JPY is paid where 169.80 EUR is due", id="in another currency"),
    ],
)
def test_another_sum_waits_for_a_person(captured: Money, quarantine: str) -> None:
    """It is booked as owed, no goods are sold for it, and nothing is sent back by itself."""
    living = after(BASKET, Start(0))
    # The provider has it on its statement, too.
    ledger = world_of(living).sandbox._books.ledger
    ledger.post(LineKind.CHARGE, "ch_told", captured, Money.zero(captured.currency), living.now, living.now)
    payment = told(living, captured=captured, charge="ch_told", fee=Money.zero(captured.currency))
    assert (PaymentStatus.CAPTURED, quarantine) == (payment.status, payment.quarantine)
    assert [OrderState.PLACED] == [order.state for order in living.found()]
    assert refunds(living) == []
    prove(living)
    with living.shop.begin() as work:
        assert {AccountKind.REFUNDS: -captured} == {
            kind: money for (kind, _), money in work.journal.totals().items() if kind is AccountKind.REFUNDS
        }


@pytest.mark.parametrize(
    ("steps", "late", "stays"),
    [
        pytest.param((Onward(0),), PaymentStatus.PROCESSING, PaymentStatus.CAPTURED, id="processing after captured"),
        pytest.param((Onward(0),), PaymentStatus.FAILED, PaymentStatus.CAPTURED, id="failed after captured"),
        pytest.param((Onward(0),), PaymentStatus.CANCELLED, PaymentStatus.CAPTURED, id="cancelled after captured"),
        pytest.param((Onward(0),), PaymentStatus.CAPTURED, PaymentStatus.CAPTURED, id="captured twice"),
        pytest.param(
            (Start(0, Means.APPROVED, manual=True),), PaymentStatus.FAILED, PaymentStatus.AUTHORIZED, id="failed after authorised"
        ),
        pytest.param(
            (Start(0, Means.APPROVED, manual=True),),
            PaymentStatus.PROCESSING,
            PaymentStatus.AUTHORIZED,
            id="processing after authorised",
        ),
        pytest.param(
            (Start(0, Means.APPROVED, manual=True), Settle(0, "cancel")),
            PaymentStatus.AUTHORIZED,
            PaymentStatus.CANCELLED,
            id="authorised after cancelled",
        ),
    ],
)
def test_a_word_about_what_is_behind_us_changes_nothing(steps: tuple[Step, ...], late: PaymentStatus, stays: PaymentStatus) -> None:
    """Webhooks come late and out of order: payment, order, facts and books stay as they are."""
    living = after(BASKET, *steps)
    before = payments(living), living.found(), facts(living)
    assert stays is told(living, status=late).status
    assert before == (payments(living), living.found(), facts(living))
    prove(living)


def test_a_declined_card_leaves_room_for_another() -> None:
    """A decline, a card that wants the customer, and then money: one payment, one order."""
    living = after(
        BASKET,
        Start(0, Means.DECLINED),
        Confirm(0, Means.ACTION_REQUIRED, 2),
        Authenticate(0, succeed=False),
        Work("sync"),
        Confirm(0, Means.APPROVED, 3),
    )
    assert [PaymentStatus.CAPTURED] == [payment.status for payment in payments(living)]
    assert ["payment.opened", "payment.failed", "payment.failed", "payment.captured"] == [
        tag for tag in facts(living) if tag.startswith("payment")
    ]
    at_rest(living)


def test_units_that_were_cancelled_are_not_captured() -> None:
    """An authorisation is lowered by what they cost, and the rest is captured: nothing has to go back."""
    living = after(BASKET, Start(0, Means.APPROVED, manual=True), Cancel(0, 0, ((0, 1),)), Settle(0, "capture"))
    (payment,) = payments(living)
    assert (PaymentStatus.CAPTURED, euro("104.90"), euro("64.90")) == (payment.status, payment.captured, payment.released)
    assert refunds(at_rest(living)) == []


def test_when_everything_is_cancelled_the_authorisation_is_given_up() -> None:
    """Capturing nothing is cancelling."""
    living = at_rest(after(BASKET, Start(0, Means.APPROVED, manual=True), Cancel(0), Settle(0, "capture")))
    assert [PaymentStatus.CANCELLED] == [payment.status for payment in payments(living)]
    assert [OrderStatus.CANCELLED] == [order.status for order in living.found()]


def test_units_that_were_cancelled_while_the_capture_was_unknown_go_back() -> None:
    """The answer to the capture was lost, then units were cancelled: the order has its due, and their price is refunded."""
    living = after(BASKET, Start(0, Means.APPROVED, manual=True))
    world_of(living).fail("capture_payment", "lost_answer")
    living.take(Settle(0, "capture"))
    living.take(Cancel(0, 0, ((0, 1),)))
    at_rest(living)
    (payment,) = payments(living)
    (refund,) = refunds(living)
    assert (euro("169.80"), euro("64.90"), None) == (payment.captured, payment.refunded, payment.quarantine)
    assert (RefundStatus.SUCCEEDED, euro("64.90")) == (refund.status, refund.amount)
    assert euro("104.90") == living.found()[0].split.paid


def test_an_authorisation_that_ends_cancels_what_is_not_shipped() -> None:
    """A week has passed: vendors are told to stop, the goods are back on the shelf, and nobody owes anybody anything."""
    living = at_rest(after(BASKET, Start(0, Means.APPROVED, manual=True), Pass(timedelta(days=8)), Work("sync")))
    assert [(PaymentStatus.CANCELLED, None)] == [(payment.status, payment.quarantine) for payment in payments(living)]
    assert [OrderStatus.CANCELLED] == [order.status for order in living.found()]
    with living.shop.begin() as work:
        assert [9, 9] == [item.on_hand for item in work.stock.levels([goods.sku for goods in TWO_VENDORS[:2]])]


def test_an_authorisation_that_ends_after_shipping_waits_for_a_person() -> None:
    """What was sent cannot be called back: the rest is cancelled, and the payment says why somebody has to look at it."""
    living = at_rest(
        after(BASKET, Start(0, Means.APPROVED, manual=True), Ship(0, 0, ((0, 1),)), Pass(timedelta(days=8)), Work("sync"))
    )
    (payment,) = payments(living)
    assert payment.quarantine == "the authorisation of its payment has ended after goods were shipped"
    (order,) = living.found()
    assert [(1, 1), (0, 1)] == [(line.shipped, line.cancelled) for part in order.vendor_orders for line in part.lines]


def test_what_costs_nothing_is_paid_without_a_provider() -> None:
    """An order of free goods is confirmed by its payment, and ends as others do."""
    free = (Goods(0, 0, euro("0.00"), euro("0.00"), 3),)
    living = after(Place((((0, 2),),)), goods=free)
    command = StartPayment(payment_id=PaymentId(UUID(int=1)), order_id=living.orders[0], at=living.now)
    started = granted(living.shop.start_payments([command])[0])
    assert PaymentStatus.CAPTURED is started.payment.status
    assert not world_of(living).sandbox._books.payments
    assert started.payment == granted(living.shop.sync_payments([started.payment.id])[0])
    for _ in range(3):
        living.take(Onward(0))
    assert [OrderStatus.DELIVERED] == [order.status for order in living.found()]
    living.take(Cancel(0))
    at_rest(living)


def test_an_unknown_opening_is_found_with_another_card() -> None:
    """The answer was lost and the customer takes another card: the provider has one payment, which is paid once."""
    living = after(BASKET)
    world_of(living).fail("open_payment", "lost_answer")
    living.take(Start(0, Means.DECLINED))
    living.take(Confirm(0, Means.APPROVED))
    at_rest(living)
    assert [PaymentStatus.CAPTURED] == [payment.status for payment in payments(living)]
    assert len(world_of(living).sandbox._books.payments) == 1


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_may_be_heard_of_before_its_payment(won: bool) -> None:
    """Its payment is recorded first, so that the vendors' parts are held."""
    living = after(BASKET, Start(0, Means.ACTION_REQUIRED), Authenticate(0, succeed=True), Dispute(0))
    assert [PaymentStatus.REQUIRES_PAYMENT] == [payment.status for payment in payments(living)]
    living.shop.sync_disputes(living.disputes)
    assert [PaymentStatus.DISPUTED] == [payment.status for payment in payments(living)]
    with living.shop.begin() as work:
        (dispute,) = work.disputes.of_order(living.orders[0])
        assert euro("169.80") == sum((each.amount for each in dispute.lines), euro("0.00"))
    living.take(Judge(0, won=won))
    at_rest(living)
    left = living.found()[0].split.paid
    assert (euro("169.80") if won else euro("0.00")) == left
    living.take(Cancel(0))
    at_rest(living)
    assert [OrderStatus.CANCELLED] == [order.status for order in living.found()]


def test_a_manual_payment_may_be_asked_for_twice() -> None:
    """One payment at the provider, one fact, and the same answer."""
    living = after(BASKET)
    command = StartPayment(
        payment_id=PaymentId(UUID(int=1)),
        order_id=living.orders[0],
        capture_method=CaptureMethod.MANUAL,
        method="card_approved",
        at=living.now,
    )
    first, second = living.shop.start_payments([command, command])
    before = facts(living)
    (third,) = living.shop.start_payments([command])
    assert granted(first).payment == granted(second).payment == granted(third).payment
    assert before == facts(living)
    assert len(world_of(living).sandbox._books.payments) == 1

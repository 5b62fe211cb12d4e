"""Disputes by example: what is lost is gone, what is left can go back, and several of one payment never hold anything twice."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Final

import pytest
from tests.unit.ordering.shops import BASKET, after, euro, world_of

from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.order import OrderStatus
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.gateway import GatewayRefused
from quarterturn_domain.payments.owing import NothingToRefund
from quarterturn_domain.payments.payment import Payment, PaymentStatus
from quarterturn_domain.payments.refund import Refund, RefundStatus
from quarterturn_domain.pricing.split import RefundTooLarge, Split
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies.lives import AskBack, Cancel, Decide, Dispute, Judge, Onward, Pass, Step, Work
from quarterturn_domain.testing.strategies.lives import Refund as Owe

PAID: Final[tuple[Step, ...]] = (BASKET, Onward(0))
DELIVERED: Final[tuple[Step, ...]] = (*PAID, *[Onward(0)] * 4)
WHOLE: Final = euro("169.80")
SYNC: Final = Work("sync")


def go_on(living: LivingShop, *steps: Step) -> None:
    """Take these steps, none of which is refused, with every law after each, and at rest in the end."""
    for step in (*steps, Work("quiet")):
        living.take(step)
        assert not living.refusals, living.refusals
        prove(living)
    world_of(living).sandbox.prove()


def payment_of(living: LivingShop) -> Payment:
    """The first payment."""
    with living.shop.begin() as work:
        return work.payments.find(living.payments)[living.payments[0]]


def refunds_of(living: LivingShop) -> list[Refund]:
    """The refunds of the first order that move money."""
    with living.shop.begin() as work:
        return [refund for refund in work.refunds.of_order(living.orders[0]) if refund.amount]


def on_hand(living: LivingShop) -> list[int]:
    """How many units of each of the first two goods are on the shelf."""
    with living.shop.begin() as work:
        return [item.on_hand for item in work.stock.levels([goods.sku for goods in living.life.goods[:2]])]


BACK: Final[tuple[Step, ...]] = tuple(
    step for part in (0, 1) for step in (AskBack(0, part), Decide(part, "approve"), Decide(part, "receive", refund_shipping=True))
)


@pytest.mark.parametrize(
    ("before", "then"),
    [
        pytest.param(PAID, (Cancel(0),), id="cancelled"),
        pytest.param(PAID, (Cancel(0, 0, ((0, 1),)), Cancel(0, 1), Cancel(0)), id="cancelled bit by bit"),
        pytest.param(DELIVERED, BACK, id="sent back"),
        pytest.param((*PAID, Onward(0), Onward(0), Onward(0)), (Owe(0),), id="refunded"),
    ],
)
@pytest.mark.parametrize(("part", "left"), [(1, "169.64"), (500, "84.90"), (999, "0.17")])
def test_what_a_lost_dispute_leaves_goes_back_as_ever(
    before: tuple[Step, ...], then: tuple[Step, ...], part: int, left: str
) -> None:
    """A part is lost: units are cancelled, sent back and refunded up to what is left, and bank and refunds make the whole."""
    living = after(*before)
    go_on(living, Dispute(0, part), SYNC, Judge(0, won=False), SYNC)
    payment = payment_of(living)
    assert (PaymentStatus.PARTIALLY_REFUNDED, euro(left), WHOLE) == (
        payment.status,
        payment.refundable,
        payment.refundable + payment.lost,
    )
    go_on(living, *then)
    payment, refunds = payment_of(living), refunds_of(living)
    assert {RefundStatus.SUCCEEDED} == {refund.status for refund in refunds}
    assert euro(left) == sum((refund.amount for refund in refunds), euro("0.00")) == payment.refunded
    assert (PaymentStatus.REFUNDED, WHOLE) == (payment.status, payment.refunded + payment.lost)
    assert Split.nothing(EUR) == living.found()[0].split
    if not isinstance(then[0], Owe):
        assert [9, 9] == on_hand(living)


def test_nothing_is_refundable_when_everything_was_lost() -> None:
    """The bank gave the customer the whole: units may go and come back to the shelf, and no cent goes with them."""
    living = after(*PAID)
    go_on(living, Dispute(0), SYNC, Judge(0, won=False), SYNC)
    assert (PaymentStatus.REFUNDED, euro("0.00"), WHOLE) == (
        payment_of(living).status,
        payment_of(living).refundable,
        payment_of(living).lost,
    )
    with pytest.raises((NothingToRefund, RefundTooLarge)):
        living.give_back(living.found()[0], amount=euro("0.01"))
    go_on(living, Cancel(0))
    assert [OrderStatus.CANCELLED] == [order.status for order in living.found()]
    assert ([], [9, 9]) == (refunds_of(living), on_hand(living))
    assert [PaymentStatus.REFUNDED] == [payment_of(living).status]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first, second", "second, first"])
@pytest.mark.parametrize("won", list(product([True, False], repeat=2)), ids=str)
@pytest.mark.parametrize("parts", [(300, 500), (500, 1000), (3, 7)], ids=str)
@pytest.mark.parametrize("before", [PAID, DELIVERED, (*DELIVERED, Pass(timedelta(days=8)), Work("release"))], ids=len)
def test_two_disputes_of_one_payment_hold_nothing_twice(
    before: tuple[Step, ...], parts: tuple[int, int], won: tuple[bool, bool], order: tuple[int, ...]
) -> None:
    """Whichever is closed first and however: the books balance, the clearing is what the provider has, the last one leads back."""
    living = after(*before)
    go_on(living, Dispute(0, parts[0]), SYNC, Dispute(0, parts[1]), SYNC)
    first, second = order
    go_on(living, Judge(first, won=won[first]), SYNC)
    assert PaymentStatus.DISPUTED is payment_of(living).status
    go_on(living, Judge(second, won=won[second]), SYNC)
    with living.shop.begin() as work:
        disputes = work.disputes.of_order(living.orders[0])
    lost = sum((each.amount for each in disputes if each.status is DisputeStatus.LOST), euro("0.00"))
    payment = payment_of(living)
    assert lost == payment.lost
    gone = PaymentStatus.CAPTURED if not lost else PaymentStatus.PARTIALLY_REFUNDED if lost < WHOLE else PaymentStatus.REFUNDED
    assert gone is payment.status
    assert WHOLE - lost == living.found()[0].split.paid
    if lost < WHOLE:
        go_on(living, Owe(0))
    assert (PaymentStatus.REFUNDED, WHOLE - lost) == (payment_of(living).status, payment_of(living).refunded)


def test_two_disputes_are_heard_of_when_both_are_closed() -> None:
    """Nobody listened meanwhile: one after the other is opened and closed at once, and it comes to the same."""
    living = after(*PAID)
    for step in (Dispute(0, 400), Dispute(0, 500), Judge(0, won=False), Judge(1, won=True)):
        living.take(step)
    go_on(living, SYNC)
    assert (PaymentStatus.PARTIALLY_REFUNDED, euro("67.92")) == (payment_of(living).status, payment_of(living).lost)


def test_a_bank_takes_no_more_than_is_left() -> None:
    """What was refunded, or is with the bank, cannot be disputed at the sandbox."""
    living = after(*PAID, Dispute(0, 400), SYNC)
    with living.shop.begin() as work:
        reference = work.payments.find(living.payments)[living.payments[0]].reference
    assert reference is not None
    with pytest.raises(GatewayRefused):
        world_of(living).sandbox.open_dispute(reference, Money(16980 - 6792 + 1, EUR))
    assert Money(16980 - 6792, EUR) == world_of(living).sandbox.open_dispute(reference).amount
    with pytest.raises(GatewayRefused):
        world_of(living).sandbox.open_dispute(reference)

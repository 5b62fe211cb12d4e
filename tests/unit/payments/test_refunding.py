"""Refunds by example: what units cost, what is left, what failed, and what was paid for by the platform."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest
from tests.unit.ordering.shops import BASKET, after, euro, world_of

from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Unavailable, granted
from quarterturn_domain.kernel.ids import DiscountId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.ordering.order import OrderStatus
from quarterturn_domain.payments.gateway import OutcomeUnknown
from quarterturn_domain.payments.refund import Refund, RefundStatus
from quarterturn_domain.payments.refunding import RefundLine, RequestRefund
from quarterturn_domain.pricing.discount import Discount, Funding
from quarterturn_domain.pricing.split import RefundTooLarge, Split
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies.lives import AskBack, Cancel, Decide, Goods, Onward, Pass, Place, Start, Step, Work
from quarterturn_domain.testing.strategies.lives import Refund as Owe

PAID: Final[tuple[Step, ...]] = (BASKET, Onward(0))
DELIVERED: Final[tuple[Step, ...]] = (*PAID, *[Onward(0)] * 4)


def one_line(price: str, quantity: int) -> LivingShop:
    """A shop with a paid order of one line, whose goods cost so much together (a discount sees to that)."""
    whole = euro(price)
    goods = (Goods(0, 0, Money(-(-whole.minor // quantity), EUR), euro("0.00"), quantity),)
    off = Money(goods[0].price.minor * quantity - whole.minor, EUR)
    sale = Discount(id=DiscountId(UUID(int=1)), name="sale", funding=Funding.VENDOR, amount=(off,))
    living = after(Place((((0, quantity),),)), Onward(0), goods=goods, rules=(sale,) if off else ())
    assert whole == living.found()[0].total
    return living


def units(living: LivingShop, count: int) -> Money:
    """Refund so many units of the first line: what they come to."""
    command = RequestRefund(
        refund_id=RefundId(living.shop.ids.new()),
        order_id=living.orders[0],
        lines=(RefundLine(1, units=count),),
        reason="late",
        at=living.now,
    )
    return living.shop.request_refunds(command).amount


@pytest.mark.parametrize(
    ("price", "quantity", "counts", "amounts"),
    [
        pytest.param("10.00", 3, (1, 1, 1), ("3.33", "3.34", "3.33"), id="one by one, rounded down"),
        pytest.param("10.00", 3, (2, 1), ("6.67", "3.33"), id="two, then one"),
        pytest.param("1.01", 2, (1, 1), ("0.51", "0.50"), id="one by one, rounded up"),
        pytest.param("0.05", 2, (1, 1), ("0.03", "0.02"), id="a few cents"),
        pytest.param("9.99", 3, (3,), ("9.99",), id="all at once"),
        pytest.param("20.00", 7, (1, 2, 3, 1), ("2.86", "5.71", "8.57", "2.86"), id="seven"),
    ],
)
def test_the_prices_of_all_units_are_the_price_of_the_line(
    price: str, quantity: int, counts: tuple[int, ...], amounts: tuple[str, ...]
) -> None:
    """However they are given back, the last of them takes what rounding has left."""
    living = one_line(price, quantity)
    assert [euro(amount) for amount in amounts] == [units(living, count) for count in counts]
    assert euro(price) == sum((euro(amount) for amount in amounts), euro("0.00"))
    assert Split.nothing(EUR) == living.found()[0].split
    prove(living)


def test_units_after_a_partial_amount_are_bounded_by_what_is_left() -> None:
    """A unit costs what it costs, until less is left: then all units at once take the rest."""
    living = one_line("10.00", 2)
    living.give_back(living.found()[0], (RefundLine(1, euro("7.00")),))
    with pytest.raises(RefundTooLarge) as refused:
        units(living, 1)
    assert RefundTooLarge(euro("5.00"), euro("3.00")) == refused.value
    assert euro("3.00") == units(living, 2)
    prove(living)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((*PAID, Owe(0), Cancel(0)), id="cancelled"),
        pytest.param((*PAID, Owe(0), Cancel(0, 0, ((0, 1),)), Cancel(0)), id="cancelled bit by bit"),
        pytest.param(
            (*DELIVERED, Owe(0), AskBack(0, 0), Decide(0, "approve"), Decide(0, "receive", refund_shipping=True)), id="sent back"
        ),
    ],
)
def test_units_go_even_when_their_money_went_before(steps: tuple[Step, ...]) -> None:
    """Goodwill came first: the goods may still be cancelled or sent back, and no cent goes twice."""
    living = after(*steps)
    living.take(Work("quiet"))
    prove(living)
    with living.shop.begin() as work:
        assert [euro("169.80")] == [refund.amount for refund in work.refunds.of_order(living.orders[0])]


def test_units_cost_what_is_left_of_them_after_an_amount() -> None:
    """Half of a line went back: two units that are cancelled one by one take the other half."""
    living = one_line("10.00", 2)
    living.give_back(living.found()[0], (RefundLine(1, euro("4.00")),))
    living.take(Cancel(0, 0, ((0, 1),)))
    living.take(Cancel(0, 0, ((0, 1),)))
    assert not living.refusals
    with living.shop.begin() as work:
        amounts = sorted(refund.amount for refund in work.refunds.of_order(living.orders[0]))
    assert [euro("1.00"), euro("4.00"), euro("5.00")] == amounts
    assert [OrderStatus.CANCELLED] == [order.status for order in living.found()]
    prove(living)


def test_what_the_platform_paid_for_wholly_is_undone_by_units() -> None:
    """A gift of the platform is cancelled: no money goes back, and the vendor does not keep what it has not sold."""
    gift = Discount(id=DiscountId(UUID(int=1)), name="gift", funding=Funding.PLATFORM, percent=Rate.percent("100"))
    goods = (Goods(0, 0, euro("10.00"), euro("2.00"), 4),)
    living = after(Place((((0, 2),),)), Onward(0), goods=goods, rules=(gift,))
    before = living.found()[0].split
    assert (euro("4.00"), euro("24.00"), euro("20.00")) == (before.paid, before.earning + before.charged, before.subsidy)
    living.take(Cancel(0, 0, ((0, 1),)))
    half = living.found()[0].split
    assert (euro("2.00"), euro("10.00")) == (half.paid, half.subsidy)
    prove(living)
    living.take(Cancel(0))
    living.take(Work("quiet"))
    assert not living.refusals
    assert Split.nothing(EUR) == living.found()[0].split
    prove(living)


def sent(living: LivingShop) -> Refund:
    """The first refund after it was sent."""
    with living.shop.begin() as work:
        (refund,) = work.refunds.of_order(living.orders[0])
    return granted(living.shop.send_refunds([refund.id])[0])


def test_a_refund_that_failed_is_sent_again_under_a_new_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The customer's bank did not take it: the money is still owed, and a second try is another one at the provider."""
    living = after(BASKET)
    world = world_of(living)
    monkeypatch.setattr(world, "means", lambda _: "card_refund_fails")
    for step in (Onward(0), Owe(0, spread=500)):
        living.take(step)
    assert RefundStatus.SENT is sent(living).status
    world.advance(timedelta(days=6))
    failed = sent(living)
    assert (RefundStatus.FAILED, "the customer's bank did not accept it") == (failed.status, failed.failure)
    prove(living)
    # Sent again without having been retried, it stays as it is.
    assert failed == sent(living)
    retried = living.shop.retry_refunds(failed.id)
    assert (RefundStatus.REQUESTED, 2) == (retried.status, retried.attempt)
    assert RefundStatus.SENT is sent(living).status
    refunds = world.sandbox._books.refunds.values()
    assert ["failed", "pending"] == [refund.status.value for refund in refunds]
    prove(living)


@pytest.mark.parametrize("how", ["unavailable", "lost_request", "lost_answer"])
def test_a_refund_waits_in_the_outbox_until_the_provider_answers(how: str) -> None:
    """The relay delivers it again, and exactly one refund is at the provider."""
    living = after(*PAID, Owe(0, spread=500))
    world = world_of(living)
    world.fail("refund_payment", how)
    first = living.shop.relay.drain()
    assert getattr(first, "waiting", None) == 1
    with living.shop.begin() as work:
        assert {"send-refunds": 1} == {name: depth.waiting for name, depth in work.dispatches.depths().items()}
    second = living.shop.relay.drain()
    assert getattr(second, "waiting", None) == 0
    assert len(world.sandbox._books.refunds) == 1
    living.take(Work("quiet"))
    prove(living)


def test_an_unknown_refund_is_an_outcome_of_its_own() -> None:
    """Neither done nor failed: the caller hears that nobody knows, and the refund stays requested."""
    living = after(*PAID, Owe(0, spread=500))
    with living.shop.begin() as work:
        (refund,) = work.refunds.of_order(living.orders[0])
    world_of(living).fail("refund_payment", "lost_answer")
    (outcome,) = living.shop.send_refunds([refund.id])
    assert isinstance(outcome, OutcomeUnknown)
    assert isinstance(outcome, Unavailable)
    with living.shop.begin() as work:
        assert [RefundStatus.REQUESTED] == [each.status for each in work.refunds.of_order(living.orders[0])]


def test_a_refund_is_spread_in_proportion_to_what_is_left() -> None:
    """10.00 of 169.80 over goods and shipping of both vendors, to the cent."""
    living = after(BASKET, Start(0), Pass(timedelta(seconds=1)), Onward(0))
    living.give_back(living.found()[0], amount=euro("10.00"))
    lines = [line for part in living.found()[0].vendor_orders for line in part.lines]
    assert [(euro("7.07"), euro("0.58")), (euro("2.35"), euro("0.00"))] == [
        (line.refunded_goods, line.refunded_shipping) for line in lines
    ]
    prove(living)

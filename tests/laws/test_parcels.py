"""Laws of captures for each parcel: whatever is sent, cancelled, refunded and disputed, every part of it is accounted for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from tests.doubles.stripe.outside import stripe_shop
from tests.laws.test_beside_the_provider import party_by_party
from tests.unit.ordering.shops import lived, nothing_was_done_twice

from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.payments.payment import CaptureMethod, PaymentStatus
from quarterturn_domain.payments.waiting import Waiting, by_line
from quarterturn_domain.payouts.reconciling import ReconcilePeriod
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives import LivingShop, live, prove
from quarterturn_domain.testing.strategies.lives import (
    AskBack,
    Cancel,
    Decide,
    Deliver,
    Dispute,
    Fail,
    Judge,
    OrderLife,
    Pass,
    Place,
    Refund,
    Settle,
    Ship,
    Start,
    Work,
    order_lives,
)

LIVES: Final = settings(suppress_health_check=list(HealthCheck), deadline=None)

_FEW: Final = st.integers(0, 3)
_UNITS: Final = st.lists(st.tuples(_FEW, st.integers(1, 2)), max_size=2, unique_by=lambda pair: pair[0]).map(tuple)
_FAILING: Final = ("capture_payment", "read_payment", "refund_payment", "cancel_payment")
_WAYS: Final = (
    (Start(0, Means.APPROVED, parcels=True),),
    (Start(0, Means.APPROVED, parcels=True), Ship(0, 0, ((0, 1),)), Work("relay")),
    (Start(0, Means.APPROVED, parcels=True), Ship(0, 1), Work("relay")),
    (Start(0, Means.LATE_REFUND, parcels=True), Ship(0, 0, ((0, 1),)), Work("relay")),
)
_STEPS: Final = st.one_of(
    st.builds(Ship, st.just(0), _FEW, _UNITS),
    st.builds(Cancel, st.just(0), st.none() | _FEW, _UNITS),
    st.builds(Refund, st.just(0), line=_FEW, units=st.integers(1, 2)),
    st.builds(Refund, st.just(0), line=_FEW, goods=st.sampled_from((1, 333, 1000)), shipping=st.sampled_from((0, 500, 1000))),
    st.builds(Refund, st.just(0), spread=st.none() | st.sampled_from((1, 333, 1000))),
    st.builds(Deliver, st.just(0), _FEW),
    st.builds(AskBack, st.just(0), _FEW),
    st.builds(Decide, st.just(0), st.sampled_from(("approve", "receive")), st.booleans(), st.booleans()),
    st.builds(Dispute, st.just(0), st.sampled_from((1, 333, 1000))),
    st.builds(Judge, _FEW, st.booleans()),
    st.builds(Settle, st.just(0), st.sampled_from(("capture", "cancel"))),
    st.builds(Work, st.sampled_from(("relay", "relay", "sync", "release", "pay_out", "quiet"))),
    st.builds(Pass, st.sampled_from((timedelta(minutes=20), timedelta(days=2), timedelta(days=8)))),
    st.builds(Fail, st.sampled_from(_FAILING), st.sampled_from(("unavailable", "lost_request", "lost_answer"))),
)


@st.composite
def lives_in_parts(draw: DrawFn) -> OrderLife:
    """The life of one order, up to three units of everything, that is authorised and captured as its parcels leave."""
    base = draw(order_lives(max_steps=1))
    unit = base.goods[0].price.currency
    lines = tuple(
        (number, min(draw(st.integers(1, 3)), goods.on_hand))
        for number, goods in enumerate(base.goods)
        if goods.price.currency is unit
    )
    steps = (Place((lines,)), *draw(st.sampled_from(_WAYS)), *draw(st.lists(_STEPS, max_size=14)))
    return attrs.evolve(base, steps=steps)


def all_is_accounted_for(living: LivingShop) -> None:
    """Of what was authorised everything was captured, is let go, or waits; what was captured is the sum of the captures."""
    with living.shop.begin() as work:
        for payment in [each for order_id in living.orders for each in work.payments.of_order(order_id)]:
            if payment.capture_method is not CaptureMethod.PER_PARCEL or not payment.captures or payment.quarantine:
                continue
            excess = max(0, payment.captured.minor + payment.released.minor - payment.amount.minor)
            assert payment.amount.minor + excess == (payment.captured + payment.released + payment.uncaptured).minor
            order = work.orders.find([payment.order_id])[payment.order_id]
            gone = total((line.refunded for part in order.vendor_orders for line in part.lines), payment.amount.currency)
            assert payment.released <= gone
            assert payment.status is not PaymentStatus.AUTHORIZED


@settings(LIVES, max_examples=60)
@given(lives_in_parts())
def test_captures_refunds_and_disputes_of_parts_come_to_the_whole(life: OrderLife) -> None:
    """Party by party at every step; at rest the provider's books are ours, nothing was done twice, and no line is unexplained."""

    def check(living: LivingShop) -> None:
        party_by_party(living)
        all_is_accounted_for(living)

    living, world = lived(life, check)
    living.take(Work("quiet"))
    check(living)
    nothing_was_done_twice(world)
    assert [] == list(living.shop.reconcile(ReconcilePeriod(until=living.now + timedelta(days=1))).unexplained)


@settings(LIVES, max_examples=15)
@given(lives_in_parts())
def test_the_same_holds_at_stripe(life: OrderLife) -> None:
    """Over HTTP, with its double: at rest nothing differs, line by line of its statement."""
    with stripe_shop() as (shop, outside):
        living = live(life, shop, outside, after=prove)
        living.take(Work("quiet"))
        prove(living)
        all_is_accounted_for(living)
        outside.nothing_was_done_twice()
        assert [] == list(shop.reconcile(ReconcilePeriod(until=living.now + timedelta(days=1))).unexplained)


@given(st.integers(0, 10_000), st.integers(0, 500), st.integers(1, 20), st.data())
def test_parcels_share_what_waits_exactly(goods: int, shipping: int, units: int, data: st.DataObject) -> None:
    """Units that are taken in any portions come to what waited for all, none to less than nothing, and the last takes the rest."""
    rest = Waiting(1, units, Money(goods, EUR), Money(shipping, EUR))
    taken: list[Waiting] = []
    while rest.units:
        part, rest = rest.take(data.draw(st.integers(1, rest.units)))
        taken.append(part)
    assert Waiting(1, units, Money(goods, EUR), Money(shipping, EUR)) == by_line(taken)[1]
    assert not rest
    assert all(each.goods.minor >= 0 and each.shipping.minor >= 0 for each in taken)

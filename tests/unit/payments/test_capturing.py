"""When money is captured is a setting: at once, by hand, with the first parcel, or for each as far as the provider lets it be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.ordering.shops import BASKET, TWO_VENDORS, SandboxWorld, euro, facts, nothing_was_done_twice, shop_on, world_of

from quarterturn_adapters.sandbox import Fault, Sandbox, Terms
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import PaymentId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.order import OrderStatus
from quarterturn_domain.payments import drawing
from quarterturn_domain.payments.owing import NothingToRefund
from quarterturn_domain.payments.payment import CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.refunding import RefundLine, RequestRefund
from quarterturn_domain.payments.taking import StartPayment
from quarterturn_domain.pricing.split import RefundTooLarge
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import OrderLife
from quarterturn_domain.testing.strategies.lives import Cancel, Deliver, Dispute, Judge, Onward, Pass, Ship, Step, Work

A_DAY = timedelta(days=1)
FIRST, SECOND = Ship(0, 0, ((0, 1),)), Ship(0, 1)
"""One of the two A-01 at 60.00 and 4.90 leaves, and the one B-02 at 40.00."""


def shop_that_captures(method: CaptureMethod, *steps: Step, terms: Terms | None = None) -> LivingShop:
    """A shop that is set to capture so, whose first order is paid as it is set, after these steps."""
    world = SandboxWorld()
    if terms is not None:
        world.sandbox = Sandbox(world.clock, seed=3, terms=terms)
    living = LivingShop(OrderLife(TWO_VENDORS, ()), shop_on(world, capture=method), world)
    living.take(BASKET)
    command = StartPayment(
        payment_id=PaymentId(living.shop.ids.new()),
        order_id=living.orders[0],
        method=living.outside.means(Means.APPROVED),
        at=living.now,
    )
    living.payments.append(granted(living.shop.start_payments([command])[0]).payment.id)
    for step in steps:
        living.take(step)
    assert not living.refusals, living.refusals
    return living


def relayed(living: LivingShop, *steps: Step) -> Payment:
    """The one payment after each of these steps was told of; every law holds after each."""
    for step in steps:
        living.take(step)
        living.relay()
        if terms_are_usual(living):
            prove(living)
    assert not living.refusals, living.refusals
    return payment(living)


def terms_are_usual(living: LivingShop) -> bool:
    """Whether the platform has brought money of its own, which the laws count with."""
    return world_of(living).sandbox._books.terms.multicapture


def payment(living: LivingShop) -> Payment:
    """The one payment."""
    with living.shop.begin() as work:
        return work.payments.find(living.payments)[living.payments[0]]


def lines_of(living: LivingShop) -> list[Money]:
    """What the provider's statement says was charged, one by one."""
    return [line.amount for line in world_of(living).sandbox._books.ledger.lines if line.kind == "charge"]


@pytest.mark.parametrize(
    ("method", "at_first", "afterwards"),
    [
        (CaptureMethod.AUTOMATIC, PaymentStatus.CAPTURED, PaymentStatus.CAPTURED),
        (CaptureMethod.FIRST_PARCEL, PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED),
        (CaptureMethod.PER_PARCEL, PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED),
        (CaptureMethod.MANUAL, PaymentStatus.AUTHORIZED, PaymentStatus.AUTHORIZED),
    ],
)
def test_it_is_captured_as_the_shop_is_set(method: CaptureMethod, at_first: PaymentStatus, afterwards: PaymentStatus) -> None:
    """At once, when something leaves, or not before somebody says so."""
    living = shop_that_captures(method)
    assert at_first is payment(living).status
    assert afterwards is relayed(living, Ship(0, 0)).status


def test_the_first_parcel_captures_what_is_still_wanted() -> None:
    """What was cancelled before is released; the second parcel captures nothing more."""
    living = shop_that_captures(CaptureMethod.FIRST_PARCEL, Cancel(0, 1), FIRST)
    assert PaymentStatus.AUTHORIZED is payment(living).status
    living.relay()
    assert (PaymentStatus.CAPTURED, euro("129.80")) == (payment(living).status, payment(living).captured)
    relayed(living, FIRST, Work("quiet"))
    nothing_was_done_twice(world_of(living))


def test_a_provider_that_is_away_is_asked_again() -> None:
    """The event of the parcel waits for the provider."""
    living = shop_that_captures(CaptureMethod.FIRST_PARCEL, Ship(0, 0))
    living.outside.fail("capture_payment", Fault.UNAVAILABLE.value)
    living.relay()
    assert PaymentStatus.AUTHORIZED is payment(living).status
    living.relay()
    assert PaymentStatus.CAPTURED is payment(living).status


def test_an_order_that_was_paid_at_once_has_nothing_to_capture() -> None:
    """Its parcels change nothing about its payment."""
    living = shop_that_captures(CaptureMethod.AUTOMATIC, *[Onward(0)] * 4, Pass(A_DAY))
    before = payment(living)
    living.relay()
    assert before == payment(living)


def test_each_parcel_captures_its_goods_and_shipping() -> None:
    """The books have what the provider has after each; the last capture ends the authorisation."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL)
    first = relayed(living, FIRST)
    assert (PaymentStatus.CAPTURED, euro("64.90"), True) == (first.status, first.captured, first.in_parts)
    second = relayed(living, SECOND)
    assert (euro("104.90"), True) == (second.captured, second.in_parts)
    last = relayed(living, FIRST, Work("quiet"))
    assert (euro("169.80"), False, 3) == (last.captured, last.in_parts, last.captures)
    assert [euro("64.90"), euro("40.00"), euro("64.90")] == lines_of(living)
    nothing_was_done_twice(world_of(living))


def test_units_that_are_cancelled_before_their_capture_are_only_let_go() -> None:
    """Nothing is refunded; when nothing more is wanted the authorisation is ended at the provider."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL)
    relayed(living, FIRST)
    after = relayed(living, Cancel(0, 0, ((0, 1),)), Cancel(0, 1), Work("quiet"))
    assert (euro("64.90"), euro("104.90"), euro("0.00"), False) == (after.captured, after.released, after.refunded, after.in_parts)
    (record,) = world_of(living).sandbox._books.payments.values()
    assert (PaymentStatus.CAPTURED, 6_490) == (record.status, record.captured)


def test_an_order_that_is_given_up_before_any_parcel_is_let_go() -> None:
    """The customer's bank hears of it at once."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL)
    assert PaymentStatus.CANCELLED is relayed(living, Cancel(0), Work("quiet")).status
    assert [] == lines_of(living)


def test_refunds_are_bounded_by_what_is_captured() -> None:
    """Of what has only been authorised nothing can be given back; of what has arrived everything."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL)
    (order,) = living.found()
    with pytest.raises(NothingToRefund):
        living.give_back(order)
    relayed(living, FIRST)
    (order,) = living.found()
    with pytest.raises(RefundTooLarge):
        living.give_back(order, (RefundLine(1, euro("60.01"), euro("0")),))
    with pytest.raises(RefundTooLarge):
        living.give_back(order, (RefundLine(2, euro("0.01"), euro("0")),))
    command = RequestRefund(refund_id=RefundId(living.shop.ids.new()), order_id=order.id, reason="goodwill", at=living.now)
    assert euro("64.90") == living.shop.request_refunds(command).amount
    assert PaymentStatus.REFUNDED is relayed(living, Work("quiet")).status
    after = relayed(living, SECOND, Work("quiet"))
    assert (PaymentStatus.PARTIALLY_REFUNDED, euro("104.90")) == (after.status, after.captured)


def test_while_a_dispute_is_open_nothing_more_is_captured() -> None:
    """What has left meanwhile is captured when the bank has decided."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL)
    relayed(living, FIRST, Dispute(0, 500), Work("sync"))
    assert (PaymentStatus.DISPUTED, euro("64.90")) == (payment(living).status, payment(living).captured)
    assert euro("64.90") == relayed(living, SECOND).captured
    after = relayed(living, Judge(0, won=False), Work("sync"), Work("quiet"))
    assert (euro("104.90"), euro("32.45")) == (after.captured, after.lost)


def test_an_authorisation_that_ends_early_gives_up_what_was_not_sent() -> None:
    """What was captured stays, the rest of the order is cancelled, and it is told what was sent for nothing."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL)
    relayed(living, FIRST)
    living.outside.fail("capture_payment", Fault.UNAVAILABLE.value)
    living.take(SECOND)
    living.relay()
    living.take(Pass(8 * A_DAY))
    living.take(Work("sync"))
    told = facts(living)
    assert "payment.authorization_ended" in told
    assert "vendor_order.units_cancelled" in told
    with living.shop.begin() as work:
        (ended,) = [each.event for each in work.outbox.pending(1_000) if each.event.tag == "payment.authorization_ended"]
    assert (euro("104.90"), euro("40.00")) == (ended.amount, ended.sent)  # type: ignore[attr-defined]
    after = relayed(living, Work("quiet"))
    assert (euro("64.90"), euro("0.00"), False, ()) == (after.captured, after.refunded, after.in_parts, after.waiting)
    (order,) = living.found()
    assert euro("64.90") == order.split.paid
    assert OrderStatus.SHIPPED is order.status


def test_goods_that_arrive_before_their_capture_are_earned_with_it() -> None:
    """The hold of an earning begins with its delivery, whenever the money comes."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL, SECOND, Deliver(0, 1), Pass(2 * A_DAY), Work("release"))
    relayed(living, FIRST)
    with living.shop.begin() as work:
        totals = {kind: money for (kind, _), money in work.journal.totals().items()}
    assert euro("104.90") == -(totals[AccountKind.VENDOR_PENDING] + totals[AccountKind.COMMISSION_REVENUE])


def test_the_last_capture_that_is_allowed_takes_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers allow so many captures of one authorisation, and an order may have more parcels."""
    monkeypatch.setattr(drawing, "MOST", 2)
    living = shop_that_captures(CaptureMethod.PER_PARCEL)
    assert euro("64.90") == relayed(living, FIRST).captured
    after = relayed(living, SECOND)
    assert (euro("169.80"), 2, False) == (after.captured, after.captures, after.in_parts)
    assert euro("64.90") == relayed(living, Cancel(0, 0), Work("quiet")).refunded


def test_where_a_provider_captures_once_the_first_parcel_takes_all() -> None:
    """The setting is kept, as far as it can be."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL, terms=Terms(multicapture=False))
    after = relayed(living, FIRST)
    assert (euro("169.80"), False, CaptureMethod.PER_PARCEL) == (after.captured, after.in_parts, after.capture_method)
    assert [euro("169.80")] == lines_of(living)


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LOST_REQUEST, Fault.UNAVAILABLE])
def test_a_capture_of_which_nobody_knows_is_looked_up(fault: Fault) -> None:
    """What was asked for is not asked for again before it is known, and nothing is forgotten, whatever happens meanwhile."""
    living = shop_that_captures(CaptureMethod.PER_PARCEL)
    relayed(living, FIRST)
    living.outside.fail("capture_payment", fault.value)
    relayed(living, SECOND)
    after = relayed(living, FIRST, Work("quiet"))
    assert (euro("169.80"), False) == (after.captured, after.in_parts)
    assert [euro("64.90"), euro("40.00"), euro("64.90")] == lines_of(living)
    nothing_was_done_twice(world_of(living))

"""Webhooks are kept before they are handled, handled however they come, and what was forgotten is caught up with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from tests.unit.ordering.shops import BASKET, SandboxWorld, after, world_of

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.sandbox import ANY, Bank, Delivery, Fault
from quarterturn_adapters.sandbox.webhooks import EventRecord, signed
from quarterturn_domain.kernel.errors import Forbidden, NotFound
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.payments.payment import PaymentStatus
from quarterturn_domain.payments.refund import RefundStatus
from quarterturn_domain.payments.webhook import TRIES, Webhook, WebhookStatus
from quarterturn_domain.payouts.hearing import TakeWebhook
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies.lives import Dispute, Judge, Onward, Pass, Refund, Start, Work

ENOUGH: Final = 1_000


def app_of(living: LivingShop) -> Application:
    """The use cases."""
    assert isinstance(living.shop, Application)
    return living.shop


def taker(living: LivingShop) -> Callable[[Any, bytes], Webhook]:
    """Takes what the sandbox sends, as the edge would."""
    app = app_of(living)
    return lambda headers, body: app.take_webhooks(TakeWebhook(provider="sandbox", headers=headers, body=body, at=living.now))


def deliver(living: LivingShop, how: Delivery = Delivery.ONCE) -> int:
    """Let the sandbox tell what it has to tell, and handle it."""
    told = world_of(living).sandbox.deliver(taker(living), how=how)
    living.relay()
    return told


def kept(living: LivingShop) -> Counter[WebhookStatus]:
    """How many webhooks there are, by status."""
    counts: Counter[WebhookStatus] = Counter()
    with living.shop.begin() as work:
        for (_, _, status), number in work.webhooks.tally().items():
            counts[status] += number
    return counts


def test_a_webhook_is_kept_before_it_is_handled() -> None:
    """What was taken is in the database, waiting; it is handled afterwards, and then done with."""
    living = after(BASKET, Start(0, Means.LATE_SUCCESS))
    world = world_of(living)
    living.take(Pass(timedelta(minutes=6)))
    world.sandbox.deliver(taker(living))
    assert PaymentStatus.PROCESSING is payment(living).status
    assert kept(living)[WebhookStatus.WAITING] > 0
    living.relay()
    assert PaymentStatus.CAPTURED is payment(living).status
    assert 0 == kept(living)[WebhookStatus.WAITING]


@pytest.mark.parametrize("how", [Delivery.ONCE, Delivery.TWICE, Delivery.REORDERED])
def test_however_webhooks_come_they_come_to_the_same(how: Delivery) -> None:
    """Once, twice or in another order: payments, refunds, disputes, accounts and payouts are as the provider has them."""
    living = after(BASKET, *[Onward(0)] * 6)
    world = world_of(living)
    deliver(living, how)
    world.advance(timedelta(days=4))
    deliver(living, how)
    assert {PayoutStatus.PAID} == {payout.status for payout in living.payouts()}
    living.take(Refund(0, spread=300))
    living.relay()
    living.take(Dispute(0))
    deliver(living, how)
    assert PaymentStatus.DISPUTED is payment(living).status
    living.take(Judge(0, won=True))
    deliver(living, how)
    assert PaymentStatus.PARTIALLY_REFUNDED is payment(living).status
    assert set(kept(living)) <= {WebhookStatus.HANDLED, WebhookStatus.PASSED_OVER}
    prove(living)


def test_a_replayed_webhook_changes_nothing() -> None:
    """The same event again, signed anew, is the webhook that is known, and no second one."""
    living = after(BASKET, Onward(0))
    world = world_of(living)
    event = world.sandbox.waiting[-1]
    first = taker(living)(*world.sandbox.letter(event))
    living.relay()
    living.take(Pass(timedelta(hours=1)))
    again = taker(living)(*world.sandbox.letter(event))
    assert first.key == again.key
    assert WebhookStatus.HANDLED is again.status
    assert 1 == sum(kept(living).values())


def test_a_false_signature_is_not_kept() -> None:
    """Nothing is kept of what is not from the provider, nor of a provider that is none of ours."""
    living = after(BASKET, Onward(0))
    world = world_of(living)
    headers, body = world.sandbox.letter(world.sandbox.waiting[0])
    with pytest.raises(Forbidden):
        taker(living)(headers, body + b" ")
    with pytest.raises(NotFound):
        app_of(living).take_webhooks(TakeWebhook(provider="another", headers=headers, body=body, at=living.now))
    assert 0 == sum(kept(living).values())


def test_unknown_types_are_kept_and_counted() -> None:
    """What nobody knows is passed over, and counted by its type."""
    living = after()
    event = EventRecord("evt_new", "tax_rate.created", "txr_1", "active", living.now)
    taker(living)(*world_of(living).sandbox.letter(event))
    living.relay()
    with living.shop.begin() as work:
        assert {("sandbox", "tax_rate.created", WebhookStatus.PASSED_OVER): 1} == dict(work.webhooks.tally())


def test_what_cannot_be_handled_is_tried_again_later_and_given_up_in_the_end() -> None:
    """A webhook about nothing of ours comes again, later and later, and keeps nobody else waiting; then a person is told."""
    living = after(BASKET, Start(0, Means.LATE_SUCCESS))
    world = world_of(living)
    stranger = EventRecord("evt_0", "payment.captured", "pay_unknown", "captured", living.now)
    taker(living)(signed(stranger.body(), world.sandbox.secrets, living.now), stranger.body())
    living.take(Pass(timedelta(minutes=6)))
    deliver(living)
    assert PaymentStatus.CAPTURED is payment(living).status
    tries = 0
    while kept(living)[WebhookStatus.WAITING]:
        tries += 1
        assert tries <= TRIES + 1
        living.take(Pass(timedelta(hours=6)))
        app_of(living).catch_up()
    assert 1 == kept(living)[WebhookStatus.GIVEN_UP]
    with living.shop.begin() as work:
        assert "webhook.given_up" in [message.event.tag for message in work.outbox.pending(ENOUGH)]


def test_webhooks_of_an_hour_without_the_provider_are_handled_afterwards() -> None:
    """While the provider does not answer, what it told of waits, and is handled when it answers again."""
    living = after(BASKET, Start(0, Means.LATE_SUCCESS))
    world = world_of(living)
    living.take(Pass(timedelta(minutes=6)))
    world.sandbox.faults.chance(ANY, Fault.UNAVAILABLE, Rate.percent("100"))
    deliver(living)
    assert PaymentStatus.PROCESSING is payment(living).status
    world.heal()
    living.take(Pass(timedelta(minutes=2)))
    app_of(living).catch_up()
    assert PaymentStatus.CAPTURED is payment(living).status


def test_catching_up_without_a_single_webhook() -> None:
    """Where no webhook ever comes, rounds of catching up come to the same: paid, refunded, expired, paid out."""
    living = after(BASKET, BASKET, BASKET, Start(0, Means.LATE_SUCCESS), Start(1, Means.APPROVED), Start(2, None))
    app = app_of(living)
    living.take(Refund(1, spread=300))
    living.take(Pass(timedelta(hours=1)))
    rounds = app.catch_up()
    assert not rounds.broken
    assert [PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED] == [payment(living, n).status for n in (0, 1)]
    with living.shop.begin() as work:
        assert [RefundStatus.SUCCEEDED] == [each.status for each in work.refunds.of_order(living.orders[1])]
    app.catch_up()
    assert OrderState.EXPIRED is living.found()[2].state
    living.take(Pass(timedelta(days=2)))
    app.catch_up()
    assert PaymentStatus.CANCELLED is payment(living, 2).status, "nobody pays for an order that has expired"
    for _ in range(9):
        living.take(Onward(0))
    living.take(Pass(timedelta(days=4)))
    assert {PayoutStatus.SENT} == {payout.status for payout in living.payouts()}
    app.catch_up()
    assert {PayoutStatus.PAID} == {payout.status for payout in living.payouts()}
    prove(living)


def test_rounds_go_on_where_the_one_before_has_ended() -> None:
    """However many payments stay open, bounded rounds reach each of them, and then begin again."""
    living = after(*[BASKET] * 3, *[Start(n, Means.ACTION_REQUIRED) for n in range(3)])
    app = app_of(living)
    living.take(Pass(timedelta(minutes=11)))
    first = app.catch_up(2)
    assert 2 == first.counts["payments"]
    second = app.catch_up(2, first.following)
    assert 1 == second.counts["payments"]
    assert second.following.payments is None


def test_a_bug_in_one_kind_keeps_no_other_from_its_turn() -> None:
    """What breaks is told of, by its kind; the others are caught up with."""
    living = after(BASKET, Start(0, Means.LATE_SUCCESS))
    app = app_of(living)
    living.take(Pass(timedelta(hours=1)))

    def breaks(_: int) -> Any:  # noqa: ANN401
        raise AssertionError

    app.catch_up._webhooks = breaks  # type: ignore[method-assign, assignment]
    caught_up = app.catch_up()
    assert ["webhooks"] == list(caught_up.broken)
    assert PaymentStatus.CAPTURED is payment(living).status


def test_an_account_that_is_ready_is_heard_of() -> None:
    """A vendor whose account the provider has checked can be paid, as soon as the provider tells of it."""
    living = after()
    with living.shop.begin() as work:
        vendor = next(each for each in work.vendors.page(None, 9) if each.payout_account)
    assert vendor.payout_account is not None
    sandbox = world_of(living).sandbox
    sandbox.require(vendor.payout_account.reference, ("passport",), bank=Bank.PAYS)
    deliver(living)
    with living.shop.begin() as work:
        after_all = work.vendors.find([vendor.id])[vendor.id]
    assert "the payout account is not ready: passport" == after_all.not_payable


def test_a_refund_that_bounces_is_owed_again() -> None:
    """The customer's bank sends the money back: books and refund say that it is owed, and it can be sent anew."""
    world = SandboxWorld()
    living = after(BASKET)
    world = world_of(living)
    living.outside.means = lambda _: "card_refund_bounces"  # type: ignore[method-assign, assignment]
    living.take(Start(0, Means.APPROVED))
    living.take(Refund(0, spread=300))
    living.relay()
    assert RefundStatus.SUCCEEDED is refund(living).status
    world.advance(timedelta(days=6))
    deliver(living)
    bounced = refund(living)
    assert (RefundStatus.FAILED, 1) == (bounced.status, bounced.bounces)
    prove(living)
    living.take(Work("quiet"))
    prove(living)
    living.shop.retry_refunds(bounced.id)
    app_of(living).catch_up()
    again = refund(living)
    assert (RefundStatus.SUCCEEDED, (bounced.reference,)) == (again.status, again.former)
    prove(living)


def test_a_refund_waits_for_the_end_of_a_dispute() -> None:
    """A refund that was owed before the bank took the money is sent when the dispute is won, without a person."""
    living = after(BASKET, Onward(0), Refund(0, spread=300), Dispute(0))
    living.relay()
    assert RefundStatus.REQUESTED is refund(living).status
    living.take(Judge(0, won=True))
    deliver(living)
    app_of(living).catch_up()
    assert RefundStatus.SUCCEEDED is refund(living).status
    living.take(Work("quiet"))
    prove(living)


def payment(living: LivingShop, number: int = 0) -> Any:  # noqa: ANN401
    """The payment that was started as this one."""
    with living.shop.begin() as work:
        return work.payments.find(living.payments)[living.payments[number]]


def refund(living: LivingShop) -> Any:  # noqa: ANN401
    """The one refund of the first order."""
    with living.shop.begin() as work:
        (found,) = work.refunds.of_order(living.orders[0])
    return found

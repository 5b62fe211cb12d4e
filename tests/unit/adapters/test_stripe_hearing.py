"""However Stripe's webhooks come, or if none ever comes, the shop ends where Stripe says that it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest
from tests.doubles.stripe.outside import StripeOutside, stripe_shop
from tests.doubles.stripe.webhooks import Delivery
from tests.unit.ordering.shops import BASKET, TWO_VENDORS

from quarterturn_adapters.bootstrap import Application
from quarterturn_domain.payments.payment import PaymentStatus
from quarterturn_domain.payments.webhook import Webhook, WebhookStatus
from quarterturn_domain.payouts.hearing import TakeWebhook
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.testing.contracts.gateways import Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import OrderLife
from quarterturn_domain.testing.strategies.lives import Dispute, Judge, Onward, Pass, Refund, Start

IN_VAIN: Final = {Delivery.LATE, Delivery.NEVER}


class Heard:
    """A shop that Stripe serves, and what it has heard."""

    def __init__(self, shop: Application, outside: StripeOutside) -> None:
        self.shop = shop
        self.double = outside.world.double
        self.living = LivingShop(OrderLife(TWO_VENDORS, ()), shop, outside)
        self.living.take(BASKET)

    def take(self, headers: object, body: bytes) -> Webhook:
        """Take what Stripe sends, as the edge would."""
        assert isinstance(headers, dict)
        return self.shop.take_webhooks(TakeWebhook(provider="stripe", headers=headers, body=body, at=self.living.now))

    def hear(self, how: Delivery) -> None:
        """Let Stripe tell what it has to tell, and catch up with what it did not."""
        self.double.deliver(self.take, how)
        self.living.relay()
        if how in IN_VAIN:
            self.living.take(Pass(timedelta(hours=2)))
            assert not self.shop.catch_up().broken

    def status(self) -> PaymentStatus:
        """How the payment stands here."""
        (payment,) = self.living.payments
        with self.shop.begin() as work:
            return work.payments.find([payment])[payment].status

    def kept(self) -> Counter[WebhookStatus]:
        """How many webhooks there are, by status."""
        counts: Counter[WebhookStatus] = Counter()
        with self.shop.begin() as work:
            for (_, _, status), number in work.webhooks.tally().items():
                counts[status] += number
        return counts


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Two of A-01 and one of B-02 are ordered."""
    with stripe_shop() as (shop, outside):
        yield Heard(shop, outside)


@pytest.mark.parametrize("how", Delivery)
def test_however_they_come_it_comes_to_the_same(how: Delivery, heard: Heard) -> None:
    """Once, twice, in another order, late or never: payment, refund, dispute and payouts are here as they are at Stripe."""
    living = heard.living
    living.take(Start(0, Means.LATE_SUCCESS))
    living.take(Pass(timedelta(minutes=6)))
    heard.hear(how)
    assert PaymentStatus.CAPTURED is heard.status()
    living.take(Refund(0, spread=300))
    living.relay()
    living.take(Dispute(0))
    heard.hear(how)
    if how not in IN_VAIN:
        # Disputes are told by webhooks alone: whoever never hears of one finds it when the statement is reconciled.
        assert PaymentStatus.DISPUTED is heard.status()
    living.take(Judge(0, won=True))
    heard.hear(how)
    assert PaymentStatus.PARTIALLY_REFUNDED is heard.status()
    for _ in range(6):
        living.take(Onward(0))
    living.take(Pass(timedelta(days=4)))
    heard.hear(how)
    assert {PayoutStatus.PAID} == {payout.status for payout in living.payouts()}
    if how not in IN_VAIN:
        assert set(heard.kept()) == {WebhookStatus.HANDLED, WebhookStatus.PASSED_OVER}
        prove(living)


def test_a_replayed_webhook_changes_nothing(heard: Heard) -> None:
    """The same event again, signed anew, is the webhook that is known."""
    heard.living.take(Onward(0))
    (event,) = [each for each in heard.double.waiting if each["type"] == "payment_intent.succeeded"]
    first = heard.take(*heard.double.letter(event))
    heard.living.relay()
    heard.living.take(Pass(timedelta(hours=1)))
    again = heard.take(*heard.double.letter(event))
    assert first.key == again.key
    assert WebhookStatus.HANDLED is again.status
    assert 1 == sum(heard.kept().values())

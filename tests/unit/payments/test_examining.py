"""What waits for a person can be decided, what is due is told, and what a lost dispute has covered is not paid twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.unit.ordering.shops import BASKET, after, euro, facts, world_of

from quarterturn_adapters.bootstrap import Application
from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.payments.examining import NotInQuarantine, SettleQuarantine
from quarterturn_domain.payments.payment import PaymentStatus
from quarterturn_domain.payments.recording import NotAcceptable
from quarterturn_domain.payments.refund import RefundStatus
from quarterturn_domain.payouts.reconciling import ReconcilePeriod
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies.lives import Dispute, Judge, Onward, Pass, Refund, Start, Work


def app_of(living: LivingShop) -> Application:
    """The use cases."""
    assert isinstance(living.shop, Application)
    return living.shop


def arrived(minor: int) -> LivingShop:
    """An order of 169.80 EUR for which so many cents more, or less, have arrived: it waits for a person."""
    living = after(BASKET, Start(0, Means.ACTION_REQUIRED))
    (reference,) = [payment.reference for payment in payments(living)]
    record = world_of(living).sandbox._books.payments[reference]
    record.amount += minor
    world_of(living).authenticate(reference, succeed=True)
    living.take(Work("sync"))
    assert payments(living)[0].quarantine is not None
    return living


def payments(living: LivingShop) -> list[Any]:
    """The payments of the first order."""
    with living.shop.begin() as work:
        return list(work.payments.of_order(living.orders[0]))


def settle(living: LivingShop, act: str, **change: Any) -> Any:  # noqa: ANN401
    """What a person decides about the payment."""
    command = SettleQuarantine(
        payment_id=payments(living)[0].id, act=act, actor="anna", reason="called the customer", at=living.now
    )
    return app_of(living).settle_quarantines(attrs.evolve(command, **change))


def all_agree(living: LivingShop) -> None:
    """Books, records and provider."""
    living.take(Work("quiet"))
    prove(living)
    found = app_of(living).reconcile(ReconcilePeriod(until=living.now + timedelta(days=1)))
    assert () == found.differences


def test_a_payment_of_too_much_is_accepted_and_the_rest_goes_back() -> None:
    """The order is paid with what is due, and the customer gets back what was too much."""
    living = arrived(1_000)
    settled = settle(living, "accept")
    assert settled.quarantine is None
    assert OrderState.PAID is living.found()[0].state
    all_agree(living)
    assert (PaymentStatus.PARTIALLY_REFUNDED, euro("10.00")) == (payments(living)[0].status, payments(living)[0].refunded)
    for _ in range(4):
        living.take(Onward(0))
    all_agree(living)


@pytest.mark.parametrize("minor", [1_000, -1_000])
def test_a_payment_of_a_wrong_sum_goes_back_whole(minor: int) -> None:
    """The customer has everything back, and the order is not paid."""
    living = arrived(minor)
    settle(living, "refund")
    all_agree(living)
    assert PaymentStatus.REFUNDED is payments(living)[0].status
    assert OrderState.PLACED is living.found()[0].state


def test_who_decides_and_why_is_told() -> None:
    """An event says who has decided, what, and why; the second time there is nothing to decide about."""
    living = arrived(1_000)
    settle(living, "refund")
    assert "payment.quarantine_settled" in facts(living)
    with pytest.raises(NotInQuarantine):
        settle(living, "refund")


@pytest.mark.parametrize(
    ("case", "minor", "change", "expected"),
    [
        ("less than is due is not accepted", -1_000, {"act": "accept"}, NotAcceptable),
        ("a case is not closed while money is there", 1_000, {"act": "close"}, NotAcceptable),
        ("an act that is none", 1_000, {"act": "keep"}, Invalid),
        ("a decision of nobody", 1_000, {"act": "refund", "actor": " "}, Invalid),
        ("a decision without a reason", 1_000, {"act": "refund", "reason": ""}, Invalid),
    ],
)
def test_what_makes_no_sense_is_refused(case: str, minor: int, change: dict[str, str], expected: type[Exception]) -> None:
    """It changes nothing."""
    living = arrived(minor)
    before = payments(living)
    with pytest.raises(expected):
        settle(living, **change)
    assert before == payments(living), case


def test_an_order_that_is_sold_out_meanwhile_is_not_accepted() -> None:
    """What cannot be honoured has to go back."""
    living = arrived(1_000)
    living.take(Pass(timedelta(hours=1)))
    living.take(Work("expire"))
    for number in range(1, 5):
        living.take(BASKET)
        living.take(Onward(number))
    with pytest.raises(Rejected):
        settle(living, "accept")
    settle(living, "refund")
    all_agree(living)


def test_evidence_that_is_due_is_told_of_once() -> None:
    """Three days before evidence is due, and not before; once, and not for a dispute that is decided."""
    living = after(BASKET, Onward(0), Dispute(0), Work("sync"))
    app = app_of(living)
    assert 0 == app.catch_up().counts["evidence"]
    living.take(Pass(timedelta(days=6, hours=1)))
    assert 1 == app.catch_up().counts["evidence"]
    assert 0 == app.catch_up().counts["evidence"]
    assert 1 == facts(living).count("dispute.evidence_due")


def test_a_refund_that_a_lost_dispute_has_covered_is_not_sent() -> None:
    """The bank gave the customer everything; what was owed before and not sent is owed no more, and nobody has lost it twice."""
    living = after(BASKET, Onward(0), Refund(0, spread=300), Dispute(0))
    living.relay()
    living.take(Work("sync"))
    living.take(Judge(0, won=False))
    living.take(Work("sync"))
    with living.shop.begin() as work:
        (refund,) = work.refunds.of_order(living.orders[0])
        totals = work.journal.totals()
    assert RefundStatus.SUCCEEDED is refund.status
    owed = {unit.code: money for (kind, unit), money in totals.items() if kind is AccountKind.REFUNDS and money}
    lost = {unit.code: money for (kind, unit), money in totals.items() if kind is AccountKind.WRITE_OFFS and money}
    assert ({}, {}) == (owed, lost)
    all_agree(living)

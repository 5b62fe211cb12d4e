"""Party by party and currency by currency: what our books say is what the provider's own books say, in any life."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from hypothesis import HealthCheck, given, settings
from tests.unit.ordering.shops import lived, nothing_was_done_twice, world_of

from quarterturn_adapters.sandbox.records import PaymentRecord
from quarterturn_domain.payments.dispute import Dispute, DisputeStatus
from quarterturn_domain.payments.gateway import GatewayRefundStatus
from quarterturn_domain.payments.payment import TAKEN
from quarterturn_domain.payments.refund import RefundStatus
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.journal import EntryKind
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies.lives import OrderLife, Work, order_lives

LIVES: Final = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
_ENOUGH: Final = 10_000


def party_by_party(living: LivingShop) -> None:
    """Of every customer, vendor and bank: what we know has happened has happened there, and nothing of it otherwise.

    The provider may be ahead of us by what we have not heard of; at rest it is not.
    """
    prove(living)
    customers(living)
    vendors(living)


def customers(living: LivingShop) -> None:
    """What came from each customer and went back, by our records and by the provider's."""
    books = world_of(living).sandbox._books
    refunds = {record.reference: record for record in books.refunds.values()}
    arrived = {record.refund_id for record in refunds.values() if record.status is GatewayRefundStatus.SUCCEEDED}
    with living.shop.begin() as work:
        payments = [each for order_id in living.orders for each in work.payments.of_order(order_id)]
        for payment in payments:
            record = books.payments.get(payment.reference or "")
            if record is None:
                assert payment.status not in TAKEN or not payment.amount, payment
                continue
            if payment.status in TAKEN:
                assert (record.captured, record.fee, record.currency) == (
                    payment.captured.minor,
                    payment.fee.minor,
                    payment.captured.currency,
                )
            lost(living, work.disputes.of_order(payment.order_id), record)
        for order_id in dict.fromkeys(living.orders):
            for refund in work.refunds.of_order(order_id):
                if refund.status is RefundStatus.SUCCEEDED and refund.amount and refund.reference is not None:
                    there = refunds[refund.reference]
                    assert there.amount == refund.amount
                    assert there.status is GatewayRefundStatus.SUCCEEDED
                elif refund.status is RefundStatus.SUCCEEDED and refund.amount:
                    # Nobody sent it: the customer's bank has taken it, with a dispute that was lost.
                    assert refund.id not in arrived
                    assert DisputeStatus.LOST in {each.status for each in work.disputes.of_order(order_id)}
    if living.quiet:
        known = {payment.reference for payment in payments}
        assert {record.reference for record in books.payments.values() if record.captured} <= known


def lost(living: LivingShop, known: Sequence[Dispute], record: PaymentRecord) -> None:
    """What banks took back, for now or for good."""
    books = world_of(living).sandbox._books
    disputes = {each.reference: each for each in known}
    for there in (each for each in books.disputes.values() if each.payment == record.reference):
        here = disputes.get(there.reference)
        if here is None:
            assert not living.quiet, there
            continue
        assert (here.amount, here.fee) == (there.amount, there.fee)
        assert here.status in {DisputeStatus.OPEN, there.status}
        assert not living.quiet or here.status is there.status


def vendors(living: LivingShop) -> None:
    """What left for each vendor, by the journal and by the provider's transfers, in each currency."""
    books = world_of(living).sandbox._books
    by_account = {record.reference: record.vendor_id for record in books.accounts.values()}
    there: Counter[tuple[object, str]] = Counter()
    for transfer in books.transfers.values():
        kept = transfer.amount - transfer.reversed
        there[by_account[transfer.account], kept.currency.code] += kept.minor
    here: Counter[tuple[object, str]] = Counter()
    with living.shop.begin() as work:
        for booked in work.journal.entries(0, _ENOUGH):
            if booked.entry.kind not in {EntryKind.PAYOUT_SENT, EntryKind.PAYOUT_FAILED, EntryKind.RECOVERY}:
                continue
            postings = booked.entry.postings
            away = [each.amount for each in postings if each.account.kind is AccountKind.PROCESSOR_CLEARING]
            (whose,) = {each.account.vendor_id for each in postings if each.account.vendor_id is not None}
            for amount in away:
                here[whose, amount.currency.code] -= amount.minor
    unknown = {each.vendor_id for each in living.payouts() if each.status in {PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN}}
    ahead = {each.vendor_id for each in living.payouts() if each.status in {PayoutStatus.SENT, PayoutStatus.PAID}}
    for key in {*there, *here}:
        if living.quiet or key[0] not in unknown | ahead:
            assert there[key] == here[key], f"{key}: {there[key]} has left there, {here[key]} by the journal"
    assert min(there.values(), default=0) >= 0


@LIVES
@given(order_lives())
def test_our_books_are_the_providers_at_every_step(life: OrderLife) -> None:
    """At each moment of any life, party by party; and at its end reconciliation has nothing left."""
    living, world = lived(life, check=party_by_party)
    living.take(Work("quiet"))
    party_by_party(living)
    nothing_was_done_twice(world)


@LIVES
@given(order_lives(failing=True))
def test_our_books_are_the_providers_when_it_fails(life: OrderLife) -> None:
    """The same while requests and answers are lost, once it answers again."""
    living, world = lived(life, check=party_by_party)
    living.take(Work("quiet"))
    party_by_party(living)
    nothing_was_done_twice(world)

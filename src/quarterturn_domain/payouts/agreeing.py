"""Agreeing: what the journal has booked, beside the payments with their orders, the refunds, disputes and payouts that it books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from quarterturn_domain.kernel.ids import DisputeId, PaymentId, PayoutId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.payments.payment import Payment, PaymentStatus
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.reconciliation import Booking, Difference, DifferenceKind, bookings

_SIDES: Final = "orders and journal"


def agree(work: PayoutsWork, books: Sequence[Booking]) -> Sequence[Difference]:
    """Every difference between these bookings and what they book; each kind of record is read once."""
    by_kind: dict[str, dict[UUID, list[Booking]]] = {}
    for booking in books:
        kind, _, name = booking.subject.partition(":")
        by_kind.setdefault(kind, {}).setdefault(UUID(name), []).append(booking)
    return [
        *_payments(work, by_kind.get("payment", {})),
        *_others(work, by_kind),
    ]


def unbooked(work: PayoutsWork, orders: Sequence[Order]) -> Iterator[Difference]:
    """Paid orders that the journal has nothing of, although nobody waits for their money any more."""
    booked = work.journal.orders(order.id for order in orders)
    for order in orders:
        # Of what was cancelled before its money was taken nothing is left to be booked.
        if order.id in booked or not order.split.paid:
            continue
        # Its money is taken when the goods leave; or somebody looks at why it was not.
        if any(each.status is PaymentStatus.AUTHORIZED or each.quarantine for each in work.payments.of_order(order.id)):
            continue
        yield Difference(
            kind=DifferenceKind.MISSING_THERE,
            subject=f"order:{order.id}",
            at=order.placed_at,
            here=order.total,
            there=None,
            because="the order is paid, and nothing is booked of it",
            sides=_SIDES,
            order_id=order.id,
        )


def facts_of(work: PayoutsWork, payout: Payout) -> list[str]:
    """The facts that a payout may have made after it was claimed; those of what was taken back of it follow one from the other."""
    facts = [f"payout:{payout.id}:{act}" for act in ("send", "fail", "return")]
    taken = 0
    while recalled := bookings(work.journal.of_facts([fact := f"payout:{payout.id}:recall:{taken}"]).values()):
        facts.append(fact)
        taken += recalled[0].amount.minor
    return facts


def facts_of_payment(payment: Payment) -> list[str]:
    """The facts that the arrivals of a payment may have made: what was due of each, and what was not."""
    times = ["", *(f":{number}" for number in range(2, payment.captures + 1))]
    return [f"payment:{payment.id}:{act}{time}" for time in times for act in ("captured", "unclaimed")]


def _payments(work: PayoutsWork, books: dict[UUID, list[Booking]]) -> Iterator[Difference]:
    payments = work.payments.find(map(PaymentId, books))
    orders = work.orders.find({payment.order_id for payment in payments.values()})
    for key, seen in books.items():
        mine: Sequence[Booking] = seen
        payment = payments.get(PaymentId(key))
        if payment is None:
            yield _missing(mine[0], "payment")
            continue
        facts = {each.fact for each in mine}
        if any(each.amount != payment.captured for each in mine) or len(mine) > 1:
            # More has arrived than was due, or in parts: it is booked in several entries, which may be far apart.
            mine = bookings(work.journal.of_facts(facts_of_payment(payment)).values())
        yield from _compare(mine, payment.captured, payment.fee)
        order = orders.get(payment.order_id)
        if order is None:
            yield _missing(mine[0], "order")
        elif any(fact.startswith(f"payment:{key}:captured") for fact in facts):
            if order.state is not OrderState.PAID:
                yield _differs(mine[0], DifferenceKind.MISSING_HERE, None, f"the order {order.id} is {order.state}, not paid")
            elif order.total != payment.amount:
                because = f"the order comes to {order.total}, and its payment to {payment.amount}"
                yield _differs(mine[0], DifferenceKind.AMOUNT, order.total, because)


def _others(work: PayoutsWork, by_kind: dict[str, dict[UUID, list[Booking]]]) -> Iterator[Difference]:
    refunds = work.refunds.find(map(RefundId, by_kind.get("refund", {})))
    disputes = work.disputes.find(map(DisputeId, by_kind.get("dispute", {})))
    payouts = work.payouts.find(map(PayoutId, by_kind.get("payout", {})))
    amounts: dict[tuple[str, UUID], tuple[Money, Money]] = {}
    for refund in refunds.values():
        amounts["refund", refund.id] = (-refund.amount, Money.zero(refund.amount.currency))
    for dispute in disputes.values():
        amounts["dispute", dispute.id] = (-dispute.amount, dispute.fee)
    for payout in payouts.values():
        amounts["payout", payout.id] = (-payout.amount, Money.zero(payout.amount.currency))
    for kind, subjects in by_kind.items():
        for key, mine in subjects.items():
            if kind == "payment":
                continue
            if (kind, key) not in amounts:
                yield _missing(mine[0], kind)
                continue
            # What comes back later may be less, and be told by the statement alone.
            out = [each for each in mine if each.fact.removeprefix(f"{kind}:{key}:").partition(":")[0] in _OUT]
            for each in out:
                yield from _compare([each], *amounts[kind, key])


_OUT: Final = frozenset({"succeeded", "opened", "send"})


def _compare(mine: Sequence[Booking], amount: Money, fee: Money) -> Iterator[Difference]:
    first = mine[0]
    if any(each.amount.currency is not amount.currency for each in mine):
        yield _differs(first, DifferenceKind.CURRENCY, amount, f"{first.amount} is booked of {amount}")
        return
    booked, paid = sum(each.amount.minor for each in mine), sum(each.fee.minor for each in mine)
    if booked != amount.minor:
        because = f"{Money(booked, amount.currency)} is booked, and it came to {amount}"
        yield _differs(first, DifferenceKind.AMOUNT, amount, because)
    elif paid != fee.minor:
        yield _differs(first, DifferenceKind.FEE, amount, f"a fee of {Money(paid, fee.currency)} is booked, and it was {fee}")


def _missing(booking: Booking, kind: str) -> Difference:
    return _differs(booking, DifferenceKind.MISSING_HERE, None, f"the {kind} that it books is not there")


def _differs(booking: Booking, kind: DifferenceKind, expected: Money | None, because: str) -> Difference:
    return Difference(
        kind=kind,
        subject=booking.subject,
        at=booking.at,
        here=expected,
        there=booking.amount,
        because=because,
        sides=_SIDES,
        order_id=booking.order_id,
        fact=booking.fact,
    )

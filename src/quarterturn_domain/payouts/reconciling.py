"""Reconciling: orders, journal and the provider's statement of a period are compared, three ways, and every difference has a type.

Each line of the statement is matched with the entry of the journal that it belongs to; each entry with the payment, refund, dispute
or payout that it books, and that with its order. Both are read page by page, in the order of time, side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from typing import Final, TypeAlias
from uuid import UUID, uuid5

import attrs

from quarterturn_domain.kernel.clock import utc
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import PaymentId, PayoutId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.ordering.ports import OrderFilter, Place
from quarterturn_domain.payments.disputing import BANKS
from quarterturn_domain.payments.gateway import LineKind, PaymentGateway, StatementLine
from quarterturn_domain.payments.refund import RefundStatus
from quarterturn_domain.payouts.agreeing import agree, facts_of, facts_of_payment, unbooked
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.reconciliation import (
    OWN,
    UNKNOWN,
    Booking,
    Difference,
    Known,
    Matching,
    Reconciliation,
    Row,
    bookings,
)

_LINES: Final = 100
_ENTRIES: Final = 1_000
_ORDERS: Final = 500

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything that a provider knows."""

Told: TypeAlias = Callable[[Row], None]
"""Hears of every row as it is found, and of those that have found nothing at the end."""


@attrs.frozen(kw_only=True)
class ReconcilePeriod:
    """Reconcile what happened with `since <= at < until`.

    What the provider and the journal have `grace` before and after it is looked at too, to find what belongs to its edges.
    """

    until: datetime
    since: datetime = BEGINNING
    grace: timedelta = timedelta(days=3)


class Reconcile:
    """Compares; it changes nothing, and may run beside everything else."""

    def __init__(self, work: Begin[PayoutsWork], gateway: PaymentGateway) -> None:
        self._work = work
        self._gateway = gateway

    def __call__(self, command: ReconcilePeriod, tell: Told = lambda _: None) -> Reconciliation:
        """What the period came to; raises `Invalid` for one that ends before it begins, or `Unavailable`."""
        period = (utc(command.since), utc(command.until))
        if period[0] >= period[1]:
            raise Invalid(f"a period from {period[0].isoformat()} until {period[1].isoformat()}", "one that ends after it begins")
        if command.grace < timedelta(0):
            raise Invalid("a negative grace", "a time of zero or more")
        seen = (max(BEGINNING, period[0] - command.grace) if period[0] > BEGINNING else BEGINNING, period[1] + command.grace)
        matching = Matching(period, seen)
        counted = _Counted(period)
        for each in merge(self._lines(seen), self._entries(seen, counted), key=lambda one: one[1].at):
            subject, one = each
            if isinstance(one, Booking):
                row = matching.booking(one)
                counted.booking(one)
            else:
                row = matching.line(subject, one)
                counted.line(one)
            if row is not None:
                tell(row)
        for subject in sorted(matching.open):
            for row in matching.decide(subject, self._known(subject)):
                tell(row)
        counted.differences += self._unbooked(period)
        for difference in counted.differences:
            matching.rows[difference.kind] += 1
        differences = [*matching.differences, *counted.differences]
        return Reconciliation(
            since=period[0],
            until=period[1],
            lines=counted.lines,
            entries=counted.entries,
            rows=dict(matching.rows),
            there=counted.there.amounts(),
            here=counted.here.amounts(),
            own=counted.own.amounts(),
            differences=tuple(sorted(differences, key=lambda each: (each.at, each.subject))),
        )

    def _lines(self, seen: tuple[datetime, datetime]) -> Iterator[tuple[str, StatementLine | Booking]]:
        """The statement, each line with what it is about, page by page."""
        after: str | None = None
        while page := self._gateway.statement(*seen, after=after, limit=_LINES):
            subjects = self._subjects(page)
            for line in page:
                yield subjects[line.reference], line
            after = page[-1].reference

    def _subjects(self, page: Sequence[StatementLine]) -> Mapping[str, str]:
        """What each line is about, by its reference; what is none of ours keeps the provider's name for it."""
        named: dict[LineKind, list[str]] = {}
        for line in page:
            named.setdefault(line.kind, []).append(line.source)
        refunds = [*named.get(LineKind.REFUND, ()), *named.get(LineKind.REFUND_FAILURE, ())]
        transfers = [*named.get(LineKind.TRANSFER, ()), *named.get(LineKind.TRANSFER_REVERSAL, ())]
        with self._work() as work:
            payments = work.payments.by_charge(named.get(LineKind.CHARGE, ()))
            ours: dict[tuple[str, str], UUID] = {("payment", name): each for name, each in payments.items()}
            ours |= {("refund", name): each for name, each in work.refunds.by_reference(refunds).items()}
            ours |= {("payout", name): each for name, each in work.payouts.by_transfer(transfers).items()}
        found = {}
        for line in page:
            kind = _ABOUT.get(line.kind, line.kind.value)
            known = uuid5(BANKS, line.source) if kind == "dispute" else ours.get((kind, line.source))
            found[line.reference] = f"{kind}:{known or line.source}"
        return found

    def _entries(self, seen: tuple[datetime, datetime], counted: _Counted) -> Iterator[tuple[str, StatementLine | Booking]]:
        """The journal as far as it speaks of the provider's balance; each page is held against the records that it books."""
        after = 0
        while True:
            with self._work() as work:
                page = work.journal.between(*seen, after, _ENTRIES)
                books = bookings(page)
                counted.differences += agree(work, [each for each in books if counted.inside(each.at)])
            for booking in books:
                yield booking.subject, booking
            if len(page) < _ENTRIES:
                return
            after = page[-1].number

    def _unbooked(self, period: tuple[datetime, datetime]) -> Iterator[Difference]:
        """Of the orders that were placed in the period, those that are paid and that the journal knows nothing of."""
        only = OrderFilter(OrderState.PAID, *period)
        after: Place | None = None
        while True:
            with self._work() as work:
                page = work.orders.page(after, _ORDERS, only)
                found = list(unbooked(work, page))
            yield from found
            if len(page) < _ORDERS:
                return
            after = (page[-1].placed_at, page[-1].id)

    def _known(self, subject: str) -> Known:
        """Everything that the journal has of a subject, and whether it is still under way."""
        kind, _, name = subject.partition(":")
        try:
            key = UUID(name)
        except ValueError:
            return UNKNOWN
        with self._work() as work:
            facts, under_way = _facts(work, kind, key)
            return Known(tuple(bookings(work.journal.of_facts(facts).values())), under_way)


def _facts(work: PayoutsWork, kind: str, key: UUID) -> tuple[Sequence[str], str | None]:
    """The facts that a subject may have made, and why it is not booked yet, if it is under way."""
    if kind == "payment":
        return facts_of_payment(work.payments.find([PaymentId(key)])[PaymentId(key)]), None
    if kind == "dispute":
        return [f"dispute:{key}:{act}" for act in ("opened", "won", "lost")], None
    if kind == "refund":
        refund = work.refunds.find([RefundId(key)])[RefundId(key)]
        again = ["", *(f":{n + 1}" for n in range(1, refund.bounces + 1))]
        facts = [f"refund:{key}:{act}{time}" for time in again for act in ("succeeded", "bounced")]
        open_ = refund.status in {RefundStatus.REQUESTED, RefundStatus.SENT}
        return facts, "the refund has left the provider's balance, and is booked when it has arrived" if open_ else None
    payout = work.payouts.find([PayoutId(key)])[PayoutId(key)]
    facts = facts_of(work, payout)
    open_ = payout.status in {PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN}
    return facts, "nobody knows yet whether the payout was sent; it is looked up and then booked" if open_ else None


_ABOUT: Final[Mapping[LineKind, str]] = {
    LineKind.CHARGE: "payment",
    LineKind.REFUND: "refund",
    LineKind.REFUND_FAILURE: "refund",
    LineKind.TRANSFER: "payout",
    LineKind.TRANSFER_REVERSAL: "payout",
    LineKind.DISPUTE: "dispute",
    LineKind.DISPUTE_REVERSAL: "dispute",
}


class _Sums:
    """Minor units by currency."""

    def __init__(self) -> None:
        self._minor: Counter[Currency] = Counter()

    def add(self, amount: Money) -> None:
        self._minor[amount.currency] += amount.minor

    def amounts(self) -> Mapping[str, Money]:
        """By code, in its order."""
        return {unit.code: Money(self._minor[unit], unit) for unit in sorted(self._minor, key=lambda unit: unit.code)}


class _Counted:
    """How much there was in the period, and what it came to."""

    def __init__(self, period: tuple[datetime, datetime]) -> None:
        self._period = period
        self.lines = self.entries = 0
        self.there, self.here, self.own = _Sums(), _Sums(), _Sums()
        self.differences: list[Difference] = []

    def inside(self, at: datetime) -> bool:
        """Whether it was in the period."""
        return self._period[0] <= at < self._period[1]

    def line(self, line: StatementLine) -> None:
        """A line of the statement."""
        if self.inside(line.at):
            self.lines += 1
            self.there.add(line.net)
            if line.kind in OWN:
                self.own.add(line.net)

    def booking(self, booking: Booking) -> None:
        """An entry of the journal."""
        if self.inside(booking.at):
            self.entries += 1
            self.here.add(booking.amount - booking.fee)

"""Reconciliation: what the journal has booked beside what the provider's statement says, subject by subject; pure.

A subject is what both speak of: a payment, refund, dispute or payout. Only what has found no match yet is kept, so that a million
lines need no more room than what was under way at any moment among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

import attrs

from quarterturn_domain.kernel.ids import OrderId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import LineKind, StatementLine
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.journal import Booked


class DifferenceKind(StrEnum):
    """How two sides differ; only `timing` explains itself: what is there and not here yet, or on another day."""

    MISSING_THERE = "missing_there"
    MISSING_HERE = "missing_here"
    AMOUNT = "amount"
    CURRENCY = "currency"
    FEE = "fee"
    DUPLICATE = "duplicate"
    TIMING = "timing"


class Label(StrEnum):
    """What a line is that differs from nothing: booked; the platform's own money; or undone before anybody had to book it."""

    MATCHED = "matched"
    OWN = "own"
    UNDONE = "undone"


OWN: Final = frozenset({LineKind.FEE, LineKind.PAYOUT, LineKind.PAYOUT_FAILURE, LineKind.ADJUSTMENT})
"""What moves the platform's own money: top-ups, monthly fees, payouts to its own bank. No order has part in it."""


@attrs.frozen
class Booking:
    """What an entry of the journal says of the balance at the provider, as a statement says it: `amount - fee` changed it."""

    number: int
    fact: str
    at: datetime
    order_id: OrderId | None
    amount: Money
    fee: Money

    @property
    def subject(self) -> str:
        """What it is about."""
        return ":".join(self.fact.split(":")[:2])


def bookings(entries: Iterable[Booked]) -> Sequence[Booking]:
    """What entries say of the provider's balance; those that say nothing of it are left out."""
    found = []
    for booked in entries:
        nets: dict[str, Money] = {}
        fees: dict[str, Money] = {}
        for posting in booked.entry.postings:
            code = posting.amount.currency.code
            if posting.account.kind is AccountKind.PROCESSOR_CLEARING:
                nets[code] = nets[code] + posting.amount if code in nets else posting.amount
            elif posting.account.kind is AccountKind.PROCESSOR_FEES:
                fees[code] = fees[code] + posting.amount if code in fees else posting.amount
        entry = booked.entry
        for code in {**nets, **fees}:
            fee = fees.get(code) or Money.zero((nets.get(code) or fees[code]).currency)
            net = nets.get(code) or Money.zero(fee.currency)
            found.append(Booking(booked.number, entry.fact, entry.at, entry.order_id, net + fee, fee))
    return found


@attrs.frozen(kw_only=True)
class Difference:
    """Where two `sides` differ about a subject: what stands `here` and what `there`, in amounts before fees, and why.

    An unexplained one is for a person.
    """

    kind: DifferenceKind
    subject: str
    at: datetime
    here: Money | None
    there: Money | None
    because: str
    sides: str = "journal and provider"
    order_id: OrderId | None = None
    reference: str | None = None
    fact: str | None = None

    @property
    def explained(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.kind is DifferenceKind.TIMING


@attrs.frozen
class Row:
    """A line of the statement with the entry of the journal that it belongs to, either of which may be missing."""

    what: Label | DifferenceKind
    subject: str
    line: StatementLine | None
    booking: Booking | None


@attrs.frozen(kw_only=True)
class Reconciliation:
    """What a period came to: `there` and `here` are the changes of the balance by code, by the provider and by the journal.

    `rows` counts by label and kind; `own` is what moved the platform's own money, which the journal does not book.
    """

    since: datetime
    until: datetime
    lines: int
    entries: int
    rows: Mapping[Label | DifferenceKind, int]
    there: Mapping[str, Money]
    here: Mapping[str, Money]
    own: Mapping[str, Money]
    differences: tuple[Difference, ...]

    @property
    def unexplained(self) -> Sequence[Difference]:
        """The differences that somebody has to look at."""
        return [each for each in self.differences if not each.explained]


@attrs.define
class Leftover:
    """What of one subject has found no match yet."""

    lines: list[StatementLine] = attrs.field(factory=list)
    bookings: list[Booking] = attrs.field(factory=list)


@attrs.frozen
class Known:
    """What else is known of a subject: every booking of it that there ever was, and whether it is under way at the provider."""

    bookings: tuple[Booking, ...] = ()
    under_way: str | None = None


UNKNOWN: Final = Known()

Period: TypeAlias = tuple[datetime, datetime]
"""From an instant on, and until before another one."""


class Matching:
    """Lines and bookings as they are seen, in about the order of time; both somewhat beyond the period, so that its edges meet."""

    def __init__(self, period: Period, seen: Period) -> None:
        """`period` is what is asked about, and `seen` the time of everything that will be told."""
        self._period = period
        self._seen = seen
        self.open: dict[str, Leftover] = {}
        self.rows: Counter[Label | DifferenceKind] = Counter()
        self.differences: list[Difference] = []

    def line(self, subject: str, line: StatementLine) -> Row | None:
        """Hear of a line; the row that it makes, if it has found its booking."""
        if line.kind in OWN:
            return self._told(Row(Label.OWN, subject, line, None))
        leftover = self.open.setdefault(subject, Leftover())
        for booking in leftover.bookings:
            if _same(line, booking):
                leftover.bookings.remove(booking)
                self._close(subject)
                return self._met(subject, line, booking)
        leftover.lines.append(line)
        return None

    def booking(self, booking: Booking) -> Row | None:
        """Hear of a booking; the row that it makes, if it has found its line."""
        subject = booking.subject
        leftover = self.open.setdefault(subject, Leftover())
        for line in leftover.lines:
            if _same(line, booking):
                leftover.lines.remove(line)
                self._close(subject)
                return self._met(subject, line, booking)
        leftover.bookings.append(booking)
        return None

    def decide(self, subject: str, known: Known) -> Sequence[Row]:
        """What the leftovers of a subject come to, when everything was heard."""
        leftover = self.open.pop(subject)
        lines, books = leftover.lines, leftover.bookings
        if not self._within(lines, books):
            return ()
        if _sums(lines) == _sums(books):
            # Several of one side for one of the other, or what was undone on its own side.
            label = Label.MATCHED if lines and books else Label.UNDONE
            whole = [Row(label, subject, line, None) for line in lines] + [Row(label, subject, None, each) for each in books]
            return [row for row in map(self._told, whole) if row is not None]
        rows: list[Row | None] = [self._differ(subject, line, booking) for line, booking in zip(lines, books, strict=False)]
        consumed = Counter((each.amount, each.fee) for each in known.bookings if each not in books and self._in_sight(each.at))
        rows += [self._alone(subject, line, known, consumed, paired=bool(books)) for line in lines[len(books) :]]
        rows += [self._unmet(subject, booking) for booking in books[len(lines) :]]
        return [row for row in rows if row is not None]

    def _met(self, subject: str, line: StatementLine, booking: Booking) -> Row | None:
        if self._inside(line.at) == self._inside(booking.at):
            return self._told(Row(Label.MATCHED, subject, line, booking))
        because = f"the provider has it at {line.at.isoformat()}, and the journal at {booking.at.isoformat()}"
        return self._different(DifferenceKind.TIMING, Row(DifferenceKind.TIMING, subject, line, booking), because)

    def _differ(self, subject: str, line: StatementLine, booking: Booking) -> Row | None:
        """A line and a booking of one subject that are not the same."""
        if line.amount.currency is not booking.amount.currency:
            kind, because = DifferenceKind.CURRENCY, f"{line.amount} there, {booking.amount} here"
        elif line.amount != booking.amount:
            kind, because = DifferenceKind.AMOUNT, f"{line.amount} there, {booking.amount} here"
        else:
            kind, because = DifferenceKind.FEE, f"a fee of {line.fee} there, and of {booking.fee} here"
        return self._different(kind, Row(kind, subject, line, booking), because)

    def _alone(
        self, subject: str, line: StatementLine, known: Known, consumed: Counter[tuple[Money, Money]], *, paired: bool
    ) -> Row | None:
        """A line without a booking."""
        elsewhere = [each for each in known.bookings if _same(line, each) and not self._in_sight(each.at)]
        if consumed[line.amount, line.fee] or paired:
            kind, because = DifferenceKind.DUPLICATE, "it is booked once, and the provider has it once more"
        elif elsewhere:
            kind, because = DifferenceKind.TIMING, f"it was booked at {elsewhere[0].at.isoformat()}"
        elif known.under_way is not None:
            kind, because = DifferenceKind.TIMING, known.under_way
        else:
            kind, because = DifferenceKind.MISSING_HERE, "the journal knows nothing of it"
        return self._different(kind, Row(kind, subject, line, None), because)

    def _unmet(self, subject: str, booking: Booking) -> Row | None:
        """A booking without a line."""
        kind = DifferenceKind.MISSING_THERE
        return self._different(kind, Row(kind, subject, None, booking), "no line of the statement speaks of it")

    def _different(self, kind: DifferenceKind, row: Row, because: str) -> Row | None:
        if (told := self._told(row)) is None:
            return None
        line, booking = row.line, row.booking
        self.differences.append(
            Difference(
                kind=kind,
                subject=row.subject,
                at=line.at if line is not None else booking.at if booking is not None else self._period[0],
                here=None if booking is None else booking.amount,
                there=None if line is None else line.amount,
                because=because,
                order_id=None if booking is None else booking.order_id,
                reference=None if line is None else line.reference,
                fact=None if booking is None else booking.fact,
            )
        )
        return told

    def _told(self, row: Row) -> Row | None:
        """Count a row, unless all of it happened outside of the period."""
        if not self._within([row.line] if row.line else [], [row.booking] if row.booking else []):
            return None
        self.rows[row.what] += 1
        return row

    def _close(self, subject: str) -> None:
        leftover = self.open[subject]
        if not leftover.lines and not leftover.bookings:
            del self.open[subject]

    def _within(self, lines: Iterable[StatementLine], books: Iterable[Booking]) -> bool:
        return any(self._inside(line.at) for line in lines) or any(self._inside(each.at) for each in books)

    def _inside(self, at: datetime) -> bool:
        return self._period[0] <= at < self._period[1]

    def _in_sight(self, at: datetime) -> bool:
        return self._seen[0] <= at < self._seen[1]


def _same(line: StatementLine, booking: Booking) -> bool:
    return line.amount == booking.amount and line.fee == booking.fee


def _sums(each: Iterable[StatementLine | Booking]) -> Mapping[tuple[str, str], int]:
    """What they come to, by currency: nothing where they undo each other."""
    sums: Counter[tuple[str, str]] = Counter()
    for one in each:
        sums["amount", one.amount.currency.code] += one.amount.minor
        sums["fee", one.fee.currency.code] += one.fee.minor
    return {key: minor for key, minor in sums.items() if minor}

"""Troubles: what the files do not tell of, and every marketplace has: refunds, disputes, failed payouts; drawn from a seed.

Of the orders that were paid, 3 % are refunded, half of them whole, and 0.5 % disputed, of which the bank decides a half for the
platform; of the payouts 1 % fail or come back. All of it happens within two months of the order, before or after it was paid out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from heapq import heappop, heappush
from typing import Final
from uuid import uuid5

import attrs

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.proof import Law
from quarterturn_adapters.replay.opening import OF_A_REPLAY
from quarterturn_adapters.replay.source import OrderRows
from quarterturn_adapters.sandbox import Bank, Sandbox
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import OrderId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefused
from quarterturn_domain.payments.refunding import RequestRefund
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.payouts.reconciling import ReconcilePeriod
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind

REFUNDS_PER_MILLE: Final = 30
DISPUTES_PER_MILLE: Final = 5
FAILED_PAYOUTS_PER_MILLE: Final = 10

WITHIN: Final = timedelta(days=60)
"""How long after its order a trouble may come."""

DECIDED_AFTER: Final = timedelta(days=30)
"""How long a bank thinks about a dispute."""

_EVER: Final = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


class Trouble(StrEnum):
    """What happens."""

    REFUND = "refund"
    DISPUTE = "dispute"
    DECISION = "decision"


@attrs.frozen(order=True)
class _Due:
    at: datetime
    number: int
    what: Trouble = attrs.field(order=False)
    order_id: OrderId = attrs.field(order=False)
    reference: str = attrs.field(order=False, default="")


class Troubles:
    """What is to come, and what has come, drawn from a seed; without a seed nothing ever does."""

    def __init__(self, seed: int | None, sandbox: Sandbox) -> None:
        self._seed = seed
        self._sandbox = sandbox
        self._due: list[_Due] = []
        self.came: Counter[str] = Counter()

    def expect(self, orders: Iterable[OrderRows]) -> None:
        """Orders were paid: some of them will make trouble."""
        if self._seed is None:
            return
        for order in orders:
            at = order.placed_at + WITHIN * self._roll(f"when:{order.id}", 1_000) // 1_000
            if self._roll(f"refund:{order.id}", 1_000) < REFUNDS_PER_MILLE:
                self._push(at, Trouble.REFUND, order.id)
            elif self._roll(f"dispute:{order.id}", 1_000) < DISPUTES_PER_MILLE:
                self._push(at, Trouble.DISPUTE, order.id)

    @property
    def next_at(self) -> datetime | None:
        """When the next trouble comes."""
        return self._due[0].at if self._due else None

    def let_come(self, app: Application, now: datetime) -> None:
        """Let everything come that is due."""
        while self._due and self._due[0].at <= now:
            due = heappop(self._due)
            try:
                {Trouble.REFUND: self._refund, Trouble.DISPUTE: self._dispute, Trouble.DECISION: self._decide}[due.what](
                    app, due, now
                )
            except DomainError:
                # Of an order that was cancelled, or gave everything back, nothing is left to be in trouble about.
                self.came["nothing left"] += 1

    def before_payouts(self, payouts: Sequence[Payout]) -> Callable[[], None]:
        """Let some of these payouts fail at their banks; what is returned lets the banks be as they were."""
        changed: list[str] = []
        if self._seed is not None:
            for payout in payouts:
                if self._roll(f"payout:{payout.id}", 1_000) < FAILED_PAYOUTS_PER_MILLE:
                    bank = Bank.FAILS if self._roll(f"how:{payout.id}", 2) else Bank.RETURNS
                    self._sandbox.require(payout.account, (), bank=bank)
                    changed.append(payout.account)
                    self.came["failed payouts"] += 1

        def restore() -> None:
            for account in changed:
                self._sandbox.require(account, (), bank=Bank.PAYS)

        return restore

    def _refund(self, app: Application, due: _Due, now: datetime) -> None:
        amount: Money | None = None
        if self._roll(f"whole:{due.order_id}", 2):
            with app.begin() as work:
                left = work.orders.find([due.order_id])[due.order_id].split.paid
            amount = Money(left.minor * (1 + self._roll(f"part:{due.order_id}", 990)) // 1_000, left.currency)
        refund_id = RefundId(uuid5(OF_A_REPLAY, f"refund:{due.order_id}"))
        app.request_refunds(RequestRefund(refund_id=refund_id, order_id=due.order_id, amount=amount, reason="goodwill", at=now))
        self.came["refunds"] += 1

    def _dispute(self, app: Application, due: _Due, now: datetime) -> None:
        with app.begin() as work:
            payments = work.payments.of_order(due.order_id)
        reference = payments[0].reference if payments else None
        if reference is None or not payments[0].refundable:
            raise GatewayRefused("nothing_left")
        dispute = self._sandbox.open_dispute(reference)
        for outcome in app.sync_disputes([dispute.reference]):
            assert not isinstance(outcome, DomainError), outcome
        self.came["disputes"] += 1
        self._push(now + DECIDED_AFTER, Trouble.DECISION, due.order_id, dispute.reference)

    def _decide(self, app: Application, due: _Due, _: datetime) -> None:
        self._sandbox.close_dispute(due.reference, won=bool(self._roll(f"won:{due.order_id}", 2)))
        for outcome in app.sync_disputes([due.reference]):
            assert not isinstance(outcome, DomainError), outcome

    def _push(self, at: datetime, what: Trouble, order_id: OrderId, reference: str = "") -> None:
        self.came["drawn"] += 1
        heappush(self._due, _Due(at, self.came["drawn"], what, order_id, reference))

    def _roll(self, about: str, sides: int) -> int:
        return int.from_bytes(blake2b(f"{self._seed}:{about}".encode(), digest_size=8).digest()) % sides


def prove_troubled(app: Application, vendor_ids: Sequence[VendorId]) -> Sequence[Law]:
    """The laws that hold beside those of the proof: nothing is left to reconcile, and the statements add up to the books."""
    found = app.reconcile(ReconcilePeriod(until=app.clock.now() + timedelta(days=1)))
    unexplained = [f"{each.kind} of {each.subject}" for each in found.differences]
    seen = ", ".join(unexplained[:3]) or f"{found.lines:,} lines of the provider"
    return [Law("reconciliation is empty", not unexplained, seen), _statements(app, vendor_ids)]


def _statements(app: Application, vendor_ids: Sequence[VendorId]) -> Law:
    closing: Counter[Currency] = Counter()
    lines = 0
    for statement in _every_statement(app, vendor_ids):
        closing[statement[0]] += statement[1].minor
        lines += statement[2]
    books = _of_vendors(app.read_books.totals())
    wrong = [
        f"{Money(closing[unit], unit)} by the statements, {Money(books[unit], unit)} in the books"
        for unit in {*closing, *books}
        if closing[unit] != books[unit]
    ]
    return Law("vendors' statements = books", not wrong, "; ".join(wrong) or f"{lines:,} lines of statements")


def _every_statement(app: Application, vendor_ids: Sequence[VendorId]) -> Iterator[tuple[Currency, Money, int]]:
    for vendor_id in vendor_ids:
        for unit in app.read_books.balance(vendor_id):
            statement = app.read_books.statement(vendor_id, unit, *_EVER)
            assert not statement.opening, "nothing was before the beginning"
            yield unit, statement.closing, len(statement.lines)


def _of_vendors(totals: Mapping[tuple[AccountKind, Currency], Money]) -> Counter[Currency]:
    books: Counter[Currency] = Counter()
    for (kind, unit), amount in totals.items():
        if kind in OF_A_VENDOR:
            books[unit] -= amount.minor
    return books

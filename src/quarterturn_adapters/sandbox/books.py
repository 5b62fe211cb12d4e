"""The books: everything that the sandbox knows, what is due when, and the names that it gives."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from heapq import heappop, heappush
from typing import TypeAlias, TypeVar

from quarterturn_adapters.sandbox.ledger import Ledger
from quarterturn_adapters.sandbox.records import (
    AccountRecord,
    DisputeRecord,
    LinkRecord,
    PaymentRecord,
    PayoutRecord,
    RefundRecord,
    TransferRecord,
)
from quarterturn_adapters.sandbox.terms import Terms
from quarterturn_adapters.sandbox.webhooks import EventRecord, Outgoing
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import PaymentId, PayoutId, RefundId

R = TypeVar("R")

Due: TypeAlias = tuple[datetime, int, str, tuple[str | int, ...]]
"""When, in which order, which act, and with what."""


class Books:
    """One sandbox's records, ledger, agenda and outgoing events; `now` is the instant of what is being done."""

    def __init__(self, seed: int, terms: Terms, now: datetime) -> None:
        self.seed = seed
        self.terms = terms
        self.now = now
        self.counter = 0
        self.agenda: list[Due] = []
        self.payments: dict[str, PaymentRecord] = {}
        self.charges: dict[str, str] = {}
        self.refunds: dict[str, RefundRecord] = {}
        self.disputes: dict[str, DisputeRecord] = {}
        self.accounts: dict[str, AccountRecord] = {}
        self.links: dict[str, LinkRecord] = {}
        self.transfers: dict[str, TransferRecord] = {}
        self.payouts: dict[str, PayoutRecord] = {}
        # The newest object under each of the platform's own ids.
        self.by_payment_id: dict[PaymentId, str] = {}
        self.by_refund_id: dict[tuple[str, RefundId], str] = {}
        self.transfer_of: dict[PayoutId, str] = {}
        self.payout_of: dict[tuple[str, PayoutId], str] = {}
        self.ledger = Ledger(self.name, self.at)
        self.outgoing = Outgoing(seed)
        self._tag = blake2b(f"quarterturn-sandbox:{seed}".encode(), digest_size=4).hexdigest()

    def name(self, prefix: str) -> str:
        """A reference that was never given before: it follows from the seed and a counter."""
        self.counter += 1
        return f"{prefix}_{self._tag}{self.counter:08x}"

    def secret(self, reference: str) -> str:
        """What a customer's browser finishes a payment with, or a link's token: it follows from the seed and the reference."""
        return f"{reference}_secret_{blake2b(f'{self.seed}:{reference}'.encode(), digest_size=10).hexdigest()}"

    def at(self, when: datetime, act: str, *what: str | int) -> None:
        """Let `act` happen at an instant to come."""
        self.counter += 1
        heappush(self.agenda, (when, self.counter, act, what))

    def due(self, now: datetime) -> Due | None:
        """The next thing that was to happen by `now`, which is on the agenda no longer."""
        if self.agenda and self.agenda[0][0] <= now:
            return heappop(self.agenda)
        return None

    def tell(self, kind: str, reference: str, status: str, account: str | None = None) -> None:
        """Let the platform know, by a webhook, what has changed."""
        self.outgoing.waiting.append(EventRecord(self.name("evt"), kind, reference, status, self.now, account))

    def index(self) -> None:
        """Find the newest records by the platform's own ids again, after they were read from a snapshot."""
        for payment in self.payments.values():
            self.by_payment_id[payment.payment_id] = payment.reference
            if payment.charge is not None:
                self.charges[payment.charge] = payment.reference
        for refund in self.refunds.values():
            self.by_refund_id[refund.payment, refund.refund_id] = refund.reference
        for transfer in self.transfers.values():
            self.transfer_of[transfer.payout_id] = transfer.reference
        for payout in self.payouts.values():
            if payout.payout_id is not None:
                self.payout_of[payout.account, payout.payout_id] = payout.reference


def found(records: dict[str, R], reference: str, kind: str) -> R:
    """The record with this reference, or `NotFound`."""
    record = records.get(reference)
    if record is None:
        raise NotFound(kind, reference)
    return record

"""The journal: double entries, each for one business fact, balanced by construction and never edited."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import attrs

from quarterturn_domain.kernel.ids import OrderId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chart import LedgerAccount


class EntryKind(StrEnum):
    """What kind of business fact an entry books."""

    CAPTURE = "capture"
    CAPTURE_MORE = "capture_more"
    UNCLAIMED = "unclaimed"
    REFUND = "refund"
    REFUND_PAID = "refund_paid"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    RELEASE = "release"
    RESERVE_RELEASE = "reserve_release"
    PAYOUT = "payout"
    PAYOUT_SENT = "payout_sent"
    PAYOUT_FAILED = "payout_failed"
    RECOVERY = "recovery"
    WRITE_OFF = "write_off"
    REVERSAL = "reversal"


@attrs.frozen
class Posting:
    """`amount` debited to (positive) or credited to (negative) an account."""

    account: LedgerAccount
    amount: Money


@attrs.frozen
class Entry:
    """What one business `fact` did to the accounts; the fact is booked once, whoever tells of it and however often."""

    fact: str
    kind: EntryKind
    postings: tuple[Posting, ...]
    at: datetime
    order_id: OrderId | None = None

    @classmethod
    def of(
        cls,
        fact: str,
        kind: EntryKind,
        postings: Iterable[tuple[LedgerAccount, Money]],
        *,
        at: datetime,
        order_id: OrderId | None = None,
    ) -> Entry:
        """An entry of these postings: those to one account are added up, those of nothing are left out.

        It must balance per currency.
        """
        sums: dict[tuple[LedgerAccount, str], Money] = {}
        balance: dict[str, int] = {}
        for account, amount in postings:
            if amount.minor:
                key = (account, amount.currency.code)
                sums[key] = sums[key] + amount if key in sums else amount
                balance[amount.currency.code] = balance.get(amount.currency.code, 0) + amount.minor
        assert not any(balance.values()), f"the entry for {fact} does not balance: {balance}"
        return cls(
            fact, kind, tuple(Posting(account, sums[account, code]) for account, code in sums if sums[account, code]), at, order_id
        )

    def reversal(self, *, at: datetime) -> Entry:
        """The entry that takes this one back, which is how a wrong one is corrected."""
        turned = tuple(Posting(posting.account, -posting.amount) for posting in self.postings)
        return Entry(f"{self.fact}:reversed", EntryKind.REVERSAL, turned, at, self.order_id)


@attrs.frozen
class Booked:
    """An entry with the ever growing number that the journal gave it."""

    number: int
    entry: Entry

"""Correcting: an entry that was wrong is taken back by its reversal, with who did it and why; nothing is ever edited."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.events import EntryCorrected
from quarterturn_domain.settlement.journal import Booked, Entry
from quarterturn_domain.settlement.ports import SettlementWork

KEPT_ELSEWHERE: Final = {
    AccountKind.PROCESSOR_CLEARING: "the provider's statement",
    AccountKind.VENDOR_PENDING: "its earning",
    AccountKind.VENDOR_RESERVE: "its earning or its dispute",
    AccountKind.REFUNDS: "its refund or its payment",
    AccountKind.DISPUTES: "its dispute",
    AccountKind.PAYOUTS_IN_TRANSIT: "its payout",
}
"""The accounts whose balance something else says too: an entry of theirs is not corrected alone."""


@attrs.frozen(eq=False)
class NotCorrectable(Rejected):
    """The entry for a fact cannot be taken back by itself."""

    fact: str
    reason: str

    @property
    def message(self) -> str:
        """Why not."""
        return f"The entry for {self.fact} cannot be taken back by itself: {self.reason}"


@attrs.frozen(kw_only=True)
class CorrectEntry:
    """Take the entry for a `fact` back; `actor` says who does it, and `reason` why."""

    fact: str
    actor: str
    reason: str
    at: datetime = attrs.field(metadata=TIMING)


class CorrectEntries:
    """Books reversals: of write-offs, and of whatever else nothing but the journal knows. Asked twice, it is booked once."""

    def __init__(self, work: Begin[SettlementWork]) -> None:
        self._work = work

    def __call__(self, command: CorrectEntry) -> Booked:
        """The reversal; raises `NotFound`, `Invalid`, or `NotCorrectable` where a record says the same as the entry."""
        if not command.actor.strip() or not command.reason.strip():
            raise Invalid("a correction by nobody or without a reason", "who corrects, and why")
        with self._work() as work:
            wrong = required(work.journal.of_facts([command.fact]), command.fact, "journal entry").entry
            reversal = wrong.reversal(at=command.at)
            known = work.journal.of_facts([reversal.fact])
            if not known:
                _refuse_kept(wrong)
                work.journal.append([reversal])
                fact = EntryCorrected(fact=command.fact, actor=command.actor, reason=command.reason, at=command.at)
                work.outbox.append([fact])
                known = work.journal.of_facts([reversal.fact])
        return known[reversal.fact]


def _refuse_kept(entry: Entry) -> None:
    for posting in entry.postings:
        where = KEPT_ELSEWHERE.get(posting.account.kind)
        if where is not None:
            raise NotCorrectable(entry.fact, f"{where} says the same; what happened there has to be undone there")

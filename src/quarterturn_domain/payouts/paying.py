"""Paying: the provider is asked to pay out what was claimed, and what it says is recorded.

A payout whose outcome is not known is looked up, never repeated blindly, and money that comes back is the vendor's again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import attrs

from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import DomainError, NotFound, Outcome, Unavailable
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import PayoutId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.gateway import GatewayRefused, OutcomeUnknown
from quarterturn_domain.payouts.gateway import GatewayPayoutStatus, TransferGateway, reversed_to
from quarterturn_domain.payouts.payout import PAYOUT, Payout, PayoutStatus
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.settlement.bookings import moved
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.journal import Entry, EntryKind


class SendPayouts:
    """Sends claimed payouts, and looks up those of which nobody knows whether they were sent."""

    def __init__(self, work: Begin[PayoutsWork], gateway: TransferGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def __call__(self, payout_ids: Sequence[PayoutId]) -> Sequence[Outcome[Payout]]:
        """For each id its payout afterwards (`sent`, `failed` or `unknown`), or `NotFound`, `Unavailable`."""
        payouts = _find(self._work, payout_ids)
        return _record_each(self._work, payout_ids, payouts, self._send, self._clock)

    def _send(self, payout: Payout) -> tuple[Payout, str, str]:
        if payout.status not in {PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN}:
            return payout, "", ""
        # The provider forgets keys after a while, but not transfers: what an earlier run has done is not done again. Where nobody
        # answers, nothing is done and nothing changes; the payout is asked about again.
        made = self._gateway.find_transfer(payout.id)
        key = f"payout:{payout.id}:transfer"
        try:
            if made is None:
                made = self._gateway.transfer(payout.account, payout.amount, payout_id=payout.id, key=key)
        except GatewayRefused as refusal:
            return payout, "fail", refusal.message
        except OutcomeUnknown as unknown:
            return payout, "lose_sight", unknown.message
        payout = attrs.evolve(payout, transfer=made.reference)
        if made.reversed:
            # It was refused, and is on its way back: it must not be sent after all.
            return self._take_back(payout, payout.failure or "the payout was refused")
        try:
            sent = self._gateway.find_payout(payout.account, payout.id)
            if sent is None:
                sent = self._gateway.pay_out(payout.account, payout.amount, payout_id=payout.id, key=f"payout:{payout.id}:pay_out")
        except GatewayRefused as refusal:
            return self._take_back(payout, refusal.message)
        except Unavailable as unknown:
            return payout, "lose_sight", unknown.message
        return attrs.evolve(payout, reference=sent.reference), "send", ""

    def _take_back(self, payout: Payout, reason: str) -> tuple[Payout, str, str]:
        try:
            reversed_to(self._gateway, payout.id, payout.amount)
        except (GatewayRefused, NotFound, Unavailable) as refusal:
            return payout, "lose_sight", f"{reason}; the transfer is not reversed yet: {refusal.message}"
        return payout, "fail", reason


class ConfirmPayouts:
    """Reads sent payouts from the provider: paid, failed or returned."""

    def __init__(self, work: Begin[PayoutsWork], gateway: TransferGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def __call__(self, payout_ids: Sequence[PayoutId]) -> Sequence[Outcome[Payout]]:
        """For each id its payout afterwards, or `NotFound`, `GatewayRefused`, `Unavailable`."""
        payouts = _find(self._work, payout_ids)
        return _record_each(self._work, payout_ids, payouts, self._read, self._clock)

    def _read(self, payout: Payout) -> tuple[Payout, str, str]:
        if payout.status not in {PayoutStatus.SENT, PayoutStatus.PAID}:
            return payout, "", ""
        assert payout.reference is not None
        truth = self._gateway.read_payout(payout.account, payout.reference)
        act = {GatewayPayoutStatus.PAID: "pay", GatewayPayoutStatus.FAILED: "fail", GatewayPayoutStatus.RETURNED: "return"}.get(
            truth.status
        )
        if act is None or not PAYOUT.allows(payout.status, act):
            return payout, "", ""
        if act != "pay":
            # The money is on the connected account again; the platform takes it back, and the vendor's balance has it.
            reversed_to(self._gateway, payout.id, payout.amount)
        return payout, act, truth.failure or ""


def _find(begin: Begin[PayoutsWork], payout_ids: Sequence[PayoutId]) -> Mapping[PayoutId, Payout]:
    with begin() as work:
        return work.payouts.find(set(payout_ids))


def _record_each(
    begin: Begin[PayoutsWork],
    payout_ids: Sequence[PayoutId],
    seen: Mapping[PayoutId, Payout],
    ask: Callable[[Payout], tuple[Payout, str, str]],
    clock: Clock,
) -> Sequence[Outcome[Payout]]:
    """Ask the provider about each payout, then record all that it said in one transaction."""
    answers = decide_each(payout_ids, lambda payout_id: ask(required(seen, payout_id, "payout")))
    at = clock.now()
    outcomes: list[Outcome[Payout]] = []
    with begin() as work:
        payouts = work.payouts.lock(seen)
        changed: dict[PayoutId, Payout] = {}
        entries: list[Entry] = []
        facts: list[Event] = []
        for answer in answers:
            if isinstance(answer, DomainError):
                outcomes.append(answer)
                continue
            told, act, reason = answer
            before = changed.get(told.id, payouts[told.id])
            if not act or not PAYOUT.allows(before.status, act):
                outcomes.append(before)
                continue
            named = attrs.evolve(before, transfer=told.transfer, reference=told.reference)
            after, fact = named.move(act, reason=reason, at=at)
            outcomes.append(after)
            # A payout that nobody has seen yet, for the same reason as the last time, is no news.
            if after == before:
                continue
            changed[after.id] = after
            if (after.status, after.failure) != (before.status, before.failure):
                facts.append(fact)
            entries += _booked(before, act, at)
        work.payouts.save(changed.values())
        work.journal.append(entries)
        work.outbox.append(facts)
    return outcomes


def _booked(before: Payout, act: str, at: datetime) -> Sequence[Entry]:
    """What an act does to the books: sent money has left the platform's balance, money that comes back is the vendor's again."""
    amount = before.amount
    if act == "send":
        amounts = [(AccountKind.PAYOUTS_IN_TRANSIT, amount), (AccountKind.PROCESSOR_CLEARING, -amount)]
        kind = EntryKind.PAYOUT_SENT
    elif act in {"fail", "return"}:
        back = amount - before.recalled
        sent = before.status in {PayoutStatus.SENT, PayoutStatus.PAID}
        source = AccountKind.PROCESSOR_CLEARING if sent else AccountKind.PAYOUTS_IN_TRANSIT
        amounts = [(source, back), (AccountKind.VENDOR_AVAILABLE, -back)]
        kind = EntryKind.PAYOUT_FAILED
    else:
        return ()
    if not any(money for _, money in amounts):
        # All of it was recalled before, and is booked.
        return ()
    return [moved(f"payout:{before.id}:{act}", kind, amounts, before.vendor_id, at=at)]

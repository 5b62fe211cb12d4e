"""Claiming: a run claims what vendors can be paid, and the provider is asked by whoever sends the payouts later.

A balance is claimed once, in one transaction with its journal entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import attrs

from quarterturn_domain.identity.vendor import Vendor
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.idempotency import Answer, fingerprint
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payouts.events import PayoutScheduled
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.settlement.bookings import moved
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import EntryKind

_PAGE: Final = 1_000


@attrs.frozen(kw_only=True)
class RunPayouts:
    """Pay every vendor that is due at `at`; `run_id` makes it one run.

    `vendor_ids` pays only these, whatever their schedule says. Asked again, at whatever time, a run goes on; with other vendors it
    is a `Conflict`.
    """

    run_id: UUID
    vendor_ids: tuple[VendorId, ...] = ()
    dry: bool = False
    at: datetime


@attrs.frozen
class Kept:
    """A balance that is not paid out now, and why."""

    vendor_id: VendorId
    amount: Money
    reason: str


@attrs.frozen
class PayoutRun:
    """What a run came to: the payouts that it claimed, by vendor and currency code, and the balances that it left.

    The payouts are as they are now, and all that the run ever claimed; those of a dry run are what it would claim.
    """

    payouts: tuple[Payout, ...]
    kept: tuple[Kept, ...]


class ClaimPayouts:
    """Claims available balances, page by page; nobody is called.

    The same run again claims no vendor's balance in a currency twice, goes on where it was broken off, and says the same payouts.
    """

    def __init__(self, work: Begin[PayoutsWork]) -> None:
        self._work = work

    def __call__(self, command: RunPayouts) -> PayoutRun:
        """The payouts of this run; each page of vendors is one transaction. Raises `Conflict`."""
        if not command.dry:
            self._remember(command)
        drafts: list[Payout] = []
        kept: list[Kept] = []
        for claim, left in self._of_the_named(command) if command.vendor_ids else self._of_all(command):
            drafts += claim
            kept += left
        return PayoutRun(tuple(drafts) if command.dry else self._claimed(command.run_id), tuple(kept))

    def _remember(self, command: RunPayouts) -> None:
        """Keep whom the run is for, so that the same run is for nobody else."""
        key = f"payout run:{command.run_id}"
        mark = fingerprint(sorted(set(command.vendor_ids)))
        with self._work() as work:
            known = work.answers.find([key]).get(key)
            if known is None:
                work.answers.add([Answer(key, mark, "", command.at)])
            elif known.fingerprint != mark:
                raise Conflict("payout run", str(command.run_id), "it was asked for with other vendors")

    def _claimed(self, run_id: UUID) -> tuple[Payout, ...]:
        """All that the run has claimed, in this call or before: a balance that was claimed is on no page any more."""
        payouts: list[Payout] = []
        after: PayoutId | None = None
        while True:
            with self._work() as work:
                page = work.payouts.of_run(run_id, after, _PAGE)
            payouts += page
            if len(page) < _PAGE:
                return tuple(sorted(payouts, key=lambda payout: (payout.vendor_id, payout.amount.currency.code)))
            after = page[-1].id

    def _of_all(self, command: RunPayouts) -> Iterator[tuple[list[Payout], list[Kept]]]:
        after: tuple[VendorId, str] | None = None
        while True:
            with self._work() as work:
                page = work.journal.owing(after, _PAGE)
                if not page:
                    return
                claim = _claim(work, command, page)
            yield claim
            after = (page[-1][0], page[-1][1].currency.code)

    def _of_the_named(self, command: RunPayouts) -> Iterator[tuple[list[Payout], list[Kept]]]:
        named = sorted(set(command.vendor_ids))
        for start in range(0, len(named), _PAGE):
            with self._work() as work:
                claim = _claim(work, command, _balances_of(work, named[start : start + _PAGE]))
            yield claim


def _balances_of(work: PayoutsWork, vendor_ids: Sequence[VendorId]) -> Sequence[tuple[VendorId, Money]]:
    """These vendors' available balances that are not zero, by vendor and currency code, as `Journal.owing` gives everybody's."""
    accounts = {LedgerAccount(AccountKind.VENDOR_AVAILABLE, vendor_id): vendor_id for vendor_id in vendor_ids}
    balances = work.journal.balances(accounts)
    seen = [(accounts[account], -balance) for (account, _), balance in balances.items() if balance]
    return sorted(seen, key=lambda each: (each[0], each[1].currency.code))


def _claim(work: PayoutsWork, command: RunPayouts, asked: Sequence[tuple[VendorId, Money]]) -> tuple[list[Payout], list[Kept]]:
    ids = {vendor_id for vendor_id, _ in asked}
    # A vendor's row is the lock on its balance: two runs at once cannot claim it twice.
    vendors = work.vendors.find(ids) if command.dry else work.vendors.lock(ids)
    terms = work.payout_terms.of(ids)
    # What was seen before the vendors were locked may be somebody else's by now.
    balances = asked if command.dry else _locked(work, asked)
    drafts, kept = list[Payout](), list[Kept]()
    for vendor_id, balance in balances:
        reason = _why_not(balance, vendors[vendor_id], terms[vendor_id], command)
        if reason is not None:
            kept.append(Kept(vendor_id, balance, reason))
        else:
            drafts.append(_draft(command, vendors[vendor_id], balance))
    known = work.payouts.find({draft.id for draft in drafts})
    fresh = [draft for draft in drafts if draft.id not in known]
    kept += [
        Kept(draft.vendor_id, draft.amount, "the run has claimed a balance of it before") for draft in drafts if draft.id in known
    ]
    if command.dry:
        return fresh, kept
    work.payouts.add(fresh)
    # Who is paid owes nothing: whatever is owed later is a new debt.
    work.debts.remove((payout.vendor_id, payout.amount.currency.code) for payout in fresh)
    work.journal.append(
        moved(
            f"payout:{payout.id}:scheduled",
            EntryKind.PAYOUT,
            [(AccountKind.VENDOR_AVAILABLE, payout.amount), (AccountKind.PAYOUTS_IN_TRANSIT, -payout.amount)],
            payout.vendor_id,
            at=command.at,
        )
        for payout in fresh
    )
    work.outbox.append(
        PayoutScheduled(payout_id=payout.id, vendor_id=payout.vendor_id, amount=payout.amount, at=command.at) for payout in fresh
    )
    return fresh, kept


def _locked(work: PayoutsWork, asked: Sequence[tuple[VendorId, Money]]) -> Sequence[tuple[VendorId, Money]]:
    """The balances that were asked for as they are now, of vendors that are locked."""
    accounts = {vendor_id: LedgerAccount(AccountKind.VENDOR_AVAILABLE, vendor_id) for vendor_id, _ in asked}
    balances = work.journal.balances(accounts.values())
    return [
        (vendor_id, -balances.get((accounts[vendor_id], seen.currency), Money.zero(seen.currency))) for vendor_id, seen in asked
    ]


def _why_not(balance: Money, vendor: Vendor, terms: PayoutTerms, command: RunPayouts) -> str | None:
    if balance.minor <= 0:
        return "the vendor owes the platform" if balance.minor < 0 else "nothing is available"
    if not command.vendor_ids and not terms.schedule.due_on(command.at.date()):
        return f"payouts are {terms.schedule.rhythm} and not due"
    minimum = terms.minimum_in(balance)
    if balance < minimum:
        return f"the balance is below the minimum of {minimum}"
    return vendor.not_payable


def _draft(command: RunPayouts, vendor: Vendor, balance: Money) -> Payout:
    assert vendor.payout_account is not None
    return Payout(
        id=PayoutId(uuid5(command.run_id, f"{vendor.id}:{balance.currency.code}")),
        run_id=command.run_id,
        vendor_id=vendor.id,
        account=vendor.payout_account.reference,
        amount=balance,
        recalled=Money.zero(balance.currency),
        scheduled_at=command.at,
    )

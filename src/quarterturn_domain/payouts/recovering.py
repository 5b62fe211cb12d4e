"""Recovering: what a vendor owes the platform is covered by the operator's policy, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import NotFound, Unavailable
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.gateway import GatewayRefused
from quarterturn_domain.payouts.events import DebtRecovered
from quarterturn_domain.payouts.gateway import TransferGateway, reversed_to
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.recovery import Debt, Recovered, RecoveryStep, waterfall
from quarterturn_domain.settlement.bookings import moved
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import EntryKind

_PAGE: Final = 500


class RecoverDebts:
    """Covers negative balances: reserves and write-offs in one transaction each, reversals by asking the provider first.

    A reversal is booked when the provider has said yes; one that was made and not booked is found there by the next run.
    """

    def __init__(self, work: Begin[PayoutsWork], gateway: TransferGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def __call__(self) -> Sequence[tuple[VendorId, Recovered]]:
        """What was recovered now, vendor by vendor; a provider that refuses or is away leaves its part for the next run."""
        at = self._clock.now()
        done: list[tuple[VendorId, Recovered]] = []
        self._forget_covered()
        after: tuple[VendorId, str] | None = None
        while True:
            with self._work() as work:
                page = work.journal.owed(after, _PAGE)
            if not page:
                return done
            for vendor_id, balance in page:
                done += [(vendor_id, step) for step in self._recover(vendor_id, balance, at)]
            after = (page[-1][0], page[-1][1].currency.code)

    def _forget_covered(self) -> None:
        """Forget the debts of vendors who owe nothing any more: what they owe later is a new debt, with a patience of its own."""
        after: tuple[VendorId, str] | None = None
        while True:
            with self._work() as work:
                page = work.debts.page(after, _PAGE)
                if not page:
                    return
                work.vendors.lock({debt.vendor_id for debt in page})
                balances = work.journal.balances({LedgerAccount(AccountKind.VENDOR_AVAILABLE, debt.vendor_id) for debt in page})
                owed = {(account.vendor_id, unit.code) for (account, unit), balance in balances.items() if balance.minor > 0}
                work.debts.remove(debt.key for debt in page if debt.key not in owed)
            after = page[-1].key

    def _recover(self, vendor_id: VendorId, seen: Money, at: datetime) -> Sequence[Recovered]:
        done: list[Recovered] = []
        spent: set[PayoutId] = set()
        while True:
            steps, payouts = self._decide(vendor_id, seen, at, spent)
            before = len(spent)
            for step in steps:
                if step.step is not RecoveryStep.REVERSE:
                    done += self._book(vendor_id, step, at)
                    continue
                done += self._reverse(vendor_id, step.amount, payouts, spent, at)
                if len(spent) > before:
                    break
            # What cannot be taken back of a transfer is for the other transfers, or for the steps after this one.
            if len(spent) == before:
                return done

    def _decide(
        self, vendor_id: VendorId, seen: Money, at: datetime, spent: AbstractSet[PayoutId]
    ) -> tuple[Sequence[Recovered], Sequence[Payout]]:
        key = (vendor_id, seen.currency.code)
        with self._work() as work:
            work.vendors.lock([vendor_id])
            debt = work.debts.lock([key]).get(key)
            balance = _balance(work, AccountKind.VENDOR_AVAILABLE, vendor_id, seen)
            if balance.minor >= 0:
                if debt is not None:
                    work.debts.remove([key])
                return (), ()
            if debt is None:
                debt = Debt(vendor_id, seen.currency.code, at)
                work.debts.add([debt])
            payouts = [payout for payout in work.payouts.reversible(vendor_id, seen.currency) if payout.id not in spent]
            policy = work.payout_terms.of([vendor_id])[vendor_id].recovery
            rolling = total((each.reserved for each in work.earnings.reserved_of(vendor_id, seen.currency)), seen.currency)
            steps = waterfall(
                -balance,
                policy,
                since=debt.since,
                at=at,
                reversible=total((payout.reversible for payout in payouts), seen.currency),
                reserved=rolling,
            )
        return steps, payouts

    def _reverse(
        self, vendor_id: VendorId, amount: Money, payouts: Sequence[Payout], spent: set[PayoutId], at: datetime
    ) -> Sequence[Recovered]:
        """Take `amount` back of transfers; those that the provider refuses to reverse are `spent` from now on."""
        left = amount
        done = []
        for payout in payouts:
            part = min(left, payout.reversible)
            if not part:
                continue
            try:
                # What an earlier run took back and did not get to book is found there, and may be more.
                recalled = reversed_to(self._gateway, payout.id, payout.recalled + part)
            except (GatewayRefused, NotFound):
                spent.add(payout.id)
                continue
            except Unavailable:
                # The provider is away: the next payout or the next run covers it.
                continue
            with self._work() as work:
                work.vendors.lock([vendor_id])
                now = work.payouts.lock([payout.id])[payout.id]
                fresh = recalled - now.recalled
                # A payout that came back meanwhile has booked all of it.
                if fresh.minor > 0 and now.reversible:
                    owed = -_balance(work, AccountKind.VENDOR_AVAILABLE, vendor_id, fresh)
                    work.payouts.save([attrs.evolve(now, recalled=recalled)])
                    fact = f"payout:{payout.id}:recall:{now.recalled.minor}"
                    step = Recovered(RecoveryStep.REVERSE, fresh)
                    self._enter(work, vendor_id, step, owed, fact, at)
                    done.append(step)
            left -= part
        return done

    def _book(self, vendor_id: VendorId, step: Recovered, at: datetime) -> Sequence[Recovered]:
        """Cover what of the step is still owed and still there; nothing when that is nothing, or was done at this instant."""
        with self._work() as work:
            work.vendors.lock([vendor_id])
            unit = step.amount.currency
            fact = f"debt:{vendor_id}:{unit.code}:{step.step}:{at.isoformat()}"
            owed = -_balance(work, AccountKind.VENDOR_AVAILABLE, vendor_id, step.amount)
            if work.journal.booked([fact]) or owed.minor <= 0:
                return ()
            left = amount = min(step.amount, owed)
            if step.step is RecoveryStep.RESERVE:
                changed = []
                for earning in work.earnings.reserved_of(vendor_id, unit):
                    part = min(left, earning.reserved)
                    if part:
                        changed.append(attrs.evolve(earning, reserved=earning.reserved - part))
                        left -= part
                work.earnings.save(changed)
                amount -= left
            if not amount:
                return ()
            booked = Recovered(step.step, amount)
            self._enter(work, vendor_id, booked, owed, fact, at)
        return (booked,)

    def _enter(self, work: PayoutsWork, vendor_id: VendorId, step: Recovered, owed: Money, fact: str, at: datetime) -> None:
        """Book what a step covers of `owed`; a debt that is covered is over."""
        source = _SOURCES[step.step]
        kind = EntryKind.WRITE_OFF if step.step is RecoveryStep.WRITE_OFF else EntryKind.RECOVERY
        amounts = [(source, step.amount), (AccountKind.VENDOR_AVAILABLE, -step.amount)]
        work.journal.append([moved(fact, kind, amounts, vendor_id, at=at)])
        work.outbox.append([DebtRecovered(vendor_id=vendor_id, step=step.step.value, amount=step.amount, at=at)])
        if step.amount >= owed:
            work.debts.remove([(vendor_id, owed.currency.code)])


_SOURCES: Final = {
    RecoveryStep.REVERSE: AccountKind.PROCESSOR_CLEARING,
    RecoveryStep.RESERVE: AccountKind.VENDOR_RESERVE,
    RecoveryStep.WRITE_OFF: AccountKind.WRITE_OFFS,
}


def _balance(work: PayoutsWork, kind: AccountKind, vendor_id: VendorId, like: Money) -> Money:
    account = LedgerAccount(kind, vendor_id)
    return -work.journal.balances([account]).get((account, like.currency), Money.zero(like.currency))

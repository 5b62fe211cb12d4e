"""The adapters in memory, with the sandbox as their provider, live through whatever the marketplace machines think of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from hypothesis import settings

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.sandbox import Bank, Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.gateways import BankAccount, Means
from quarterturn_domain.testing.machines import MarketplaceMachine, SideBySideMachine, Surroundings

CARDS: Final = {
    Means.APPROVED: "card_approved",
    Means.DECLINED: "card_declined",
    Means.ACTION_REQUIRED: "card_action_required",
    Means.LATE_SUCCESS: "card_late_success",
}
BANKS: Final = {BankAccount.PAYS: Bank.PAYS, BankAccount.FAILS: Bank.FAILS, BankAccount.RETURNS: Bank.RETURNS}


class InMemory:
    """A database in memory and a sandbox, on one clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(samples.START)
        self.sandbox = Sandbox(self.clock, seed=5)
        self.begin = MemoryDatabase(SeededIds(3)).begin
        self.payments = SandboxPayments(self.sandbox)
        self.transfers = SandboxTransfers(self.sandbox)

    def advance(self, by: timedelta) -> None:
        """On the clock of both."""
        self.clock.advance(by)

    def means(self, means: Means) -> str:
        """A test card."""
        return CARDS[means]

    def onboard(self, account: str, bank: BankAccount) -> None:
        """With a test bank."""
        self.sandbox.finish_onboarding(account, bank=BANKS[bank])

    def open_dispute(self, payment: str) -> str:
        """Over what was not refunded."""
        return self.sandbox.open_dispute(payment).reference

    def close_dispute(self, dispute: str, *, won: bool) -> None:
        """Won or lost."""
        self.sandbox.close_dispute(dispute, won=won)

    def balance(self, currency: Currency) -> Money:
        """What the platform has there."""
        return self.sandbox.balance(currency)


class InMemoryMachine(MarketplaceMachine):
    """One marketplace in memory."""

    def surroundings(self) -> Sequence[Surroundings]:
        """That one."""
        return [InMemory()]


class TwiceInMemoryMachine(SideBySideMachine):
    """Two of them: what the machine for pairs says of two that are the same."""

    def one(self) -> Surroundings:
        """A marketplace in memory."""
        return InMemory()

    def other(self) -> Surroundings:
        """Another one."""
        return InMemory()


TestMarketplace = InMemoryMachine.TestCase
TestMarketplace.settings = settings(deadline=None)
TestSideBySide = TwiceInMemoryMachine.TestCase
TestSideBySide.settings = settings(deadline=None, max_examples=10)

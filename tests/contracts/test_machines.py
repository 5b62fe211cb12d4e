"""The adapters in memory, with the sandbox as their provider, live through whatever the marketplace machines think of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase, MemoryWork
from quarterturn_adapters.memory.stock import MemoryStock
from quarterturn_adapters.sandbox import Bank, Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.ports import EVERY_ORDER, OrderFilter, Place
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.movement import MovementKind
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


LOOKING: Final = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
"""How long a broken adapter is looked at before it passes for sound."""

_record = MemoryStock.record


def _record_no_returns(self: MemoryStock, allocation: Allocation, /) -> None:
    allocation.changed_items = {
        key: item
        for key, item in allocation.changed_items.items()
        if not any((each.sku, each.location_id) == key and each.kind is MovementKind.RETURN for each in allocation.movements)
    }
    _record(self, allocation)


class InMemory:
    """A database in memory and a sandbox, on one clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(samples.START)
        self.sandbox = Sandbox(self.clock, seed=5)
        self.begin: Begin[PayoutsWork] = MemoryDatabase(SeededIds(3)).begin
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


class TroubledMachine(SideBySideMachine):
    """A sound adapter beside one that a test has broken."""

    def one(self) -> Surroundings:
        """The sound one."""
        return InMemory()

    def other(self) -> Surroundings:
        """The broken one."""
        broken = InMemory()
        broken.begin = TroubledDatabase(SeededIds(3)).begin
        return broken


class TroubledDatabase(MemoryDatabase):
    """Gives the orders of a page in another order than it promises."""

    @contextmanager
    def begin(self) -> Iterator[MemoryWork]:
        """A unit of work whose orders are upside down."""
        with super().begin() as work:
            page = work.orders.page

            def upside_down(after: Place | None, limit: int, /, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
                return page(after, limit, only)[::-1]

            work.orders.page = upside_down  # type: ignore[method-assign]
            try:
                yield work
            finally:
                work.orders.page = page  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("case", "port", "broken"),
    [
        ("lapsed holds block a sale", "stock.MemoryStock.lapsed", lambda *_: []),
        ("overdue orders are overlooked", "ordering.MemoryOrders.overdue", lambda *_: []),
        ("money that is held is forgotten", "settlement.MemoryEarnings.save", lambda *_: None),
        ("payments are not found again", "payments.MemoryPayments.of_orders", lambda *_: {}),
        ("nothing is ever restocked", "stock.MemoryStock.record", _record_no_returns),
    ],
)
def test_a_broken_adapter_is_found(case: str, port: str, broken: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine finds an adapter that breaks a promise."""
    monkeypatch.setattr(f"quarterturn_adapters.memory.{port}", broken)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(InMemoryMachine, settings=LOOKING)


def test_two_that_differ_are_told_apart() -> None:
    """The machine for pairs finds an adapter that does the same, but lists it in another order."""
    with pytest.raises(AssertionError, match="the marketplace"):
        run_state_machine_as_test(TroubledMachine, settings=LOOKING)


TestMarketplace = InMemoryMachine.TestCase
TestMarketplace.settings = settings(deadline=None)
TestSideBySide = TwiceInMemoryMachine.TestCase
TestSideBySide.settings = settings(deadline=None, max_examples=10)

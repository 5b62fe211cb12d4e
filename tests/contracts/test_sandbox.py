"""The sandbox keeps every promise of the payment and the transfer gateway, and its balance is proven after every test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import Bank, Fault, Sandbox, SandboxPayments, SandboxTransfers, Terms
from quarterturn_adapters.sandbox.webhooks import signed
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.ids import OrderId, PaymentId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import PaymentGateway, PaymentRequest
from quarterturn_domain.payouts.gateway import TransferGateway
from quarterturn_domain.testing.contracts.gateways import (
    BankAccount,
    Means,
    PaymentDriver,
    PaymentGatewayContract,
    TransferDriver,
    TransferGatewayContract,
)

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEANS: Final = {
    Means.APPROVED: "card_approved",
    Means.DECLINED: "card_declined",
    Means.ACTION_REQUIRED: "card_action_required",
    Means.LATE_SUCCESS: "card_late_success",
    Means.LATE_REFUND: "card_refund_pending",
}
BANKS: Final = {BankAccount.PAYS: Bank.PAYS, BankAccount.FAILS: Bank.FAILS, BankAccount.RETURNS: Bank.RETURNS}


class SandboxDriver:
    """The world around a sandbox, with a clock that stands still until it is moved."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.clock = ManualClock(NOW)
        self.sandbox = Sandbox(self.clock, seed=11, terms=terms)

    def now(self) -> datetime:
        """The instant that its clock shows."""
        return self.clock.now()

    def settle(self) -> None:
        """Long enough for everything, and too short for the end of an authorisation."""
        terms = Terms()
        self.clock.advance(max(terms.settles_after, terms.processing_takes, terms.refund_takes, terms.payout_returns_after))

    def lose_request(self, method: str) -> None:
        """Lost on its way there."""
        self.sandbox.faults.next(method, Fault.LOST_REQUEST)

    def lose_answer(self, method: str) -> None:
        """Lost on its way back."""
        self.sandbox.faults.next(method, Fault.LOST_ANSWER)

    def refuse_service(self, method: str) -> None:
        """Nothing is done."""
        self.sandbox.faults.next(method, Fault.UNAVAILABLE)

    def means(self, means: Means) -> str:
        """The test card that behaves so."""
        return MEANS[means]

    def authenticate(self, reference: str, *, succeed: bool) -> None:
        """Does or fails to do it."""
        self.sandbox.authenticate(reference, succeed=succeed)

    def open_dispute(self, reference: str) -> str:
        """Over all that was paid."""
        return self.sandbox.open_dispute(reference).reference

    def close_dispute(self, reference: str, *, won: bool) -> None:
        """Won or lost."""
        self.sandbox.close_dispute(reference, won=won)

    def webhook(self, payment: str, *, at: datetime) -> tuple[Mapping[str, str], bytes]:
        """The newest event of this payment."""
        event = [event for event in self.sandbox.waiting if event.reference == payment][-1]
        return signed(event.body(), self.sandbox.secrets, at), event.body()

    def balance(self) -> Money:
        """In euro."""
        return self.sandbox.balance(EUR)

    def fund(self, amount: Money) -> None:
        """A top-up."""
        self.sandbox.adjust(amount)

    def charge(self, amount: Money) -> str:
        """Paid by card, and not available for two days."""
        request = PaymentRequest(PaymentId(UUID(int=1 << 64)), OrderId(UUID(int=1)), amount, method="card_approved")
        charge = SandboxPayments(self.sandbox).open_payment(request, key="charge").charge
        assert charge is not None
        return charge

    def onboard(self, account: str, bank: BankAccount) -> None:
        """All is given."""
        self.sandbox.finish_onboarding(account, bank=BANKS[bank])


@pytest.fixture
def world() -> Iterator[SandboxDriver]:
    """A sandbox whose balances are proven when the test is over, and again when all that is due has happened."""
    driver = SandboxDriver()
    yield driver
    driver.sandbox.prove()
    driver.clock.advance(timedelta(days=100))
    driver.sandbox.prove()


class TestSandboxPayments(PaymentGatewayContract):
    """The payment gateway."""

    @pytest.fixture
    def driver(self, world: SandboxDriver) -> PaymentDriver:
        """A new world."""
        return world

    @pytest.fixture
    def gateway(self, world: SandboxDriver) -> PaymentGateway:
        """Its payments."""
        return SandboxPayments(world.sandbox)


class TestSandboxPaymentsWithoutMulticapture(TestSandboxPayments):
    """The same where every authorisation is captured once."""

    @pytest.fixture
    def world(self) -> Iterator[SandboxDriver]:
        """A sandbox without it."""
        driver = SandboxDriver(Terms(multicapture=False))
        yield driver
        driver.sandbox.prove()


class TestSandboxTransfers(TransferGatewayContract):
    """The transfer gateway."""

    @pytest.fixture
    def driver(self, world: SandboxDriver) -> TransferDriver:
        """A new world."""
        return world

    @pytest.fixture
    def gateway(self, world: SandboxDriver) -> TransferGateway:
        """Its transfers."""
        return SandboxTransfers(world.sandbox)

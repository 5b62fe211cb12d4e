"""The Stripe adapter keeps every promise of the payment and the transfer gateway, over HTTP and against the published contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from tests.doubles.stripe.books import Terms
from tests.doubles.stripe.charging import ACTION, APPROVED, DECLINED, REFUND_PENDING, SLOW
from tests.doubles.stripe.connecting import FAILS, PAYS, RETURNS
from tests.doubles.stripe.double import SECRET_KEY, StripeDouble
from tests.doubles.stripe.faults import Fault

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.stripe import API_VERSION, Access, Client, StripePayments, StripeTransfers
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

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
MEANS: Final = {
    Means.APPROVED: APPROVED,
    Means.DECLINED: DECLINED,
    Means.ACTION_REQUIRED: ACTION,
    Means.LATE_SUCCESS: SLOW,
    Means.LATE_REFUND: REFUND_PENDING,
}
BANKS: Final = {BankAccount.PAYS: PAYS, BankAccount.FAILS: FAILS, BankAccount.RETURNS: RETURNS}
PATHS: Final = {
    "open_payment": "/v1/payment_intents",
    "refund_payment": "/v1/refunds",
    "transfer": "/v1/transfers",
    "pay_out": "/v1/payouts",
}


class StripeDriver:
    """The world around a double, with a clock that stands still until it is moved."""

    def __init__(self, double: StripeDouble, clock: ManualClock) -> None:
        self.double = double
        self.clock = clock
        self.client = Client(Access(secret_key=SECRET_KEY, webhook_secrets=double.secrets, api_base=double.url))

    def now(self) -> datetime:
        """The instant that its clock shows."""
        return self.clock.now()

    def settle(self) -> None:
        """Long enough for everything, and too short for the end of an authorisation."""
        self.clock.advance(timedelta(seconds=Terms().refund_takes))

    def lose_request(self, method: str) -> None:
        """The connection breaks before anything is done."""
        self.double.faults.plan("POST", PATHS[method], Fault.DROPPED_BEFORE)

    def lose_answer(self, method: str) -> None:
        """The connection breaks when it is done."""
        self.double.faults.plan("POST", PATHS[method], Fault.DROPPED_AFTER)

    def refuse_service(self, method: str) -> None:
        """Too many requests."""
        self.double.faults.plan("POST", PATHS[method], Fault.TOO_MANY)

    def means(self, means: Means) -> str:
        """The test method that behaves so."""
        return MEANS[means]

    def authenticate(self, reference: str, *, succeed: bool) -> None:
        """Does or fails to do it."""
        self.double.authenticate(reference, succeed=succeed)

    def open_dispute(self, reference: str) -> str:
        """Over all that was paid."""
        return self.double.open_dispute(reference)

    def close_dispute(self, reference: str, *, won: bool) -> None:
        """Won or lost."""
        self.double.close_dispute(reference, won=won)

    def webhook(self, payment: str, *, at: datetime) -> tuple[Mapping[str, str], bytes]:
        """The newest event of this payment."""
        event = [each for each in self.double.waiting if each["data"]["object"]["id"] == payment][-1]
        return self.double.letter(event, at=int(at.timestamp()))

    def balance(self) -> Money:
        """In euro."""
        return Money(self.double.balance("eur"), EUR)

    def fund(self, amount: Money) -> None:
        """A top-up."""
        self.double.top_up(amount.minor, "eur")

    def charge(self, amount: Money) -> str:
        """Paid by card, and not available for two days."""
        request = PaymentRequest(PaymentId(UUID(int=1 << 64)), OrderId(UUID(int=1)), amount, method=APPROVED)
        charge = StripePayments(self.client, self.clock).open_payment(request, key="charge").charge
        assert charge is not None
        return charge

    def onboard(self, account: str, bank: BankAccount) -> None:
        """All is given."""
        self.double.finish_onboarding(account, bank=BANKS[bank])


@pytest.fixture
def world() -> Iterator[StripeDriver]:
    """A double and a client of it; afterwards nothing that was asked or answered was against the contract."""
    clock = ManualClock(NOW)
    with StripeDouble(clock) as double:
        driver = StripeDriver(double, clock)
        yield driver
        driver.client.close()
    assert [] == double.wrong


class TestStripePayments(PaymentGatewayContract):
    """The payment gateway."""

    @pytest.fixture
    def driver(self, world: StripeDriver) -> PaymentDriver:
        """A new world."""
        return world

    @pytest.fixture
    def gateway(self, world: StripeDriver) -> PaymentGateway:
        """Its payments."""
        return StripePayments(world.client, world.clock)


class TestStripeTransfers(TransferGatewayContract):
    """The transfer gateway."""

    @pytest.fixture
    def driver(self, world: StripeDriver) -> TransferDriver:
        """A new world."""
        return world

    @pytest.fixture
    def gateway(self, world: StripeDriver) -> TransferGateway:
        """Its transfers."""
        return StripeTransfers(world.client)


def test_the_contract_is_that_of_the_version_that_is_spoken(shared_contracts: Path, world: StripeDriver) -> None:
    """The published contract is there, so that all of the above was held against it; its version is the one that is pinned."""
    assert (shared_contracts / "stripe").is_dir()
    assert world.double.contract is not None
    assert API_VERSION == world.double.contract.version

"""The world around a double of Stripe: a clock, a client of it with both gateways, and the drivers of the contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from tests.doubles.stripe.books import Terms
from tests.doubles.stripe.charging import ACTION, APPROVED, DECLINED, REFUND_PENDING, SLOW
from tests.doubles.stripe.connecting import FAILS, PAYS, RETURNS
from tests.doubles.stripe.double import SECRET_KEY, StripeDouble
from tests.doubles.stripe.faults import Fault

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.stripe import Access, Client, StripePayments, StripeTransfers
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.ids import OrderId, PaymentId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import PaymentRequest
from quarterturn_domain.testing.contracts.gateways import BankAccount, Means

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
    """The world around a double, with a clock that stands still until it is moved; `payments` and `transfers` are the ports."""

    def __init__(self, double: StripeDouble, clock: ManualClock, access: Access | None = None) -> None:
        self.double = double
        self.clock = clock
        self.client = Client(access or Access(secret_key=SECRET_KEY, webhook_secrets=double.secrets, api_base=double.url))
        self.payments = StripePayments(self.client, clock)
        self.transfers = StripeTransfers(self.client)

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
        charge = self.payments.open_payment(request, key="charge").charge
        assert charge is not None
        return charge

    def onboard(self, account: str, bank: BankAccount) -> None:
        """All is given."""
        self.double.finish_onboarding(account, bank=BANKS[bank])


@contextmanager
def stripe_world(
    *, answer_seconds: float = 10, return_url: str | None = None, terms: Terms | None = None
) -> Iterator[StripeDriver]:
    """A double and a client of it; at the end nothing that was asked or answered was against the contract."""
    clock = ManualClock(NOW)
    with StripeDouble(clock, terms) as double:
        access = Access(
            secret_key=SECRET_KEY,
            webhook_secrets=double.secrets,
            api_base=double.url,
            return_url=return_url,
            answer_seconds=answer_seconds,
        )
        driver = StripeDriver(double, clock, access)
        try:
            yield driver
        finally:
            driver.client.close()
        assert [] == double.wrong

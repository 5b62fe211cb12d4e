"""Whatever happens to orders, and in whatever order: the customer's money is with somebody, to the minor unit, at every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings

from quarterturn_adapters.bootstrap import application
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.sandbox import Bank, Fault, Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefundStatus
from quarterturn_domain.payments.refund import RefundStatus
from quarterturn_domain.payments.refunding import NothingToRefund
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, Means
from quarterturn_domain.testing.lives import LivingShop, live, prove
from quarterturn_domain.testing.strategies import COMMON
from quarterturn_domain.testing.strategies.lives import Judge, OrderLife, Pass, Work, order_lives

NOW: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
CARDS: Final = {
    Means.APPROVED: "card_approved",
    Means.DECLINED: "card_declined",
    Means.ACTION_REQUIRED: "card_action_required",
    Means.LATE_SUCCESS: "card_late_success",
    Means.LATE_REFUND: "card_refund_pending",
}
PURSE: Final = 10**9
BANKS: Final = {BankAccount.PAYS: Bank.PAYS, BankAccount.FAILS: Bank.FAILS, BankAccount.RETURNS: Bank.RETURNS}


class SandboxWorld:
    """The customers and banks of a sandbox, with a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.sandbox = Sandbox(self.clock, seed=3)
        for currency in COMMON:
            # Where prices are a few cents, fees are more: the platform brings money of its own, so that vendors can be paid.
            self.sandbox.adjust(Money(PURSE, currency))

    def advance(self, by: timedelta) -> None:
        """Time passes."""
        self.clock.advance(by)

    def means(self, means: Means) -> str:
        """A test card."""
        return CARDS[means]

    def authenticate(self, reference: str, *, succeed: bool) -> None:
        """Done or failed."""
        self.sandbox.authenticate(reference, succeed=succeed)

    def open_dispute(self, reference: str, thousandths: int) -> str:
        """Of what is left."""
        record = self.sandbox._books.payments[reference]
        left = (record.captured - record.refunded) * thousandths // 1000
        return self.sandbox.open_dispute(reference, Money(left, record.currency)).reference

    def close_dispute(self, reference: str, *, won: bool) -> None:
        """Won or lost."""
        self.sandbox.close_dispute(reference, won=won)

    def onboard(self, account: str, bank: BankAccount) -> None:
        """All is given."""
        self.sandbox.finish_onboarding(account, bank=BANKS[bank])

    def balance(self, currency: Currency) -> Money:
        """The platform's, without what it brought."""
        return self.sandbox.balance(currency) - Money(PURSE, currency)

    def fail(self, method: str, how: str) -> None:
        """Once."""
        self.sandbox.faults.next(method, Fault(how))

    def heal(self) -> None:
        """No fault is left."""
        self.sandbox.faults.clear()


def lived(life: OrderLife, check: Callable[[LivingShop], None] = prove) -> tuple[LivingShop, SandboxWorld]:
    """The shop, on the memory database and the sandbox, after a life in which `check` held at every step."""
    world = SandboxWorld()
    ids = SeededIds(5, world.clock)
    shop = application(
        MemoryDatabase(ids).begin,
        payments=SandboxPayments(world.sandbox),
        transfers=SandboxTransfers(world.sandbox),
        clock=world.clock,
        ids=ids,
    )
    return live(life, shop, world, after=check), world


def nothing_was_done_twice(world: SandboxWorld) -> None:
    """No payment, refund or payout of ours is at the provider twice."""
    world.sandbox.prove()
    books = world.sandbox._books
    payments = Counter(payment.payment_id for payment in books.payments.values())
    refunds = Counter(refund.refund_id for refund in books.refunds.values() if refund.status is not GatewayRefundStatus.FAILED)
    transfers = Counter(transfer.payout_id for transfer in books.transfers.values())
    payouts = Counter(payout.payout_id for payout in books.payouts.values())
    assert {1} >= {*payments.values(), *refunds.values(), *transfers.values(), *payouts.values()}


LIVES: Final = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


@LIVES
@given(order_lives())
def test_every_law_holds_at_every_step(life: OrderLife) -> None:
    """Split, counters, status, stock, books and payouts; and at rest the books agree with the provider."""
    living, world = lived(life)
    living.take(Work("quiet"))
    prove(living)
    nothing_was_done_twice(world)


@LIVES
@given(order_lives(failing=True))
def test_every_law_holds_when_the_provider_fails(life: OrderLife) -> None:
    """Requests and answers are lost, and the provider is away: once it answers again, everything was done, and once."""
    living, world = lived(life)
    living.take(Work("quiet"))
    prove(living)
    nothing_was_done_twice(world)
    assert not [payout for payout in living.payouts() if payout.status in {PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN}]


@LIVES
@given(order_lives())
def test_when_everything_went_back_nobody_has_anything(life: OrderLife) -> None:
    """After any life: what is left of every order is refunded, and no cent of it stays with any party, in orders and books."""
    living, _ = lived(life, check=lambda _: None)
    for number in range(len(living.disputes)):
        living.take(Judge(number, won=True))
    living.take(Work("quiet"))
    refunded = []
    for order in living.found():
        if not order.split.paid:
            continue
        try:
            living.give_back(order)
        except NothingToRefund:
            # Not paid, authorised only, disputed and lost, or left to a person.
            continue
        refunded.append(order.id)
    for step in (Work("quiet"), Pass(timedelta(days=6)), Work("quiet")):
        living.take(step)
    prove(living)
    for order in living.found():
        if order.id in refunded:
            for line in (line for part in order.vendor_orders for line in part.lines):
                assert line.refunded == line.paid
                if line.price.goods.paid or not line.price.goods:
                    assert Split.nothing(order.total.currency) == line.split
            with living.shop.begin() as work:
                assert all(refund.status is RefundStatus.SUCCEEDED for refund in work.refunds.of_order(order.id))


@pytest.mark.slow
@settings(LIVES, max_examples=300)
@given(order_lives(max_steps=60, failing=True))
def test_every_law_holds_in_long_lives(life: OrderLife) -> None:
    """The same for long lives, and more of them."""
    living, world = lived(life)
    living.take(Work("quiet"))
    prove(living)
    nothing_was_done_twice(world)

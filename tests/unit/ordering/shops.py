"""A shop on the memory database beside a sandbox: real parts, whose clock stands still until it is moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from quarterturn_adapters.bootstrap import Application, application
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.sandbox import Bank, Fault, Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_domain.kernel.currency import EUR, JPY, Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefundStatus
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, Means
from quarterturn_domain.testing.lives import LivingShop, live, prove
from quarterturn_domain.testing.strategies import COMMON, OrderLife
from quarterturn_domain.testing.strategies.lives import Goods, Place, Step

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
        part = record.left * thousandths // 1000
        return self.sandbox.open_dispute(reference, Money(part, record.currency)).reference

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
    return live(life, shop_on(world), world, after=check), world


def shop_on(
    world: SandboxWorld,
    *,
    begin: Any = None,  # noqa: ANN401
    guard: Callable[[Any], Any] = lambda gateway: gateway,
    **settings: Any,
) -> Application:
    """Every use case over an empty database (or `begin`) and the sandbox, whose gateways `guard` may wrap; `settings` as wired."""
    ids = SeededIds(5, world.clock)
    return application(
        MemoryDatabase(ids).begin if begin is None else begin,
        payments=guard(SandboxPayments(world.sandbox)),
        transfers=guard(SandboxTransfers(world.sandbox)),
        clock=world.clock,
        ids=ids,
        **settings,
    )


def nothing_was_done_twice(world: SandboxWorld) -> None:
    """No payment, refund or payout of ours is at the provider twice."""
    world.sandbox.prove()
    books = world.sandbox._books
    payments = Counter(payment.payment_id for payment in books.payments.values())
    refunds = Counter(refund.refund_id for refund in books.refunds.values() if refund.status is not GatewayRefundStatus.FAILED)
    transfers = Counter(transfer.payout_id for transfer in books.transfers.values())
    payouts = Counter(payout.payout_id for payout in books.payouts.values())
    assert {1} >= {*payments.values(), *refunds.values(), *transfers.values(), *payouts.values()}


def euro(text: str) -> Money:
    """So many euro."""
    return Money.of(text, EUR)


TWO_VENDORS: Final = (
    Goods(0, 0, Money(6_000, EUR), Money(490, EUR), 9),
    Goods(1, 1, Money(4_000, EUR), Money(0, EUR), 9),
    Goods(0, 2, Money(1_000, JPY), Money(0, JPY), 5),
)
"""A-01 of one vendor at 60.00 with 4.90 for shipping, B-02 of another at 40.00, nine of each; and A-03 in yen."""

BASKET: Final = Place((((0, 2), (1, 1)),))
"""Two of A-01 and one of B-02: 169.80 EUR."""


def after(*steps: Step, goods: tuple[Goods, ...] = TWO_VENDORS, **terms: Any) -> LivingShop:
    """A shop of two vendors after these steps, none of which was refused; `terms` are those of an `OrderLife`."""
    world = SandboxWorld()
    living = LivingShop(OrderLife(goods, (), **terms), shop_on(world), world)
    for step in steps:
        living.take(step)
    assert not living.refusals, living.refusals
    return living


def world_of(living: LivingShop) -> SandboxWorld:
    """The sandbox beside a shop."""
    assert isinstance(living.outside, SandboxWorld)
    return living.outside


def facts(living: LivingShop) -> list[str]:
    """The tags of all events that wait in the outbox."""
    with living.shop.begin() as work:
        return [message.event.tag for message in work.outbox.pending(1_000)]

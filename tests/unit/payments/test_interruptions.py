"""Crashes and lost answers at every point: run again, nobody is charged, refunded or paid twice, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import pytest
from tests.unit.ordering.shops import SandboxWorld, nothing_was_done_twice, shop_on

from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.sandbox import ANY, Fault
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.payment import CaptureMethod
from quarterturn_domain.payments.taking import ConfirmPayment, SettleAuthorization, StartPayment
from quarterturn_domain.payouts.claiming import RunPayouts
from quarterturn_domain.payouts.recovery import Recovery
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import OrderLife
from quarterturn_domain.testing.strategies.lives import (
    Cancel,
    Dispute,
    Goods,
    Judge,
    Onward,
    Pass,
    Place,
    Refund,
    Start,
    Step,
    Work,
)

Act: TypeAlias = Callable[[LivingShop], object]


class Crash(BaseException):
    """The process is gone."""


class Fuse:
    """Crashes at the point that it is set to: after a call of the provider, before a commit, or after one."""

    def __init__(self) -> None:
        self.points: list[str] = []
        self.crash_at: int | None = None

    def pass_by(self, point: str) -> None:
        """Note the point, and crash if it is the one."""
        self.points.append(point)
        if self.crash_at == len(self.points):
            raise Crash(point)

    def start(self, crash_at: int | None) -> None:
        """Count from here."""
        self.points.clear()
        self.crash_at = crash_at

    def begin(self, begin: Callable[[], Any]) -> Callable[[], Any]:
        """A `begin` with a point before and after each commit."""

        @contextmanager
        def begun() -> Iterator[Any]:
            with begin() as work:
                yield work
                self.pass_by("before a commit")
            self.pass_by("after a commit")

        return begun

    def guard(self, gateway: Any) -> Any:  # noqa: ANN401
        """A gateway with a point after each call."""
        return _Guarded(gateway, self)


class _Guarded:
    def __init__(self, gateway: Any, fuse: Fuse) -> None:  # noqa: ANN401
        self._gateway = gateway
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        method = getattr(self._gateway, name)

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            answer = method(*args, **kwargs)
            self._fuse.pass_by(f"after {name}")
            return answer

        return call


def euro(text: str) -> Money:
    """So many euro."""
    return Money.of(text, EUR)


GOODS: Final = (Goods(0, 0, euro("60.00"), euro("4.90"), 9), Goods(1, 1, euro("40.00"), euro("0.00"), 9))
PAYMENT: Final = PaymentId(UUID(int=0x1234))
RUN: Final = UUID(int=0x5678)
PLACED: Final = Place((((0, 2), (1, 1)),))
DELIVERED: Final[tuple[Step, ...]] = (PLACED, *[Onward(0)] * 5)


def _start(means: Means | None, capture: CaptureMethod = CaptureMethod.AUTOMATIC) -> Act:
    def act(living: LivingShop) -> object:
        if PAYMENT not in living.payments:
            living.payments.append(PAYMENT)
        method = None if means is None else living.outside.means(means)
        command = StartPayment(payment_id=PAYMENT, order_id=living.orders[0], capture_method=capture, method=method, at=living.now)
        return living.shop.start_payments([command])

    return act


def _confirm(living: LivingShop) -> object:
    _start(None)(living)
    return living.shop.confirm_payments(ConfirmPayment(payment_id=PAYMENT, method=living.outside.means(Means.APPROVED)))


def _capture(living: LivingShop) -> object:
    return living.shop.settle_authorizations(SettleAuthorization(payment_id=living.payments[0]))


def _give_up(living: LivingShop) -> object:
    return living.shop.settle_authorizations(SettleAuthorization(payment_id=living.payments[0], act="cancel"))


def _send_refunds(living: LivingShop) -> object:
    with living.shop.begin() as work:
        refunds = work.refunds.open(10)
    return living.shop.send_refunds(refunds)


def _pay_out(living: LivingShop) -> object:
    living.shop.claim_payouts(RunPayouts(run_id=RUN, at=living.now))
    return living.shop.send_payouts([payout.id for payout in living.payouts()])


def _released(living: LivingShop) -> None:
    living.take(Pass(timedelta(days=8)))
    living.take(Work("release"))


def _cancel_and_read(living: LivingShop) -> object:
    living.take(Cancel(0, 0, ((0, 1),)))
    return living.shop.sync_payments(living.payments)


def _in_debt(living: LivingShop) -> None:
    """Paid out whole; then everything goes back to the customer, and money of other orders is on the vendors' accounts."""
    _released(living)
    _pay_out(living)
    living.take(Pass(timedelta(days=3)))
    living.take(Work("confirm"))
    living.take(Refund(0))
    living.take(Work("quiet"))
    for payout in living.payouts():
        world = living.outside
        assert isinstance(world, SandboxWorld)
        world.sandbox._books.ledger.move(payout.account, payout.amount.minor, EUR, living.now, living.now)


@attrs.frozen
class Case:
    """What has happened, what is done when it crashes, and what is done `again` afterwards, if that is something else."""

    steps: tuple[Step, ...]
    act: Act
    before: Callable[[LivingShop], object] = lambda _: None
    bank: BankAccount = BankAccount.PAYS
    again: Act | None = None


def _sent(living: LivingShop) -> None:
    _released(living)
    _pay_out(living)
    living.take(Pass(timedelta(days=4)))


WAITING: Final[tuple[Step, ...]] = (PLACED,)
PAID: Final[tuple[Step, ...]] = (PLACED, Onward(0))
AUTHORIZED: Final[tuple[Step, ...]] = (PLACED, Start(0, Means.APPROVED, manual=True))

CASES: Final[dict[str, Case]] = {
    "starting a payment": Case(WAITING, _start(Means.APPROVED)),
    "starting a payment that is declined": Case(WAITING, _start(Means.DECLINED)),
    "starting a payment, then only reading it": Case(
        WAITING, _start(Means.APPROVED), again=lambda living: living.shop.sync_payments([PAYMENT])
    ),
    "starting a payment too late": Case((PLACED, Pass(timedelta(hours=1)), Work("expire")), _start(Means.APPROVED)),
    "starting a second payment": Case(PAID, _start(Means.APPROVED)),
    "authorising": Case(WAITING, _start(Means.APPROVED, CaptureMethod.MANUAL)),
    "confirming a payment": Case(WAITING, _confirm),
    "capturing": Case(AUTHORIZED, _capture),
    "capturing, with units cancelled before it is known": Case(
        AUTHORIZED,
        _capture,
        again=_cancel_and_read,
    ),
    "giving an authorisation up": Case(AUTHORIZED, _give_up),
    "sending a refund": Case((*PAID, Refund(0, spread=300)), _send_refunds),
    "sending a refund that takes a while": Case((PLACED, Start(0, Means.LATE_REFUND), Refund(0, spread=300)), _send_refunds),
    "hearing of a dispute": Case((*PAID, Dispute(0)), lambda living: living.shop.sync_disputes(living.disputes)),
    "hearing of a dispute that is lost": Case(
        (*PAID, Dispute(0), Work("sync"), Judge(0, won=False)),
        lambda living: living.shop.sync_disputes(living.disputes),
    ),
    "paying out": Case(DELIVERED, _pay_out, before=_released),
    "confirming payouts": Case(DELIVERED, LivingShop.confirm_payouts, before=_sent),
    "confirming payouts that failed": Case(DELIVERED, LivingShop.confirm_payouts, before=_sent, bank=BankAccount.FAILS),
    "confirming payouts that came back": Case(DELIVERED, LivingShop.confirm_payouts, before=_sent, bank=BankAccount.RETURNS),
    "recovering debts": Case(DELIVERED, LivingShop.recover, before=_in_debt),
    "cancelling": Case(PAID, lambda living: living.take(Cancel(0))),
}
"""What may be interrupted."""

LATER: Final = {"at once": timedelta(0), "after the provider forgot its keys": timedelta(hours=25)}


def lived(case: Case, fuse: Fuse) -> tuple[LivingShop, SandboxWorld]:
    """The shop at the moment before the act."""
    world = SandboxWorld()
    # The keys of a day are kept, so that only the clock decides whether the provider remembers.
    shop = shop_on(world, begin=fuse.begin(MemoryDatabase(SeededIds(9, world.clock)).begin), guard=fuse.guard)
    terms = PayoutTerms(recovery=Recovery(patience=timedelta(0)))
    living = LivingShop(OrderLife(GOODS, (), (), terms, (case.bank,) * 3), shop, world)
    for step in case.steps:
        living.take(step)
    assert not living.refusals
    case.before(living)
    return living, world


def outcome(living: LivingShop, world: SandboxWorld) -> object:
    """What it all came to: money at the provider and in the books, and how far everything is."""
    with living.shop.begin() as work:
        totals = {f"{kind} {money}" for (kind, _), money in work.journal.totals().items() if money}
        payments = [payment for each in work.payments.of_orders(living.orders).values() for payment in each]
        refunds = [refund for order_id in living.orders for refund in work.refunds.of_order(order_id)]
    orders = [(order.status, order.split) for order in living.found()]
    payouts = sorted((payout.status, str(payout.amount), str(payout.recalled)) for payout in living.payouts())
    states = [(payment.status, payment.quarantine) for payment in payments], sorted((each.status, each.amount) for each in refunds)
    return world.balance(EUR), totals, orders, payouts, states


def finish(living: LivingShop, world: SandboxWorld, case: Case, later: timedelta) -> object:
    """Run again after a while, and come to rest; every law holds and nothing was done twice."""
    world.advance(later)
    # It may be done already, or not be possible any more: what matters is what it all came to.
    with suppress(DomainError):
        (case.again or case.act)(living)
    living.take(Work("quiet"))
    if case.before is not _in_debt:
        prove(living)
        nothing_was_done_twice(world)
    return outcome(living, world)


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_after_a_crash_anywhere_it_comes_to_the_same(case: Case, later: timedelta) -> None:
    """The process dies after a call of the provider, before a commit or after one; whoever runs it again gets what was due."""
    fuse = Fuse()
    living, world = lived(case, fuse)
    fuse.start(None)
    case.act(living)
    points = list(fuse.points)
    fuse.start(None)
    undisturbed = finish(living, world, case, later)
    assert points
    for number, point in enumerate(points, start=1):
        fuse = Fuse()
        living, world = lived(case, fuse)
        fuse.start(number)
        with pytest.raises(Crash, match=point):
            case.act(living)
        fuse.start(None)
        came_to = finish(living, world, case, later)
        # What was not even intended before the crash is not done by something else afterwards.
        assert case.again is not None or undisturbed == came_to, f"after a crash {number}, {point}"
        # Nothing is left of it: settling once more changes nothing.
        living.take(Work("quiet"))
        assert came_to == outcome(living, world)


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_after_a_call_that_did_not_come_through_it_comes_to_the_same(case: Case, later: timedelta) -> None:
    """The provider is away, or the request or its answer is lost, at any call: run again, exactly what was due was done."""
    fuse = Fuse()
    living, world = lived(case, fuse)
    fuse.start(None)
    case.act(living)
    calls = sum(point not in {"before a commit", "after a commit"} for point in fuse.points)
    fuse.start(None)
    undisturbed = finish(living, world, case, later)
    for number in range(calls):
        for fault in Fault:
            living, world = lived(case, Fuse())
            world.sandbox.faults.next(ANY, *[None] * number, fault)
            with suppress(DomainError):
                case.act(living)
            world.heal()
            came_to = finish(living, world, case, later)
            assert case.again is not None or undisturbed == came_to, f"after {fault} of call {number}"

"""Crash points: the process dies at any step of anything that asks a provider; a new one catches up, and all is as it should be.

The points are not listed here. A recording wrapper around the gateways and the unit of work finds them: before and after each call,
before and after each commit. A new step has its points by itself, and a new use case that takes a gateway has to have a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final, TypeAlias, get_type_hints
from uuid import UUID

import attrs
import pytest
from tests.unit.ordering.shops import BASKET, TWO_VENDORS, SandboxWorld, nothing_was_done_twice, shop_on

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.payments.payment import CaptureMethod, PaymentStatus
from quarterturn_domain.payments.taking import ConfirmPayment, SettleAuthorization, StartPayment
from quarterturn_domain.payouts.claiming import RunPayouts
from quarterturn_domain.payouts.gateway import TransferGateway
from quarterturn_domain.payouts.hearing import TakeWebhook
from quarterturn_domain.payouts.reconciling import ReconcilePeriod
from quarterturn_domain.payouts.recovery import Recovery
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import OrderLife
from quarterturn_domain.testing.strategies.lives import (
    Cancel,
    Dispute,
    Judge,
    Onward,
    Pass,
    Refund,
    Ship,
    Start,
    Step,
    Work,
)

Act: TypeAlias = Callable[[LivingShop], object]

PAYMENT: Final = PaymentId(UUID(int=0x1234))
RUN: Final = UUID(int=0x5678)
A_DAY: Final = timedelta(days=1)


class Crash(BaseException):
    """The process is gone."""


class Recorder:
    """Notes every point that is passed, and crashes at the one that it is set to."""

    def __init__(self) -> None:
        self.points: list[str] = []
        self.crash_at: int | None = None

    def pass_by(self, point: str) -> None:
        """Note the point, and crash if it is the one."""
        self.points.append(point)
        if self.crash_at == len(self.points):
            self.crash_at = None
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
        """A gateway with a point before and after each call."""
        return _Guarded(gateway, self)


class _Guarded:
    def __init__(self, gateway: Any, recorder: Recorder) -> None:  # noqa: ANN401
        self._gateway = gateway
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        method = getattr(self._gateway, name)

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self._recorder.pass_by(f"before {name}")
            answer = method(*args, **kwargs)
            self._recorder.pass_by(f"after {name}")
            return answer

        return call


def app_of(living: LivingShop) -> Application:
    """The use cases."""
    assert isinstance(living.shop, Application)
    return living.shop


def world_of(living: LivingShop) -> SandboxWorld:
    """The customers and banks."""
    assert isinstance(living.outside, SandboxWorld)
    return living.outside


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


def _settle(act: str) -> Act:
    return lambda living: living.shop.settle_authorizations(SettleAuthorization(payment_id=living.payments[0], act=act))


def _capture_shipped(living: LivingShop) -> object:
    return app_of(living).capture_shipped(living.orders)


def _pay_out(living: LivingShop) -> object:
    living.shop.claim_payouts(RunPayouts(run_id=RUN, at=living.now))
    return living.shop.send_payouts([payout.id for payout in living.payouts()])


def _send_refunds(living: LivingShop) -> object:
    with living.shop.begin() as work:
        refunds = work.refunds.open(10)
    return living.shop.send_refunds(refunds)


def hear(living: LivingShop) -> object:
    """Let the provider tell what it has to tell: each webhook is taken, then all are handled."""
    app = app_of(living)

    def take(headers: Any, body: bytes) -> None:  # noqa: ANN401
        app.take_webhooks(TakeWebhook(provider="sandbox", headers=headers, body=body, at=living.now))

    world_of(living).sandbox.deliver(take)
    return app.relay.drain().sure()


def _released(living: LivingShop) -> None:
    living.take(Pass(timedelta(days=8)))
    living.take(Work("release"))


def _sent(living: LivingShop) -> None:
    _released(living)
    _pay_out(living)
    living.take(Pass(timedelta(days=4)))


def _in_debt(living: LivingShop) -> None:
    """Paid out, and then everything goes back to the customer: the vendors owe it, and their banks have not got it yet."""
    _released(living)
    living.shop.claim_payouts(RunPayouts(run_id=RUN, at=living.now))
    world = world_of(living)
    living.shop.send_payouts([payout.id for payout in living.payouts()])
    # Money of their own is on their accounts, so that a transfer can be taken back.
    for payout in living.payouts():
        world.sandbox._books.ledger.move(payout.account, payout.amount.minor, payout.amount.currency, living.now, living.now)
    living.take(Refund(0))
    living.relay()


def _refunds(living: LivingShop) -> list[Any]:
    with living.shop.begin() as work:
        return [refund.id for order_id in living.orders for refund in work.refunds.of_order(order_id)]


def _vendors(living: LivingShop) -> list[Any]:
    with living.shop.begin() as work:
        return [vendor.id for vendor in work.vendors.page(None, 9)]


def _unenrol(living: LivingShop) -> None:
    """The vendors apply anew, under other ids: nobody at the provider knows them."""
    with living.shop.begin() as work:
        vendors = work.vendors.page(None, 9)
        work.vendors.lock([vendor.id for vendor in vendors])
        work.vendors.save([attrs.evolve(vendor, payout_account=None) for vendor in vendors])


def _reconcile(living: LivingShop) -> Any:  # noqa: ANN401
    return app_of(living).reconcile(ReconcilePeriod(until=living.now + A_DAY))


@attrs.frozen
class Case:
    """A use case by its name in `Application`; what has happened `before`, what is done when it crashes.

    `asked` says that somebody waits for it, and asks again when no answer came: without asking, it need not happen.
    """

    use_case: str
    steps: tuple[Step, ...]
    act: Act
    before: Act = lambda _: None
    bank: BankAccount = BankAccount.PAYS
    asked: bool = False


WAITING: Final[tuple[Step, ...]] = (BASKET,)
PAID: Final[tuple[Step, ...]] = (BASKET, Onward(0))
DELIVERED: Final[tuple[Step, ...]] = (BASKET, *[Onward(0)] * 5)
AUTHORIZED: Final[tuple[Step, ...]] = (BASKET, Start(0, Means.APPROVED, manual=True))
IN_PARTS: Final[tuple[Step, ...]] = (BASKET, Start(0, Means.APPROVED, parcels=True), Ship(0, 0, ((0, 1),)))
ONE_ARRIVED: Final[tuple[Step, ...]] = (*IN_PARTS, Work("relay"))
DISPUTED: Final[tuple[Step, ...]] = (*PAID, Dispute(0), Work("sync"))

CASES: Final[dict[str, Case]] = {
    "starting a payment": Case("start_payments", WAITING, _start(Means.APPROVED), asked=True),
    "starting a payment that is declined": Case("start_payments", WAITING, _start(Means.DECLINED), asked=True),
    "starting a payment that takes a while": Case("start_payments", WAITING, _start(Means.LATE_SUCCESS), asked=True),
    "authorising": Case("start_payments", WAITING, _start(Means.APPROVED, CaptureMethod.MANUAL), asked=True),
    "starting a payment too late": Case(
        "start_payments", (BASKET, Pass(timedelta(hours=1)), Work("expire")), _start(Means.APPROVED), asked=True
    ),
    "confirming a payment": Case("confirm_payments", WAITING, _confirm, asked=True),
    "reading payments": Case(
        "sync_payments",
        (BASKET, Start(0, Means.LATE_SUCCESS), Pass(timedelta(minutes=6))),
        lambda living: living.shop.sync_payments(living.payments),
    ),
    "capturing": Case("settle_authorizations", AUTHORIZED, _settle("capture"), asked=True),
    "capturing the first parcel": Case("capture_shipped", IN_PARTS, _capture_shipped),
    "capturing a parcel": Case("capture_shipped", (*ONE_ARRIVED, Ship(0, 1)), _capture_shipped),
    "capturing the last parcels": Case("capture_shipped", (*ONE_ARRIVED, Ship(0, 1), Ship(0, 0)), _capture_shipped),
    "letting go what was cancelled": Case("capture_shipped", (*ONE_ARRIVED, Cancel(0, 0), Cancel(0, 1)), _capture_shipped),
    "letting an order go": Case("capture_shipped", (BASKET, Start(0, Means.APPROVED, parcels=True), Cancel(0)), _capture_shipped),
    "capturing the rest by hand": Case("settle_authorizations", ONE_ARRIVED, _settle("capture"), asked=True),
    "giving the rest up": Case("settle_authorizations", ONE_ARRIVED, _settle("cancel"), asked=True),
    "hearing that an authorisation in parts has ended": Case(
        "sync_payments",
        (*ONE_ARRIVED, Pass(timedelta(days=8))),
        lambda living: living.shop.sync_payments(living.payments),
    ),
    "giving an authorisation up": Case("settle_authorizations", AUTHORIZED, _settle("cancel"), asked=True),
    "sending a refund": Case("send_refunds", (*PAID, Refund(0, spread=300)), _send_refunds),
    "sending a refund that takes a while": Case(
        "send_refunds", (BASKET, Start(0, Means.LATE_REFUND), Refund(0, spread=300)), _send_refunds
    ),
    "reading refunds": Case(
        "sync_refunds",
        (BASKET, Start(0, Means.LATE_REFUND), Refund(0, spread=300), Work("relay"), Pass(timedelta(days=6))),
        lambda living: app_of(living).sync_refunds(_refunds(living)),
    ),
    "hearing of a dispute": Case("sync_disputes", (*PAID, Dispute(0)), hear),
    "hearing of a dispute that is lost": Case("sync_disputes", (*DISPUTED, Judge(0, won=False)), hear),
    "hearing of a dispute that is won": Case("sync_disputes", (*DISPUTED, Judge(0, won=True)), hear),
    "taking webhooks": Case("take_webhooks", (BASKET, Start(0, Means.LATE_SUCCESS), Pass(timedelta(minutes=6))), hear),
    "handling webhooks of payouts that came back": Case("handle_webhooks", DELIVERED, hear, before=_sent, bank=BankAccount.RETURNS),
    "enrolling vendors": Case(
        "enrol_vendors",
        (),
        lambda living: living.shop.enrol_vendors(_vendors(living)),
        before=_unenrol,
        asked=True,
    ),
    "paying out": Case("send_payouts", DELIVERED, _pay_out, before=_released, asked=True),
    "confirming payouts": Case("confirm_payouts", DELIVERED, LivingShop.confirm_payouts, before=_sent),
    "confirming payouts that failed": Case(
        "confirm_payouts", DELIVERED, LivingShop.confirm_payouts, before=_sent, bank=BankAccount.FAILS
    ),
    "recovering debts": Case("recover_debts", DELIVERED, LivingShop.recover, before=_in_debt, asked=True),
    "catching up": Case(
        "catch_up",
        (*PAID, Refund(0, spread=300), BASKET, Start(1, Means.LATE_SUCCESS), Pass(timedelta(hours=1))),
        lambda living: app_of(living).catch_up(),
    ),
    "catching up with a parcel": Case(
        "catch_up",
        (*ONE_ARRIVED, Ship(0, 1), Pass(timedelta(hours=1))),
        lambda living: app_of(living).catch_up(),
    ),
    "reconciling": Case("reconcile", PAID, _reconcile),
}
"""What may be interrupted: every use case that asks a provider, in the ways that it can go."""


def lived(case: Case, recorder: Recorder) -> LivingShop:
    """The shop at the moment before the act."""
    world = SandboxWorld()
    shop = shop_on(world, begin=recorder.begin(MemoryDatabase(SeededIds(9, world.clock)).begin), guard=recorder.guard)
    terms = PayoutTerms(recovery=Recovery(patience=timedelta(0)))
    living = LivingShop(OrderLife(TWO_VENDORS, (), (), terms, (case.bank,) * 3), shop, world)
    for step in case.steps:
        living.take(step)
    assert not living.refusals, living.refusals
    case.before(living)
    return living


def recover(living: LivingShop, case: Case) -> None:
    """What happens after a crash: the provider tells again, whoever got no answer asks again, and a sweep catches up, twice."""
    for _ in range(2):
        living.outside.advance(timedelta(minutes=11))
        if case.asked:
            # It may be done already, or not be possible any more.
            with suppress(DomainError):
                case.act(living)
        hear(living)
        caught_up = app_of(living).catch_up()
        assert not caught_up.broken, caught_up.broken


def came_to(living: LivingShop) -> object:
    """Who has what in the end: at the provider, in the books, and how far everything is."""
    world = world_of(living)
    with living.shop.begin() as work:
        totals = {f"{kind} {money}" for (kind, _), money in work.journal.totals().items() if money}
        payments = [payment for each in work.payments.of_orders(living.orders).values() for payment in each]
        refunds = [refund for order_id in living.orders for refund in work.refunds.of_order(order_id)]
        disputes = [dispute for order_id in living.orders for dispute in work.disputes.of_order(order_id)]
        vendors = sorted((str(vendor.id), vendor.payout_account is not None) for vendor in work.vendors.page(None, 9))
        waiting = work.webhooks.waiting(living.now + 30 * A_DAY, 99)
    assert [] == list(waiting), "a webhook is forgotten"
    unpaid = {PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.PROCESSING}
    states = sorted((payment.status, str(payment.quarantine)) for payment in payments if payment.status not in unpaid)
    given = sorted((refund.status, str(refund.amount)) for refund in refunds)
    payouts = sorted((payout.status, str(payout.amount), str(payout.recalled)) for payout in living.payouts())
    orders = [(order.status, order.split) for order in living.found()]
    balance = world.balance(TWO_VENDORS[0].price.currency)
    return balance, totals, orders, states, given, payouts, sorted(each.status for each in disputes), vendors


def all_is_well(living: LivingShop, case: Case) -> None:
    """Every law holds, nothing was done twice, and orders, journal and provider agree to the last line."""
    if case.before is not _in_debt:
        nothing_was_done_twice(world_of(living))
        prove(living)
    assert () == tuple(_reconcile(living).unexplained)
    references = [record.vendor_id for record in world_of(living).sandbox._books.accounts.values()]
    assert len(set(references)) == len(references) or case.use_case == "enrol_vendors"


def test_every_use_case_that_asks_a_provider_has_a_case() -> None:
    """A use case that takes a gateway, and has no case here, fails this test."""
    asking = {name for name, kind in get_type_hints(Application).items() if _asks(kind)}
    assert asking <= {case.use_case for case in CASES.values()}
    assert {"send_payouts", "start_payments", "handle_webhooks"} <= asking


def _asks(use_case: type) -> bool:
    hints = get_type_hints(vars(use_case).get("__init__", object)) if isinstance(use_case, type) else {}
    return any(hint in {PaymentGateway, TransferGateway} for hint in hints.values())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_after_a_crash_at_any_point_all_is_well(case: Case) -> None:
    """Whatever step the process dies at, afterwards all is as if it had not: nothing is done twice, and nothing is forgotten."""
    recorder = Recorder()
    living = lived(case, recorder)
    recorder.start(None)
    case.act(living)
    points = list(recorder.points)
    recorder.start(None)
    recover(living, case)
    undisturbed = came_to(living)
    all_is_well(living, case)
    assert {"before", "after"} == {point.partition(" ")[0] for point in points}
    for number, point in enumerate(points, start=1):
        recorder = Recorder()
        living = lived(case, recorder)
        recorder.start(number)
        with pytest.raises(Crash, match=point):
            case.act(living)
        recorder.start(None)
        recover(living, case)
        assert undisturbed == came_to(living), f"after a crash at point {number}, {point}"
        all_is_well(living, case)

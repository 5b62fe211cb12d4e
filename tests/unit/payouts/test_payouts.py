"""Payouts by example: holds, minimums, schedules, reserves, banks that send money back, and debts."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

import attrs
import pytest
from tests.unit.ordering.shops import BASKET, after, euro, facts, nothing_was_done_twice, world_of

from quarterturn_adapters.memory.settlement import MemoryJournal
from quarterturn_adapters.sandbox import SandboxTransfers
from quarterturn_domain.kernel.currency import EUR, Currency
from quarterturn_domain.kernel.errors import Unavailable
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.payouts import claiming
from quarterturn_domain.payouts.claiming import Kept, PayoutRun, RunPayouts
from quarterturn_domain.payouts.payout import Payout, PayoutStatus
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.recovering import RecoverDebts
from quarterturn_domain.payouts.recovery import Recovered, Recovery, RecoveryStep
from quarterturn_domain.payouts.schedule import PayoutTerms, Rhythm, Schedule
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, Means
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import VENDORS
from quarterturn_domain.testing.strategies.lives import Deliver, Onward, Pass, Place, Refund, Settle, Ship, Start, Step, Work

ONE, TWO = VENDORS[:2]
DELIVERED: Final[tuple[Step, ...]] = (BASKET, *[Onward(0)] * 5)
RELEASED: Final[tuple[Step, ...]] = (*DELIVERED, Pass(timedelta(days=7)), Work("release"))
RUN: Final = UUID(int=0xAB)
NEXT_RUN: Final = UUID(int=0xAC)
AT_ONCE: Final = PayoutTerms(recovery=Recovery(patience=timedelta(0)))


def run(living: LivingShop, run_id: UUID = RUN, **more: Any) -> PayoutRun:
    """Claim what is available."""
    return living.shop.claim_payouts(RunPayouts(run_id=run_id, at=living.now, **more))


def available(living: LivingShop, currency: Currency = EUR) -> list[Money]:
    """What the two vendors can have, negative when they owe it."""
    accounts = [LedgerAccount(AccountKind.VENDOR_AVAILABLE, vendor_id) for vendor_id in (ONE, TWO)]
    with living.shop.begin() as work:
        found = work.journal.balances(accounts)
    return [-found.get((account, currency), Money.zero(currency)) for account in accounts]


def paid(living: LivingShop) -> list[tuple[PayoutStatus, Money]]:
    """How far every payout is."""
    return [(payout.status, payout.amount) for payout in living.payouts()]


def at_rest(living: LivingShop) -> LivingShop:
    """The shop when all work is done; every law holds."""
    living.take(Work("quiet"))
    prove(living)
    return living


def test_an_earning_is_held_for_a_week_after_its_delivery() -> None:
    """Not a second less: then the vendors have 117.80 (shipping whole, 10 % of goods kept) and 36.00."""
    living = after(*DELIVERED, Pass(timedelta(days=7, seconds=-1)), Work("release"))
    assert [euro("0.00"), euro("0.00")] == available(living)
    assert run(living).payouts == ()
    living.take(Pass(timedelta(seconds=1)))
    living.take(Work("release"))
    assert [euro("117.80"), euro("36.00")] == available(living)


def test_goods_that_arrive_before_their_money_are_paid_out_too() -> None:
    """Authorised, sent, delivered, and only then captured: the hold counts from the delivery."""
    living = after(BASKET, Start(0, Means.APPROVED, manual=True), Ship(0, 0), Deliver(0, 0), Pass(timedelta(days=5)))
    living.take(Settle(0, "capture"))
    living.take(Pass(timedelta(days=2)))
    living.take(Work("release"))
    assert [euro("117.80"), euro("0.00")] == available(living)
    at_rest(living)


def test_money_that_comes_after_the_hold_is_available_at_once() -> None:
    """With no hold at all the earning is released before it is anything: the capture makes it available."""
    living = after(
        BASKET,
        Start(0, Means.APPROVED, manual=True),
        Ship(0, 0),
        Deliver(0, 0),
        Work("release"),
        payout_terms=PayoutTerms(hold=timedelta(0)),
    )
    assert [euro("0.00"), euro("0.00")] == available(living)
    living.take(Settle(0, "capture"))
    assert [euro("117.80"), euro("0.00")] == available(living)
    at_rest(living)


@pytest.mark.parametrize(
    ("terms", "more", "reason"),
    [
        pytest.param(
            PayoutTerms(minimum=(euro("117.81"),)), {}, "the balance is below the minimum of 117.81 EUR", id="below the minimum"
        ),
        # 8 January 2026 is a Thursday.
        pytest.param(PayoutTerms(schedule=Schedule(Rhythm.WEEKLY, 4)), {}, "payouts are weekly and not due", id="another weekday"),
        pytest.param(PayoutTerms(schedule=Schedule(Rhythm.MONTHLY, 9)), {}, "payouts are monthly and not due", id="another day"),
        pytest.param(PayoutTerms(schedule=Schedule(Rhythm.MANUAL)), {}, "payouts are manual and not due", id="by hand only"),
        pytest.param(PayoutTerms(minimum=(euro("117.80"),)), {}, None, id="the minimum itself"),
        pytest.param(PayoutTerms(schedule=Schedule(Rhythm.WEEKLY, 3)), {}, None, id="its weekday"),
        pytest.param(PayoutTerms(schedule=Schedule(Rhythm.MANUAL)), {"vendor_ids": (ONE,)}, None, id="by hand"),
    ],
)
def test_what_is_not_paid_says_why(terms: PayoutTerms, more: dict[str, Any], reason: str | None) -> None:
    """A balance is paid whole, or kept with its reason."""
    living = after(*RELEASED, payout_terms=terms)
    came_to = run(living, **more)
    kept = [(each.amount, each.reason) for each in came_to.kept if each.vendor_id == ONE]
    claimed = [payout.amount for payout in came_to.payouts if payout.vendor_id == ONE]
    assert ([], [(euro("117.80"), reason)]) == (claimed, kept) if reason else ([euro("117.80")], []) == (claimed, kept)


def test_a_vendor_without_an_account_that_is_ready_waits() -> None:
    """The provider wants something more of it: its money stays, and goes with the next run."""
    living = after(*RELEASED)
    account = next(vendor for vendor in living.shop.enrol_vendors([ONE]) if not isinstance(vendor, Exception)).payout_account
    assert account is not None
    world_of(living).sandbox.require(account.reference, ("representative",))
    living.shop.enrol_vendors([ONE])
    assert ["the payout account is not ready: representative"] == [kept.reason for kept in run(living).kept]
    world_of(living).sandbox.require(account.reference, ())
    living.shop.enrol_vendors([ONE])
    assert [euro("117.80")] == [payout.amount for payout in run(living, NEXT_RUN).payouts]


def test_a_dry_run_claims_nothing() -> None:
    """It says what would be paid; then a run pays that, and the same run again nothing more, and says the same."""
    living = after(*RELEASED)
    dry = run(living, dry=True)
    assert living.payouts() == []
    assert dry.payouts == run(living).payouts
    assert dry.payouts == run(living).payouts
    assert () == run(living, dry=True).payouts
    assert [euro("0.00"), euro("0.00")] == available(living)


@pytest.mark.parametrize("page", [1, 2, 500])
def test_named_vendors_are_paid_and_nobody_else_is_looked_at(monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """In pages of any size, whatever the order, with vendors among them who have nothing; the others keep what they have."""
    living = after(*RELEASED)
    monkeypatch.setattr(claiming, "_PAGE", page)
    monkeypatch.delattr(MemoryJournal, "owing")
    nobody = [VendorId(UUID(int=n)) for n in (1, 2, TWO.int + 1)]
    assert ((), ()) == attrs.astuple(run(living, UUID(int=0xAA), vendor_ids=tuple(nobody)), recurse=False)
    came_to = run(living, vendor_ids=(nobody[2], TWO, *nobody[:2], TWO))
    assert [(TWO, euro("36.00"))] == [(payout.vendor_id, payout.amount) for payout in came_to.payouts]
    assert [euro("117.80"), euro("0.00")] == available(living)
    both = run(living, NEXT_RUN, vendor_ids=(TWO, *nobody, ONE))
    assert [(ONE, euro("117.80"))] == [(payout.vendor_id, payout.amount) for payout in both.payouts]


@pytest.mark.parametrize("broken", [0, 1, 2, 3])
def test_a_run_that_is_asked_for_again_says_all_its_payouts(monkeypatch: pytest.MonkeyPatch, broken: int) -> None:
    """Wherever it was broken off between its transactions, it goes on, and its answer is that of a run in one go."""
    whole = run(after(*RELEASED))
    monkeypatch.setattr(claiming, "_PAGE", 1)
    living = after(*RELEASED)
    opened = count()

    def begin() -> AbstractContextManager[PayoutsWork]:
        if next(opened) == broken:
            raise Unavailable("the database")
        return living.shop.begin()

    claim = claiming.ClaimPayouts(begin)
    command = RunPayouts(run_id=RUN, at=living.now)
    with pytest.raises(Unavailable):
        claim(command)
    assert [euro("117.80"), euro("36.00")] == [payout.amount for payout in claim(command).payouts]
    assert whole.payouts == claim(command).payouts
    assert 2 == facts(living).count("payout.scheduled")


def test_a_run_claims_no_balance_twice() -> None:
    """Money that came back after a run is left for the next one, and the run asked again says so; its payout is as it is now."""
    living = after(*RELEASED, Work("pay_out"), banks=(BankAccount.FAILS,) * 3)
    before = living.payouts()
    living.take(Pass(timedelta(days=2)))
    living.take(Work("confirm"))
    again = run(living, before[0].run_id)
    assert [PayoutStatus.FAILED] * 2 == [payout.status for payout in again.payouts]
    assert [payout.id for payout in before] == [payout.id for payout in again.payouts]
    said = "the run has claimed a balance of it before"
    assert [Kept(ONE, euro("117.80"), said), Kept(TWO, euro("36.00"), said)] == list(again.kept)
    assert [euro("117.80"), euro("36.00")] == [payout.amount for payout in run(living, NEXT_RUN).payouts]


def test_a_reserve_is_kept_back_for_its_time() -> None:
    """An eighth of each earning waits for 90 days, and is then available like the rest."""
    living = after(*RELEASED, payout_terms=PayoutTerms(reserve=Rate.percent("12.5")))
    assert [euro("103.07"), euro("31.50")] == available(living)
    living.take(Pass(timedelta(days=90, seconds=-1)))
    living.take(Work("release"))
    assert [euro("103.07"), euro("31.50")] == available(living)
    living.take(Pass(timedelta(seconds=1)))
    living.take(Work("release"))
    assert [euro("117.80"), euro("36.00")] == available(living)
    at_rest(living)


@pytest.mark.parametrize(
    ("bank", "status"),
    [
        pytest.param(BankAccount.PAYS, PayoutStatus.PAID, id="paid"),
        pytest.param(BankAccount.FAILS, PayoutStatus.FAILED, id="failed"),
        pytest.param(BankAccount.RETURNS, PayoutStatus.RETURNED, id="returned after it was paid"),
    ],
)
def test_what_the_bank_does_with_it(bank: BankAccount, status: PayoutStatus) -> None:
    """Money that comes back is the vendor's again, and the next run pays it."""
    living = after(*RELEASED, Work("pay_out"), Pass(timedelta(days=2)), Work("confirm"), banks=(bank,) * 3)
    living.take(Pass(timedelta(days=2)))
    living.take(Work("confirm"))
    at_rest(living)
    assert [(status, euro("117.80")), (status, euro("36.00"))] == paid(living)
    back = status is not PayoutStatus.PAID
    assert ([euro("117.80"), euro("36.00")] if back else [euro("0.00")] * 2) == available(living)
    assert len(run(living, NEXT_RUN).payouts) == (2 if back else 0)


def test_a_transfer_that_the_provider_refuses_fails_the_payout() -> None:
    """The charge has not settled: the money is the vendor's again, and a later run pays it."""
    living = after(*DELIVERED, Work("release"), payout_terms=PayoutTerms(hold=timedelta(0)))
    world_of(living).sandbox.adjust(-euro("10000000.00"))
    living.take(Work("pay_out"))
    assert [PayoutStatus.FAILED] * 2 == [payout.status for payout in living.payouts()]
    assert [euro("117.80"), euro("36.00")] == available(living)
    world_of(living).sandbox.adjust(euro("10000000.00"))
    living.take(Work("pay_out"))
    assert [PayoutStatus.FAILED, PayoutStatus.SENT] == sorted({payout.status for payout in living.payouts()})
    at_rest(living)


def test_a_payout_that_the_provider_refuses_after_its_transfer_is_taken_back() -> None:
    """The account became unready in between; the reversal's answer is lost too: once it is known, the payout has failed, once."""
    living = after(*RELEASED)
    world = world_of(living)
    (payout, *_) = run(living, vendor_ids=(ONE,)).payouts
    world.fail("pay_out", "unavailable")
    assert [PayoutStatus.UNKNOWN] == [payout.status for payout in living.shop.send_payouts([payout.id])]  # type: ignore[union-attr]
    world.sandbox.require(payout.account, ("representative",))
    world.fail("reverse_transfer", "lost_answer")
    living.shop.send_payouts([payout.id])
    assert [(PayoutStatus.UNKNOWN, euro("117.80"))] == paid(living)
    # It may be paid again by now; but what is on its way back is not sent after all.
    world.sandbox.require(payout.account, ())
    world.advance(timedelta(days=2))
    living.shop.send_payouts([payout.id])
    assert [(PayoutStatus.FAILED, euro("117.80"))] == paid(living)
    assert [euro("117.80"), euro("36.00")] == available(living)
    at_rest(living)


@pytest.mark.parametrize(
    ("method", "how", "first"),
    [
        ("transfer", "unavailable", PayoutStatus.SCHEDULED),
        ("find_transfer", "unavailable", PayoutStatus.SCHEDULED),
        ("transfer", "lost_request", PayoutStatus.UNKNOWN),
        ("transfer", "lost_answer", PayoutStatus.UNKNOWN),
        ("pay_out", "unavailable", PayoutStatus.UNKNOWN),
        ("pay_out", "lost_request", PayoutStatus.UNKNOWN),
        ("pay_out", "lost_answer", PayoutStatus.UNKNOWN),
    ],
)
def test_the_relay_brings_a_payout_again_until_it_is_known(method: str, how: str, first: PayoutStatus) -> None:
    """Where nothing was done nothing changes; where nobody knows it is unknown; and in the end it is sent once."""
    living = after(*RELEASED)
    run(living, vendor_ids=(ONE,))
    world_of(living).fail(method, how)
    assert getattr(living.shop.relay.drain(), "waiting", None) == 1
    assert [first] == [payout.status for payout in living.payouts()]
    # Long enough for the provider to forget its keys.
    living.take(Pass(timedelta(days=2)))
    assert getattr(living.shop.relay.drain(), "waiting", None) == 0
    assert [PayoutStatus.SENT] == [payout.status for payout in living.payouts()]
    nothing_was_done_twice(world_of(living))
    at_rest(living)


def test_a_payout_that_stays_unknown_is_no_news() -> None:
    """Looked at again with the same answer, it is as it was, and no fact tells of it; another reason is told, and the end is."""
    living = after(*RELEASED)
    (payout,) = run(living, vendor_ids=(ONE,)).payouts
    told = []
    for how in ("unavailable", "unavailable", "lost_request", "lost_request", None):
        if how is not None:
            world_of(living).fail("pay_out", how)
        (answer,) = living.shop.send_payouts([payout.id])
        assert isinstance(answer, Payout)
        assert [(answer.status, answer.amount)] == paid(living)
        told.append((how, answer.status.value, list(facts(living)).count("payout.moved")))
    assert [
        ("unavailable", "unknown", 1),
        ("unavailable", "unknown", 1),
        ("lost_request", "unknown", 2),
        ("lost_request", "unknown", 2),
        (None, "sent", 3),
    ] == told
    at_rest(living)


def in_debt(**terms: Any) -> LivingShop:
    """Both vendors were paid; then the customer got everything back."""
    living = after(*RELEASED, Work("pay_out"), Pass(timedelta(days=3)), Work("confirm"), Refund(0), Work("quiet"), **terms)
    assert [euro("-117.80"), euro("-36.00")] == available(living)
    return living


def give(living: LivingShop, vendor: int, amount: Money) -> None:
    """Money of other sales lies on a vendor's account at the provider."""
    account = next(payout.account for payout in living.payouts() if payout.vendor_id == VENDORS[vendor])
    world_of(living).sandbox._books.ledger.move(account, amount.minor, EUR, living.now, living.now)


def test_a_debt_is_netted_while_there_is_patience() -> None:
    """Nothing is taken back; the next earning covers it, and then the debt is forgotten."""
    living = in_debt()
    give(living, 0, euro("500.00"))
    assert living.shop.recover_debts() == []
    for step in SOLD:
        living.take(step)
    # 180.00 of goods less 18.00, and 14.70 for shipping, less the debt.
    assert [euro("58.90"), euro("-36.00")] == available(living)
    living.shop.recover_debts()
    assert [TWO] == [vendor_id for vendor_id, _ in debts(living)]
    prove(living)


def debts(living: LivingShop) -> list[tuple[VendorId, datetime]]:
    """Who is known to owe something, and since when."""
    with living.shop.begin() as work:
        return [(debt.vendor_id, debt.since) for debt in work.debts.page(None, 9)]


SOLD: Final[tuple[Step, ...]] = (Place((((0, 3),),)), *[Onward(1)] * 3, Pass(timedelta(days=7)), Work("release"))
"""The first vendor sells three more for 176.70, 58.90 more than it owes after all of the first order was given back."""


@pytest.mark.parametrize("seen", ["recovered", "paid out", "recovered, paid out", "paid out, recovered"])
def test_a_debt_that_ends_at_nothing_is_forgotten(seen: str) -> None:
    """An earning covers it and the rest is paid out, in this order or with a run between: 200 days later a new debt is netted."""
    living = in_debt()
    living.shop.recover_debts()
    old = living.now
    assert [(ONE, old), (TWO, old)] == debts(living)
    for step in SOLD:
        living.take(step)
    for act in seen.split(", "):
        assert (
            [] == living.shop.recover_debts() if act == "recovered" else [euro("58.90")] == [p.amount for p in run(living).payouts]
        )
    assert [euro("0.00") if "paid" in seen else euro("58.90"), euro("-36.00")] == available(living)
    assert [(TWO, old)] == debts(living)
    living.take(Pass(timedelta(days=200)))
    living.give_back(living.found()[1])
    assert available(living)[0].minor < 0
    assert {TWO} == {vendor_id for vendor_id, _ in living.shop.recover_debts()}
    assert [(ONE, living.now)] == debts(living)


def test_a_run_costs_what_is_owed() -> None:
    """Vendors who have something are not looked at: with debts of two, or of nobody, it takes as many transactions."""

    def taken(living: LivingShop) -> int:
        opened = count()

        def begin() -> AbstractContextManager[PayoutsWork]:
            next(opened)
            return living.shop.begin()

        RecoverDebts(begin, SandboxTransfers(world_of(living).sandbox), living.shop.clock)()
        return next(opened)

    rich, poor = after(*RELEASED), in_debt()
    assert 0 < min(money.minor for money in available(rich))
    nobody = taken(rich)
    assert [nobody + 3, nobody + 4] == [taken(poor), taken(poor)]


@pytest.mark.parametrize(
    ("policy", "rich", "step"),
    [
        pytest.param(Recovery(patience=timedelta(0)), True, RecoveryStep.REVERSE, id="taken back"),
        pytest.param(Recovery(patience=timedelta(0), give_up=timedelta(0)), False, RecoveryStep.WRITE_OFF, id="written off"),
    ],
)
def test_a_debt_that_a_step_covers_is_forgotten_with_it(policy: Recovery, *, rich: bool, step: RecoveryStep) -> None:
    """Recovered to the last cent, nothing is known of it any more; recovered in part, it is as old as it was."""
    living = in_debt(payout_terms=PayoutTerms(recovery=policy))
    old = living.now
    if rich:
        give(living, 0, euro("500.00"))
        give(living, 1, euro("35.99"))
    assert (ONE, Recovered(step, euro("117.80"))) in living.shop.recover_debts()
    assert ([(TWO, old)] if rich else []) == debts(living)
    living.take(Pass(timedelta(days=1)))
    living.shop.recover_debts()
    assert ([(TWO, old)] if rich else []) == debts(living)


def test_a_debt_is_taken_back_from_transfers_as_far_as_the_account_has_it() -> None:
    """One vendor's account has enough, the other's nothing: half of the debts is left for the next run."""
    living = in_debt(payout_terms=AT_ONCE)
    give(living, 0, euro("117.80"))
    assert [(ONE, Recovered(RecoveryStep.REVERSE, euro("117.80")))] == list(living.shop.recover_debts())
    assert [euro("0.00"), euro("-36.00")] == available(living)
    assert living.shop.recover_debts() == []
    living.take(Work("quiet"))
    prove(living)


def test_a_recall_that_was_not_booked_is_found_though_the_debt_has_changed() -> None:
    """The provider reversed it, its answer was lost, and the debt has grown: what was taken is booked, and then the rest."""
    living = after(*RELEASED, Work("pay_out"), Pass(timedelta(days=3)), Work("confirm"), payout_terms=AT_ONCE)
    living.give_back(living.found()[0], amount=euro("50.00"))
    owed = available(living)[0]
    give(living, 0, euro("500.00"))
    give(living, 1, euro("500.00"))
    world_of(living).fail("reverse_transfer", "lost_answer")
    living.shop.recover_debts()
    assert owed == available(living)[0]
    living.give_back(living.found()[0])
    assert euro("-117.80") == available(living)[0]
    living.shop.recover_debts()
    living.shop.recover_debts()
    assert [euro("0.00"), euro("0.00")] == available(living)
    reversed_ = {transfer.reversed for transfer in world_of(living).sandbox._books.transfers.values()}
    assert {euro("117.80"), euro("36.00")} == reversed_
    living.take(Work("quiet"))
    prove(living)


def test_a_debt_is_covered_by_the_reserve_and_in_the_end_by_the_platform() -> None:
    """The rolling reserve first; what is left is written off after half a year, and the books are even."""
    living = after(
        *RELEASED,
        Work("pay_out"),
        Pass(timedelta(days=3)),
        Work("confirm"),
        Refund(0),
        Work("quiet"),
        payout_terms=PayoutTerms(
            reserve=Rate.percent("12.5"),
            reserve_for=timedelta(days=400),
            recovery=Recovery(patience=timedelta(0), give_up=timedelta(days=180)),
        ),
    )
    assert [
        (ONE, Recovered(RecoveryStep.RESERVE, euro("14.73"))),
        (TWO, Recovered(RecoveryStep.RESERVE, euro("4.50"))),
    ] == list(living.shop.recover_debts())
    assert [euro("-103.07"), euro("-31.50")] == available(living)
    living.take(Pass(timedelta(days=180)))
    assert [
        (ONE, Recovered(RecoveryStep.WRITE_OFF, euro("103.07"))),
        (TWO, Recovered(RecoveryStep.WRITE_OFF, euro("31.50"))),
    ] == list(living.shop.recover_debts())
    assert [euro("0.00"), euro("0.00")] == available(living)
    living.take(Work("quiet"))
    prove(living)


def test_a_payout_that_comes_back_after_a_recall_gives_the_rest_back() -> None:
    """30.00 of it were recalled for a debt; then the bank returns it: only the other 87.80 are the vendor's again."""
    living = after(
        *RELEASED, Work("pay_out"), Pass(timedelta(days=2)), Work("confirm"), payout_terms=AT_ONCE, banks=(BankAccount.RETURNS,) * 3
    )
    assert [PayoutStatus.PAID] * 2 == [payout.status for payout in living.payouts()]
    living.give_back(living.found()[0], amount=euro("50.00"))
    owed = -available(living)[0]
    give(living, 0, owed)
    living.shop.recover_debts()
    assert euro("0.00") == available(living)[0]
    living.take(Pass(timedelta(days=2)))
    living.take(Work("confirm"))
    assert PayoutStatus.RETURNED is living.payouts()[0].status
    assert euro("117.80") - owed == available(living)[0]
    living.take(Work("quiet"))
    prove(living)


def test_a_provider_that_is_away_leaves_a_sent_payout_as_it_is() -> None:
    """Reading it fails: it is unavailable, and known the next time."""
    living = after(*RELEASED, Work("pay_out"), Pass(timedelta(days=2)))
    world_of(living).fail("read_payout", "unavailable")
    first, _ = living.shop.confirm_payouts([payout.id for payout in living.payouts()])
    assert isinstance(first, Unavailable)
    living.take(Work("confirm"))
    assert [PayoutStatus.PAID] * 2 == [payout.status for payout in living.payouts()]


def test_a_recall_that_was_not_booked_is_booked_whole_though_less_is_owed_now() -> None:
    """The answer was lost, and a new earning covers most of the debt meanwhile: what was taken back is the vendor's again."""
    living = after(*RELEASED, Work("pay_out"), Pass(timedelta(days=3)), Work("confirm"), payout_terms=AT_ONCE)
    living.give_back(living.found()[0], amount=euro("100.00"))
    owed = -available(living)[0]
    give(living, 0, euro("500.00"))
    world_of(living).fail("reverse_transfer", "lost_answer")
    living.shop.recover_debts()
    sold: tuple[Step, ...] = (Place((((0, 1),),)), *[Onward(1)] * 3, Pass(timedelta(days=7)), Work("release"))
    for step in sold:
        living.take(step)
    assert euro("58.90") - owed == available(living)[0]
    assert (ONE, Recovered(RecoveryStep.REVERSE, owed)) in living.shop.recover_debts()
    assert euro("58.90") == available(living)[0]
    living.take(Work("quiet"))
    prove(living)

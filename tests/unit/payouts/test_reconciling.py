"""Reconciliation: where all is well nothing differs; each way to differ is found, and called by its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import attrs
import pytest
from tests.unit.ordering.shops import BASKET, after, euro, world_of

from quarterturn_adapters.bootstrap import Application
from quarterturn_domain.kernel.currency import EUR, USD
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.payments.gateway import LineKind, StatementLine
from quarterturn_domain.payouts.reconciliation import Booking, DifferenceKind, Label, Matching, Reconciliation, Row
from quarterturn_domain.payouts.reconciling import BEGINNING, ReconcilePeriod
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, Means
from quarterturn_domain.testing.lives import LivingShop
from quarterturn_domain.testing.strategies.lives import Dispute, Judge, Onward, Pass, Refund, Start, Step, Work

AFTER: Final = timedelta(days=1)


def reconciled(living: LivingShop, tell: Callable[[Row], None] = lambda _: None, **period: Any) -> Reconciliation:
    """Everything, unless a period is named."""
    assert isinstance(living.shop, Application)
    return living.shop.reconcile(ReconcilePeriod(**{"until": living.now + AFTER, **period}), tell)


PAID_OUT: Final[tuple[Step, ...]] = (BASKET, *[Onward(0)] * 6, Pass(timedelta(days=4)), Work("confirm"))


LATE: Final[tuple[Step, ...]] = (BASKET, Start(0, Means.LATE_REFUND), Refund(0, spread=300), Work("quiet"))
PAID_LATE: Final[tuple[Step, ...]] = (
    *(BASKET, Start(0, Means.LATE_SUCCESS), Pass(timedelta(hours=1)), Work("expire")),
    *([BASKET] * 4),
    *([Work("quiet")] * 2),
)


@pytest.mark.parametrize(
    ("case", "steps", "terms"),
    [
        ("nothing has happened", (), {}),
        ("paid, delivered, paid out", PAID_OUT, {}),
        ("refunded in part", (*PAID_OUT, Refund(0, spread=300), Work("quiet")), {}),
        ("refunded in parts until nothing is left", (BASKET, Onward(0), Refund(0, spread=300), Refund(0), Work("quiet")), {}),
        ("a refund that takes a while", (*LATE, Pass(timedelta(days=6)), Work("quiet")), {}),
        ("a dispute that is won", (BASKET, Onward(0), Dispute(0), Work("sync"), Judge(0, won=True), Work("sync")), {}),
        ("a dispute that is lost", (BASKET, Onward(0), Dispute(0, 500), Work("sync"), Judge(0, won=False), Work("sync")), {}),
        ("payouts that failed", PAID_OUT, {"banks": (BankAccount.FAILS, BankAccount.FAILS, BankAccount.PAYS)}),
        ("payouts that came back", PAID_OUT, {"banks": (BankAccount.RETURNS, BankAccount.RETURNS, BankAccount.PAYS)}),
        ("paid too late", PAID_LATE, {}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_where_all_is_well_nothing_differs(case: str, steps: tuple[Step, ...], terms: dict[str, Any]) -> None:
    """Whatever has happened, once everything is heard of, orders, journal and provider agree, and every line has a label."""
    living = after(*steps, **terms)
    result = reconciled(living)
    assert () == result.differences, case
    assert set(result.rows) <= set(Label)
    there = {code: amount - result.own.get(code, Money.zero(amount.currency)) for code, amount in result.there.items()}
    assert {code: amount for code, amount in result.here.items() if amount} == {
        code: amount for code, amount in there.items() if amount
    }


def lines_of(living: LivingShop) -> list[StatementLine]:
    """The sandbox's statement, to be tampered with."""
    lines: list[StatementLine] = world_of(living).sandbox._books.ledger.lines
    return lines


def charge(living: LivingShop) -> int:
    """Where the charge stands on it."""
    return next(number for number, line in enumerate(lines_of(living)) if line.kind is LineKind.CHARGE)


def _lose(living: LivingShop) -> None:
    del lines_of(living)[charge(living)]


def _alter(**change: Any) -> Callable[[LivingShop], None]:
    def alter(living: LivingShop) -> None:
        lines, number = lines_of(living), charge(living)
        lines[number] = attrs.evolve(lines[number], **change)

    return alter


def _repeat(living: LivingShop) -> None:
    lines, number = lines_of(living), charge(living)
    again = attrs.evolve(lines[number], reference="txn_again", at=living.now)
    world_of(living).sandbox._books.ledger.reset([*lines, again])


def _unheard(living: LivingShop) -> None:
    sandbox = world_of(living).sandbox
    with living.shop.begin() as work:
        reference = work.payments.find(living.payments)[living.payments[0]].reference
    assert reference is not None
    sandbox.open_dispute(reference, euro("10.00"))


def _forgotten(living: LivingShop) -> None:
    with living.shop.begin() as work:
        payment = work.payments.lock(living.payments)[living.payments[0]]
        work.payments.save([attrs.evolve(payment, captured=payment.captured + euro("0.01"))])


@pytest.mark.parametrize(
    ("case", "tamper", "expected"),
    [
        ("a line is missing there", _lose, DifferenceKind.MISSING_THERE),
        ("a line is missing here", _unheard, DifferenceKind.MISSING_HERE),
        ("another amount", _alter(amount=euro("169.79")), DifferenceKind.AMOUNT),
        ("another currency", _alter(amount=Money(16_980, USD), fee=Money(522, USD)), DifferenceKind.CURRENCY),
        ("another fee", _alter(fee=euro("5.21")), DifferenceKind.FEE),
        ("the same line twice", _repeat, DifferenceKind.DUPLICATE),
        ("a record that says something else", _forgotten, DifferenceKind.AMOUNT),
        ("a charge that nobody knows", _alter(source="ch_unknown"), DifferenceKind.MISSING_HERE),
    ],
)
def test_each_difference_has_its_type(case: str, tamper: Callable[[LivingShop], None], expected: DifferenceKind) -> None:
    """A statement or a record that was changed by one thing differs in that."""
    living = after(BASKET, Onward(0))
    living.take(Pass(timedelta(hours=1)))
    tamper(living)
    found = reconciled(living)
    assert expected in {each.kind for each in found.differences}, (case, found.differences)
    assert found.unexplained
    assert all(each.because for each in found.differences)


def test_a_paid_order_that_nobody_booked_is_found() -> None:
    """An order that became paid by another way than money is missing in the journal; one that costs nothing is not."""
    living = after(BASKET)
    order_id = living.orders[0]
    with living.shop.begin() as work:
        order = work.orders.lock([order_id])[order_id]
        work.orders.save([attrs.evolve(order, state=OrderState.PAID)])
    (found,) = reconciled(living).differences
    assert (DifferenceKind.MISSING_THERE, "orders and journal", order_id) == (found.kind, found.sides, found.order_id)
    assert order.total == found.here


def test_what_is_under_way_is_a_matter_of_time() -> None:
    """A refund that has left the provider's balance and has not arrived differs by its timing, which explains itself."""
    living = after(*LATE)
    result = reconciled(living)
    assert [DifferenceKind.TIMING] == [each.kind for each in result.differences]
    assert not result.unexplained


def test_the_edges_of_a_period_meet() -> None:
    """What the provider has before midnight and the journal after it is a matter of time in both periods, and of neither else."""
    living = after(BASKET, Start(0, Means.LATE_SUCCESS))
    living.take(Pass(timedelta(minutes=6)))
    world_of(living).sandbox.balance(EUR)
    midnight = living.now + timedelta(minutes=1)
    living.take(Pass(timedelta(minutes=2)))
    living.take(Work("sync"))
    for result in (reconciled(living, until=midnight), reconciled(living, since=midnight)):
        assert [DifferenceKind.TIMING] == [each.kind for each in result.differences]
    assert () == reconciled(living).differences
    assert () == reconciled(living, until=midnight - timedelta(days=9)).differences


def test_a_pair_far_apart_is_found_beyond_the_grace() -> None:
    """Where the journal heard of it a month later, the line is a matter of time, and so is the entry in its own month."""
    living = after(BASKET, Start(0, Means.LATE_SUCCESS))
    living.take(Pass(timedelta(minutes=6)))
    world_of(living).sandbox.balance(EUR)
    border = living.now + timedelta(days=15)
    living.take(Pass(timedelta(days=30)))
    living.take(Work("sync"))
    assert [DifferenceKind.TIMING] == [each.kind for each in reconciled(living, until=border).differences]


def test_every_line_is_told_once() -> None:
    """Each line and each booking of the period is in exactly one row."""
    living = after(*PAID_OUT, Refund(0, spread=300), Work("quiet"))
    rows: list[Row] = []
    result = reconciled(living, rows.append)
    told = [row.line.reference for row in rows if row.line is not None]
    assert sorted(line.reference for line in lines_of(living)) == sorted(told)
    assert result.lines == len(told)
    assert result.entries == len([row for row in rows if row.booking is not None])
    assert sum(result.rows.values()) == len(rows)


def test_a_period_makes_sense() -> None:
    """One that ends before it begins is refused."""
    living = after()
    with pytest.raises(Invalid):
        reconciled(living, since=living.now, until=living.now)
    with pytest.raises(Invalid):
        reconciled(living, grace=-AFTER)


def test_what_is_matched_takes_no_room() -> None:
    """However long a statement is, only what has found no match yet is kept."""
    end = BEGINNING + timedelta(days=3_650)
    matching = Matching((BEGINNING, end), (BEGINNING, end))
    most = 0
    for number in range(20_000):
        at = BEGINNING + timedelta(minutes=number)
        amount, fee = Money(100 + number % 7, EUR), Money(number % 3, EUR)
        subject = f"payment:{number}"
        line = StatementLine(f"txn_{number}", LineKind.CHARGE, f"ch_{number}", amount, fee, at, at)
        # The journal hears of every payment a little later, and of each hundredth never.
        matching.line(subject, line)
        if number >= 10 and (number - 10) % 100:
            late = number - 10
            told = Money(100 + late % 7, EUR), Money(late % 3, EUR)
            matching.booking(Booking(late, f"payment:{late}:captured", at, None, *told))
        most = max(most, len(matching.open))
    assert most < 20_000 // 100 + 20
    assert matching.rows[Label.MATCHED] > 19_000

"""The books by example: what each fact books, and what a vendor reads of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from tests.unit.ordering.shops import BASKET, NOW, after, euro

from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.settlement.journal import EntryKind
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies import VENDORS
from quarterturn_domain.testing.strategies.lives import Dispute, Judge, Onward, Pass, Refund, Step, Work

PAID: Final[tuple[Step, ...]] = (BASKET, Onward(0))
DELIVERED: Final[tuple[Step, ...]] = (*PAID, *[Onward(0)] * 4)
LATER: Final = NOW + timedelta(days=400)


def totals(living: LivingShop) -> dict[str, str]:
    """The trial balance, without what is nothing."""
    with living.shop.begin() as work:
        found = work.journal.totals()
    return {kind.value: money.amount for (kind, _), money in found.items() if money}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            PAID,
            {
                "processor_clearing": "164.58",
                "processor_fees": "5.22",
                "vendor_pending": "-153.80",
                "commission_revenue": "-16.00",
            },
            id="paid",
        ),
        pytest.param(
            (*PAID, Refund(0)),
            {"processor_clearing": "164.58", "processor_fees": "5.22", "refunds": "-169.80"},
            id="owed back whole",
        ),
        pytest.param((*PAID, Refund(0), Work("relay")), {"processor_clearing": "-5.22", "processor_fees": "5.22"}, id="gone back"),
        pytest.param(
            (*DELIVERED, Pass(timedelta(days=7)), Work("release")),
            {
                "processor_clearing": "164.58",
                "processor_fees": "5.22",
                "vendor_available": "-153.80",
                "commission_revenue": "-16.00",
            },
            id="available",
        ),
        pytest.param(
            (*DELIVERED, Pass(timedelta(days=7)), Work("release"), Work("pay_out")),
            {"processor_clearing": "10.78", "processor_fees": "5.22", "commission_revenue": "-16.00"},
            id="paid out",
        ),
        pytest.param(
            (*PAID, Dispute(0), Work("sync")),
            {
                "processor_clearing": "-20.22",
                "processor_fees": "20.22",
                "vendor_reserve": "-153.80",
                "commission_revenue": "-16.00",
                "disputes": "169.80",
            },
            id="disputed",
        ),
        pytest.param(
            (*PAID, Dispute(0), Work("sync"), Judge(0, won=True), Work("sync")),
            {
                "processor_clearing": "164.58",
                "processor_fees": "5.22",
                "vendor_pending": "-153.80",
                "commission_revenue": "-16.00",
            },
            id="won",
        ),
        pytest.param(
            (*PAID, Dispute(0), Work("sync"), Judge(0, won=False), Work("sync")),
            {"processor_clearing": "-20.22", "processor_fees": "20.22"},
            id="lost",
        ),
    ],
)
def test_where_the_money_is(steps: tuple[Step, ...], expected: dict[str, str]) -> None:
    """The trial balance of one order of 169.80 EUR at each stage of its life."""
    living = after(*steps)
    assert expected == totals(living)
    prove(living)


def test_a_vendor_reads_what_happened_to_its_money() -> None:
    """Opening and all lines are the closing; what was paid out is what left."""
    living = after(*DELIVERED, Pass(timedelta(days=7)), Work("release"), Work("pay_out"))
    books = living.shop.read_books
    statement = books.statement(VENDORS[0], EUR, NOW, LATER)
    assert [EntryKind.CAPTURE, EntryKind.RELEASE, EntryKind.PAYOUT] == [line.kind for line in statement.lines]
    assert [euro("117.80"), euro("0.00"), euro("-117.80")] == [line.net for line in statement.lines]
    assert euro("-12.00") == statement.lines[0].commission
    assert (euro("0.00"), euro("0.00"), euro("117.80")) == (statement.opening, statement.closing, statement.paid_out)
    after_capture = books.statement(VENDORS[0], EUR, NOW + timedelta(days=1), LATER)
    assert (euro("117.80"), euro("0.00")) == (after_capture.opening, after_capture.closing)
    balance = books.balance(VENDORS[0])[EUR]
    assert (euro("0.00"), euro("0.00"), euro("0.00")) == (balance.pending, balance.available, balance.reserve)


def test_the_chain_of_a_real_journal_is_whole() -> None:
    """Sealed as it grows, and verified."""
    living = after(*PAID)
    shop = living.shop
    assert shop.seal_journal() == 1
    for step in (Refund(0, spread=500), Work("quiet")):
        living.take(step)
    assert shop.seal_journal() == 2
    assert shop.seal_journal() == 0
    assert shop.verify_chain() is None

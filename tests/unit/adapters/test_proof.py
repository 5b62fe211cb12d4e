"""The proof fails where it should: each law notices what it is there to notice."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from quarterturn_adapters.demo import tell
from quarterturn_adapters.demo.shop import IRON, MONDAY, SELLERS, Shop
from quarterturn_adapters.demo.story import ORDER
from quarterturn_adapters.proof import Proof, prove
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import Entry, EntryKind, Posting
from quarterturn_domain.stock.stock_item import StockItem

CENT = Money(1, EUR)


def lived() -> Shop:
    """A shop in which the whole story has happened."""
    shop = Shop()
    tell(shop)
    return shop


def proof_of(shop: Shop, missing: Money | None = None) -> Proof:
    """The proof of a shop of which something is missing at the provider."""
    lost = missing or Money.zero(EUR)
    return prove(shop.app.begin, [each.id for each in SELLERS], lambda currency: shop.sandbox.balance(currency) - lost)


def nothing(shop: Shop) -> None:
    """Leave it as it is."""


def book_a_cent_to_nobody(shop: Shop) -> None:
    """An entry that does not balance, which no use case can make."""
    posting = Posting(LedgerAccount(AccountKind.PROCESSOR_CLEARING), CENT)
    with shop.app.begin() as work:
        work.journal.append([Entry("a cent", EntryKind.WRITE_OFF, (posting,), MONDAY)])


def book_without_a_seal(shop: Shop) -> None:
    """An entry that was booked and never sealed."""
    postings = [(LedgerAccount(AccountKind.WRITE_OFFS), CENT), (LedgerAccount(AccountKind.PROCESSOR_FEES), -CENT)]
    with shop.app.begin() as work:
        work.journal.append([Entry.of("a fee", EntryKind.WRITE_OFF, postings, at=MONDAY)])


def change_what_was_paid(shop: Shop) -> None:
    """An order that says that more was refunded than was booked."""
    with shop.app.begin() as work:
        order = work.orders.lock([ORDER])[ORDER]
        part = order.vendor_orders[0]
        line = attrs.evolve(part.lines[0], refunded_goods=Money(1000, EUR))
        work.orders.save([order.replace(part.replace(line))])


def change_what_was_paid_out(shop: Shop) -> None:
    """A payout of another amount than was booked."""
    with shop.app.begin() as work:
        payout = work.payouts.of_vendor(IRON.id, None, 1)[0]
        work.payouts.lock([payout.id])
        work.payouts.save([attrs.evolve(payout, amount=payout.amount + CENT)])


def lose_a_unit(shop: Shop) -> None:
    """A unit that is gone without a movement."""
    with shop.app.begin() as work:
        items = vars(work.stock)["_items"]
        items.put([StockItem(IRON.sku, IRON.location_id, IRON.in_stock - 2)])


@pytest.mark.parametrize(
    ("case", "harm", "missing", "expected"),
    [
        ("nothing is wrong", nothing, 0, set()),
        ("a cent is missing at the provider", nothing, 1, {"journal = provider's balance"}),
        (
            "an entry does not balance",
            book_a_cent_to_nobody,
            -1,
            {"every journal entry balances", "the chain of seals verifies", "the trial balance is zero"},
        ),
        ("an entry has no seal", book_without_a_seal, 0, {"the chain of seals verifies"}),
        ("an order says other than the journal", change_what_was_paid, 0, {"orders = journal"}),
        ("a payout says other than the journal", change_what_was_paid_out, 0, {"payouts = journal"}),
        ("a unit is gone", lose_a_unit, 0, {"stock = movements"}),
    ],
)
def test_each_law_notices_its_own(case: str, harm: Callable[[Shop], None], missing: int, expected: set[str]) -> None:
    """What was harmed is found by the laws that it breaks, and by no other."""
    shop = lived()
    harm(shop)
    proof = proof_of(shop, Money(missing, EUR))
    assert expected == {law.name for law in proof.laws if not law.holds}, case
    assert (not expected) is proof.balanced

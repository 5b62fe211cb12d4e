"""The proof: everything that was sold, booked, moved and paid is added up again, and has to agree with itself.

Nothing is taken on trust: orders, journal, stock, payouts and the provider's balance are each read from where they are kept, and
compared with each other. A law that does not hold says what was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import Sku, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.ports import Place
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.settlement.chain import GENESIS, Seal, verify
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind
from quarterturn_domain.settlement.journal import Entry, EntryKind

T = TypeVar("T")

_PAGE: Final = 1_000
_ORDERS: Final = frozenset(
    {
        EntryKind.CAPTURE,
        EntryKind.CAPTURE_MORE,
        EntryKind.REFUND,
        EntryKind.DISPUTE,
        EntryKind.DISPUTE_WON,
        EntryKind.DISPUTE_LOST,
    }
)
_PAID_OUT: Final = frozenset({EntryKind.PAYOUT_SENT, EntryKind.PAYOUT_FAILED, EntryKind.RECOVERY})
"""The entries that say what orders came to; every other one moves money that is there already."""


@attrs.frozen
class Law:
    """One thing that must agree with another: `seen` says how much was compared, or what differs."""

    name: str
    holds: bool
    seen: str


@attrs.frozen
class Sums:
    """What was sold and who got it in one currency, after every refund."""

    goods: Money
    shipping: Money
    customer_paid: Money
    commission: Money
    vendor_earnings: Money
    paid_out: Money


@attrs.frozen
class Proof:
    """What a marketplace came to, by its own books, and every law with whether it holds."""

    orders: int
    vendor_orders: int
    lines: int
    units: int
    journal_entries: int
    sums: Mapping[Currency, Sums]
    laws: Sequence[Law]

    @property
    def balanced(self) -> bool:
        """Whether every law holds."""
        return all(law.holds for law in self.laws)


@attrs.define
class _Tally:
    """Minor units by what they are and by currency."""

    sums: Counter[tuple[str, Currency]] = attrs.field(factory=Counter)

    def add(self, name: str, amount: Money) -> None:
        """Count an amount."""
        self.sums[name, amount.currency] += amount.minor

    def of(self, name: str, currency: Currency) -> Money:
        """What was counted."""
        return Money(self.sums[name, currency], currency)

    def agree(self, law: str, pairs: Iterable[tuple[str, str]], currencies: Sequence[Currency]) -> Law:
        """The law that two figures of each pair are the same in every currency."""
        differences = [
            f"{self.of(one, currency)} {one}, {self.of(other, currency)} {other}"
            for one, other in pairs
            for currency in currencies
            if self.sums[one, currency] != self.sums[other, currency]
        ]
        return Law(law, not differences, "; ".join(differences) or "to the minor unit")


def prove(
    begin: Begin[PayoutsWork], vendor_ids: Sequence[VendorId], provider_has: Callable[[Currency], Money] | None = None
) -> Proof:
    """Add everything up; `vendor_ids` are all vendors, and `provider_has` tells the platform's balance at the provider."""
    tally = _Tally()
    counts, splits = _orders(begin, tally)
    entries, books = _journal(begin, tally)
    with begin() as work:
        totals = work.journal.totals()
    currencies = sorted({currency for _, currency in tally.sums}, key=lambda currency: currency.code)
    _payouts(begin, vendor_ids, tally)
    uneven = {currency: sum(total.minor for (_, own), total in totals.items() if own is currency) for currency in currencies}
    laws = [
        splits,
        *books,
        Law("the trial balance is zero", not any(uneven.values()), ", ".join(currency.code for currency in currencies)),
        tally.agree(
            "orders = journal",
            [(f"{name} by the orders", f"{name} by the journal") for name in ("paid", "earned", "commission", "tax")],
            currencies,
        ),
        tally.agree("payouts = journal", [("paid out by the payouts", "paid out by the journal")], currencies),
        _stock(begin, vendor_ids),
    ]
    if provider_has is not None:
        for currency in currencies:
            tally.add("in the journal", totals.get((AccountKind.PROCESSOR_CLEARING, currency), Money.zero(currency)))
            tally.add("at the provider", provider_has(currency))
        laws.append(tally.agree("journal = provider's balance", [("in the journal", "at the provider")], currencies))
    return Proof(
        orders=counts["orders"],
        vendor_orders=counts["vendor orders"],
        lines=counts["lines"],
        units=counts["units"],
        journal_entries=entries,
        sums={currency: _sums(tally, currency) for currency in currencies},
        laws=laws,
    )


def _sums(tally: _Tally, currency: Currency) -> Sums:
    return Sums(
        goods=tally.of("goods", currency),
        shipping=tally.of("shipping", currency),
        customer_paid=tally.of("paid by the journal", currency),
        commission=tally.of("commission by the journal", currency),
        vendor_earnings=tally.of("earned by the journal", currency),
        paid_out=tally.of("paid out by the payouts", currency),
    )


def _orders(begin: Begin[PayoutsWork], tally: _Tally) -> tuple[Counter[str], Law]:
    counts: Counter[str] = Counter()
    broken: list[str] = []
    for order in _every_order(begin):
        counts["orders"] += 1
        # An order that nobody paid brought nothing, in its currency.
        tally.add("goods", Money.zero(order.total.currency))
        for part in order.vendor_orders:
            counts["vendor orders"] += 1
            for line in part.lines:
                counts["lines"] += 1
                counts["units"] += line.quantity
                if order.state is not OrderState.PAID:
                    continue
                split = line.split
                if not split.balanced:
                    broken.append(f"line {line.number} of order {order.id}")
                tally.add("goods", line.price.goods.paid - line.refunded_goods)
                tally.add("shipping", line.price.shipping.paid - line.refunded_shipping)
                tally.add("paid by the orders", split.paid)
                tally.add("earned by the orders", split.earning)
                tally.add("commission by the orders", split.commission)
                tally.add("tax by the orders", split.commission_tax + split.tax_kept)
    seen = ", ".join(broken[:3]) or f"{counts['lines']:,} lines"
    return counts, Law("paid = earned + commission + taxes", not broken, seen)


def _every_order(begin: Begin[PayoutsWork]) -> Iterator[Order]:
    after: Place | None = None
    while True:
        with begin() as work:
            page = work.orders.page(after, _PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = (page[-1].placed_at, page[-1].id)


def _journal(begin: Begin[PayoutsWork], tally: _Tally) -> tuple[int, Sequence[Law]]:
    count, last, broken = 0, 0, list[str]()
    while True:
        with begin() as work:
            page = work.journal.entries(last, _PAGE)
        for booked in page:
            count += 1
            if not _balances(booked.entry):
                broken.append(booked.entry.fact)
            _book(booked.entry, tally)
        if len(page) < _PAGE:
            break
        last = page[-1].number
    return count, [
        Law("every journal entry balances", not broken, ", ".join(broken[:3]) or f"{count:,} entries"),
        _chain(begin, count),
    ]


def _balances(entry: Entry) -> bool:
    sums: dict[Currency, int] = {}
    for posting in entry.postings:
        sums[posting.amount.currency] = sums.get(posting.amount.currency, 0) + posting.amount.minor
    return not any(sums.values())


def _book(entry: Entry, tally: _Tally) -> None:
    """Count what an entry says of orders, and what it says of money that left for a vendor's bank."""
    for posting in entry.postings:
        kind, amount = posting.account.kind, posting.amount
        if entry.kind in _ORDERS:
            if kind in OF_A_VENDOR:
                tally.add("earned by the journal", -amount)
            elif kind in {AccountKind.COMMISSION_REVENUE, AccountKind.PLATFORM_DISCOUNTS}:
                tally.add("commission by the journal", -amount)
            elif kind in {AccountKind.COMMISSION_TAX, AccountKind.SALES_TAX}:
                tally.add("tax by the journal", -amount)
            else:
                tally.add("paid by the journal", amount)
        elif kind is AccountKind.PROCESSOR_CLEARING and entry.kind in _PAID_OUT:
            tally.add("paid out by the journal", -amount)


def _chain(begin: Begin[PayoutsWork], entries: int) -> Law:
    name = "the chain of seals verifies"
    last: Seal | None = None
    while True:
        with begin() as work:
            page = work.journal.chain(0 if last is None else last.position, _PAGE)
        if not page:
            break
        broken = verify(page, last)
        if broken is not None:
            return Law(name, holds=False, seen=f"position {broken.position}: {broken.reason}")
        last = page[-1][0]
    position, digest = (0, GENESIS) if last is None else (last.position, last.hash)
    return Law(name, position == entries, f"{position:,} of {entries:,} sealed, up to {digest[:8]}")


def _payouts(begin: Begin[PayoutsWork], vendor_ids: Sequence[VendorId], tally: _Tally) -> None:
    gone = {PayoutStatus.SENT, PayoutStatus.PAID}
    with begin() as work:
        for vendor_id in vendor_ids:
            for payout in _pages(
                lambda after, vendor_id=vendor_id: work.payouts.of_vendor(vendor_id, after, _PAGE), lambda each: each.id
            ):
                if payout.status in gone:
                    tally.add("paid out by the payouts", payout.amount - payout.recalled)


def _stock(begin: Begin[PayoutsWork], vendor_ids: Sequence[VendorId]) -> Law:
    broken: list[str] = []
    moved = 0
    with begin() as work:
        skus = [
            offer.sku
            for vendor_id in vendor_ids
            for offer in _pages(
                lambda after, vendor_id=vendor_id: work.offers.of_vendor(vendor_id, after, _PAGE), lambda each: each.sku
            )
        ]
        on_hand: Counter[Sku] = Counter()
        for item in work.stock.levels(skus):
            on_hand[item.sku] += item.on_hand
            if not 0 <= item.reserved <= item.on_hand:
                broken.append(f"{item.reserved} of {item.on_hand} {item.sku} reserved")
        for sku in skus:
            movements = list(_pages(lambda after, sku=sku: work.stock.movements(sku, after or 0, _PAGE), lambda each: each[0]))
            moved += len(movements)
            by_movements = sum(movement.quantity for _, movement in movements)
            if by_movements != on_hand[sku]:
                broken.append(f"{on_hand[sku]} {sku} on hand, {by_movements} by its movements")
    return Law("stock = movements", not broken, "; ".join(broken[:3]) or f"{len(skus):,} SKUs, {moved:,} movements")


def _pages(read: Callable[..., Sequence[T]], place: Callable[[T], object]) -> Iterator[T]:
    """Everything that `read(after)` gives page by page."""
    after: object = None
    while page := read(after):
        yield from page
        if len(page) < _PAGE:
            return
        after = place(page[-1])

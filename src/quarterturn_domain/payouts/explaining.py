"""Explaining: every figure of an order down to its rule and rounding step, and each payout down to the entries it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import OrderId, PayoutId, VendorId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payments.dispute import Dispute
from quarterturn_domain.payments.parcels import arrived
from quarterturn_domain.payments.payment import Payment
from quarterturn_domain.payments.refund import Refund
from quarterturn_domain.payouts.agreeing import facts_of
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.pricing.explain import Explanation, explain, holds
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind
from quarterturn_domain.settlement.journal import Booked, EntryKind
from quarterturn_domain.settlement.ports import Moment

_PAGE: Final = 500
_SLACK: Final = timedelta(days=1)
"""How much later an entry may be booked than the instant that it names."""


@attrs.frozen
class ExplainedLine:
    """A line of an order: every figure of its price, and what is left of it after its refunds."""

    vendor_id: VendorId
    line: OrderLine
    figures: tuple[Explanation, ...]


@attrs.frozen
class ExplainedVendor:
    """What a vendor has of an order, by the order's lines and by the journal: of one captured in parts, of what has arrived."""

    vendor_id: VendorId
    earning: Money
    commission: Money
    commission_tax: Money
    tax_kept: Money
    booked: Money
    """The vendor's part of it in the journal: pending, available and in reserve together."""

    @property
    def holds(self) -> bool:
        """Whether the journal says the same; before the money has arrived there is nothing to say."""
        return self.booked == self.earning or not self.booked


@attrs.frozen
class ExplainedOrder:
    """An order with everything that made its figures what they are."""

    order: Order
    lines: tuple[ExplainedLine, ...]
    vendors: tuple[ExplainedVendor, ...]
    payments: tuple[Payment, ...]
    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]
    entries: tuple[Booked, ...]

    @property
    def holds(self) -> bool:
        """Whether every figure follows from what is frozen, and the journal agrees."""
        return all(holds(line.figures) for line in self.lines) and all(vendor.holds for vendor in self.vendors)


@attrs.frozen
class Part:
    """An entry that a payout consists of: what it changed of what could be paid out, as the vendor sees it."""

    number: int
    kind: EntryKind
    fact: str
    order_id: OrderId | None
    amount: Money
    booked: Booked


@attrs.frozen
class ExplainedPayout:
    """A payout: everything that came and went since the claim before, which had left nothing, and what has become of it."""

    payout: Payout
    parts: tuple[Part, ...]
    entries: tuple[Booked, ...]
    """What the journal has of the payout itself: claimed, sent, failed, taken back."""

    @property
    def holds(self) -> bool:
        """Whether the parts come to the payout, to the minor unit."""
        return self.payout.amount == total((part.amount for part in self.parts), self.payout.amount.currency)


class Explain:
    """Explains orders and payouts from what is stored; nothing is asked of anybody, and nothing changes."""

    def __init__(self, work: Begin[PayoutsWork]) -> None:
        self._work = work

    def order(self, order_id: OrderId) -> ExplainedOrder:
        """The order explained; raises `NotFound`."""
        with self._work() as work:
            order = required(work.orders.find([order_id]), order_id, "order")
            entries = tuple(work.journal.of_order(order_id))
            payments = tuple(work.payments.of_order(order_id))
            here = arrived(order, payments) if any(each.captures for each in payments) else order
            return ExplainedOrder(
                order,
                tuple(
                    ExplainedLine(part.vendor_id, line, tuple(explain(line.price)))
                    for part in order.vendor_orders
                    for line in part.lines
                ),
                tuple(_vendor(here, part.vendor_id, entries) for part in order.vendor_orders),
                payments,
                tuple(work.refunds.of_order(order_id)),
                tuple(work.disputes.of_order(order_id)),
                entries,
            )

    def payout(self, payout_id: PayoutId) -> ExplainedPayout:
        """The payout explained; raises `NotFound`."""
        with self._work() as work:
            payout = required(work.payouts.find([payout_id]), payout_id, "payout")
            claim = f"payout:{payout_id}:scheduled"
            claimed = work.journal.of_facts([claim])[claim]
            after = work.journal.of_facts(facts_of(work, payout))
            own = sorted((claimed, *after.values()), key=lambda booked: booked.number)
            return ExplainedPayout(payout, self._parts(work, payout, claimed), tuple(own))

    def _parts(self, work: PayoutsWork, payout: Payout, claimed: Booked) -> tuple[Part, ...]:
        """Everything since the claim before, in the order of booking."""
        found: list[Part] = []
        place: Moment | None = (claimed.entry.at + _SLACK, 0)
        before: Booked | None = None
        while True:
            page = work.journal.latest_of_vendor(payout.vendor_id, place, _PAGE)
            for booked in page:
                amount = _available(booked, payout)
                if not amount or booked.number >= claimed.number:
                    continue
                if booked.entry.kind is EntryKind.PAYOUT and (before is None or booked.number > before.number):
                    before = booked
                found.append(Part(booked.number, booked.entry.kind, booked.entry.fact, booked.entry.order_id, amount, booked))
            # Entries are booked somewhat after the instant that they name: those near the claim before are looked at, too.
            if len(page) < _PAGE or (before is not None and page[-1].entry.at < before.entry.at - _SLACK):
                break
            place = (page[-1].entry.at, page[-1].number)
        since = 0 if before is None else before.number
        return tuple(sorted((part for part in found if part.number > since), key=lambda part: part.number))


def _available(booked: Booked, payout: Payout) -> Money:
    """What an entry changed of what could be paid out to the vendor of a payout, in its currency."""
    changed = -sum(
        posting.amount.minor
        for posting in booked.entry.postings
        if posting.account.kind is AccountKind.VENDOR_AVAILABLE
        and posting.account.vendor_id == payout.vendor_id
        and posting.amount.currency is payout.amount.currency
    )
    return Money(changed, payout.amount.currency)


def _vendor(order: Order, vendor_id: VendorId, entries: Sequence[Booked]) -> ExplainedVendor:
    split = order.vendor_order(vendor_id).split
    booked = -sum(
        posting.amount.minor
        for each in entries
        for posting in each.entry.postings
        if posting.account.vendor_id == vendor_id and posting.account.kind in OF_A_VENDOR
    )
    unit = order.total.currency
    return ExplainedVendor(vendor_id, split.earning, split.commission, split.commission_tax, split.tax_kept, Money(booked, unit))

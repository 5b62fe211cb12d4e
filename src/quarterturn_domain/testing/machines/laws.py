"""The laws of a marketplace, each a function of its picture: whatever was done to it, they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.parcels import arrived
from quarterturn_domain.payments.payment import TAKEN
from quarterturn_domain.payments.refund import RefundStatus
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind
from quarterturn_domain.settlement.journal import Entry, EntryKind
from quarterturn_domain.stock.reservation import ReservationStatus
from quarterturn_domain.testing.machines.picture import Picture

Place: TypeAlias = tuple[Sku, LocationId]


def stock_is_never_oversold(seen: Picture) -> None:
    """`0 <= reserved <= on_hand` for every item; `on_hand` sums its movements, `reserved` its held reservations."""
    moved: Counter[Place] = Counter()
    held: Counter[Place] = Counter()
    for movement in seen.movements:
        moved[movement.sku, movement.location_id] += movement.quantity
    for reservation in seen.reservations:
        if reservation.status is ReservationStatus.HELD:
            held[reservation.sku, reservation.location_id] += reservation.quantity
    for item in seen.items:
        assert 0 <= item.reserved <= item.on_hand, item
        assert moved[item.key] == item.on_hand, item
        assert held[item.key] == item.reserved, item
    keys = {item.key for item in seen.items}
    assert keys >= {key for key in (*moved, *held) if moved[key] or held[key]}, "units lie where no item is"


def the_books_balance(seen: Picture) -> None:
    """Every entry sums to zero in every currency, so does the trial balance, which is the sum of all postings; facts are unique."""
    sums: Counter[tuple[AccountKind, str]] = Counter()
    for entry in seen.entries:
        within: Counter[str] = Counter()
        for posting in entry.postings:
            within[posting.amount.currency.code] += posting.amount.minor
            sums[posting.account.kind, posting.amount.currency.code] += posting.amount.minor
        assert not any(within.values()), entry
    assert {key: minor for key, minor in sums.items() if minor} == {
        (kind, unit.code): total.minor for kind, unit, total in seen.totals if total
    }
    assert len(seen.entries) == len({entry.fact for entry in seen.entries})


def nobody_loses_a_cent(seen: Picture) -> None:
    """Of every order `paid = earning + commission + tax on commission + tax kept + refunded`, in its one currency."""
    for order in seen.orders:
        for part in order.vendor_orders:
            for line in part.lines:
                split = line.split
                assert split.balanced, line
                assert line.price.paid == split.paid + line.refunded, line
                assert split.paid == split.earning + split.commission + split.commission_tax + split.tax_kept, line
        refunded = sum((line.refunded for part in order.vendor_orders for line in part.lines), Money.zero(order.total.currency))
        assert order.total == order.split.paid + refunded, order


def vendors_have_what_they_earned(seen: Picture) -> None:
    """Pending, available and reserve of a vendor from a captured order are together the earning of its split."""
    has: Counter[tuple[OrderId, VendorId]] = Counter()
    captured = {entry.order_id for entry in seen.entries if entry.kind is EntryKind.CAPTURE}
    for entry in seen.entries:
        for posting in entry.postings:
            account = posting.account
            if account.kind in OF_A_VENDOR and account.vendor_id is not None and entry.order_id is not None:
                has[entry.order_id, account.vendor_id] -= posting.amount.minor
    for order in seen.orders:
        payments = [payment for payment in seen.payments if payment.order_id == order.id]
        for part in arrived(order, payments).vendor_orders:
            expected = part.split.earning.minor if order.id in captured else 0
            assert expected == has[order.id, part.vendor_id], (order.id, part.vendor_id)


def what_is_pending_is_an_earning(seen: Picture) -> None:
    """Of each vendor order the earning's `pending` is what the books have as pending; a released earning has nothing pending."""
    pending: Counter[tuple[OrderId, VendorId]] = Counter()
    for entry in seen.entries:
        for posting in entry.postings:
            account = posting.account
            if account.kind is AccountKind.VENDOR_PENDING and account.vendor_id is not None and entry.order_id is not None:
                pending[entry.order_id, account.vendor_id] -= posting.amount.minor
    for earning in seen.earnings:
        assert pending.pop(earning.key, 0) == earning.pending.minor, earning
        assert earning.released_at is None or not earning.pending, earning
    assert not any(pending.values()), pending


def payments_are_never_given_back_twice(seen: Picture) -> None:
    """A payment's refunds are what it says was refunded, never more than was captured, which is never more than was asked for."""
    orders = {order.id: order for order in seen.orders}
    for payment in seen.payments:
        given = _sum((each.amount for each in seen.refunds if each.payment_id == payment.id), payment.amount.currency)
        assert given == payment.refunded, payment
        assert Money.zero(given.currency) <= payment.refunded <= payment.captured <= payment.amount, payment
        assert payment.amount == orders[payment.order_id].total, payment
        assert bool(payment.captured) <= (payment.status in TAKEN), payment
    for order in seen.orders:
        booked = [entry for entry in seen.entries if entry.kind is EntryKind.CAPTURE and entry.order_id == order.id]
        assert len(booked) <= 1, "an order is paid once"
        assert not booked or order.state is OrderState.PAID, order


def what_is_under_way_is_in_the_books(seen: Picture) -> None:
    """Refunds not given back, disputes not decided and payouts not sent are what their accounts hold."""
    for unit in {unit for _, unit, _ in seen.totals}:
        balance = {kind: total for kind, currency, total in seen.totals if currency is unit}
        zero = Money.zero(unit)
        refunds = _sum((each.amount for each in seen.refunds if each.status is not RefundStatus.SUCCEEDED), unit)
        assert -refunds == balance.get(AccountKind.REFUNDS, zero), unit
        disputes = _sum((each.amount for each in seen.disputes if each.status is DisputeStatus.OPEN), unit)
        assert disputes == balance.get(AccountKind.DISPUTES, zero), unit
        waiting = {PayoutStatus.SCHEDULED, PayoutStatus.UNKNOWN}
        payouts = _sum((each.amount for each in seen.payouts if each.status in waiting), unit)
        assert -payouts == balance.get(AccountKind.PAYOUTS_IN_TRANSIT, zero), unit


def units_are_counted_once(seen: Picture) -> None:
    """Of each line `shipped + cancelled <= quantity`, `delivered <= shipped`, `returning + returned <= delivered`; parcels too."""
    for line_of, part in ((order, part) for order in seen.orders for part in order.vendor_orders):
        sent: Counter[int] = Counter()
        arrived: Counter[int] = Counter()
        for parcel in part.shipments:
            for units in parcel.units:
                sent[units.line] += units.quantity
                arrived[units.line] += units.quantity if parcel.delivered_at is not None else 0
        for line in part.lines:
            assert 0 <= line.shipped + line.cancelled <= line.quantity, (line_of.id, line)
            assert 0 <= line.delivered <= line.shipped, (line_of.id, line)
            assert 0 <= line.returning + line.returned <= line.delivered, (line_of.id, line)
            assert (sent[line.number], arrived[line.number]) == (line.shipped, line.delivered), (line_of.id, line)


def sold_units_have_left_the_shelf(seen: Picture) -> None:
    """An order that is paid holds nothing any more, and one that was given up holds nothing either."""
    states = {order.id: order.state for order in seen.orders}
    for reservation in seen.reservations:
        if reservation.status is ReservationStatus.HELD:
            assert states[reservation.order_id] is OrderState.PLACED, reservation
        if reservation.status is ReservationStatus.COMMITTED:
            assert states[reservation.order_id] is OrderState.PAID, reservation


LAWS: Final[Mapping[str, Callable[[Picture], None]]] = {
    law.__name__: law
    for law in (
        stock_is_never_oversold,
        the_books_balance,
        nobody_loses_a_cent,
        vendors_have_what_they_earned,
        what_is_pending_is_an_earning,
        payments_are_never_given_back_twice,
        what_is_under_way_is_in_the_books,
        units_are_counted_once,
        sold_units_have_left_the_shelf,
    )
}
"""Every law by its name; each raises an `AssertionError` that shows what breaks it."""


def _sum(amounts: Iterable[Money], unit: Currency) -> Money:
    return Money(sum(amount.minor for amount in amounts if amount.currency is unit), unit)


def clearing(entries: Iterable[Entry], unit: Currency) -> Money:
    """The platform's balance at the provider in one currency, as the books have it."""
    return _sum(
        (
            posting.amount
            for entry in entries
            for posting in entry.postings
            if posting.account.kind is AccountKind.PROCESSOR_CLEARING
        ),
        unit,
    )

"""The laws of orders and books, as one check of a living shop: what holds after every step of any life."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.order import Order, OrderState, OrderStatus
from quarterturn_domain.ordering.vendor_order import VendorOrderStatus
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.parcels import arrived, due
from quarterturn_domain.payments.payment import TAKEN, PaymentStatus
from quarterturn_domain.payments.refund import RefundStatus, give_back
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.reconciliation import DifferenceKind, Label, Row
from quarterturn_domain.payouts.reconciling import ReconcilePeriod
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind
from quarterturn_domain.settlement.journal import Booked, EntryKind
from quarterturn_domain.stock.reservation import ReservationStatus
from quarterturn_domain.testing.lives.living import LivingShop

_ENOUGH: Final = 10_000
_LATER: Final = timedelta(days=1)
_PLATFORM: Final = {
    AccountKind.COMMISSION_REVENUE: "charged",
    AccountKind.COMMISSION_TAX: "commission_tax",
    AccountKind.SALES_TAX: "tax_kept",
    AccountKind.PLATFORM_DISCOUNTS: "subsidy",
}
_OF_DISPUTES: Final = {EntryKind.DISPUTE, EntryKind.DISPUTE_WON, EntryKind.DISPUTE_LOST}


def prove(living: LivingShop) -> None:
    """Assert every law of orders, splits, stock, books and payouts."""
    orders = living.found()
    for order in orders:
        prove_order(order)
    with living.shop.begin() as work:
        entries = work.journal.entries(0, _ENOUGH)
        prove_books(work, entries)
        for order in orders:
            prove_order_books(work, order)
            prove_payments(work, order)
        prove_stock(work, living, orders)
        prove_refunds_owed(work, orders)
        prove_releases(living, orders, entries)
    if living.quiet:
        prove_clearing(living, entries)
        prove_captured(living, orders)
    prove_reconciliation(living)


def prove_reconciliation(living: LivingShop) -> None:
    """Whatever the journal has of the provider's balance, the provider has just so; it may lack what was not heard of yet.

    What the balance changed by there and not here is the sum of those lines, in every currency. At rest none is left but what is
    under way.
    """
    unheard: Counter[str] = Counter()

    def tell(row: Row) -> None:
        if row.what is not Label.OWN:
            net = row.line.net if row.line is not None else None
            booked = row.booking.amount - row.booking.fee if row.booking is not None else None
            for amount, sign in ((net, 1), (booked, -1)):
                if amount is not None:
                    unheard[amount.currency.code] += amount.minor * sign

    found = living.shop.reconcile(ReconcilePeriod(until=living.now + _LATER), tell)
    kinds = {difference.kind for difference in found.differences}
    assert kinds <= {DifferenceKind.MISSING_HERE, DifferenceKind.TIMING}, found.differences
    assert not (living.quiet and found.unexplained), found.unexplained
    for code in {*found.there, *found.here}:
        there, here, own = (each[code].minor if code in each else 0 for each in (found.there, found.here, found.own))
        assert there - own - here == unheard[code], f"{code}: {there} there, {own} of it the platform's own, {here} here"


def prove_order(order: Order) -> None:
    """What the customer paid is with somebody, to the minor unit; counters are within bounds; the status is what it should be."""
    refunded = Money.zero(order.total.currency)
    for part in order.vendor_orders:
        for line in part.lines:
            assert line.split.balanced, f"{line.number} of {order.id} is not balanced"
            assert line.paid == line.split.paid + line.refunded
            parties = (line.split.earning, line.split.charged, line.split.commission_tax, line.split.tax_kept, line.split.subsidy)
            assert min(each.minor for each in parties) >= 0, f"somebody has less than nothing of {order.id}: {line.split}"
            assert min(line.shipped, line.delivered, line.cancelled, line.returning, line.returned) >= 0
            assert line.shipped + line.cancelled <= line.quantity
            assert line.delivered <= line.shipped
            assert line.returning + line.returned <= line.delivered
            refunded += line.refunded
        assert (part.delivered_at is not None) == (part.status is VendorOrderStatus.DELIVERED)
    split = order.split
    assert order.total == split.earning + split.commission + split.commission_tax + split.tax_kept + refunded
    assert status_of(order) is order.status


def status_of(order: Order) -> OrderStatus:
    """The status of an order, worked out slowly from its units."""
    if order.state is not OrderState.PAID:
        return {
            OrderState.PLACED: OrderStatus.AWAITING_PAYMENT,
            OrderState.EXPIRED: OrderStatus.EXPIRED,
            OrderState.CANCELLED: OrderStatus.CANCELLED,
        }[order.state]
    going = [part for part in order.vendor_orders if any(line.cancelled < line.quantity for line in part.lines)]
    if not going:
        return OrderStatus.CANCELLED
    gone = [all(not line.unshipped for line in part.lines) for part in going]
    here = [all(line.delivered == line.quantity - line.cancelled for line in part.lines) for part in going]
    if all(here):
        return OrderStatus.DELIVERED
    if all(gone):
        return OrderStatus.PARTIALLY_DELIVERED if any(here) else OrderStatus.SHIPPED
    if any(line.shipped for part in going for line in part.lines):
        return OrderStatus.PARTIALLY_SHIPPED
    begun = [part for part in going if part.status is VendorOrderStatus.PROCESSING]
    return OrderStatus.PROCESSING if begun else OrderStatus.CONFIRMED


def prove_books(work: PayoutsWork, entries: Sequence[Booked]) -> None:
    """Every entry balances, every fact is booked once, and all accounts together are zero in every currency."""
    for booked in entries:
        sums: Counter[Currency] = Counter()
        for posting in booked.entry.postings:
            sums[posting.amount.currency] += posting.amount.minor
        assert not any(sums.values()), f"{booked.entry.fact} does not balance"
    assert len({booked.entry.fact for booked in entries}) == len(entries)
    trial: Counter[Currency] = Counter()
    for (_, currency), money in work.journal.totals().items():
        trial[currency] += money.minor
    assert not any(trial.values()), f"the trial balance is {trial}"


def prove_order_books(work: PayoutsWork, order: Order) -> None:
    """What the books say of a paid order is what its split says: vendor by vendor, and party by party."""
    booked = work.journal.of_order(order.id)
    captured = any(each.entry.kind is EntryKind.CAPTURE for each in booked)
    for part in arrived(order, work.payments.of_order(order.id)).vendor_orders:
        sums: Counter[AccountKind] = Counter()
        for each in booked:
            for posting in each.entry.postings:
                if posting.account.vendor_id == part.vendor_id:
                    sums[posting.account.kind] += posting.amount.minor
        owned = -sum(sums[kind] for kind in OF_A_VENDOR)
        expected = part.split.earning.minor if captured else 0
        assert expected == owned, f"{part.vendor_id} has {owned} of {order.id} in the books, and {expected} in the order"
        for kind, name in _PLATFORM.items():
            expected = getattr(part.split, name).minor * (1 if name == "subsidy" else -1) if captured else 0
            assert expected == sums[kind], f"{kind} has {sums[kind]} of {order.id}, and the order says {expected}"


def prove_payments(work: PayoutsWork, order: Order) -> None:
    """No payment gives back more than has arrived; what is left of it is what is left of its order; each part is held once.

    What the vendors have in reserve by disputes is what they would lose if every open dispute of the order were lost.
    """
    booked = work.journal.of_order(order.id)
    captures = {each.entry.fact for each in booked if each.entry.kind is EntryKind.CAPTURE}
    disputes = [each for each in work.disputes.of_order(order.id) if each.status is DisputeStatus.OPEN]
    disputed = {each.payment_id for each in disputes}
    for payment in work.payments.of_orders([order.id]).get(order.id, ()):
        # It may have arrived in a wrong currency: then nothing of it has gone.
        gone = payment.refunded + payment.lost
        assert min(payment.refunded.minor, payment.lost.minor) >= 0, payment
        assert not gone or gone <= payment.captured, payment
        assert (payment.status is PaymentStatus.DISPUTED) == (payment.id in disputed), payment
        assert not payment.waiting or payment.in_parts, payment
        assert not payment.asked or payment.in_parts, payment
        assert not payment.in_parts or payment.uncaptured == payment.capturable, payment
        if f"payment:{payment.id}:captured" in captures:
            paid = arrived(order, [payment]).split.paid
            assert paid == payment.refundable, f"{paid} has arrived and is left of {order.id}, of its payment otherwise"
    _, parts, _ = give_back(arrived(order, work.payments.of_order(order.id)), [line for each in disputes for line in each.lines])
    expected = Counter({part.vendor_id: part.split.earning.minor for part in parts if part.split.earning})
    reserve: Counter[VendorId] = Counter()
    for posting in (posting for each in booked if each.entry.kind in _OF_DISPUTES for posting in each.entry.postings):
        if posting.account.kind is AccountKind.VENDOR_RESERVE and posting.account.vendor_id is not None:
            reserve[posting.account.vendor_id] -= posting.amount.minor
    held = {vendor_id: minor for vendor_id, minor in reserve.items() if minor}
    assert expected == held, f"{held} is held of {order.id}, and {expected} is disputed"


def prove_captured(living: LivingShop, orders: Sequence[Order]) -> None:
    """At rest nothing has left that an authorisation in parts was not captured for, unless its bank has some of it back."""
    with living.shop.begin() as work:
        for order in orders:
            for payment in work.payments.of_order(order.id):
                if payment.in_parts and payment.status is not PaymentStatus.DISPUTED:
                    assert not payment.asked, payment
                    assert not [each for each in due(order, payment) if each], payment
                    assert payment.waiting or not payment.captures, payment


def prove_stock(work: PayoutsWork, living: LivingShop, orders: Sequence[Order]) -> None:
    """Reserved is what is held, and nothing is held for an order that has ended; nothing was sold that was not there."""
    held: Counter[str] = Counter()
    for order in orders:
        for reservation in work.stock.lock_orders([order.id]).reservations.get(order.id, ()):
            if reservation.status is ReservationStatus.HELD:
                assert order.state is OrderState.PLACED, f"{order.id} is {order.state} and still holds {reservation}"
                held[reservation.sku] += reservation.quantity
    for item in work.stock.levels([goods.sku for goods in living.life.goods]):
        assert 0 <= item.reserved <= item.on_hand
        assert held[item.sku] == item.reserved


def prove_refunds_owed(work: PayoutsWork, orders: Sequence[Order]) -> None:
    """What is owed to customers is every refund that has not arrived, and money that waits for a person."""
    owed: Counter[Currency] = Counter()
    for order in orders:
        for refund in work.refunds.of_order(order.id):
            if refund.status is not RefundStatus.SUCCEEDED:
                owed[refund.amount.currency] += refund.amount.minor
        for payment in work.payments.of_orders([order.id]).get(order.id, ()):
            if payment.quarantine is not None and payment.status in TAKEN:
                owed[payment.captured.currency] += payment.captured.minor - payment.refunded.minor
    for (kind, currency), money in work.journal.totals().items():
        if kind is AccountKind.REFUNDS:
            assert owed[currency] == -money.minor, (
                f"{-money} is owed to customers in the books, and {owed[currency]} by the refunds"
            )


def prove_releases(living: LivingShop, orders: Sequence[Order], entries: Sequence[Booked]) -> None:
    """No earning was released before its vendor order had arrived and its hold was over; a claim never left a debt."""
    delivered = {(order.id, part.vendor_id): part.delivered_at for order in orders for part in order.vendor_orders}
    available: Counter[tuple[object, Currency]] = Counter()
    for booked in entries:
        entry = booked.entry
        for posting in entry.postings:
            if posting.account.kind is not AccountKind.VENDOR_AVAILABLE:
                continue
            assert posting.account.vendor_id is not None
            whose = (posting.account.vendor_id, posting.amount.currency)
            available[whose] -= posting.amount.minor
            if entry.kind in {EntryKind.RELEASE, EntryKind.CAPTURE, EntryKind.CAPTURE_MORE} and entry.order_id is not None:
                arrived = delivered[entry.order_id, posting.account.vendor_id]
                assert arrived is not None, f"{entry.fact} before the delivery"
                assert entry.at >= arrived + living.life.payout_terms.hold, f"{entry.fact} before its time"
            if entry.kind is EntryKind.PAYOUT:
                assert available[whose] == 0, f"{entry.fact} has claimed something else than what was available"


def prove_clearing(living: LivingShop, entries: Sequence[Booked]) -> None:
    """At rest the books and the provider agree on what the platform has there.

    A refund leaves the books when it has arrived; what is under way has left the provider's balance before.
    """
    clearing: Counter[Currency] = Counter()
    with living.shop.begin() as work:
        for refund in (refund for order_id in dict.fromkeys(living.orders) for refund in work.refunds.of_order(order_id)):
            if refund.status is RefundStatus.SENT:
                clearing[refund.amount.currency] -= refund.amount.minor
    for booked in entries:
        for posting in booked.entry.postings:
            if posting.account.kind is AccountKind.PROCESSOR_CLEARING:
                clearing[posting.amount.currency] += posting.amount.minor
    for currency in {goods.price.currency for goods in living.life.goods}:
        has = living.outside.balance(currency)
        assert has.minor == clearing[currency], f"the provider has {has}, the books say {Money(clearing[currency], currency)}"

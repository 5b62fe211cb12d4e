"""The picture: everything that can be read of a marketplace, in an order that does not depend on the adapter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import Sku, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.return_ import Return
from quarterturn_domain.payments.dispute import Dispute
from quarterturn_domain.payments.payment import Payment
from quarterturn_domain.payments.refund import Refund
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.journal import Entry
from quarterturn_domain.stock.movement import Movement
from quarterturn_domain.stock.reservation import Reservation
from quarterturn_domain.stock.stock_item import StockItem

_ALL: Final = 100_000


@attrs.frozen
class Picture:
    """What there is, each kind in an order of its own."""

    items: tuple[StockItem, ...]
    movements: tuple[Movement, ...]
    reservations: tuple[Reservation, ...]
    orders: tuple[Order, ...]
    returns: tuple[Return, ...]
    payments: tuple[Payment, ...]
    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]
    earnings: tuple[Earning, ...]
    entries: tuple[Entry, ...]
    totals: tuple[tuple[AccountKind, Currency, Money], ...]
    owing: tuple[tuple[VendorId, Money], ...]
    payouts: tuple[Payout, ...]
    events: tuple[Event, ...]


def picture(begin: Begin[PayoutsWork], *, skus: Sequence[Sku], vendors: Iterable[VendorId]) -> Picture:
    """The picture of a marketplace that sells these SKUs of these vendors."""
    with begin() as work:
        orders = tuple(work.orders.page(None, _ALL))
        ids = [order.id for order in orders]
        held = work.stock.lock_orders(ids).reservations
        payments = work.payments.of_orders(ids)
        keys = sorted((order.id, part.vendor_id) for order in orders for part in order.vendor_orders)
        earnings = work.earnings.find(keys)
        totals = work.journal.totals()
        return Picture(
            items=tuple(work.stock.levels(skus)),
            movements=tuple(movement for sku in skus for _, movement in work.stock.movements(sku, 0, _ALL)),
            reservations=tuple(sorted((each for some in held.values() for each in some), key=lambda each: each.key)),
            orders=orders,
            returns=tuple(each for order_id in ids for each in work.returns.of_order(order_id)),
            payments=tuple(payment for order_id in ids for payment in payments.get(order_id, ())),
            refunds=tuple(refund for order_id in ids for refund in work.refunds.of_order(order_id)),
            disputes=tuple(dispute for order_id in ids for dispute in work.disputes.of_order(order_id)),
            earnings=tuple(earnings[key] for key in keys if key in earnings),
            entries=tuple(booked.entry for booked in work.journal.entries(0, _ALL)),
            totals=tuple((kind, unit, totals[kind, unit]) for kind, unit in sorted(totals, key=_by_code)),
            owing=tuple(work.journal.owing(None, _ALL)),
            payouts=tuple(payout for vendor in vendors for payout in work.payouts.of_vendor(vendor, None, _ALL)),
            events=tuple(message.event for message in work.outbox.pending(_ALL)),
        )


def _by_code(key: tuple[AccountKind, Currency]) -> tuple[str, str]:
    return (key[0].value, key[1].code)

"""Posting: the books follow payments, refunds and disputes in the very transaction that records them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from quarterturn_domain.kernel.batch import Draft
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.events import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentCaptured,
    PaymentClaimed,
    PaymentUnclaimed,
    RefundBounced,
    RefundCovered,
    RefundRequested,
    RefundSucceeded,
    VendorPart,
)
from quarterturn_domain.settlement import bookings
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.journal import Entry
from quarterturn_domain.settlement.ports import SettlementWork

Posted: TypeAlias = (
    PaymentCaptured
    | PaymentClaimed
    | PaymentUnclaimed
    | RefundRequested
    | RefundSucceeded
    | RefundBounced
    | RefundCovered
    | DisputeOpened
    | DisputeWon
    | DisputeLost
)

POSTED: Final[tuple[type[Event], ...]] = (
    PaymentCaptured,
    PaymentClaimed,
    PaymentUnclaimed,
    RefundRequested,
    RefundSucceeded,
    RefundBounced,
    RefundCovered,
    DisputeOpened,
    DisputeWon,
    DisputeLost,
)
"""The events that are booked."""


def post(work: SettlementWork, events: Sequence[Posted]) -> None:
    """The reaction that books: an entry for each fact, and the earnings that it changed, each kind in one write."""
    earnings = Draft(work.earnings.lock({(event.order_id, part.vendor_id) for event in events for part in _parts(event)}))
    entries = [entry for event in events for entry in _booked(event, earnings)]
    earnings.record(work, work.earnings)
    work.journal.append(entries)


def _booked(event: Posted, earnings: Draft[tuple[OrderId, VendorId], Earning]) -> Iterator[Entry]:
    known = {
        (event.order_id, part.vendor_id): earning
        for part in _parts(event)
        if (earning := earnings.get((event.order_id, part.vendor_id)))
    }
    if isinstance(event, (PaymentCaptured, PaymentClaimed)):
        yield bookings.captured(event, known) if isinstance(event, PaymentCaptured) else bookings.claimed(event, known)
        for part in event.parts:
            earned = part.split.earning
            earning = Earning(event.order_id, part.vendor_id, earned, Money.zero(earned.currency))
            before = known.get(earning.key)
            # It is known before when goods arrived before their payment was captured.
            earnings.put(earning.key, earning if before is None else before.change(earned))
        return
    if isinstance(event, RefundRequested):
        if event.parts:
            yield bookings.refund_requested(event, known)
        sign = -1
    elif isinstance(event, DisputeOpened):
        yield bookings.dispute_opened(event, known)
        sign = -1
    elif isinstance(event, DisputeWon):
        yield bookings.dispute_won(event, known)
        sign = 1
    else:
        yield _plain(event)
        return
    for part in event.parts:
        earnings.put((event.order_id, part.vendor_id), known[event.order_id, part.vendor_id].change(part.split.earning * sign))


def _plain(event: PaymentUnclaimed | RefundSucceeded | RefundBounced | RefundCovered | DisputeLost) -> Entry:
    if isinstance(event, PaymentUnclaimed):
        return bookings.unclaimed(event)
    if isinstance(event, RefundSucceeded):
        return bookings.refund_succeeded(event)
    if isinstance(event, RefundBounced):
        return bookings.refund_bounced(event)
    if isinstance(event, RefundCovered):
        return bookings.refund_covered(event)
    return bookings.dispute_lost(event)


def _parts(event: Posted) -> Sequence[VendorPart]:
    return () if isinstance(event, (PaymentUnclaimed, RefundSucceeded, RefundBounced, RefundCovered)) else event.parts

"""Releasing: an earning can be had when its vendor order has arrived and its hold period is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.events import VendorOrderDelivered
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.settlement.bookings import moved
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.events import EarningReleased, ReserveReleased
from quarterturn_domain.settlement.journal import Entry, EntryKind

_BATCH: Final = 500


class SetPayoutTerms:
    """Sets how a vendor, or every vendor without terms of its own, is paid."""

    def __init__(self, work: Begin[PayoutsWork]) -> None:
        self._work = work

    def __call__(self, terms: PayoutTerms) -> None:
        """Put `terms` in force; earnings that are due already keep their time."""
        with self._work() as work:
            work.payout_terms.set(terms)


def start_hold(work: PayoutsWork, events: Sequence[VendorOrderDelivered]) -> None:
    """The reaction to a delivery: the hold period of the vendor's earning begins.

    Goods may arrive before their payment is captured: then the earning is known from now on, and what it is comes with the capture.
    """
    terms = work.payout_terms.of({event.vendor_id for event in events})
    earnings = work.earnings.lock({(event.order_id, event.vendor_id) for event in events})
    due = {(event.order_id, event.vendor_id): event.at + terms[event.vendor_id].hold for event in events}
    work.earnings.save(earning.delivered(due[key]) for key, earning in earnings.items())
    if early := {key: due_at for key, due_at in due.items() if key not in earnings}:
        orders = work.orders.find({order_id for order_id, _ in early})
        nothing = {order_id: Money.zero(order.total.currency) for order_id, order in orders.items()}
        work.earnings.add(Earning(*key, nothing[key[0]], nothing[key[0]], due_at) for key, due_at in early.items())


class ReleaseEarnings:
    """Releases what is due: earnings, less a rolling reserve, and reserves whose time is over."""

    def __init__(self, work: Begin[PayoutsWork], clock: Clock) -> None:
        self._work = work
        self._clock = clock

    def __call__(self, limit: int = _BATCH) -> int:
        """How many earnings and reserves were released, at most `limit` of each; fewer than `limit` mean that no more are due."""
        at = self._clock.now()
        with self._work() as work:
            due = work.earnings.due(at, limit)
            terms = work.payout_terms.of({earning.vendor_id for earning in due})
            changed: list[Earning] = []
            entries: list[Entry] = []
            facts: list[Event] = []
            for earning in due:
                own = terms[earning.vendor_id]
                keep = own.reserve.of(earning.pending) if earning.pending.minor > 0 else Money.zero(earning.pending.currency)
                after, available = earning.release(reserved=keep, reserve_until=at + own.reserve_for, at=at)
                changed.append(after)
                entries.append(
                    moved(
                        f"earning:{earning.order_id}:{earning.vendor_id}:released",
                        EntryKind.RELEASE,
                        [
                            (AccountKind.VENDOR_PENDING, earning.pending),
                            (AccountKind.VENDOR_AVAILABLE, -available),
                            (AccountKind.VENDOR_RESERVE, -keep),
                        ],
                        earning.vendor_id,
                        at=at,
                        order_id=earning.order_id,
                    )
                )
                facts.append(
                    EarningReleased(
                        order_id=earning.order_id,
                        vendor_id=earning.vendor_id,
                        available=available,
                        reserved=keep,
                        reserve_until=after.reserve_until,
                        at=at,
                    )
                )
            kept = work.earnings.reserves_due(at, limit)
            for earning in kept:
                after, amount = earning.release_reserve()
                changed.append(after)
                entries.append(
                    moved(
                        f"earning:{earning.order_id}:{earning.vendor_id}:reserve_released",
                        EntryKind.RESERVE_RELEASE,
                        [(AccountKind.VENDOR_RESERVE, amount), (AccountKind.VENDOR_AVAILABLE, -amount)],
                        earning.vendor_id,
                        at=at,
                        order_id=earning.order_id,
                    )
                )
                facts.append(ReserveReleased(order_id=earning.order_id, vendor_id=earning.vendor_id, amount=amount, at=at))
            work.earnings.save(changed)
            work.journal.append(entries)
            work.outbox.append(facts)
        return max(len(due), len(kept))

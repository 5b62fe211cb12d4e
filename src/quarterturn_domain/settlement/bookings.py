"""Bookings: which entry each business fact makes; pure, and the only place that knows debit from credit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

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
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.journal import Entry, EntryKind

Earnings: TypeAlias = Mapping[tuple[OrderId, VendorId], Earning]

_NONE: Final[Earnings] = MappingProxyType({})
_CLEARING = LedgerAccount(AccountKind.PROCESSOR_CLEARING)
_FEES = LedgerAccount(AccountKind.PROCESSOR_FEES)
_REFUNDS = LedgerAccount(AccountKind.REFUNDS)
_DISPUTES = LedgerAccount(AccountKind.DISPUTES)
_WRITE_OFFS = LedgerAccount(AccountKind.WRITE_OFFS)


def captured(event: PaymentCaptured, earnings: Earnings = _NONE) -> Entry:
    """The customer's money has arrived and everybody has their part of it; `earnings` are those that were known before.

    An order is captured once; what arrives later of an authorisation that is captured in parts is another kind of entry.
    """
    postings = [(_CLEARING, event.amount), *_fee(event.fee)]
    for part in event.parts:
        earning = earnings.get((event.order_id, part.vendor_id))
        where = AccountKind.VENDOR_PENDING if earning is None else earning.where
        postings.append((LedgerAccount(where, part.vendor_id), -part.split.earning))
        postings += _platform(part, sign=-1)
    kind = EntryKind.CAPTURE if event.number == 1 else EntryKind.CAPTURE_MORE
    fact = f"payment:{event.payment_id}:captured{_again(event.number - 1)}"
    return Entry.of(fact, kind, postings, at=event.at, order_id=event.order_id)


def unclaimed(event: PaymentUnclaimed) -> Entry:
    """Money has arrived that is owed back to the customer."""
    postings = [(_CLEARING, event.amount), (_REFUNDS, -event.amount), *_fee(event.fee)]
    fact = f"payment:{event.payment_id}:unclaimed{_again(event.number - 1)}"
    return Entry.of(fact, EntryKind.UNCLAIMED, postings, at=event.at)


def claimed(event: PaymentClaimed, earnings: Earnings = _NONE) -> Entry:
    """Money that was owed back to the customer is the order's, and everybody has their part of it."""
    postings = [(_REFUNDS, event.amount)]
    for part in event.parts:
        earning = earnings.get((event.order_id, part.vendor_id))
        where = AccountKind.VENDOR_PENDING if earning is None else earning.where
        postings.append((LedgerAccount(where, part.vendor_id), -part.split.earning))
        postings += _platform(part, sign=-1)
    return Entry.of(f"payment:{event.payment_id}:claimed", EntryKind.CAPTURE, postings, at=event.at, order_id=event.order_id)


def refund_covered(event: RefundCovered) -> Entry:
    """The customer has the money by a lost dispute, which the platform has written off: it is not owed once more."""
    postings = [(_REFUNDS, event.amount), (_WRITE_OFFS, -event.amount)]
    return Entry.of(f"refund:{event.refund_id}:succeeded{_again(event.bounces)}", EntryKind.REFUND_PAID, postings, at=event.at)


def refund_requested(event: RefundRequested, earnings: Earnings) -> Entry:
    """Everybody gives back their part, and the customer is owed it."""
    postings = [(_REFUNDS, -event.amount)]
    for part in event.parts:
        earning = earnings[event.order_id, part.vendor_id]
        postings.append((LedgerAccount(earning.where, part.vendor_id), part.split.earning))
        postings += _platform(part, sign=1)
    return Entry.of(f"refund:{event.refund_id}:requested", EntryKind.REFUND, postings, at=event.at, order_id=event.order_id)


def refund_succeeded(event: RefundSucceeded) -> Entry:
    """The customer has the money back."""
    postings = [(_REFUNDS, event.amount), (_CLEARING, -event.amount)]
    return Entry.of(f"refund:{event.refund_id}:succeeded{_again(event.bounces)}", EntryKind.REFUND_PAID, postings, at=event.at)


def refund_bounced(event: RefundBounced) -> Entry:
    """The customer's bank has sent the money back, and the customer is owed it again: the payment of it is reversed."""
    postings = [(_REFUNDS, -event.amount), (_CLEARING, event.amount)]
    return Entry.of(f"refund:{event.refund_id}:bounced{_again(event.times - 1)}", EntryKind.REVERSAL, postings, at=event.at)


def dispute_opened(event: DisputeOpened, earnings: Earnings) -> Entry:
    """The bank has taken the money, and the vendors' parts of it are held."""
    postings = [(_DISPUTES, event.amount), (_CLEARING, -event.amount), *_fee(event.fee)]
    for part in event.parts:
        earning = earnings[event.order_id, part.vendor_id]
        postings.append((LedgerAccount(earning.where, part.vendor_id), part.split.earning))
        postings.append((LedgerAccount(AccountKind.VENDOR_RESERVE, part.vendor_id), -part.split.earning))
    return Entry.of(f"dispute:{event.dispute_id}:opened", EntryKind.DISPUTE, postings, at=event.at, order_id=event.order_id)


def dispute_won(event: DisputeWon, earnings: Earnings) -> Entry:
    """The bank has given the money back, and the vendors have theirs again."""
    postings = [(_DISPUTES, -event.amount), (_CLEARING, event.amount), *_fee(-event.fee_returned)]
    for part in event.parts:
        earning = earnings[event.order_id, part.vendor_id]
        postings.append((LedgerAccount(AccountKind.VENDOR_RESERVE, part.vendor_id), part.split.earning))
        postings.append((LedgerAccount(earning.where, part.vendor_id), -part.split.earning))
    return Entry.of(f"dispute:{event.dispute_id}:won", EntryKind.DISPUTE_WON, postings, at=event.at, order_id=event.order_id)


def dispute_lost(event: DisputeLost) -> Entry:
    """Everybody loses their part; what nobody had any more is the platform's loss."""
    postings = [(_DISPUTES, -event.amount)]
    uncovered = event.amount
    for part in event.parts:
        postings.append((LedgerAccount(AccountKind.VENDOR_RESERVE, part.vendor_id), part.split.earning))
        postings += _platform(part, sign=1)
        uncovered -= part.split.paid
    postings.append((_WRITE_OFFS, uncovered))
    return Entry.of(f"dispute:{event.dispute_id}:lost", EntryKind.DISPUTE_LOST, postings, at=event.at, order_id=event.order_id)


def moved(
    fact: str,
    kind: EntryKind,
    amounts: Iterable[tuple[AccountKind, Money]],
    vendor_id: VendorId,
    *,
    at: datetime,
    order_id: OrderId | None = None,
) -> Entry:
    """Money of one vendor moved between accounts: each amount as it changes the account of its kind."""
    owned = {AccountKind.PROCESSOR_CLEARING}
    postings = [(LedgerAccount(account, None if account in owned else vendor_id), amount) for account, amount in amounts]
    return Entry.of(fact, kind, postings, at=at, order_id=order_id)


def _platform(part: VendorPart, *, sign: int) -> Iterator[tuple[LedgerAccount, Money]]:
    """What of a part is not the vendor's: `sign` is -1 when it comes in and 1 when it goes back."""
    split, vendor_id = part.split, part.vendor_id
    yield LedgerAccount(AccountKind.COMMISSION_REVENUE, vendor_id), split.charged * sign
    yield LedgerAccount(AccountKind.PLATFORM_DISCOUNTS, vendor_id), split.subsidy * -sign
    yield LedgerAccount(AccountKind.COMMISSION_TAX, vendor_id), split.commission_tax * sign
    yield LedgerAccount(AccountKind.SALES_TAX, vendor_id), split.tax_kept * sign


def _again(before: int) -> str:
    """How a fact is told from those of its kind `before` it, since each is booked once."""
    return f":{before + 1}" if before else ""


def _fee(fee: Money) -> list[tuple[LedgerAccount, Money]]:
    return [(_FEES, fee), (_CLEARING, -fee)]

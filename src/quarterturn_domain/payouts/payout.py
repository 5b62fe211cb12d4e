"""A payout: a vendor's available balance in one currency, claimed once and on its way to the vendor's bank."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs

from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payouts.events import PayoutMoved


class PayoutStatus(StrEnum):
    """How far the money has come."""

    SCHEDULED = "scheduled"
    UNKNOWN = "unknown"
    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


PAYOUT: Final = StateMachine(
    "payout",
    initial=PayoutStatus.SCHEDULED,
    table={
        PayoutStatus.SCHEDULED: {
            "send": PayoutStatus.SENT,
            "lose_sight": PayoutStatus.UNKNOWN,
            "fail": PayoutStatus.FAILED,
        },
        # Unknown is never failed: it is looked up at the provider before anything is repeated.
        PayoutStatus.UNKNOWN: {"send": PayoutStatus.SENT, "lose_sight": PayoutStatus.UNKNOWN, "fail": PayoutStatus.FAILED},
        PayoutStatus.SENT: {"pay": PayoutStatus.PAID, "fail": PayoutStatus.FAILED, "return": PayoutStatus.RETURNED},
        PayoutStatus.PAID: {"return": PayoutStatus.RETURNED},
        PayoutStatus.FAILED: {},
        PayoutStatus.RETURNED: {},
    },
)


@attrs.frozen(kw_only=True)
class Payout:
    """`amount` for a vendor's connected `account`, claimed by the run `run_id`.

    `transfer` and `reference` are the provider's names for its two legs; `recalled` is what of the transfer was taken back since,
    to cover what the vendor owes.
    """

    id: PayoutId
    run_id: UUID
    vendor_id: VendorId
    account: str
    amount: Money
    recalled: Money
    scheduled_at: datetime
    status: PayoutStatus = PAYOUT.initial
    transfer: str | None = None
    reference: str | None = None
    failure: str | None = None

    @property
    def reversible(self) -> Money:
        """What of its transfer can still be taken back; of one whose outcome is not known, nothing."""
        left = self.status in {PayoutStatus.SENT, PayoutStatus.PAID} and self.transfer is not None
        return self.amount - self.recalled if left else Money.zero(self.amount.currency)

    def move(self, act: str, *, reason: str = "", at: datetime) -> tuple[Payout, PayoutMoved]:
        """The payout after `send`, `lose_sight`, `pay`, `fail` or `return`."""
        after = PAYOUT.next(self.status, act)
        fact = PayoutMoved(
            payout_id=self.id,
            vendor_id=self.vendor_id,
            amount=self.amount,
            act=act,
            status=after.value,
            reason=reason,
            at=at,
        )
        return attrs.evolve(self, status=after, failure=reason or self.failure), fact

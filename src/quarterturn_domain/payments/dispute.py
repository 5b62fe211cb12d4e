"""A dispute: the customer's bank takes the money back for now, and decides later."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.refund import LineRefund


class DisputeStatus(StrEnum):
    """What the bank has decided."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


DISPUTE: Final = StateMachine(
    "dispute",
    initial=DisputeStatus.OPEN,
    table={
        DisputeStatus.OPEN: {"win": DisputeStatus.WON, "lose": DisputeStatus.LOST},
        DisputeStatus.WON: {},
        DisputeStatus.LOST: {},
    },
)


@attrs.frozen(kw_only=True)
class Dispute:
    """`amount` of a payment, spread over the order's `lines`; evidence has to be with the provider at `evidence_due_at`.

    That this is soon was told at `reminded_at`.
    """

    id: DisputeId
    payment_id: PaymentId
    order_id: OrderId
    reference: str
    amount: Money
    fee: Money
    lines: tuple[LineRefund, ...]
    opened_at: datetime
    evidence_due_at: datetime | None = None
    status: DisputeStatus = DISPUTE.initial
    reminded_at: datetime | None = None

    def move(self, act: str) -> Dispute:
        """The dispute after `win` or `lose`."""
        return attrs.evolve(self, status=DISPUTE.next(self.status, act))

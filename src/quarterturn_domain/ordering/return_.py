"""A return: units that a customer sends back after they were delivered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import OrderId, ReturnId, VendorId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.ordering.events import ReturnDecided, Units


class ReturnStatus(StrEnum):
    """How far the return has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    RECEIVED = "received"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


RETURN: Final = StateMachine(
    "return",
    initial=ReturnStatus.REQUESTED,
    table={
        ReturnStatus.REQUESTED: {
            "approve": ReturnStatus.APPROVED,
            "reject": ReturnStatus.REJECTED,
            "withdraw": ReturnStatus.WITHDRAWN,
        },
        ReturnStatus.APPROVED: {"receive": ReturnStatus.RECEIVED, "withdraw": ReturnStatus.WITHDRAWN},
        ReturnStatus.RECEIVED: {},
        ReturnStatus.REJECTED: {},
        ReturnStatus.WITHDRAWN: {},
    },
)


@attrs.frozen
class Return:
    """Units of one vendor order on their way back."""

    id: ReturnId
    order_id: OrderId
    vendor_id: VendorId
    units: tuple[Units, ...]
    reason: str
    requested_at: datetime
    status: ReturnStatus = RETURN.initial

    def move(self, act: str, *, at: datetime) -> tuple[Return, ReturnDecided]:
        """The return after `approve`, `reject`, `withdraw` or `receive`."""
        after = RETURN.next(self.status, act)
        fact = ReturnDecided(
            return_id=self.id, order_id=self.order_id, vendor_id=self.vendor_id, act=act, status=after.value, at=at
        )
        return attrs.evolve(self, status=after), fact

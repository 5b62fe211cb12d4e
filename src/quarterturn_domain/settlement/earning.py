"""An earning: what a vendor has earned with one vendor order, and when it can be had."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chart import AccountKind


@attrs.frozen
class Earning:
    """`pending` is earned and not released; it can be released from `due_at` on, and was at `released_at`.

    Of a released earning `reserved` is kept back until `reserve_until`.
    """

    order_id: OrderId
    vendor_id: VendorId
    pending: Money
    reserved: Money
    due_at: datetime | None = None
    released_at: datetime | None = None
    reserve_until: datetime | None = None

    @property
    def key(self) -> tuple[OrderId, VendorId]:
        """What makes it one."""
        return (self.order_id, self.vendor_id)

    @property
    def where(self) -> AccountKind:
        """The account from which the vendor gives back, or to which it gets more, now."""
        return AccountKind.VENDOR_PENDING if self.released_at is None else AccountKind.VENDOR_AVAILABLE

    def change(self, amount: Money) -> Earning:
        """Earn `amount` more, or with a negative amount less; after the release that is between the accounts alone."""
        return self if self.released_at is not None else attrs.evolve(self, pending=self.pending + amount)

    def delivered(self, due_at: datetime) -> Earning:
        """The vendor order has arrived: the earning can be released from `due_at` on."""
        return self if self.due_at is not None else attrs.evolve(self, due_at=due_at)

    def release(self, *, reserved: Money, reserve_until: datetime | None, at: datetime) -> tuple[Earning, Money]:
        """The earning released, keeping `reserved` back until then; and what can be had at once."""
        assert self.released_at is None
        assert self.due_at is not None
        available = self.pending - reserved
        after = attrs.evolve(
            self,
            pending=Money.zero(self.pending.currency),
            reserved=reserved,
            released_at=at,
            reserve_until=reserve_until if reserved else None,
        )
        return after, available

    def release_reserve(self) -> tuple[Earning, Money]:
        """What was kept back can be had."""
        after = attrs.evolve(self, reserved=Money.zero(self.reserved.currency), reserve_until=None)
        return after, self.reserved

"""A reservation: units of one SKU at one location, held for an order until a deadline."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku
from quarterturn_domain.kernel.machine import StateMachine


class ReservationStatus(StrEnum):
    """What became of the hold."""

    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"


RESERVATION: Final = StateMachine(
    "reservation",
    initial=ReservationStatus.HELD,
    table={
        ReservationStatus.HELD: {
            "commit": ReservationStatus.COMMITTED,
            "release": ReservationStatus.RELEASED,
            "expire": ReservationStatus.EXPIRED,
        },
        # A payment that arrives after the deadline is honoured if the units can be held again.
        ReservationStatus.EXPIRED: {"hold": ReservationStatus.HELD},
        ReservationStatus.RELEASED: {},
        ReservationStatus.COMMITTED: {},
    },
)


@attrs.frozen
class Reservation:
    """`quantity` units for an order; of committed ones `returned` have come back since."""

    order_id: OrderId
    sku: Sku
    location_id: LocationId
    quantity: int
    deadline: datetime
    status: ReservationStatus = RESERVATION.initial
    returned: int = 0

    @property
    def key(self) -> tuple[OrderId, Sku, LocationId]:
        """What makes it one: an order holds an item once."""
        return (self.order_id, self.sku, self.location_id)

    @property
    def restockable(self) -> int:
        """How many of its units can still come back."""
        return self.quantity - self.returned if self.status is ReservationStatus.COMMITTED else 0

    def lapsed(self, at: datetime) -> bool:
        """Whether it is still held although its deadline is over."""
        return self.status is ReservationStatus.HELD and self.deadline <= at

    def move(self, act: str) -> Reservation:
        """The reservation after `commit`, `release` or `expire`."""
        return attrs.evolve(self, status=RESERVATION.next(self.status, act))

    def hold_again(self, quantity: int, deadline: datetime) -> Reservation:
        """The reservation held anew after it had ended, perhaps for another quantity."""
        return attrs.evolve(self, status=RESERVATION.next(self.status, "hold"), quantity=quantity, deadline=deadline)

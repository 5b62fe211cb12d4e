"""Capturing: what was authorised is taken by itself when goods leave: with the first parcel, or for each.

Where a provider lets an authorisation be captured only once, the first parcel takes all that is still wanted: what is cancelled
before lowers the sum, what is cancelled after it is refunded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Outcome
from quarterturn_domain.kernel.ids import OrderId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.vendor_order import VendorOrderStatus
from quarterturn_domain.payments.drawing import Drawing
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.payments.payment import CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.taking import SettleAuthorization, SettleAuthorizations

BY_ITSELF: Final = frozenset({CaptureMethod.FIRST_PARCEL, CaptureMethod.PER_PARCEL})
"""What is captured when goods leave; the rest is captured at once, or by hand."""


class CaptureShipped:
    """Captures the authorised payments of orders of which something was sent or cancelled; asked twice it captures once."""

    def __init__(
        self,
        work: Begin[PaymentsWork],
        gateway: PaymentGateway,
        clock: Clock,
        settle_authorizations: SettleAuthorizations,
    ) -> None:
        self._work = work
        self._drawing = Drawing(work, gateway, clock)
        self._settle = settle_authorizations

    def __call__(self, order_ids: Sequence[OrderId]) -> Sequence[Outcome[Sequence[Payment]]]:
        """For each order the payments that were captured, none where none was authorised; or why the provider did not."""
        return decide_each(order_ids, self._capture)

    def _capture(self, order_id: OrderId) -> Sequence[Payment]:
        with self._work() as work:
            order = required(work.orders.find([order_id]), order_id, "order")
            payments = [each for each in work.payments.of_order(order_id) if each.quarantine is None]
        in_parts = [self._drawing.capture(each.id) for each in payments if each.in_parts]
        act = _act(order)
        if act is None:
            return in_parts
        whole = [
            each
            for each in payments
            if each.status is PaymentStatus.AUTHORIZED and each.capture_method in BY_ITSELF and not each.in_parts
        ]
        return [*in_parts, *(self._settle(SettleAuthorization(payment_id=each.id, act=act)) for each in whole)]


def _act(order: Order) -> str | None:
    """What becomes of an authorisation that is settled as a whole."""
    if any(part.shipments for part in order.vendor_orders):
        return "capture"
    return "cancel" if {part.status for part in order.vendor_orders} == {VendorOrderStatus.CANCELLED} else None

"""Capturing: what was authorised is taken when the first of its goods leaves, all that is still wanted of it.

Providers let an authorisation be captured once and release what is left, so that a capture for each parcel would need an
authorisation for each; what is cancelled before the first parcel lowers the sum, what is cancelled after it is refunded.
"""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.errors import Outcome
from quarterturn_domain.kernel.ids import OrderId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.payment import Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.taking import SettleAuthorization, SettleAuthorizations


class CaptureShipped:
    """Captures the authorised payments of orders of which something was sent; asked twice it captures once."""

    def __init__(self, work: Begin[PaymentsWork], settle_authorizations: SettleAuthorizations) -> None:
        self._work = work
        self._settle = settle_authorizations

    def __call__(self, order_ids: Sequence[OrderId]) -> Sequence[Outcome[Sequence[Payment]]]:
        """For each order the payments that were captured, none where none was authorised; or why the provider did not."""
        return decide_each(order_ids, self._capture)

    def _capture(self, order_id: OrderId) -> Sequence[Payment]:
        with self._work() as work:
            payments = work.payments.of_order(order_id)
        waiting = [each.id for each in payments if each.status is PaymentStatus.AUTHORIZED and each.quarantine is None]
        return [self._settle(SettleAuthorization(payment_id=payment_id)) for payment_id in waiting]

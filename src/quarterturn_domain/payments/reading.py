"""Reading payments: what was paid, given back and disputed, for the platform, a buyer and a vendor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import AccountId, DisputeId, OrderId, PaymentId, RefundId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.dispute import Dispute, DisputeStatus
from quarterturn_domain.payments.payment import Payment
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.refund import Refund, VendorRefund


class ReadPayments:
    """Answers what became of money; who asks for what is somebody else's hears that there is no such thing."""

    def __init__(self, work: Begin[PaymentsWork]) -> None:
        self._work = work

    def of_order(self, order_id: OrderId) -> Sequence[Payment]:
        """The payments of an order, for the platform, in the order of opening; raises `NotFound` without the order."""
        with self._work() as work:
            required(work.orders.find([order_id]), order_id, "order")
            return work.payments.of_order(order_id)

    def of_buyer(self, buyer_id: AccountId, order_id: OrderId) -> Sequence[Payment]:
        """The payments of an order of this buyer; raises `NotFound`, also for another one's."""
        self._refuse_unless_bought(buyer_id, order_id)
        return self.of_order(order_id)

    def payment_of_buyer(self, buyer_id: AccountId, payment_id: PaymentId) -> Payment:
        """A payment for an order of this buyer; raises `NotFound`, also for another one's."""
        with self._work() as work:
            payment = required(work.payments.find([payment_id]), payment_id, "payment")
            order = work.orders.find([payment.order_id]).get(payment.order_id)
        if order is None or order.buyer_id != buyer_id:
            raise NotFound("payment", str(payment_id))
        return payment

    def quarantined(self, after: tuple[datetime, PaymentId] | None, limit: int) -> Sequence[Payment]:
        """Up to `limit` payments that wait for a person, for the platform, the latest first, those after `after`."""
        with self._work() as work:
            return work.payments.quarantined(after, limit)

    def refund(self, refund_id: RefundId) -> Refund:
        """A refund, for the platform; raises `NotFound`."""
        with self._work() as work:
            return required(work.refunds.find([refund_id]), refund_id, "refund")

    def refunds(self, after: tuple[datetime, RefundId] | None, limit: int) -> Sequence[Refund]:
        """Up to `limit` refunds, for the platform, the latest first, those after `after`."""
        with self._work() as work:
            return work.refunds.page(after, limit)

    def refunds_of_order(self, order_id: OrderId) -> Sequence[Refund]:
        """The refunds of an order, for the platform, in the order of requesting; raises `NotFound` without the order."""
        with self._work() as work:
            required(work.orders.find([order_id]), order_id, "order")
            return work.refunds.of_order(order_id)

    def refunds_of_buyer(self, buyer_id: AccountId, order_id: OrderId) -> Sequence[Refund]:
        """The refunds of an order of this buyer; raises `NotFound`, also for another one's."""
        self._refuse_unless_bought(buyer_id, order_id)
        return self.refunds_of_order(order_id)

    def refunds_of_vendor(self, vendor_id: VendorId, after: tuple[datetime, RefundId] | None, limit: int) -> Sequence[VendorRefund]:
        """Up to `limit` refunds of a vendor's lines, the latest first, those after `after`; of no other vendor's lines ever."""
        with self._work() as work:
            refunds = work.refunds.of_vendor(vendor_id, after, limit)
            orders = work.orders.find({refund.order_id for refund in refunds})
        return [refund.of_vendor(orders[refund.order_id].vendor_order(vendor_id)) for refund in refunds]

    def disputes(
        self, after: tuple[datetime, DisputeId] | None, limit: int, *, status: DisputeStatus | None = None
    ) -> Sequence[Dispute]:
        """Up to `limit` disputes, for the platform, the latest first, those after `after`."""
        with self._work() as work:
            return work.disputes.page(after, limit, status)

    def disputes_of_order(self, order_id: OrderId) -> Sequence[Dispute]:
        """The disputes of an order, for the platform, in the order of opening; raises `NotFound` without the order."""
        with self._work() as work:
            required(work.orders.find([order_id]), order_id, "order")
            return work.disputes.of_order(order_id)

    def _refuse_unless_bought(self, buyer_id: AccountId, order_id: OrderId) -> None:
        with self._work() as work:
            if required(work.orders.find([order_id]), order_id, "order").buyer_id != buyer_id:
                raise NotFound("order", str(order_id))

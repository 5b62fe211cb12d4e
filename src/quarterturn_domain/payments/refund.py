"""A refund: money that goes back to the customer, line by line; it is owed first, then sent, then it has arrived or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import OrderId, PaymentId, RefundId, VendorId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.money import Money, shares
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.vendor_order import VendorOrder
from quarterturn_domain.payments.events import VendorPart
from quarterturn_domain.pricing.split import RefundTooLarge, Split


class RefundStatus(StrEnum):
    """How far the money has come."""

    REQUESTED = "requested"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND: Final = StateMachine(
    "refund",
    initial=RefundStatus.REQUESTED,
    table={
        RefundStatus.REQUESTED: {
            "send": RefundStatus.SENT,
            "succeed": RefundStatus.SUCCEEDED,
            "fail": RefundStatus.FAILED,
        },
        RefundStatus.SENT: {"succeed": RefundStatus.SUCCEEDED, "fail": RefundStatus.FAILED},
        # The customer's bank may send it back long after it has arrived.
        RefundStatus.SUCCEEDED: {"bounce": RefundStatus.FAILED},
        RefundStatus.FAILED: {"retry": RefundStatus.REQUESTED},
    },
)


@attrs.frozen
class LineRefund:
    """So much of what was paid for the goods of a line, and of what was paid for its shipping."""

    line: int
    goods: Money
    shipping: Money

    @property
    def amount(self) -> Money:
        """Both together."""
        return self.goods + self.shipping


@attrs.frozen(kw_only=True)
class Refund:
    """`amount` of a payment that is owed to the customer; `attempt` counts how often the provider was asked anew.

    `bounces` counts how often it came back after it had arrived; `former` are the provider's names for the attempts before.
    """

    id: RefundId
    payment_id: PaymentId
    order_id: OrderId
    amount: Money
    lines: tuple[LineRefund, ...]
    reason: str
    requested_at: datetime
    status: RefundStatus = REFUND.initial
    reference: str | None = None
    failure: str | None = None
    attempt: int = 1
    bounces: int = 0
    former: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The idempotency key under which the provider is asked: a new one only after it has said no."""
        return f"refund:{self.id}:{self.attempt}"

    def move(self, act: str, *, reference: str | None = None, failure: str | None = None) -> Refund:
        """The refund after `send`, `succeed` or `fail`."""
        return attrs.evolve(self, status=REFUND.next(self.status, act), reference=reference or self.reference, failure=failure)

    def put_off(self, failure: str) -> Refund:
        """The provider has said no for now: it is still owed, and asked for later under a new key."""
        return attrs.evolve(self, attempt=self.attempt + 1, failure=failure)

    def bounce(self, failure: str) -> Refund:
        """The money came back after it had arrived: the customer is owed it again."""
        return attrs.evolve(self, status=REFUND.next(self.status, "bounce"), bounces=self.bounces + 1, failure=failure)

    def of_vendor(self, vendor_order: VendorOrder) -> VendorRefund:
        """What of it is of the lines of this vendor order, of which there has to be one."""
        numbers = {line.number for line in vendor_order.lines}
        lines = tuple(each for each in self.lines if each.line in numbers)
        assert lines
        assert vendor_order.order_id == self.order_id
        return VendorRefund(
            id=self.id,
            order_id=self.order_id,
            vendor_id=vendor_order.vendor_id,
            lines=lines,
            reason=self.reason,
            requested_at=self.requested_at,
            status=self.status,
        )

    def retry(self) -> Refund:
        """Ask the provider once more, under a new key."""
        return attrs.evolve(
            self,
            status=REFUND.next(self.status, "retry"),
            attempt=self.attempt + 1,
            former=(*self.former, self.reference) if self.reference else self.former,
            reference=None,
            failure=None,
        )


@attrs.frozen(kw_only=True)
class VendorRefund:
    """What of a refund is one vendor's, which is all of the refund that the vendor sees."""

    id: RefundId
    order_id: OrderId
    vendor_id: VendorId
    lines: tuple[LineRefund, ...]
    reason: str
    requested_at: datetime
    status: RefundStatus

    @property
    def amount(self) -> Money:
        """What the customer gets back of the vendor's lines."""
        return sum((line.amount for line in self.lines[1:]), self.lines[0].amount)


def spread(order: Order, amount: Money) -> Sequence[LineRefund]:
    """`amount` over all that is left of an order's lines, in proportion to it.

    `RefundTooLarge` when more is asked for than is left.
    """
    lines = [line for part in order.vendor_orders for line in part.lines]
    left = [kind for line in lines for kind in _left(line)]
    whole = sum(left)
    if not 0 < amount.minor <= whole:
        raise RefundTooLarge(amount, Money(whole, amount.currency))
    given = shares(amount.minor, left, whole)
    unit = amount.currency
    return [
        LineRefund(line.number, Money(given[2 * i], unit), Money(given[2 * i + 1], unit))
        for i, line in enumerate(lines)
        if given[2 * i] or given[2 * i + 1]
    ]


def give_back(order: Order, lines: Iterable[LineRefund], gone: Iterable[Units] = ()) -> tuple[Order, tuple[VendorPart, ...], Money]:
    """The order after these refunds, what each vendor order's parties give, and the sum; raises `RefundTooLarge` or `NotFound`.

    `gone` are units that were just cancelled or came back: those that cost the customer nothing are undone.
    """
    parts: dict[VendorId, Split] = {}
    sums = Money.zero(order.total.currency)
    for each in lines:
        vendor_id = order.vendor_of(each.line)
        part = order.vendor_order(vendor_id)
        line, given = part.line(each.line).refund(each.goods, each.shipping)
        order = order.replace(part.replace(line))
        parts[vendor_id] = parts[vendor_id] + given if vendor_id in parts else given
        sums += each.amount
    for units in gone:
        vendor_id = order.vendor_of(units.line)
        if undone := order.vendor_order(vendor_id).line(units.line).undone(units.quantity):
            parts[vendor_id] = parts[vendor_id] + undone if vendor_id in parts else undone
    if sums.minor < 0:
        raise Invalid(f"a refund of {sums}", "an amount of zero or more")
    return order, tuple(VendorPart(vendor_id, split) for vendor_id, split in parts.items()), sums


def _left(line: OrderLine) -> tuple[int, int]:
    goods = line.price.goods.paid.minor - line.refunded_goods.minor
    return goods, line.price.shipping.paid.minor - line.refunded_shipping.minor

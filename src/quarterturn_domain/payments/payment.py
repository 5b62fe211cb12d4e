"""A payment: the customer's money for one order, as the provider says it stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import OrderId, PaymentId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.payments.waiting import Waiting, by_line, put
from quarterturn_domain.pricing.split import RefundTooLarge


class PaymentStatus(StrEnum):
    """Where the money is."""

    REQUIRES_PAYMENT = "requires_payment"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"


PAYMENT: Final = StateMachine(
    "payment",
    initial=PaymentStatus.REQUIRES_PAYMENT,
    table={
        PaymentStatus.REQUIRES_PAYMENT: {
            "process": PaymentStatus.PROCESSING,
            "authorize": PaymentStatus.AUTHORIZED,
            "capture": PaymentStatus.CAPTURED,
            "fail": PaymentStatus.FAILED,
            "cancel": PaymentStatus.CANCELLED,
        },
        PaymentStatus.PROCESSING: {
            "require": PaymentStatus.REQUIRES_PAYMENT,
            "authorize": PaymentStatus.AUTHORIZED,
            "capture": PaymentStatus.CAPTURED,
            "fail": PaymentStatus.FAILED,
            "cancel": PaymentStatus.CANCELLED,
        },
        PaymentStatus.AUTHORIZED: {
            "capture": PaymentStatus.CAPTURED,
            "fail": PaymentStatus.FAILED,
            "cancel": PaymentStatus.CANCELLED,
        },
        # Of an authorisation that is captured in parts more may arrive, wherever the money stands that has arrived before.
        PaymentStatus.CAPTURED: {
            "capture_more": PaymentStatus.CAPTURED,
            "refund_partly": PaymentStatus.PARTIALLY_REFUNDED,
            "refund": PaymentStatus.REFUNDED,
            "dispute": PaymentStatus.DISPUTED,
        },
        PaymentStatus.PARTIALLY_REFUNDED: {
            "capture_more": PaymentStatus.PARTIALLY_REFUNDED,
            "refund_partly": PaymentStatus.PARTIALLY_REFUNDED,
            "refund": PaymentStatus.REFUNDED,
            "dispute": PaymentStatus.DISPUTED,
        },
        PaymentStatus.REFUNDED: {"capture_more": PaymentStatus.PARTIALLY_REFUNDED, "dispute": PaymentStatus.DISPUTED},
        # The customer tries another card: the provider may report any progress after a failure.
        PaymentStatus.FAILED: {
            "require": PaymentStatus.REQUIRES_PAYMENT,
            "process": PaymentStatus.PROCESSING,
            "authorize": PaymentStatus.AUTHORIZED,
            "capture": PaymentStatus.CAPTURED,
            "cancel": PaymentStatus.CANCELLED,
        },
        PaymentStatus.CANCELLED: {},
        # The last dispute that is closed leads back, to where the money stands: what was lost is gone as if it had been refunded.
        PaymentStatus.DISPUTED: {
            "capture_more": PaymentStatus.DISPUTED,
            "win": PaymentStatus.CAPTURED,
            "win_partly_refunded": PaymentStatus.PARTIALLY_REFUNDED,
            "win_refunded": PaymentStatus.REFUNDED,
            "lose": PaymentStatus.CAPTURED,
            "lose_partly_refunded": PaymentStatus.PARTIALLY_REFUNDED,
            "lose_refunded": PaymentStatus.REFUNDED,
        },
    },
)

TAKEN: Final = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED, PaymentStatus.DISPUTED})
"""The states in which the customer's money has arrived."""


class CaptureMethod(StrEnum):
    """Whether the money is taken at once, or authorised first and captured later: by hand, or by itself when goods leave.

    Then it is captured with the first parcel, all that is still wanted; or for each parcel, where the provider lets it be.
    """

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    FIRST_PARCEL = "first_parcel"
    PER_PARCEL = "per_parcel"


@attrs.frozen(kw_only=True)
class Payment:
    """A payment of `amount`; `reference` and `charge` are the provider's names for it.

    `captured` has arrived, `released` was authorised and will not be captured, `refunded` is owed or given back, `lost` went back
    by disputes, `fee` is what the provider kept; `refunded + lost` is never more than `captured`. `quarantine` says why a person
    has to look at it before anything more happens.

    While it is captured `in_parts` the provider holds the rest: what is `waiting`, and what was `asked` for and not heard of yet.
    `captures` counts how often something has arrived.
    """

    id: PaymentId
    order_id: OrderId
    amount: Money
    capture_method: CaptureMethod
    captured: Money
    released: Money
    refunded: Money
    lost: Money
    fee: Money
    opened_at: datetime
    status: PaymentStatus = PAYMENT.initial
    reference: str | None = None
    charge: str | None = None
    failure: str | None = None
    quarantine: str | None = None
    captures: int = 0
    in_parts: bool = False
    waiting: tuple[Waiting, ...] = ()
    asked: tuple[Waiting, ...] = ()

    @classmethod
    def open(
        cls, payment_id: PaymentId, order_id: OrderId, amount: Money, capture_method: CaptureMethod, *, at: datetime
    ) -> Payment:
        """A payment that is asked for; the provider does not know of it yet."""
        nothing = Money.zero(amount.currency)
        return cls(
            id=payment_id,
            order_id=order_id,
            amount=amount,
            capture_method=capture_method,
            captured=nothing,
            released=nothing,
            refunded=nothing,
            lost=nothing,
            fee=nothing,
            opened_at=at,
        )

    @property
    def refundable(self) -> Money:
        """What is left of what has arrived."""
        return self.captured - self.refunded - self.lost

    @property
    def capturable(self) -> Money:
        """What is authorised and still wanted."""
        return self.amount - self.released - self.captured

    @property
    def held(self) -> Money:
        """What is only authorised so far, and still wanted."""
        if self.status is PaymentStatus.AUTHORIZED:
            return self.capturable
        return self.uncaptured if self.in_parts else Money.zero(self.amount.currency)

    def move(self, act: str) -> Payment:
        """The payment after an act of its lifecycle."""
        return attrs.evolve(self, status=PAYMENT.next(self.status, act))

    def refund(self, amount: Money) -> Payment:
        """Owe the customer `amount` of what has arrived, or `RefundTooLarge`."""
        act = "refund" if amount == self.refundable else "refund_partly"
        after = PAYMENT.next(self.status, act)
        if amount.minor <= 0 or amount > self.refundable:
            raise RefundTooLarge(amount, self.refundable)
        return attrs.evolve(self, status=after, refunded=self.refunded + amount)

    def release(self, amount: Money) -> Payment:
        """Capture `amount` less than was authorised."""
        assert self.status is PaymentStatus.AUTHORIZED or self.waiting or self.asked
        if amount > self.capturable:
            raise RefundTooLarge(amount, self.capturable)
        return attrs.evolve(self, released=self.released + amount)

    def capture_in_parts(self, waiting: Iterable[Waiting]) -> Payment:
        """What is authorised can be captured in parts: all of it waits."""
        assert self.status is PaymentStatus.AUTHORIZED
        return attrs.evolve(self, in_parts=True, waiting=put((), waiting))

    def ask(self, parts: Iterable[Waiting]) -> Payment:
        """Want to capture these parts of what is waiting; what costs nothing need not be asked for."""
        assert not self.asked, "one capture at a time"
        taken = by_line(parts)
        rest = [
            Waiting(each.line, each.units - part.units, each.goods - part.goods, each.shipping - part.shipping)
            for each in self.waiting
            if (part := taken.get(each.line)) is not None
        ]
        return attrs.evolve(self, waiting=put(self.waiting, rest), asked=put((), taken.values()))

    @property
    def uncaptured(self) -> Money:
        """What is authorised in parts, still wanted and not known to have arrived."""
        return total((each.amount for each in (*self.waiting, *self.asked)), self.amount.currency)

    def win(self, *, disputed: bool = False) -> Payment:
        """A dispute was won: the payment is as it was before, unless it is `disputed` otherwise."""
        return self if disputed else self.move(f"win{self._gone}")

    def lose(self, amount: Money, *, disputed: bool = False) -> Payment:
        """A dispute was lost, and `amount` of what was left with it: what remains can be refunded, once no dispute is open."""
        assert amount.minor >= 0
        if amount and amount > self.refundable:
            raise RefundTooLarge(amount, self.refundable)
        after = attrs.evolve(self, lost=self.lost + amount)
        return after if disputed else after.move(f"lose{after._gone}")  # noqa: SLF001

    @property
    def _gone(self) -> str:
        """How an act that leads back ends, as the money stands."""
        # Of money in a wrong currency, which waits for a person, nothing has gone.
        if not (self.refunded or self.lost):
            return ""
        return "_partly_refunded" if self.refundable else "_refunded"

"""Examining: a person decides about a payment that waits in quarantine: what has arrived is accepted, or goes back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.events import QuarantineSettled
from quarterturn_domain.payments.payment import Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.recording import NotAcceptable, Recording

ACTS: Final = ("accept", "refund", "close")

_HERE: Final = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED})


@attrs.frozen(eq=False)
class NotInQuarantine(Rejected):
    """The payment waits for nobody."""

    payment_id: PaymentId

    @property
    def message(self) -> str:
        """Which one."""
        return f"The payment {self.payment_id} is not in quarantine; nothing is to be decided about it"


@attrs.frozen(kw_only=True)
class SettleQuarantine:
    """`accept` what has arrived for the order (what is more than due goes back), `refund` all of it, or `close` the case.

    A case is closed when nothing has arrived. `actor` says who has decided, and `reason` why.
    """

    payment_id: PaymentId
    act: str
    actor: str
    reason: str
    at: datetime = attrs.field(metadata=TIMING)


class SettleQuarantines:
    """Lets a person decide; asked twice, the second time there is nothing to decide about."""

    def __init__(self, work: Begin[PaymentsWork], clock: Clock) -> None:
        self._work = work
        self._clock = clock

    def __call__(self, command: SettleQuarantine) -> Payment:
        """The payment afterwards; raises `NotFound`, `Invalid`, `NotInQuarantine` or `NotAcceptable`."""
        if command.act not in ACTS:
            raise Invalid(f"the act {command.act!r}", ", ".join(ACTS))
        if not command.actor.strip() or not command.reason.strip():
            raise Invalid("a decision of nobody or without a reason", "who has decided, and why")
        with self._work() as work:
            seen = required(work.payments.find([command.payment_id]), command.payment_id, "payment")
            orders = work.orders.lock([seen.order_id])
            payment = work.payments.lock([seen.id])[seen.id]
            if payment.quarantine is None:
                raise NotInQuarantine(payment.id)
            if (payment.status in _HERE) == (command.act == "close"):
                raise NotAcceptable(payment.id, f"it is {payment.status}, and {payment.captured} of it has arrived")
            shelf = work.stock.lock_orders(orders)
            recording = Recording({payment.id: payment}, orders, shelf, at=self._clock.now())
            if command.act == "accept":
                recording.accept(payment.id, command.reason)
            elif command.act == "refund":
                recording.give_back(payment.id, command.reason)
            else:
                recording.payments[payment.id] = attrs.evolve(payment, quarantine=None)
            work.payments.save(recording.payments.values())
            work.orders.save([order for key, order in recording.orders.items() if order is not orders[key]])
            work.stock.record(recording.allocation)
            work.refunds.add(recording.refunds)
            fact = QuarantineSettled(
                payment_id=payment.id,
                order_id=payment.order_id,
                act=command.act,
                actor=command.actor,
                reason=command.reason,
                at=command.at,
            )
            work.outbox.append([*recording.allocation.facts, *recording.facts, fact])
        return recording.payments[payment.id]

"""Catching up: whatever was begun and not ended, by a crash, a provider that was away or a webhook that never came, goes on.

A bounded round at a time, as often as one likes. Nothing depends on it that is not asked for elsewhere too: it only makes sure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import attrs

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.expiring import ExpireOrders
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.payments.capturing import CaptureShipped
from quarterturn_domain.payments.payment import PaymentStatus
from quarterturn_domain.payments.reminding import RemindOfEvidence
from quarterturn_domain.payments.sending import SendRefunds
from quarterturn_domain.payments.taking import SettleAuthorization, SettleAuthorizations, SyncPayments
from quarterturn_domain.payouts.hearing import HandleWebhooks
from quarterturn_domain.payouts.paying import ConfirmPayouts, SendPayouts
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.payouts.ports import PayoutsWork

_LIMIT: Final = 100
_UNPAID: Final = frozenset({PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED})


@attrs.frozen
class Round:
    """Where a round has ended, for the next one to go on from: with nothing it begins at the beginning."""

    payments: tuple[datetime, PaymentId] | None = None
    refunds: tuple[datetime, RefundId] | None = None
    payouts: PayoutId | None = None


@attrs.frozen
class CaughtUp:
    """What a round came to: how much of each kind was looked at, what went wrong with it, and where the next one goes on.

    `refused` counts what was asked and got no answer or a no; it comes again. `broken` names the kinds that a bug has stopped.
    """

    counts: Mapping[str, int]
    refused: Mapping[str, int]
    broken: Mapping[str, Exception]
    following: Round

    @property
    def total(self) -> int:
        """How much was looked at."""
        return sum(self.counts.values())


@attrs.frozen(kw_only=True)
class Pace:
    """How long things are left alone: payments `settle_within` after they were opened, in case that their customer is still paying.

    Whoever has not paid `give_up_after` that, and whose order has expired, pays no more: the payment is cancelled at the provider.
    """

    settle_within: timedelta = timedelta(minutes=10)
    give_up_after: timedelta = timedelta(days=1)


Step: TypeAlias = Callable[[int], Sequence[Outcome[object]]]
"""Does at most so much of one kind; what each came to."""


class CatchUp:
    """Drives everything that is open, kind by kind: a kind that fails keeps no other from its turn."""

    def __init__(
        self,
        work: Begin[PayoutsWork],
        clock: Clock,
        *,
        expire_orders: ExpireOrders,
        handle_webhooks: HandleWebhooks,
        sync_payments: SyncPayments,
        settle_authorizations: SettleAuthorizations,
        capture_shipped: CaptureShipped,
        send_refunds: SendRefunds,
        send_payouts: SendPayouts,
        confirm_payouts: ConfirmPayouts,
        remind_of_evidence: RemindOfEvidence,
        pace: Pace | None = None,
    ) -> None:
        self._work = work
        self._clock = clock
        self._expire_orders = expire_orders
        self._handle_webhooks = handle_webhooks
        self._sync_payments = sync_payments
        self._settle_authorizations = settle_authorizations
        self._capture_shipped = capture_shipped
        self._send_refunds = send_refunds
        self._send_payouts = send_payouts
        self._confirm_payouts = confirm_payouts
        self._remind_of_evidence = remind_of_evidence
        self._pace = pace or Pace()

    def __call__(self, limit: int = _LIMIT, since: Round | None = None) -> CaughtUp:
        """One round of at most `limit` of each kind, going on where the round before has ended.

        Where fewer than `limit` of a kind were left, the next round begins at the beginning of that kind.
        """
        places = _Places(since or Round(), limit)
        steps: Mapping[str, Step] = {
            "webhooks": self._webhooks,
            "payments": lambda most: self._payments(most, places),
            "orders": self._expire_orders,
            "refunds": lambda most: self._refunds(most, places),
            "payouts": lambda most: self._payouts(most, places),
            "evidence": self._remind_of_evidence,
        }
        counts, refused, broken = dict[str, int](), dict[str, int](), dict[str, Exception]()
        for name, step in steps.items():
            try:
                outcomes = step(limit)
            except Exception as bug:  # noqa: BLE001 - whatever one kind breaks of, the others get their turn
                broken[name] = bug
                continue
            counts[name] = len(outcomes)
            refused[name] = sum(isinstance(outcome, DomainError) for outcome in outcomes)
        return CaughtUp(counts, refused, broken, places.following)

    def _webhooks(self, limit: int) -> Sequence[Outcome[object]]:
        with self._work() as work:
            keys = work.webhooks.waiting(self._clock.now(), limit)
        return self._handle_webhooks(keys)

    def _payments(self, limit: int, places: _Places) -> Sequence[Outcome[object]]:
        """Read what may have been paid meanwhile, and give up what nobody will pay any more."""
        now = self._clock.now()
        with self._work() as work:
            ids = work.payments.unsettled(now - self._pace.settle_within, limit, after=places.since.payments)
            found = work.payments.find(ids)
        if ids:
            places.end(payments=(found[ids[-1]].opened_at, ids[-1]), count=len(ids))
        else:
            places.end(payments=None, count=0)
        outcomes: list[Outcome[object]] = list(self._sync_payments(ids))
        outcomes += self._capture_shipped(self._in_parts(ids))
        late = now - self._pace.settle_within - self._pace.give_up_after
        for payment_id in self._forsaken([each for each in ids if found[each].opened_at < late]):
            try:
                outcomes.append(self._settle_authorizations(SettleAuthorization(payment_id=payment_id, act="cancel")))
            except DomainError as refusal:
                outcomes.append(refusal)
        return outcomes

    def _in_parts(self, payment_ids: Sequence[PaymentId]) -> Sequence[OrderId]:
        """The orders whose payments are captured in parts, of which something may have left or been asked for."""
        with self._work() as work:
            payments = work.payments.find(payment_ids)
        return list(dict.fromkeys(each.order_id for each in payments.values() if each.in_parts))

    def _forsaken(self, payment_ids: Sequence[PaymentId]) -> Sequence[PaymentId]:
        """Those that are not paid, for orders that do not wait any more."""
        with self._work() as work:
            payments = work.payments.find(payment_ids)
            orders = work.orders.find({payment.order_id for payment in payments.values()})
        waiting: set[OrderId] = {order.id for order in orders.values() if order.state is OrderState.PLACED}
        return [each.id for each in payments.values() if each.status in _UNPAID and each.order_id not in waiting]

    def _refunds(self, limit: int, places: _Places) -> Sequence[Outcome[object]]:
        with self._work() as work:
            ids = work.refunds.open(limit, after=places.since.refunds)
            last = work.refunds.find(ids[-1:])
        places.end(refunds=(last[ids[-1]].requested_at, ids[-1]) if ids else None, count=len(ids))
        return self._send_refunds(ids)

    def _payouts(self, limit: int, places: _Places) -> Sequence[Outcome[object]]:
        with self._work() as work:
            ids = work.payouts.open(places.since.payouts, limit)
            found = work.payouts.find(ids)
        places.end(payouts=ids[-1] if ids else None, count=len(ids))
        sent = [each for each in ids if found[each].status is PayoutStatus.SENT]
        return [*self._send_payouts([each for each in ids if each not in sent]), *self._confirm_payouts(sent)]


class _Places:
    """Where each kind goes on: after the last one of a full page, else at the beginning."""

    def __init__(self, since: Round, limit: int) -> None:
        self.since = since
        self.following = since
        self._limit = limit

    def end(self, *, count: int, **place: Any) -> None:
        """Note the last one of a page of `count`."""
        ((name, last),) = place.items()
        self.following = attrs.evolve(self.following, **{name: last if count == self._limit else None})

"""Subscriptions: which events are answered after their commit, and by which use case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from quarterturn_adapters.relay import PROVIDERS, Subscription
from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.ordering.events import ShipmentSent
from quarterturn_domain.payments.capturing import CaptureShipped
from quarterturn_domain.payments.events import AuthorizationReleased, DisputeLost, DisputeWon, RefundRequested, WebhookReceived
from quarterturn_domain.payments.gateway import OutcomeUnknown
from quarterturn_domain.payments.sending import SendRefunds
from quarterturn_domain.payouts.events import PayoutScheduled
from quarterturn_domain.payouts.hearing import HandleWebhooks
from quarterturn_domain.payouts.paying import SendPayouts
from quarterturn_domain.payouts.payout import Payout, PayoutStatus
from quarterturn_domain.search.dressing import DressWindow
from quarterturn_domain.search.events import WindowOpened
from quarterturn_domain.webhooks.events import WebhookDeliveryDue
from quarterturn_domain.webhooks.notice import TELLINGS
from quarterturn_domain.webhooks.sending import SendDeliveries
from quarterturn_domain.webhooks.telling import TellEndpoints

_PROVIDER_BATCH: Final = 20
"""How many events go to a use case at once that asks the provider about each: what a crash in the middle lets be asked again."""


def subscriptions(
    send_refunds: SendRefunds,
    send_payouts: SendPayouts,
    handle_webhooks: HandleWebhooks,
    dress_window: DressWindow,
    capture_shipped: CaptureShipped,
) -> Sequence[Subscription]:
    """Which events are answered after their commit: each by one use case."""
    return (
        Subscription(
            name="send-refunds",
            events=(RefundRequested,),
            handle=lambda events: send_refunds([event.refund_id for event in events]),
            batch=_PROVIDER_BATCH,
            queue=PROVIDERS,
        ),
        Subscription(
            name="dress-window", events=(WindowOpened,), handle=lambda events: [dress_window(at=event.at) for event in events]
        ),
        # One that could not be handled is due again later, whoever asks then.
        Subscription(
            name="handle-webhooks",
            events=(WebhookReceived,),
            handle=lambda events: _heard(handle_webhooks, events),
            batch=_PROVIDER_BATCH,
            queue=PROVIDERS,
        ),
        Subscription(
            name="send-payouts",
            events=(PayoutScheduled,),
            handle=lambda events: [_known(each) for each in send_payouts([event.payout_id for event in events])],
            batch=_PROVIDER_BATCH,
            queue=PROVIDERS,
        ),
        # What was authorised is captured when a parcel leaves, and let go when no parcel will; during a dispute it has to wait.
        Subscription(
            name="capture-shipped",
            events=(ShipmentSent, AuthorizationReleased, DisputeWon, DisputeLost),
            handle=lambda events: capture_shipped([event.order_id for event in events]),
            batch=_PROVIDER_BATCH,
            queue=PROVIDERS,
        ),
    )


_WEBHOOK_BATCH: Final = 50
"""How many webhooks are sent at once, endpoints side by side: what a crash in the middle lets arrive twice."""


def telling(tell_endpoints: TellEndpoints, send_deliveries: SendDeliveries) -> Sequence[Subscription]:
    """Who tells programs elsewhere: one makes deliveries of events, the other one sends them.

    A delivery that fails is no failure of its subscription: when it is tried again is kept with the delivery itself.
    """
    return (
        Subscription(
            name="webhooks",
            events=tuple(TELLINGS),
            handle=lambda messages: _done(tell_endpoints(messages), messages),
            whole=True,
            # Where nobody has an endpoint, nothing is dispatched.
            listens=lambda work: work.endpoints.any_enabled(),
        ),
        Subscription(
            name="send-webhooks",
            events=(WebhookDeliveryDue,),
            handle=lambda events: _done(send_deliveries(events), events),
            batch=_WEBHOOK_BATCH,
            queue=PROVIDERS,
            at_once=4,
        ),
    )


def _done(_: int, handled: Sequence[Any]) -> Sequence[Outcome[object]]:
    return [None] * len(handled)


def _known(outcome: Outcome[Payout]) -> Outcome[Payout]:
    """The outcome of sending a payout; where nobody knows it, its event comes again, and it is looked up."""
    if not isinstance(outcome, DomainError) and outcome.status is PayoutStatus.UNKNOWN:
        return OutcomeUnknown(f"the payout {outcome.id}")
    return outcome


def _heard(handle_webhooks: HandleWebhooks, events: Sequence[WebhookReceived]) -> Sequence[Outcome[object]]:
    handle_webhooks([(event.provider, event.event_id) for event in events])
    return [None] * len(events)

"""Subscriptions: which events are answered after their commit, and by which use case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quarterturn_adapters.relay import PROVIDERS, Subscription
from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.ordering.events import ShipmentSent
from quarterturn_domain.payments.capturing import CaptureShipped
from quarterturn_domain.payments.events import RefundRequested, WebhookReceived
from quarterturn_domain.payments.gateway import OutcomeUnknown
from quarterturn_domain.payments.refunding import SendRefunds
from quarterturn_domain.payouts.events import PayoutScheduled
from quarterturn_domain.payouts.hearing import HandleWebhooks
from quarterturn_domain.payouts.paying import SendPayouts
from quarterturn_domain.payouts.payout import Payout, PayoutStatus
from quarterturn_domain.search.dressing import DressWindow
from quarterturn_domain.search.events import WindowOpened

_PROVIDER_BATCH: Final = 20
"""How many events go to a use case at once that asks the provider about each: what a crash in the middle lets be asked again."""


def subscriptions(
    send_refunds: SendRefunds, send_payouts: SendPayouts, handle_webhooks: HandleWebhooks, dress_window: DressWindow
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
    )


def capturing(capture_shipped: CaptureShipped) -> Subscription:
    """Who captures what was authorised, when a parcel leaves."""
    return Subscription(
        name="capture-shipped",
        events=(ShipmentSent,),
        handle=lambda events: capture_shipped([event.order_id for event in events]),
        batch=_PROVIDER_BATCH,
        queue=PROVIDERS,
    )


def _known(outcome: Outcome[Payout]) -> Outcome[Payout]:
    """The outcome of sending a payout; where nobody knows it, its event comes again, and it is looked up."""
    if not isinstance(outcome, DomainError) and outcome.status is PayoutStatus.UNKNOWN:
        return OutcomeUnknown(f"the payout {outcome.id}")
    return outcome


def _heard(handle_webhooks: HandleWebhooks, events: Sequence[WebhookReceived]) -> Sequence[Outcome[object]]:
    handle_webhooks([(event.provider, event.event_id) for event in events])
    return [None] * len(events)

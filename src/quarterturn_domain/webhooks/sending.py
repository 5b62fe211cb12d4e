"""Sending deliveries that are due, and saying again of those that nobody has sent that they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import EndpointId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.webhooks.delivery import Attempt, WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint
from quarterturn_domain.webhooks.events import WebhookDeliveryDue
from quarterturn_domain.webhooks.ports import WebhooksWork
from quarterturn_domain.webhooks.sender import Answered, Outgoing, WebhookSender
from quarterturn_domain.webhooks.signing import headers

NOT_NOW: Final = timedelta(seconds=5)
"""How long a delivery waits whose endpoint was busy with another one."""

_GONE: Final = 410
"""What a receiver answers that wants to hear nothing more, by Standard Webhooks."""

LONGEST_ASKED: Final = timedelta(days=1)
"""How long a receiver may ask to be left alone."""


@attrs.frozen
class _Taken:
    """A delivery in hand, and how it is sent."""

    delivery: WebhookDelivery
    outgoing: Outgoing


class SendDeliveries:
    """Sends what is due, each delivery once for each of its turns, and keeps what came of it; no transaction is open meanwhile."""

    def __init__(self, work: Begin[WebhooksWork], sender: WebhookSender, clock: Clock) -> None:
        self._work = work
        self._sender = sender
        self._clock = clock

    def __call__(self, due: Sequence[WebhookDeliveryDue]) -> int:
        """How many attempts were made; a turn that is over already is passed over."""
        taken = self._take(due)
        if not taken:
            return 0
        answers = self._sender.send([each.outgoing for each in taken])
        assert len(answers) == len(taken), "the sender answers for each"
        return self._note(taken, answers)

    def _take(self, due: Sequence[WebhookDeliveryDue]) -> Sequence[_Taken]:
        """Take in hand what may be sent now; put off, or give up, the rest."""
        at = self._clock.now()
        turns = {event.delivery_id: event.turn for event in due}
        taken: list[_Taken] = []
        changed: list[WebhookDelivery] = []
        with self._work() as work:
            locked = work.webhook_deliveries.lock(turns)
            found = [each for key, each in locked.items() if each.waits and each.turn == turns[key]]
            endpoints = work.endpoints.find({each.endpoint_id for each in found})
            for each in found:
                endpoint = endpoints.get(each.endpoint_id)
                if endpoint is None or not endpoint.enabled:
                    changed.append(each.give_up("the endpoint is disabled" if endpoint else "the endpoint is removed"))
                elif endpoint.rests_until is not None and endpoint.resting(at):
                    changed.append(each.put_off(endpoint.rests_until))
                else:
                    taken.append(_Taken(each.taken(at), _outgoing(each, endpoint, at)))
            work.webhook_deliveries.save([*changed, *(each.delivery for each in taken)])
        # The longest waiting first, as one that fails keeps the others of its endpoint from being tried.
        return sorted(taken, key=lambda each: (each.delivery.made_at, each.delivery.id))

    def _note(self, taken: Sequence[_Taken], answers: Sequence[Answered | None]) -> int:
        """Keep what came of it, of deliveries and of their endpoints."""
        at = self._clock.now()
        changed: list[WebhookDelivery] = []
        facts: list[Event] = []
        with self._work() as work:
            endpoints = dict(work.endpoints.lock({each.outgoing.endpoint_id for each in taken}))
            before = dict(endpoints)
            locked = work.webhook_deliveries.lock(each.delivery.id for each in taken)
            for each, answer in zip(taken, answers, strict=True):
                delivery = locked.get(each.delivery.id)
                if delivery is None:
                    continue
                if answer is None:
                    changed += [delivery.put_off(at + NOT_NOW)] if delivery.waits else []
                    continue
                after = _attempted(delivery, answer, at)
                changed.append(after)
                facts += _judged(endpoints, after, answer, at)
            work.webhook_deliveries.save(changed)
            work.endpoints.save(each for key, each in endpoints.items() if each != before[key])
            work.outbox.append(facts)
        return sum(answer is not None for answer in answers)


class RemindDeliveries:
    """Says of deliveries that wait and are due that they are: those that are tried again, and those that nobody has finished."""

    def __init__(self, work: Begin[WebhooksWork], clock: Clock) -> None:
        self._work = work
        self._clock = clock

    def __call__(self, limit: int) -> int:
        """How many there were, of at most `limit`."""
        at = self._clock.now()
        with self._work() as work:
            reminded = [each.reminded(at) for each in work.webhook_deliveries.due(at, limit)]
            work.webhook_deliveries.save(each for each, _ in reminded)
            work.outbox.append(fact for _, fact in reminded)
        return len(reminded)


class ForgetDeliveries:
    """Forgets deliveries that nobody tries any more, so that the log does not grow for ever."""

    def __init__(self, work: Begin[WebhooksWork]) -> None:
        self._work = work

    def __call__(self, before: datetime, limit: int) -> int:
        """How many were forgotten, of those made before an instant and at most `limit`."""
        with self._work() as work:
            return work.webhook_deliveries.forget(before, limit)


def _outgoing(delivery: WebhookDelivery, endpoint: Endpoint, at: datetime) -> Outgoing:
    said = headers(endpoint.secrets, delivery.message_id, at, delivery.payload)
    return Outgoing(endpoint_id=endpoint.id, url=endpoint.url, headers=said, body=delivery.payload)


def _attempted(delivery: WebhookDelivery, answer: Answered, at: datetime) -> WebhookDelivery:
    attempt = Attempt.bounded(
        at=at,
        milliseconds=answer.milliseconds,
        status_code=answer.status_code,
        error=answer.error,
        excerpt=answer.excerpt,
    )
    wait = answer.retry_after_seconds
    asked = None if wait is None else at + min(timedelta(seconds=min(wait, 10**6)), LONGEST_ASKED)
    return delivery.attempted(attempt, not_before=asked)


def _judged(endpoints: dict[EndpointId, Endpoint], delivery: WebhookDelivery, answer: Answered, at: datetime) -> Iterable[Event]:
    """Let the endpoint be what the attempt has made of it, if it is still there."""
    endpoint = endpoints.get(delivery.endpoint_id)
    if endpoint is None:
        return ()
    if delivery.attempts[-1].arrived:
        endpoints[endpoint.id] = endpoint.succeeded()
        return ()
    gone = answer.status_code == _GONE
    given_up = bool(delivery.failure)
    after, fact = endpoint.failed(at, answered=answer.status_code is not None, gone=gone, given_up=given_up)
    endpoints[endpoint.id] = after
    return () if fact is None else (fact,)

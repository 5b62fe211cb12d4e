"""A webhook: what a provider told of, kept as it arrived; whatever it says, the object that it is about is read again."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.payments.events import WebhookGivenUp, WebhookReceived


class HintKind(StrEnum):
    """What a webhook is about; whatever it says, the object is read again."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    ACCOUNT = "account"
    TRANSFER = "transfer"
    PAYOUT = "payout"
    OTHER = "other"


@attrs.frozen
class Hint:
    """A webhook that is really from the provider: its id, its type in the provider's words, and which object to read again.

    `account` is the connected account that it comes from, if it is not the platform's own.
    """

    event_id: str
    type: str
    kind: HintKind
    reference: str
    created_at: datetime
    account: str | None = None


class WebhookStatus(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    HANDLED = "handled"
    PASSED_OVER = "passed_over"
    GIVEN_UP = "given_up"


WEBHOOK: Final = StateMachine(
    "webhook",
    initial=WebhookStatus.WAITING,
    table={
        WebhookStatus.WAITING: {
            "handle": WebhookStatus.HANDLED,
            "pass_over": WebhookStatus.PASSED_OVER,
            "give_up": WebhookStatus.GIVEN_UP,
        },
        WebhookStatus.HANDLED: {},
        WebhookStatus.PASSED_OVER: {},
        # A person has seen to what kept it from being handled.
        WebhookStatus.GIVEN_UP: {"retry": WebhookStatus.WAITING},
    },
)

PASSED_OVER: Final = frozenset({HintKind.OTHER, HintKind.TRANSFER})
"""What nobody has to read again: what we do not know, and transfers, of which every change is our own."""

TRIES: Final = 12
"""How often a webhook is tried before a person has to look at it."""

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=6)


@attrs.frozen(kw_only=True)
class Webhook:
    """What `provider` told of under `event_id`: the object's `kind` and `reference`, and `digest`, the SHA-256 of what was sent.

    While it is waiting it is due at `due_at`. Every try is counted before it begins, so that one that never ends is not repeated at
    once, and in the end given up.
    """

    provider: str
    hint: Hint
    digest: str
    received_at: datetime
    due_at: datetime
    status: WebhookStatus = WEBHOOK.initial
    tries: int = 0
    failure: str | None = None
    handled_at: datetime | None = None

    @classmethod
    def receive(cls, provider: str, hint: Hint, digest: str, *, at: datetime) -> tuple[Webhook, WebhookReceived | None]:
        """A webhook that has arrived; one of a kind that nobody waits for is kept and passed over."""
        webhook = cls(provider=provider, hint=hint, digest=digest, received_at=at, due_at=at)
        if hint.kind in PASSED_OVER:
            return webhook._moved("pass_over"), None
        return webhook, WebhookReceived(provider=provider, event_id=hint.event_id, type=hint.type, at=at)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it one: the provider gives each event an id of its own."""
        return (self.provider, self.hint.event_id)

    def due(self, at: datetime) -> bool:
        """Whether it is to be handled now."""
        return self.status is WebhookStatus.WAITING and self.due_at <= at

    def attempt(self, *, at: datetime) -> tuple[Webhook, WebhookGivenUp | None]:
        """The webhook as it is tried once more, later if this comes to nothing; or given up, when it was tried often enough."""
        if self.tries >= TRIES:
            reason = self.failure or "no try has ever ended"
            fact = WebhookGivenUp(provider=self.provider, event_id=self.hint.event_id, type=self.hint.type, reason=reason, at=at)
            return self._moved("give_up"), fact
        wait = min(_FIRST_WAIT * 2**self.tries, _LONGEST_WAIT)
        return attrs.evolve(self, tries=self.tries + 1, due_at=at + wait), None

    def handled(self, *, at: datetime) -> Webhook:
        """The webhook, after what it is about was read again."""
        return attrs.evolve(self._moved("handle"), handled_at=at, failure=None)

    def failed(self, reason: str) -> Webhook:
        """The webhook after a try that came to nothing, for this reason."""
        return attrs.evolve(self, failure=reason)

    def put_off(self, due_at: datetime) -> Webhook:
        """The webhook after a try that was none, since whom it had to ask is left alone for a while: it is not counted."""
        return attrs.evolve(self, tries=self.tries - 1, due_at=due_at)

    def retry(self, *, at: datetime) -> Webhook:
        """A webhook that was given up, to be tried again from now on."""
        return attrs.evolve(self._moved("retry"), tries=0, due_at=at)

    def _moved(self, act: str) -> Webhook:
        return attrs.evolve(self, status=WEBHOOK.next(self.status, act))

"""A delivery: one event for one endpoint, tried over three days until it has arrived or is given up.

Between turns the truth is here: whoever is told that it is due, and however often, sends it once for each turn. A turn that nobody
finishes is over after a while, and the next one begins; so it may arrive twice, under one id by which the receiver knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs

from quarterturn_domain.kernel.ids import DeliveryId, EndpointId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.webhooks.events import WebhookDeliveryDue

WAITS: Final = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5)),
    *(timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)),
)
"""How long it waits after each attempt that failed, as Standard Webhooks proposes; after one more it is given up."""

TURN: Final = timedelta(minutes=5)
"""How long a turn may take, and how long the word that it is due may be on its way."""

KEPT_ATTEMPTS: Final = 20
"""How many attempts are remembered: the first one, and the last ones."""

LONGEST_EXCERPT: Final = 500
_LONGEST_ERROR: Final = 300
_TENTH: Final = 10
_PARTS: Final = 1_000


class DeliveryStatus(StrEnum):
    """How far it has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


DELIVERY: Final = StateMachine(
    "webhook delivery",
    initial=DeliveryStatus.WAITING,
    table={
        DeliveryStatus.WAITING: {
            "deliver": DeliveryStatus.DELIVERED,
            "fail": DeliveryStatus.FAILED,
            "redeliver": DeliveryStatus.WAITING,
        },
        DeliveryStatus.DELIVERED: {"redeliver": DeliveryStatus.WAITING},
        DeliveryStatus.FAILED: {"redeliver": DeliveryStatus.WAITING},
    },
)


@attrs.frozen(kw_only=True)
class Attempt:
    """What came of sending: the status of the answer and how it begins, or why there is none."""

    at: datetime
    milliseconds: int
    status_code: int | None = None
    error: str = ""
    excerpt: str = ""

    @classmethod
    def bounded(cls, *, at: datetime, milliseconds: int, status_code: int | None, error: str, excerpt: str) -> Attempt:
        """The same, of texts that may be long, or hold what no database keeps."""
        return cls(
            at=at,
            milliseconds=milliseconds,
            status_code=status_code,
            error=_kept(error, _LONGEST_ERROR),
            excerpt=_kept(excerpt, LONGEST_EXCERPT),
        )

    @property
    def arrived(self) -> bool:
        """Whether the receiver has said that it has it."""
        return self.status_code is not None and 200 <= self.status_code < 300  # noqa: PLR2004 (RFC 9110, 15.3)


@attrs.frozen(kw_only=True)
class WebhookDelivery:
    """An event's `payload`, exactly as it is sent, for an endpoint; `tried` counts the attempts since somebody last asked for it.

    `due_at` is when it is looked at again, by the turn that is next.
    """

    id: DeliveryId
    endpoint_id: EndpointId
    event_id: UUID
    type: str
    payload: str = attrs.field(repr=False)
    made_at: datetime
    due_at: datetime
    turn: int = 1
    tried: int = 0
    attempts: tuple[Attempt, ...] = ()
    status: DeliveryStatus = DELIVERY.initial
    failure: str = ""

    @classmethod
    def of(
        cls, delivery_id: DeliveryId, endpoint_id: EndpointId, event_id: UUID, type_: str, payload: str, *, at: datetime
    ) -> WebhookDelivery:
        """A new one, which is due: see `due`."""
        return cls(
            id=delivery_id,
            endpoint_id=endpoint_id,
            event_id=event_id,
            type=type_,
            payload=payload,
            made_at=at,
            due_at=at + TURN,
        )

    @property
    def message_id(self) -> str:
        """What the receiver knows it by, however often it comes."""
        return f"msg_{self.id.hex}"

    @property
    def waits(self) -> bool:
        """Whether anybody still tries."""
        return self.status is DeliveryStatus.WAITING

    def due(self, at: datetime) -> WebhookDeliveryDue:
        """The fact that its turn has come."""
        return WebhookDeliveryDue(delivery_id=self.id, endpoint_id=self.endpoint_id, turn=self.turn, at=at)

    def reminded(self, at: datetime) -> tuple[WebhookDelivery, WebhookDeliveryDue]:
        """Said again that it is due; should nobody hear that, it is said once more after a while."""
        return attrs.evolve(self, due_at=at + TURN), self.due(at)

    def taken(self, at: datetime) -> WebhookDelivery:
        """In somebody's hands: this turn is nobody else's."""
        return attrs.evolve(self, turn=self.turn + 1, due_at=at + TURN)

    def put_off(self, until: datetime) -> WebhookDelivery:
        """Later, without having been tried; not all at once with others."""
        return attrs.evolve(self, due_at=until + self._spread(timedelta(seconds=10)))

    def attempted(self, attempt: Attempt, *, not_before: datetime | None = None) -> WebhookDelivery:
        """After an attempt: delivered, due again, or given up. What was delivered meanwhile stays so.

        `not_before` is when the receiver wants to be asked again.
        """
        attempts = (*self.attempts, attempt)
        if len(attempts) > KEPT_ATTEMPTS:
            attempts = (attempts[0], *attempts[-KEPT_ATTEMPTS + 1 :])
        after = attrs.evolve(self, attempts=attempts, tried=self.tried + 1)
        if not self.waits:
            return after
        if attempt.arrived:
            return attrs.evolve(after, status=DELIVERY.next(self.status, "deliver"))
        if self.tried >= len(WAITS):
            return after.give_up("every attempt has failed")
        wait = WAITS[self.tried]
        due_at = attempt.at + wait + self._spread(wait // _TENTH)
        return attrs.evolve(after, due_at=due_at if not_before is None else max(due_at, not_before))

    def give_up(self, why: str) -> WebhookDelivery:
        """Tried no more, unless somebody asks for it."""
        return attrs.evolve(self, status=DELIVERY.next(self.status, "fail"), failure=why)

    def redeliver(self, *, at: datetime) -> tuple[WebhookDelivery, WebhookDeliveryDue]:
        """Due now, whatever became of it before, and tried as often as a new one; under the same id."""
        status = DELIVERY.next(self.status, "redeliver")
        after = attrs.evolve(self, status=status, failure="", tried=0, turn=self.turn + 1, due_at=at + TURN)
        return after, after.due(at)

    def _spread(self, span: timedelta) -> timedelta:
        """A part of a span that differs from delivery to delivery, so that those that failed together do not come back together."""
        return span * (self.id.int % _PARTS) // _PARTS


def _kept(text: str, longest: int) -> str:
    """The beginning of a text, without what no database keeps."""
    return text[:longest].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()

"""Dead letters: events that a subscription has failed at too often, for whoever operates the platform."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from quarterturn_adapters.codec import unstructure
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, Line, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.dispatch import Dispatch, DispatchStatus
from quarterturn_domain.operations.mending import MendDeadLetter, MendSubscription

TAGS: Final = ["admin operations"]

_Sequence = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
_Name = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00]*$")]
_NAME: Final = r"^[a-z][a-z0-9-]*$"

SubscriptionName = Annotated[
    str, PathParameter(min_length=1, max_length=100, pattern=_NAME, description="Who could not handle the event.")
]


class DeadLetterBody(Body):
    """An event that a subscription could not handle; `status` is `waiting` when it is to be tried anew."""

    subscription: str
    message_id: UUID
    status: DispatchStatus
    event: str
    about: str
    happened_at: datetime
    attempts: int
    last_failure: str | None
    last_failed_at: datetime | None

    @classmethod
    def of(cls, dispatch: Dispatch) -> DeadLetterBody:
        """`dispatch` as the platform sees it."""
        return cls(**_said(dispatch))


class FailureBody(Body):
    """What went wrong, and when."""

    at: datetime
    what: str


class WholeDeadLetterBody(DeadLetterBody):
    """The same with what the event says (as in the outbox: see its schema) and the history of its failures."""

    content: dict[str, Any]
    failures: list[FailureBody]

    @classmethod
    def of(cls, dispatch: Dispatch) -> WholeDeadLetterBody:
        """`dispatch` as the platform sees it."""
        content = unstructure(dispatch.message.event)
        assert isinstance(content, dict), "an event is an object"
        failures = [FailureBody(at=each.at, what=each.what) for each in dispatch.failures]
        return cls(**_said(dispatch), content=content, failures=failures)


class DiscardingAsked(Asked):
    """Why an event need not have this effect."""

    reason: Line


class MendedBody(Body):
    """How many dead letters there were."""

    count: int


def _said(dispatch: Dispatch) -> dict[str, Any]:
    last = dispatch.failures[-1] if dispatch.failures else None
    return {
        "subscription": dispatch.subscription,
        "message_id": dispatch.message.id,
        "status": dispatch.status,
        "event": dispatch.message.event.tag,
        "about": dispatch.about,
        "happened_at": dispatch.message.event.at,
        "attempts": dispatch.attempts,
        "last_failure": None if last is None else last.what,
        "last_failed_at": None if last is None else last.at,
    }


@get(
    "/admin/dead-letters",
    summary="List dead letters",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_OPERATIONS),
)
def list_dead_letters(
    request: Ask,
    subscription: Annotated[
        str | None, QueryParameter(min_length=1, max_length=100, pattern=_NAME, description="Only those of this subscription.")
    ] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[DeadLetterBody]:
    """The latest event first."""
    after = place(cursor, tuple[_Sequence, _Name])
    found = request.service.application.read_dead_letters.page(after, limit + 1, subscription=subscription)
    return page(found, limit, DeadLetterBody.of, lambda dispatch: dispatch.place)


@get(
    "/admin/dead-letters/{subscription:str}/{message_id:uuid}",
    summary="Read a dead letter",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_OPERATIONS),
)
def read_dead_letter(request: Ask, subscription: SubscriptionName, message_id: FromPath[UUID]) -> WholeDeadLetterBody:
    """Its event, and the history of its failures."""
    return WholeDeadLetterBody.of(request.service.application.read_dead_letters.letter(subscription, message_id))


@post(
    "/admin/dead-letters/{subscription:str}/retry",
    summary="Have all dead letters of a subscription tried anew",
    description="They are due at once. It is safe: what was done before is not done again.",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_OPERATIONS),
)
def retry_subscription(request: Ask, subscription: SubscriptionName) -> MendedBody:
    """How many there were."""
    command = MendSubscription(act="retry", subscription=subscription, by=request.account_id, at=request.now)
    return MendedBody(count=request.service.application.mend_subscriptions(command))


@post(
    "/admin/dead-letters/{subscription:str}/discard",
    summary="Give up all dead letters of a subscription",
    description="Their events never have this effect. In a subscription that keeps order, later events of the same thing go on.",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_OPERATIONS),
)
def discard_subscription(request: Ask, subscription: SubscriptionName, data: JSONBody[DiscardingAsked]) -> MendedBody:
    """How many there were."""
    command = MendSubscription(act="discard", subscription=subscription, reason=data.reason, by=request.account_id, at=request.now)
    return MendedBody(count=request.service.application.mend_subscriptions(command))


@post(
    "/admin/dead-letters/{subscription:str}/{message_id:uuid}/retry",
    summary="Have a dead letter tried anew",
    description="It is due at once. It is safe: what was done before is not done again.",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **administers(Permission.ADMIN_OPERATIONS),
)
def retry_dead_letter(request: Ask, subscription: SubscriptionName, message_id: FromPath[UUID]) -> DeadLetterBody:
    """The letter, waiting; 409 for one that waits already."""
    command = MendDeadLetter(act="retry", subscription=subscription, message_id=message_id, by=request.account_id, at=request.now)
    return DeadLetterBody.of(request.service.application.mend_dead_letters(command))


@post(
    "/admin/dead-letters/{subscription:str}/{message_id:uuid}/discard",
    summary="Give up a dead letter",
    description="Its event never has this effect. In a subscription that keeps order, later events of the same thing go on.",
    tags=TAGS,
    status_code=204,
    sync_to_thread=True,
    **administers(Permission.ADMIN_OPERATIONS),
)
def discard_dead_letter(
    request: Ask, subscription: SubscriptionName, message_id: FromPath[UUID], data: JSONBody[DiscardingAsked]
) -> None:
    """Nothing; 409 for one that waits to be tried."""
    command = MendDeadLetter(
        act="discard",
        subscription=subscription,
        message_id=message_id,
        reason=data.reason,
        by=request.account_id,
        at=request.now,
    )
    request.service.application.mend_dead_letters(command)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    list_dead_letters,
    read_dead_letter,
    retry_subscription,
    discard_subscription,
    retry_dead_letter,
    discard_dead_letter,
)

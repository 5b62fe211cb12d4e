"""Mending: a person looks at dead letters, and has them tried anew, or gives them up.

To try one anew is safe: whoever hears an event handles it idempotently, and what was done before is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

import attrs

from quarterturn_domain.identity.audit import AuditEntry, noted
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.kernel.dispatch import Depth, Dispatch, DispatchStatus, Place
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.kernel.texts import short
from quarterturn_domain.kernel.work import Begin

MAX_REASON: Final = 200

_PAGE: Final = 200
_KIND: Final = "dead letter"

Mending: TypeAlias = Literal["retry", "discard"]
_DONE: Final[Mapping[Mending, str]] = {"retry": "retried", "discard": "discarded"}


@attrs.frozen(kw_only=True)
class MendDeadLetter:
    """Have one dead letter tried anew, or give it up: then its event never has this effect, and a `reason` is kept."""

    act: Mending
    subscription: str
    message_id: UUID
    reason: str = ""
    by: AccountId | None = None
    at: datetime


@attrs.frozen(kw_only=True)
class MendSubscription:
    """The same of all dead letters of a subscription, also one that there is no more."""

    act: Mending
    subscription: str
    reason: str = ""
    by: AccountId | None = None
    at: datetime


class ReadDeadLetters:
    """Answers what nobody tries any more, for whoever operates the platform."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def page(self, after: Place | None, limit: int, *, subscription: str | None = None) -> Sequence[Dispatch]:
        """Up to `limit` dead letters, the latest event first, those that follow on `after`."""
        with self._work() as work:
            return work.dispatches.dead(after, limit, subscription)

    def letter(self, subscription: str, message_id: UUID) -> Dispatch:
        """A dead letter; raises `NotFound`, also for what still waits."""
        with self._work() as work:
            found = work.dispatches.find([(subscription, message_id)]).get((subscription, message_id))
        if found is None or found.status is not DispatchStatus.DEAD:
            raise NotFound(_KIND, f"{message_id} of {subscription}")
        return found

    def depths(self) -> Mapping[str, Depth]:
        """How much waits and is dead, by subscription."""
        with self._work() as work:
            return work.dispatches.depths()


class MendDeadLetters:
    """Has dead letters tried anew, or gives them up. Who did what is in the audit trail."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: MendDeadLetter) -> Dispatch:
        """The dispatch: waiting again, or as it was when it was given up.

        Raises `NotFound`, `InvalidTransition` for one that waits, `Invalid` for what is given up without a reason.
        """
        _refuse_without_reason(command)
        key = command.subscription, command.message_id
        with self._work() as work:
            found = work.dispatches.lock([key]).get(key)
            if found is None:
                raise NotFound(_KIND, f"{command.message_id} of {command.subscription}")
            mended = _mended(work, command, [found])[0]
            said = {"subscription": command.subscription, "event": found.message.event.tag, "reason": command.reason}
            work.audit.append([_entry(command, "dead_letter", found.message.id, **said)])
        return mended


class MendSubscriptions:
    """The same for whole subscriptions, page by page, each in a transaction of its own."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: MendSubscription) -> int:
        """How many there were: those that were dead when they were looked for; raises `Invalid` as for one."""
        _refuse_without_reason(command)
        done, after = 0, None
        while True:
            with self._work() as work:
                page = work.dispatches.dead(after, _PAGE, command.subscription)
                locked = work.dispatches.lock([each.key for each in page])
                # Somebody else may have mended some of them meanwhile.
                dead = [each for each in locked.values() if each.status is DispatchStatus.DEAD]
                if dead:
                    _mended(work, command, dead)
                    said = {"count": len(dead), "reason": command.reason}
                    work.audit.append([_entry(command, "subscription", command.subscription, **said)])
            done += len(dead)
            if len(page) < _PAGE:
                return done
            after = page[-1].place


def _refuse_without_reason(command: MendDeadLetter | MendSubscription) -> None:
    short(MAX_REASON, reason=command.reason)
    short(MAX_REASON, subscription=command.subscription)
    if command.act == "discard" and not command.reason.strip():
        raise Invalid("a dead letter to discard without a reason", "why its event need not have this effect")


def _mended(work: IdentityWork, command: MendDeadLetter | MendSubscription, dead: Sequence[Dispatch]) -> Sequence[Dispatch]:
    if command.act == "retry":
        again = [each.retry(at=command.at) for each in dead]
        work.dispatches.save(again)
        return again
    work.dispatches.done([each.discard() for each in dead])
    return dead


def _entry(command: MendDeadLetter | MendSubscription, kind: str, subject: UUID | str, **said: object) -> AuditEntry:
    return noted(f"dead_letter.{_DONE[command.act]}", kind, subject, by=command.by, at=command.at, **said)

"""A session: one device that is signed in, by a family of refresh tokens of which only the newest is good.

A token is `rt_<session>_<family>.<own>`. Its family part stays, its own part changes with every refresh. Of both only the digest is
kept: a token with the right family part and another own part was good once, so that somebody uses a copy: the family dies.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import AccountId, SessionId
from quarterturn_domain.kernel.machine import StateMachine

IDLE: Final = timedelta(days=30)
"""How long a session lives that nobody uses."""

WHOLE: Final = timedelta(days=90)
"""How long it lives, however often it is used."""

_LONGEST_DEVICE: Final = 200


class SessionStatus(StrEnum):
    """Whether the session may be used: `ended` was wanted by its owner, `revoked` was not."""

    ACTIVE = "active"
    ENDED = "ended"
    REVOKED = "revoked"


SESSION: Final = StateMachine(
    "session",
    initial=SessionStatus.ACTIVE,
    table={
        SessionStatus.ACTIVE: {"end": SessionStatus.ENDED, "revoke": SessionStatus.REVOKED},
        SessionStatus.ENDED: {},
        SessionStatus.REVOKED: {},
    },
)


@attrs.frozen
class Session:
    """A device that is signed in: `family` and `token` are digests; it is over at `expires_at` unless it is used before."""

    id: SessionId
    account_id: AccountId
    device: str
    opened_at: datetime
    used_at: datetime
    expires_at: datetime
    family: str = attrs.field(repr=False)
    token: str = attrs.field(repr=False)
    status: SessionStatus = SESSION.initial
    reason: str = ""

    @classmethod
    def open(cls, session_id: SessionId, account_id: AccountId, *, device: str, family: str, token: str, at: datetime) -> Session:
        """A new session; `device` is what the device says of itself, of which only the beginning is kept."""
        return cls(session_id, account_id, _device(device), at, at, at + IDLE, family, token)

    def live(self, at: datetime) -> bool:
        """Whether it may be used."""
        return self.status is SessionStatus.ACTIVE and at < self.expires_at

    def refreshed(self, token: str, at: datetime) -> Session:
        """With its next token, and a new idle time within the whole."""
        assert self.live(at)
        # Machines disagree about the time by a little: it never goes back here.
        used_at = max(at, self.used_at)
        return attrs.evolve(self, token=token, used_at=used_at, expires_at=min(used_at + IDLE, self.opened_at + WHOLE))

    def move(self, act: str, reason: str) -> Session:
        """The session after `end` or `revoke`."""
        return attrs.evolve(self, status=SESSION.next(self.status, act), reason=reason)


def _device(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text[:_LONGEST_DEVICE]).strip()

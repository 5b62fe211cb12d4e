"""Signing out: ending a session, one's own or, for an administrator, somebody's, or all of an account's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.secret import Secrets, parted
from quarterturn_domain.identity.session import Session, SessionStatus
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, SessionId
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class SignOut:
    """End the session of a refresh token; of one that is good for nothing there is nothing to end."""

    token: str = attrs.field(repr=False, metadata=TIMING)
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class EndSession:
    """End a session of `account_id`; `by` is who does it, None for its owner."""

    account_id: AccountId
    session_id: SessionId
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class EndAllSessions:
    """End every session of an account, but for the one to `keep`; `by` is who does it, None for its owner."""

    account_id: AccountId
    keep: SessionId | None = None
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class EndSessions:
    """Ends sessions; one that is over stays as it is."""

    def __init__(self, work: Begin[IdentityWork], secrets: Secrets) -> None:
        self._work = work
        self._secrets = secrets

    def __call__(self, command: SignOut | EndSession | EndAllSessions) -> Sequence[Session]:
        """The sessions that the command has ended; raises `NotFound` for a session that is not the account's."""
        with self._work() as work:
            if isinstance(command, EndAllSessions):
                # The account is locked first, as by whoever opens a session.
                work.accounts.lock([command.account_id])
                by = command.by or command.account_id
                return end_all(work, command.account_id, keep=command.keep, reason=_reason(command), by=by, at=command.at)
            session = self._signed_out(work, command) if isinstance(command, SignOut) else _own(work, command)
            if session is None or session.status is not SessionStatus.ACTIVE:
                return []
            ended = session.move("end", _reason(command))
            work.sessions.save([ended])
            by = session.account_id if isinstance(command, SignOut) else command.by or session.account_id
            work.audit.append([noted("session.ended", "account", session.account_id, by=by, at=command.at, session=session.id)])
        return [ended]

    def _signed_out(self, work: IdentityWork, command: SignOut) -> Session | None:
        found = parted("rt", command.token)
        if found is None:
            return None
        key, secret = found
        session = work.sessions.lock([SessionId(key)]).get(SessionId(key))
        # The family is enough: whoever has had any token of it may end it.
        digest = self._secrets.digest(secret.partition(".")[0])
        return session if session is not None and self._secrets.same(session.family, digest) else None


def end_all(
    work: IdentityWork, account_id: AccountId, *, reason: str, by: AccountId | None, at: datetime, keep: SessionId | None = None
) -> Sequence[Session]:
    """End every active session of an account, which is locked, but for the one to `keep`."""
    ended = [each.move("end", reason) for each in work.sessions.lock_active(account_id) if each.id != keep]
    if ended:
        work.sessions.save(ended)
        work.audit.append(
            noted("session.ended", "account", account_id, by=by, at=at, session=each.id, reason=reason) for each in ended
        )
    return ended


def _own(work: IdentityWork, command: EndSession) -> Session:
    session = work.sessions.lock([command.session_id]).get(command.session_id)
    if session is None or session.account_id != command.account_id:
        raise NotFound("session", str(command.session_id))
    return session


def _reason(command: SignOut | EndSession | EndAllSessions) -> str:
    if isinstance(command, SignOut):
        return "signed out"
    return "ended by its owner" if command.by in (None, command.account_id) else "ended by an administrator"

"""Signing in: a password for a session, a refresh token for the next one, and throttling of whoever guesses.

An attempt is counted and committed before the password is looked at, and taken back once it was right: neither a crash nor many
guesses at the same moment are a free guess. The password is verified outside of the transactions, since that is slow on purpose.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.identity.account import Account, AccountStatus, comparable
from quarterturn_domain.identity.attempts import Attempts
from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.password import PasswordHasher, normal
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.secret import Secrets, parted, shown
from quarterturn_domain.identity.session import Session
from quarterturn_domain.kernel.errors import Forbidden, Rejected
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import SessionId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin

WRONG: Final = "The address or the password is wrong"
NO_SESSION: Final = "The session is over; sign in again"


@attrs.frozen(eq=False)
class SignInRefused(Rejected):
    """Nobody knows who asks; it does not say what exactly was wrong, since that would help whoever guesses."""

    reason: str

    @property
    def message(self) -> str:
        """What can be said."""
        return self.reason


@attrs.frozen(kw_only=True)
class SignIn:
    """Sign in on a device, which says of itself what it is; the session gets the id that is given."""

    email: str
    password: str = attrs.field(repr=False, metadata=TIMING)
    device: str = ""
    session_id: SessionId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class SignedIn:
    """Somebody is signed in; the refresh token is good once, and shown here only."""

    account: Account
    session: Session
    refresh_token: str = attrs.field(repr=False)


class SignPeopleIn:
    """Opens sessions. A wrong password and an address without an account are refused alike, and take as long as each other."""

    def __init__(self, work: Begin[IdentityWork], hasher: PasswordHasher, secrets: Secrets) -> None:
        self._work = work
        self._hasher = hasher
        self._secrets = secrets

    def __call__(self, command: SignIn) -> SignedIn:
        """The session; raises `SignInRefused`, `TooManyAttempts`, or `Forbidden` when it is right and the account suspended."""
        email = comparable(command.email)
        address = self._secrets.digest(email)
        with self._work() as work:
            attempts = work.attempts.lock(address, command.at).counted(command.at)
            work.attempts.save(attempts)
            # What no database could keep is nobody's address.
            account = work.accounts.by_email(email) if normal(email) else None
            credential = None if account is None else work.credentials.find([account.id]).get(account.id)
        password = normal(command.password)
        right = self._hasher.verify(password, None if credential is None else credential.hash)
        if account is None or credential is None or not right:
            self._note_lock(account, attempts, command.at)
            raise SignInRefused(WRONG)
        rehashed = self._hasher.hash(password) if self._hasher.stale(credential.hash) else None
        return self._open(command, account, credential, attempts.succeeded(command.at), rehashed)

    def _open(
        self, command: SignIn, account: Account, credential: Credential, attempts: Attempts, rehashed: str | None
    ) -> SignedIn:
        family, own = self._secrets.new(), self._secrets.new()
        token = f"{family}.{own}"
        session = Session.open(
            command.session_id,
            account.id,
            device=command.device,
            family=self._secrets.digest(family),
            token=self._secrets.digest(own),
            at=command.at,
        )
        with self._work() as work:
            # Under the lock of the account, so that no session is opened behind the back of its suspension or a new password.
            now = work.accounts.lock([account.id]).get(account.id)
            known = work.credentials.lock([account.id]).get(account.id)
            if now is None or known is None or known.hash != credential.hash:
                raise SignInRefused(WRONG)
            work.attempts.lock(attempts.address, command.at)
            work.attempts.save(attempts)
            if rehashed is not None:
                work.credentials.save([attrs.evolve(known, hash=rehashed)])
            if now.status is AccountStatus.ACTIVE:
                work.sessions.add([session])
                work.audit.append([noted("session.opened", "account", now.id, by=now.id, at=command.at, session=session.id)])
        if now.status is not AccountStatus.ACTIVE:
            raise Forbidden("The account is suspended")
        return SignedIn(account=now, session=session, refresh_token=shown("rt", session.id, token))

    def _note_lock(self, account: Account | None, attempts: Attempts, at: datetime) -> None:
        if account is not None and attempts.locked_until is not None:
            entry = noted("account.locked", "account", account.id, by=None, at=at, failures=attempts.failures)
            with self._work() as work:
                work.audit.append([entry])


@attrs.frozen(kw_only=True)
class Refresh:
    """Change a refresh token for the next one."""

    token: str = attrs.field(repr=False, metadata=TIMING)
    at: datetime = attrs.field(metadata=TIMING)


class RefreshSessions:
    """Rotates refresh tokens; one that comes back after it was used ends its session, since one of its two users is a thief."""

    def __init__(self, work: Begin[IdentityWork], secrets: Secrets) -> None:
        self._work = work
        self._secrets = secrets

    def __call__(self, command: Refresh) -> SignedIn:
        """The session with its next token; raises `SignInRefused`, having revoked the family of a token that was used before."""
        found = parted("rt", command.token)
        if found is None:
            raise SignInRefused(NO_SESSION)
        key, secret = found
        family, _, own = secret.partition(".")
        fresh = self._secrets.new()
        refreshed: SignedIn | None = None
        with self._work() as work:
            session = work.sessions.lock([SessionId(key)]).get(SessionId(key))
            # A forged token tells nothing of the true ones: it must not end the session of somebody whose id was seen in a log.
            if session is not None and session.live(command.at) and self._is(family, session.family):
                account = required(work.accounts.find([session.account_id]), session.account_id, "account")
                if not self._is(own, session.token):
                    # Committed, although it is refused.
                    _revoke(work, session, command.at)
                elif account.status is AccountStatus.ACTIVE:
                    after = session.refreshed(self._secrets.digest(fresh), command.at)
                    work.sessions.save([after])
                    text = shown("rt", after.id, f"{family}.{fresh}")
                    refreshed = SignedIn(account=account, session=after, refresh_token=text)
        if refreshed is None:
            raise SignInRefused(NO_SESSION)
        return refreshed

    def _is(self, secret: str, digest: str) -> bool:
        return self._secrets.same(digest, self._secrets.digest(secret))


def _revoke(work: IdentityWork, session: Session, at: datetime) -> None:
    work.sessions.save([session.move("revoke", "a refresh token was used twice")])
    entry = noted("session.revoked", "account", session.account_id, by=None, at=at, session=session.id, reason="reuse")
    work.audit.append([entry])

"""Changing an account: its name, and the password that it signs in with."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.lettering import withdraw
from quarterturn_domain.identity.password import PasswordHasher, chosen, normal
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.secret import Secrets
from quarterturn_domain.identity.signing_out import end_all
from quarterturn_domain.kernel.errors import Conflict, Forbidden
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, SessionId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class ChangeProfile:
    """Say anew who one is."""

    account_id: AccountId
    name: str
    at: datetime = attrs.field(metadata=TIMING)


class ChangeProfiles:
    """Changes what an account says of itself."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: ChangeProfile) -> Account:
        """The account afterwards; raises `Invalid` or `NotFound`."""
        with self._work() as work:
            account = required(work.accounts.lock([command.account_id]), command.account_id, "account")
            after = account.rename(command.name)
            if after != account:
                work.accounts.save([after])
        return after


@attrs.frozen(kw_only=True)
class ChangePassword:
    """Take another password, knowing the one before; every session but the one to `keep` is ended."""

    account_id: AccountId
    current: str = attrs.field(repr=False, metadata=TIMING)
    password: str = attrs.field(repr=False, metadata=TIMING)
    keep: SessionId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class SetPassword:
    """Give an account a password without knowing the one before, as whoever operates the platform; its sessions are ended."""

    account_id: AccountId
    password: str = attrs.field(repr=False, metadata=TIMING)
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class ChangePasswords:
    """Changes passwords; guessing the one before is throttled just as signing in is."""

    def __init__(self, work: Begin[IdentityWork], hasher: PasswordHasher, secrets: Secrets) -> None:
        self._work = work
        self._hasher = hasher
        self._secrets = secrets

    def __call__(self, command: ChangePassword | SetPassword) -> Account:
        """The account; raises `Invalid`, `NotFound`, `TooManyAttempts`, `Forbidden` for a wrong one before, or `Conflict`."""
        with self._work() as work:
            account = required(work.accounts.find([command.account_id]), command.account_id, "account")
            # Before anything is counted: who looks for a password that may be chosen guesses nothing.
            password = chosen(command.password, (account.email, account.name))
            before = work.credentials.find([account.id]).get(account.id)
            if isinstance(command, ChangePassword):
                attempts = work.attempts.lock(self._secrets.digest(account.email), command.at)
                work.attempts.save(attempts.counted(command.at))
        if isinstance(command, ChangePassword) and not self._hasher.verify(
            normal(command.current), None if before is None else before.hash
        ):
            raise Forbidden("The password until now is another one")
        after = Credential(account.id, self._hasher.hash(password), command.at)
        with self._work() as work:
            work.accounts.lock([account.id])
            if work.credentials.lock([account.id]).get(account.id) != before:
                raise Conflict("password", str(account.id))
            (work.credentials.add if before is None else work.credentials.save)([after])
            attempts = work.attempts.lock(self._secrets.digest(account.email), command.at)
            work.attempts.save(attempts.succeeded(command.at))
            keep = command.keep if isinstance(command, ChangePassword) else None
            by = account.id if isinstance(command, ChangePassword) else command.by
            work.audit.append([noted("account.password_changed", "account", account.id, by=by, at=command.at)])
            # A letter that stands for the password until now stands for nothing any more.
            withdraw(work, work.letters.open_of_account(account.id))
            end_all(work, account.id, keep=keep, reason="the password was changed", by=by, at=command.at)
        return account

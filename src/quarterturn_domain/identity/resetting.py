"""Resetting a password that was forgotten: a letter goes to the address of the account, and its token stands for the password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import attrs

from quarterturn_domain.identity.account import Account, AccountStatus, comparable
from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.letter import Letter, LetterPurpose, LetterSpent
from quarterturn_domain.identity.lettering import letter_of, locked, withdraw
from quarterturn_domain.identity.password import PasswordHasher, chosen, normal
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.secret import Secrets
from quarterturn_domain.identity.signing_out import end_all
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import LetterId
from quarterturn_domain.kernel.work import Begin

PAUSE: Final = timedelta(minutes=1)
"""How long after a letter no other one is written, so that nobody is buried in letters."""


@attrs.frozen(kw_only=True)
class AskPasswordReset:
    """Say that the password of the account with this address was forgotten."""

    letter_id: LetterId
    email: str
    at: datetime = attrs.field(metadata=TIMING)


class AskPasswordResets:
    """Writes to those who have forgotten their password; whoever asks hears nothing of it."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: AskPasswordReset) -> Letter | None:
        """The letter, which is not for whoever asks; none for an address without an account that may be used, or so soon again."""
        email = comparable(command.email)
        # What no database could keep is nobody's address.
        if not normal(email):
            return None
        with self._work() as work:
            found = work.accounts.by_email(email)
            account = None if found is None else work.accounts.lock([found.id]).get(found.id)
            if account is None or account.email != email or account.status is not AccountStatus.ACTIVE:
                return None
            before = [each for each in work.letters.open_of_account(account.id) if each.purpose is LetterPurpose.RESET_PASSWORD]
            if any(command.at < each.written_at + PAUSE for each in before):
                return None
            letter, fact = Letter.password_reset(command.letter_id, account_id=account.id, email=email, at=command.at)
            withdraw(work, before)
            work.letters.add([letter])
            work.audit.append([noted("account.password_reset_asked", "account", account.id, by=None, at=command.at)])
            work.outbox.append([fact])
        return letter


@attrs.frozen(kw_only=True)
class ResetPassword:
    """Take another password, by the token of a letter; every session is ended."""

    token: str = attrs.field(repr=False, metadata=TIMING)
    password: str = attrs.field(repr=False, metadata=TIMING)
    at: datetime = attrs.field(metadata=TIMING)


class ResetPasswords:
    """Gives accounts the password that somebody has chosen who reads their address."""

    def __init__(self, work: Begin[IdentityWork], hasher: PasswordHasher, secrets: Secrets) -> None:
        self._work = work
        self._hasher = hasher
        self._secrets = secrets

    def __call__(self, command: ResetPassword) -> Account:
        """The account; raises `LetterSpent`, or `Invalid` for a password that nobody should have, which spends nothing."""
        with self._work() as work:
            letter = letter_of(work, self._secrets, command.token, LetterPurpose.RESET_PASSWORD)
            assert letter.account_id is not None
            account = work.accounts.find([letter.account_id]).get(letter.account_id)
        if account is None or not letter.live(command.at):
            raise LetterSpent
        after = Credential(account.id, self._hasher.hash(chosen(command.password, (account.email, account.name))), command.at)
        with self._work() as work:
            now = work.accounts.lock([account.id])[account.id]
            letter = locked(work, letter, command.at)
            if now.status is not AccountStatus.ACTIVE or now.email != letter.email:
                raise LetterSpent
            before = work.credentials.lock([now.id]).get(now.id)
            (work.credentials.add if before is None else work.credentials.save)([after])
            # Whoever has locked the address by guessing keeps nobody out who reads it.
            attempts = work.attempts.lock(self._secrets.digest(now.email), command.at)
            work.attempts.save(attempts.succeeded(command.at))
            work.letters.save([letter.move("use")])
            withdraw(work, [each for each in work.letters.open_of_account(now.id) if each.id != letter.id])
            work.audit.append([noted("account.password_reset", "account", now.id, by=now.id, at=command.at)])
            end_all(work, now.id, reason="the password was reset", by=now.id, at=command.at)
        return now

"""Changing the e-mail address of an account: asked for with its password, and done once the next address was shown to be read."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.identity.account import Account, email_address
from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.events import AccountEmailChanged
from quarterturn_domain.identity.letter import Letter, LetterPurpose, LetterSpent, LetterStatus
from quarterturn_domain.identity.lettering import letter_of, locked, withdraw
from quarterturn_domain.identity.password import PasswordHasher, normal
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.secret import Secrets
from quarterturn_domain.identity.signing_out import end_all
from quarterturn_domain.kernel.errors import Conflict, Forbidden, Invalid
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, LetterId, SessionId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class AskEmailChange:
    """Ask for another address, knowing the password; a letter goes to the next address. An older one is good for nothing."""

    letter_id: LetterId
    account_id: AccountId
    email: str
    current: str = attrs.field(repr=False, metadata=TIMING)
    at: datetime = attrs.field(metadata=TIMING)


class AskEmailChanges:
    """Writes to next addresses; guessing the password is throttled just as signing in is."""

    def __init__(self, work: Begin[IdentityWork], hasher: PasswordHasher, secrets: Secrets) -> None:
        self._work = work
        self._hasher = hasher
        self._secrets = secrets

    def __call__(self, command: AskEmailChange) -> Letter:
        """The letter; raises `Invalid`, `NotFound`, `TooManyAttempts`, `Forbidden` for a wrong password, or `Conflict`."""
        email = email_address(command.email)
        with self._work() as work:
            account = required(work.accounts.find([command.account_id]), command.account_id, "account")
            if email == account.email:
                raise Invalid("the address that the account has", "another one")
            credential = work.credentials.find([account.id]).get(account.id)
            attempts = work.attempts.lock(self._secrets.digest(account.email), command.at)
            work.attempts.save(attempts.counted(command.at))
        if not self._hasher.verify(normal(command.current), None if credential is None else credential.hash):
            raise Forbidden("The password is another one")
        with self._work() as work:
            # Whoever writes letters about an account holds the account.
            account = required(work.accounts.lock([account.id]), account.id, "account")
            attempts = work.attempts.lock(self._secrets.digest(account.email), command.at)
            work.attempts.save(attempts.succeeded(command.at))
            letter, fact = Letter.change_of_email(
                command.letter_id, account_id=account.id, email=email, former=account.email, at=command.at
            )
            known = work.letters.find([letter.id]).get(letter.id)
            if known is not None:
                return _same(known, letter)
            if work.accounts.by_email(email) is not None:
                raise Conflict("account", email, "this e-mail address has an account")
            withdraw(work, _open(work, account.id))
            work.letters.add([letter])
            work.audit.append([noted("account.email_change_asked", "account", account.id, by=account.id, at=command.at)])
            work.outbox.append([fact])
        return letter


def _same(known: Letter, letter: Letter) -> Letter:
    if (known.purpose, known.account_id, known.email) != (letter.purpose, letter.account_id, letter.email):
        raise Conflict("change of address", str(known.id), "it was asked for with other content")
    return known


def _open(work: IdentityWork, account_id: AccountId) -> list[Letter]:
    return [each for each in work.letters.open_of_account(account_id) if each.purpose is LetterPurpose.CHANGE_EMAIL]


@attrs.frozen(kw_only=True)
class ConfirmEmailChange:
    """Show that the next address is read; every session but the one to `keep` is ended."""

    token: str = attrs.field(repr=False, metadata=TIMING)
    account_id: AccountId
    keep: SessionId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class ConfirmEmailChanges:
    """Gives accounts their next address; the one until now is told, by whoever hears `AccountEmailChanged`."""

    def __init__(self, work: Begin[IdentityWork], secrets: Secrets) -> None:
        self._work = work
        self._secrets = secrets

    def __call__(self, command: ConfirmEmailChange) -> Account:
        """The account afterwards; raises `LetterSpent`, also for a letter to another account, or `Conflict`."""
        with self._work() as work:
            account = required(work.accounts.lock([command.account_id]), command.account_id, "account")
            letter = letter_of(work, self._secrets, command.token, LetterPurpose.CHANGE_EMAIL)
            if letter.account_id != account.id:
                raise LetterSpent
            if letter.status is LetterStatus.USED and letter.email == account.email:
                return account
            letter = locked(work, letter, command.at)
            after = account.readdress(letter.email)
            work.accounts.save([after])
            work.letters.save([letter.move("use")])
            # Also those to the address until now, which is not the account's any more.
            withdraw(work, [each for each in work.letters.open_of_account(account.id) if each.id != letter.id])
            work.audit.append([noted("account.email_changed", "account", account.id, by=account.id, at=command.at)])
            reason = "the e-mail address was changed"
            end_all(work, account.id, keep=command.keep, reason=reason, by=account.id, at=command.at)
            work.outbox.append([AccountEmailChanged(account_id=account.id, letter_id=letter.id, at=command.at)])
        return after

"""Registering an account, suspending and reinstating it, granting it roles."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.identity.account import Account, keeps_an_admin
from quarterturn_domain.identity.audit import AuditEntry, noted
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.password import PasswordHasher, chosen
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.role import Role
from quarterturn_domain.identity.signing_out import end_all
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class RegisterAccount:
    """Open an account for a person; without a password it cannot sign in. `by` is who does it, None for the person."""

    account_id: AccountId
    email: str
    name: str
    # Not part of what was asked: a fast digest of the request must not tell the password to whoever guesses.
    password: str | None = attrs.field(default=None, repr=False, metadata=TIMING)
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class RegisterAccounts:
    """Opens accounts; the same id with the same content is the same account, another's address is a `Conflict`."""

    def __init__(self, work: Begin[IdentityWork], hasher: PasswordHasher | None = None) -> None:
        self._work = work
        self._hasher = hasher

    def __call__(self, command: RegisterAccount) -> Account:
        """The account; raises `Invalid` or `Conflict`."""
        account, fact = Account.register(command.account_id, email=command.email, name=command.name, at=command.at)
        hashed = self._hashed(command, account)
        with self._work() as work:
            known = work.accounts.lock([command.account_id]).get(command.account_id)
            if known is not None:
                if (known.email, known.name) != (account.email, account.name):
                    raise Conflict("account", str(command.account_id), "it was registered with other content")
                return known
            if work.accounts.by_email(account.email) is not None:
                raise Conflict("account", account.email, "this e-mail address has an account")
            work.accounts.add([account])
            if hashed is not None:
                work.credentials.add([Credential(account.id, hashed, command.at)])
            work.audit.append([noted("account.registered", "account", account.id, by=command.by or account.id, at=command.at)])
            work.outbox.append([fact])
        return account

    def _hashed(self, command: RegisterAccount, account: Account) -> str | None:
        if command.password is None:
            return None
        assert self._hasher is not None, "a password needs a hasher"
        return self._hasher.hash(chosen(command.password, (account.email, account.name)))


@attrs.frozen(kw_only=True)
class SuspendAccount:
    """Shut an account out, and end its sessions; `by` is the administrator."""

    account_id: AccountId
    reason: str
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class ReinstateAccount:
    """Let an account in again; it has to sign in anew."""

    account_id: AccountId
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class GrantRoles:
    """Give an account these roles and no others; its next request is decided by them."""

    account_id: AccountId
    roles: frozenset[Role]
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class GovernAccounts:
    """Suspends and reinstates accounts, and grants them roles; the platform keeps an administrator."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: SuspendAccount | ReinstateAccount | GrantRoles) -> Account:
        """The account after the command; raises `NotFound`, `Invalid`, `InvalidTransition` or `LastAdmin`."""
        with self._work() as work:
            # All of them, in one order, before the account: two who take each other's role away wait for one another.
            admins = [] if isinstance(command, ReinstateAccount) else work.accounts.admins()
            account = required(work.accounts.lock([command.account_id]), command.account_id, "account")
            facts: list[Event] = []
            if isinstance(command, SuspendAccount):
                after, *facts = account.suspend(reason=command.reason, at=command.at)
            elif isinstance(command, ReinstateAccount):
                after, *facts = account.reinstate(at=command.at)
            else:
                after = account.grant(command.roles)
            keeps_an_admin(admins, account, after)
            if after == account:
                return account
            work.accounts.save([after])
            work.audit.append([_entry(command, account)])
            if isinstance(command, SuspendAccount):
                end_all(work, account.id, reason="the account was suspended", by=command.by, at=command.at)
            work.outbox.append(facts)
        return after


def _entry(command: SuspendAccount | ReinstateAccount | GrantRoles, before: Account) -> AuditEntry:
    by, at = command.by, command.at
    if isinstance(command, SuspendAccount):
        return noted("account.suspended", "account", before.id, by=by, at=at, reason=command.reason)
    if isinstance(command, ReinstateAccount):
        return noted("account.reinstated", "account", before.id, by=by, at=at)
    roles, had = ", ".join(sorted(command.roles)), ", ".join(sorted(before.roles))
    return noted("account.roles_granted", "account", before.id, by=by, at=at, roles=roles, before=had)

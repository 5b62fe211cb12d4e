"""Registering an account, suspending and reinstating it."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class RegisterAccount:
    """Open an account for a person."""

    account_id: AccountId
    email: str
    name: str
    at: datetime = attrs.field(metadata=TIMING)


class RegisterAccounts:
    """Opens accounts; the same id with the same content is the same account, another's address is a `Conflict`."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: RegisterAccount) -> Account:
        """The account; raises `Invalid` or `Conflict`."""
        account, fact = Account.register(command.account_id, email=command.email, name=command.name, at=command.at)
        with self._work() as work:
            known = work.accounts.lock([command.account_id]).get(command.account_id)
            if known is not None:
                if (known.email, known.name) != (account.email, account.name):
                    raise Conflict("account", str(command.account_id), "it was registered with other content")
                return known
            if work.accounts.by_email(account.email) is not None:
                raise Conflict("account", account.email, "this e-mail address has an account")
            work.accounts.add([account])
            work.outbox.append([fact])
        return account


@attrs.frozen(kw_only=True)
class SuspendAccount:
    """Shut an account out."""

    account_id: AccountId
    reason: str
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class ReinstateAccount:
    """Let an account in again."""

    account_id: AccountId
    at: datetime = attrs.field(metadata=TIMING)


class GovernAccounts:
    """Suspends and reinstates accounts."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: SuspendAccount | ReinstateAccount) -> Account:
        """The account after the command; raises `NotFound` or `InvalidTransition`."""
        with self._work() as work:
            account = required(work.accounts.lock([command.account_id]), command.account_id, "account")
            facts: list[Event]
            if isinstance(command, SuspendAccount):
                after, *facts = account.suspend(reason=command.reason, at=command.at)
            else:
                after, *facts = account.reinstate(at=command.at)
            work.accounts.save([after])
            work.outbox.append(facts)
        return after

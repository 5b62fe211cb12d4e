"""An account: a person who can be named, spoken to and shut out."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.identity.events import AccountRegistered, AccountReinstated, AccountSuspended
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.kernel.machine import StateMachine

_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
# RFC 5321, 4.5.3.1.3: a path has at most 256 octets, two of which are its angle brackets.
_LONGEST: Final = 254


class AccountStatus(StrEnum):
    """Whether the account may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


ACCOUNT: Final = StateMachine(
    "account",
    initial=AccountStatus.ACTIVE,
    table={
        AccountStatus.ACTIVE: {"suspend": AccountStatus.SUSPENDED},
        AccountStatus.SUSPENDED: {"reinstate": AccountStatus.ACTIVE},
    },
)


@attrs.frozen
class Account:
    """A person; `email` is in lower case and belongs to one account only."""

    id: AccountId
    email: str
    name: str
    status: AccountStatus
    registered_at: datetime

    @classmethod
    def register(cls, account_id: AccountId, *, email: str, name: str, at: datetime) -> tuple[Account, AccountRegistered]:
        """A new account, or `Invalid` for an address that cannot be one."""
        address = email_address(email)
        if not name.strip():
            raise Invalid("an account without a name", "the name that others will see")
        account = cls(account_id, address, name.strip(), ACCOUNT.initial, at)
        return account, AccountRegistered(account_id=account_id, at=at)

    def suspend(self, *, reason: str, at: datetime) -> tuple[Account, AccountSuspended]:
        """Shut the account out, saying why."""
        after = attrs.evolve(self, status=ACCOUNT.next(self.status, "suspend"))
        return after, AccountSuspended(account_id=self.id, reason=reason, at=at)

    def reinstate(self, *, at: datetime) -> tuple[Account, AccountReinstated]:
        """Let the account in again."""
        after = attrs.evolve(self, status=ACCOUNT.next(self.status, "reinstate"))
        return after, AccountReinstated(account_id=self.id, at=at)


def email_address(text: str) -> str:
    """`text` as an e-mail address in lower case, or `Invalid`."""
    address = text.strip().lower()
    if len(address) > _LONGEST or not _EMAIL.fullmatch(address):
        raise Invalid(f"the e-mail address {text!r}", "one such as name@example.org")
    return address

"""An account: a person who can be named, spoken to and shut out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.identity.events import AccountRegistered, AccountReinstated, AccountSuspended
from quarterturn_domain.identity.role import Role
from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.kernel.ids import AccountId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.texts import short, written

# Without what separates, groups and quotes addresses (RFC 5322, 3.2.3): with a comma in it, one address would be two of them.
_EMAIL: Final = re.compile(r"[^\s@()<>\[\]:;,\\\"]{1,64}@[^\s@.()<>\[\]:;,\\\"]+(\.[^\s@.()<>\[\]:;,\\\"]+)+")
# RFC 5321, 4.5.3.1.3: a path has at most 256 octets, two of which are its angle brackets.
_LONGEST: Final = 254

LONGEST_NAME: Final = 120
"""How many characters the name of an account or a vendor has at most."""

LONGEST_REASON: Final = 500
"""How many characters the reason of a decision has at most."""


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


@attrs.frozen(eq=False)
class LastAdmin(Rejected):
    """The platform keeps an administrator: the last one can neither be suspended nor lose the role."""

    account_id: AccountId

    @property
    def message(self) -> str:
        """What would help."""
        return "The platform would have no administrator; make somebody else one first"


@attrs.frozen
class Account:
    """A person; `email` is in lower case and belongs to one account only."""

    id: AccountId
    email: str
    name: str
    status: AccountStatus
    registered_at: datetime
    roles: frozenset[Role] = frozenset({Role.CLIENT})

    @classmethod
    def register(cls, account_id: AccountId, *, email: str, name: str, at: datetime) -> tuple[Account, AccountRegistered]:
        """A new account, or `Invalid` for an address that cannot be one."""
        address = email_address(email)
        account = cls(account_id, address, _named(name), ACCOUNT.initial, at)
        return account, AccountRegistered(account_id=account_id, at=at)

    def suspend(self, *, reason: str, at: datetime) -> tuple[Account, AccountSuspended]:
        """Shut the account out, saying why."""
        short(LONGEST_REASON, reason=reason)
        after = attrs.evolve(self, status=ACCOUNT.next(self.status, "suspend"))
        return after, AccountSuspended(account_id=self.id, reason=reason, at=at)

    def reinstate(self, *, at: datetime) -> tuple[Account, AccountReinstated]:
        """Let the account in again."""
        after = attrs.evolve(self, status=ACCOUNT.next(self.status, "reinstate"))
        return after, AccountReinstated(account_id=self.id, at=at)

    def grant(self, roles: Iterable[Role]) -> Account:
        """With these roles and no others; `Invalid` for none."""
        wanted = frozenset(roles)
        if not wanted:
            raise Invalid("an account without a role", "one or more")
        return attrs.evolve(self, roles=wanted)

    def rename(self, name: str) -> Account:
        """With another name."""
        return attrs.evolve(self, name=_named(name))

    def readdress(self, email: str) -> Account:
        """With another e-mail address, or `Invalid` for one that cannot be one."""
        return attrs.evolve(self, email=email_address(email))

    @property
    def governs(self) -> bool:
        """Whether it is an administrator who can sign in."""
        return Role.ADMIN in self.roles and self.status is AccountStatus.ACTIVE


def _named(name: str) -> str:
    short(LONGEST_NAME, name=name)
    if not name.strip():
        raise Invalid("an account without a name", "the name that others will see")
    return name.strip()


def keeps_an_admin(admins: Iterable[Account], before: Account, after: Account) -> None:
    """Refuse, as `LastAdmin`, that the only one of `admins` becomes something else."""
    if before.governs and not after.governs and not any(each.governs for each in admins if each.id != before.id):
        raise LastAdmin(before.id)


def comparable(email: str) -> str:
    r"""`email` as addresses are compared: in lower case, and in Unicode's form NFC (RFC 6532, 3.1), whichever keyboard wrote it.

    >>> comparable(" Ame\N{COMBINING ACUTE ACCENT}lie@Example.org") == "am\N{LATIN SMALL LETTER E WITH ACUTE}lie@example.org"
    True
    """
    return unicodedata.normalize("NFC", email.strip().lower())


def email_address(text: str) -> str:
    """`text` as an e-mail address, `comparable`, or `Invalid`."""
    written(**{"e-mail address": text})
    address = comparable(text)
    # What cannot be seen would make two addresses of one, for whoever reads them.
    if len(address) > _LONGEST or not address.isprintable() or not _EMAIL.fullmatch(address):
        raise Invalid(f"the e-mail address {text[:1_000]!r}", "one such as name@example.org")
    return address

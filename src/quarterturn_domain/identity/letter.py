"""A letter: what only whoever reads an e-mail address may do, once and soon, by the token that the letter carries.

A token is `lt_<letter>_<secret>`, and its secret follows from the letter's id by a key that is not kept with it (`Secrets.sealed`):
neither a row nor an event has it, and whoever posts letters makes it when it posts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from quarterturn_domain.identity.events import LetterWritten
from quarterturn_domain.identity.role import VendorRole
from quarterturn_domain.kernel.errors import Rejected
from quarterturn_domain.kernel.ids import AccountId, LetterId, VendorId
from quarterturn_domain.kernel.machine import StateMachine


class LetterPurpose(StrEnum):
    """What a letter is for."""

    JOIN_VENDOR = "join_vendor"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, no password.


LASTS: Final[Mapping[LetterPurpose, timedelta]] = MappingProxyType(
    {
        LetterPurpose.JOIN_VENDOR: timedelta(days=7),
        LetterPurpose.CHANGE_EMAIL: timedelta(days=1),
        LetterPurpose.RESET_PASSWORD: timedelta(hours=1),
    }
)
"""How long a letter is good."""


class LetterStatus(StrEnum):
    """Whether the token of a letter is good for anything; one that is too old is open still, and good for nothing."""

    OPEN = "open"
    USED = "used"
    WITHDRAWN = "withdrawn"


LETTER: Final = StateMachine(
    "letter",
    initial=LetterStatus.OPEN,
    table={
        LetterStatus.OPEN: {"use": LetterStatus.USED, "withdraw": LetterStatus.WITHDRAWN},
        LetterStatus.USED: {},
        LetterStatus.WITHDRAWN: {},
    },
)


@attrs.frozen(eq=False)
class LetterSpent(Rejected):
    """The token is good for nothing; it does not say why, since whoever guesses would learn something."""

    @property
    def message(self) -> str:
        """What would help."""
        return "The letter was used, withdrawn or replaced, or it is too old; ask for another one"


@attrs.frozen(kw_only=True)
class Letter:
    """A letter to `email`: about an account, or an invitation of a vendor to work for it as `role`; `by` is who had it written.

    `former` is the address until now of an account that takes `email`.
    """

    id: LetterId
    purpose: LetterPurpose
    email: str
    account_id: AccountId | None = None
    vendor_id: VendorId | None = None
    role: VendorRole | None = None
    by: AccountId | None = None
    former: str | None = None
    written_at: datetime
    expires_at: datetime
    status: LetterStatus = LETTER.initial

    def __attrs_post_init__(self) -> None:
        invites = self.purpose is LetterPurpose.JOIN_VENDOR
        assert invites == (self.vendor_id is not None) == (self.role is not None) == (self.account_id is None)
        assert (self.purpose is LetterPurpose.CHANGE_EMAIL) == (self.former is not None)

    @classmethod
    def invitation(
        cls, letter_id: LetterId, *, vendor_id: VendorId, email: str, role: VendorRole, by: AccountId, at: datetime
    ) -> tuple[Letter, LetterWritten]:
        """An invitation to work for a vendor."""
        purpose = LetterPurpose.JOIN_VENDOR
        return _written(
            cls(
                id=letter_id,
                purpose=purpose,
                email=email,
                vendor_id=vendor_id,
                role=role,
                by=by,
                written_at=at,
                expires_at=at + LASTS[purpose],
            )
        )

    @classmethod
    def change_of_email(
        cls, letter_id: LetterId, *, account_id: AccountId, email: str, former: str, at: datetime
    ) -> tuple[Letter, LetterWritten]:
        """To the next address of an account, which shows that it reads it."""
        purpose = LetterPurpose.CHANGE_EMAIL
        return _written(
            cls(
                id=letter_id,
                purpose=purpose,
                email=email,
                account_id=account_id,
                by=account_id,
                former=former,
                written_at=at,
                expires_at=at + LASTS[purpose],
            )
        )

    @classmethod
    def password_reset(
        cls, letter_id: LetterId, *, account_id: AccountId, email: str, at: datetime
    ) -> tuple[Letter, LetterWritten]:
        """To somebody who has forgotten a password, or so somebody says."""
        purpose = LetterPurpose.RESET_PASSWORD
        return _written(
            cls(id=letter_id, purpose=purpose, email=email, account_id=account_id, written_at=at, expires_at=at + LASTS[purpose])
        )

    def live(self, at: datetime) -> bool:
        """Whether its token is good."""
        return self.status is LetterStatus.OPEN and at < self.expires_at

    def move(self, act: str) -> Letter:
        """The letter after `use` or `withdraw`."""
        return attrs.evolve(self, status=LETTER.next(self.status, act))


def _written(letter: Letter) -> tuple[Letter, LetterWritten]:
    fact = LetterWritten(
        letter_id=letter.id,
        purpose=letter.purpose.value,
        account_id=letter.account_id,
        vendor_id=letter.vendor_id,
        expires_at=letter.expires_at,
        at=letter.written_at,
    )
    return letter, fact

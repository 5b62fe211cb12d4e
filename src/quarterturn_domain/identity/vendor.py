"""A vendor: who sells, whether the platform has approved it, and whether it can be paid."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.identity.events import PayoutAccountChanged, VendorApplied, VendorStatusChanged
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import AccountId, VendorId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.texts import short, written

LONGEST_NAME: Final = 120
"""How many characters a vendor's name has at most."""

_LONGEST_REASON: Final = 500
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class VendorStatus(StrEnum):
    """How far the vendor has come with the platform."""

    APPLIED = "applied"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    REJECTED = "rejected"
    CLOSED = "closed"


VENDOR: Final = StateMachine(
    "vendor",
    initial=VendorStatus.APPLIED,
    table={
        VendorStatus.APPLIED: {"approve": VendorStatus.APPROVED, "reject": VendorStatus.REJECTED},
        VendorStatus.APPROVED: {"suspend": VendorStatus.SUSPENDED, "close": VendorStatus.CLOSED},
        VendorStatus.SUSPENDED: {"reinstate": VendorStatus.APPROVED, "close": VendorStatus.CLOSED},
        VendorStatus.REJECTED: {"reapply": VendorStatus.APPLIED},
        VendorStatus.CLOSED: {},
    },
)


@attrs.frozen
class PayoutAccount:
    """The vendor's account at the payment provider: its reference there, and what still keeps money from going out."""

    reference: str
    ready: bool = False
    requirements: tuple[str, ...] = ()


@attrs.frozen
class Vendor:
    """A seller; it may sell while approved, and is paid once its payout account is ready."""

    id: VendorId
    owner_id: AccountId | None
    name: str
    country: str
    status: VendorStatus
    applied_at: datetime
    payout_account: PayoutAccount | None = None

    @classmethod
    def apply(
        cls, vendor_id: VendorId, *, owner_id: AccountId | None, name: str, country: str, at: datetime
    ) -> tuple[Vendor, VendorApplied]:
        """A new application; `country` is an ISO 3166-1 alpha-2 code."""
        short(LONGEST_NAME, name=name)
        if not name.strip():
            raise Invalid("a vendor without a name", "the name that buyers will see")
        if not _COUNTRY.fullmatch(country):
            raise Invalid(f"the country {country[:40]!r}", 'an ISO 3166-1 code such as "DE"')
        vendor = cls(vendor_id, owner_id, name.strip(), country, VENDOR.initial, at)
        return vendor, VendorApplied(vendor_id=vendor_id, name=vendor.name, country=country, at=at)

    @property
    def may_sell(self) -> bool:
        """Whether its offers can be bought."""
        return self.status is VendorStatus.APPROVED

    @property
    def not_payable(self) -> str | None:
        """Why money cannot go out to this vendor now, or None when it can."""
        if self.status in {VendorStatus.APPLIED, VendorStatus.REJECTED}:
            return f"the vendor is {self.status}"
        if self.payout_account is None:
            return "the vendor has no payout account"
        if not self.payout_account.ready:
            missing = ", ".join(self.payout_account.requirements)
            return f"the payout account is not ready{': ' + missing if missing else ''}"
        return None

    def move(self, act: str, *, at: datetime, reason: str = "") -> tuple[Vendor, VendorStatusChanged]:
        """The vendor after `approve`, `reject`, `reapply`, `suspend`, `reinstate` or `close`."""
        short(_LONGEST_REASON, reason=reason)
        after = VENDOR.next(self.status, act)
        fact = VendorStatusChanged(vendor_id=self.id, act=act, status=after.value, reason=reason, at=at)
        return attrs.evolve(self, status=after), fact

    def connect(self, account: PayoutAccount, *, at: datetime) -> tuple[Vendor, PayoutAccountChanged]:
        """The vendor with what the payment provider says of its account."""
        for text in (account.reference, *account.requirements):
            written(**{"payout account": text})
        fact = PayoutAccountChanged(
            vendor_id=self.id, reference=account.reference, ready=account.ready, requirements=account.requirements, at=at
        )
        return attrs.evolve(self, payout_account=account), fact

"""What happened to accounts and vendors; no event carries an e-mail address or another personal datum."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import AccountId, LetterId, VendorId


@attrs.frozen(kw_only=True)
class AccountRegistered(Event, tag="account.registered", about="account_id"):
    """Somebody has an account."""

    account_id: AccountId
    at: datetime


@attrs.frozen(kw_only=True)
class AccountSuspended(Event, tag="account.suspended", about="account_id"):
    """An account was shut out."""

    account_id: AccountId
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class AccountReinstated(Event, tag="account.reinstated", about="account_id"):
    """An account was let in again."""

    account_id: AccountId
    at: datetime


@attrs.frozen(kw_only=True)
class AccountEmailChanged(Event, tag="account.email_changed", about="account_id"):
    """An account has another e-mail address: the letter says which, and which it had until now."""

    account_id: AccountId
    letter_id: LetterId
    at: datetime


@attrs.frozen(kw_only=True)
class LetterWritten(Event, tag="letter.written", about="letter_id"):
    """Somebody is to be written to: the letter says whom, and whoever posts it makes its token."""

    letter_id: LetterId
    purpose: str
    account_id: AccountId | None
    vendor_id: VendorId | None
    expires_at: datetime
    at: datetime


@attrs.frozen(kw_only=True)
class VendorApplied(Event, tag="vendor.applied", about="vendor_id"):
    """Somebody asks to sell."""

    vendor_id: VendorId
    name: str
    country: str
    at: datetime


@attrs.frozen(kw_only=True)
class VendorStatusChanged(Event, tag="vendor.status_changed", about="vendor_id"):
    """The platform decided about a vendor."""

    vendor_id: VendorId
    act: str
    status: str
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class PayoutAccountChanged(Event, tag="vendor.payout_account_changed", about="vendor_id"):
    """The payment provider said something new of a vendor's account."""

    vendor_id: VendorId
    reference: str
    ready: bool
    requirements: tuple[str, ...]
    at: datetime

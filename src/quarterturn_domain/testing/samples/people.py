"""People: accounts and vendors as they register and are approved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.vendor import PayoutAccount, Vendor
from quarterturn_domain.kernel.ids import AccountId, VendorId
from quarterturn_domain.testing.samples.numbering import LARGE, MANY, moment, numbered

VENDOR_STANDINGS: Final[Sequence[Sequence[str]]] = (
    (),
    ("approve",),
    ("reject",),
    ("reject", "reapply"),
    ("approve", "suspend"),
    ("approve", "suspend", "reinstate"),
    ("approve", "close"),
)
"""Ways that a vendor can go, each a sequence of acts; together they reach every status."""


def account_id(n: int) -> AccountId:
    """The id of the `n`-th account."""
    return AccountId(numbered(0xA1, n))


def vendor_id(n: int) -> VendorId:
    """The id of the `n`-th vendor."""
    return VendorId(numbered(0xA2, n))


def an_account(n: int = 1, *, email: str | None = None) -> Account:
    """The `n`-th account."""
    return Account.register(account_id(n), email=email or f"person{n}@example.org", name=f"Zoë {n}", at=moment(n))[0]


def a_vendor(n: int = 1, *, acts: Sequence[str] = ("approve",), connected: bool = True) -> Vendor:
    """The `n`-th vendor, after `acts`; `connected` to an account at the provider that can be paid. Every third has an owner."""
    owner = account_id((n - 1) % MANY + 1) if n % 3 == 0 else None
    vendor, _ = Vendor.apply(vendor_id(n), owner_id=owner, name=f"Iron & Öak {n}", country="DE", at=moment(n))
    for act in acts:
        vendor, _ = vendor.move(act, at=moment(n))
    return vendor.connect(PayoutAccount(f"acct_{n}", ready=True), at=moment(n))[0] if connected else vendor


def furnish_people(work: IdentityWork) -> None:
    """Keep accounts and approved vendors."""
    work.accounts.add(an_account(n) for n in range(1, MANY + 1))
    work.vendors.add(a_vendor(n) for n in range(1, LARGE + 1))

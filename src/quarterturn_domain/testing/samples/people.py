"""People: accounts and vendors as they register and are approved, and what says what they may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.address import Address
from quarterturn_domain.identity.api_key import ApiKey
from quarterturn_domain.identity.audit import AuditEntry, noted
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.letter import Letter
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.role import Permission, VendorRole
from quarterturn_domain.identity.session import Session
from quarterturn_domain.identity.vendor import PayoutAccount, Vendor
from quarterturn_domain.kernel.ids import AccountId, AddressId, ApiKeyId, LetterId, SessionId, VendorId
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


def session_id(n: int) -> SessionId:
    """The id of the `n`-th session."""
    return SessionId(numbered(0xA3, n))


def api_key_id(n: int) -> ApiKeyId:
    """The id of the `n`-th API key."""
    return ApiKeyId(numbered(0xA4, n))


def address_id(n: int) -> AddressId:
    """The id of the `n`-th address."""
    return AddressId(numbered(0xA5, n))


def a_credential(n: int = 1) -> Credential:
    """The credential of the `n`-th account, whose hash is none of a real hasher."""
    return Credential(account_id(n), f"hash-{n}", moment(n))


def a_session(n: int = 1, *, owner: int | None = None) -> Session:
    """The `n`-th session, of the `n`-th account unless another owner is named."""
    family, token = f"{n:064x}", f"{n + 1_000:064x}"
    owner_id = account_id(n if owner is None else owner)
    return Session.open(session_id(n), owner_id, device=f"Gerät {n}", family=family, token=token, at=moment(n))


def an_api_key(n: int = 1, *, owner: int | None = None) -> ApiKey:
    """The `n`-th API key, of the `n`-th account unless another owner is named; every second is bound to a vendor and ends."""
    bound = n % 2 == 0
    return ApiKey(
        id=api_key_id(n),
        account_id=account_id(n if owner is None else owner),
        vendor_id=vendor_id(n) if bound else None,
        name=f"ERP “{n}”",
        scopes=frozenset({Permission.VENDOR_STOCK, Permission.VENDOR_READ} if bound else {Permission.SHOP}),
        hash=f"{n:064x}",
        made_at=moment(n),
        expires_at=moment(n + 1_000) if bound else None,
    )


def letter_id(n: int) -> LetterId:
    """The id of the `n`-th letter."""
    return LetterId(numbered(0xA6, n))


def a_letter(n: int = 1, *, about: int | None = None) -> Letter:
    """The `n`-th letter, about the `n`-th account or vendor unless another one is named: an invitation, a change, a reset."""
    whose, at, email = n if about is None else about, moment(n), f"zoë{n}@example.org"
    if n % 3 == 1:
        role = VendorRole.OWNER if n % 2 else VendorRole.STAFF
        return Letter.invitation(letter_id(n), vendor_id=vendor_id(whose), email=email, role=role, by=account_id(n), at=at)[0]
    if n % 3 == 2:  # noqa: PLR2004
        former = f"before{n}@example.org"
        return Letter.change_of_email(letter_id(n), account_id=account_id(whose), email=email, former=former, at=at)[0]
    return Letter.password_reset(letter_id(n), account_id=account_id(whose), email=email, at=at)[0]


def a_membership(n: int = 1) -> Membership:
    """The `n`-th account as a member of one of three vendors; of each the first is its owner."""
    return Membership(vendor_id(n % 3 + 1), account_id(n), VendorRole.OWNER if n <= 3 else VendorRole.STAFF, moment(n))  # noqa: PLR2004


def an_address(n: int = 1, *, owner: int | None = None) -> Address:
    """The `n`-th address, of the `n`-th account unless another owner is named."""
    return Address(
        id=address_id(n),
        account_id=account_id(n if owner is None else owner),
        label="Zuhause" if n % 2 else "",
        name=f"Zoë {n}",
        lines=(f"Straße {n}", "2. Hof")[: 1 + n % 2],
        city="Köln",
        postal_code=f"5{n:04}",
        region="NW",
        country="DE",
        phone="+49 221 1",
    )


def an_audit_entry(n: int = 1) -> AuditEntry:
    """The `n`-th entry of the audit trail, not kept yet: about one of three accounts, every second by nobody."""
    by = account_id(n) if n % 2 else None
    return noted("account.suspended", "account", account_id(n % 3), by=by, at=moment(n), reason=f"“{n}”")


def furnish_people(work: IdentityWork) -> None:
    """Keep accounts and approved vendors."""
    work.accounts.add(an_account(n) for n in range(1, MANY + 1))
    work.vendors.add(a_vendor(n) for n in range(1, LARGE + 1))

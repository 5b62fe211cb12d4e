"""Every no of the nouns of identity in one table: what was tried, and which refusal it got."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import attrs
import pytest

from quarterturn_domain.identity.account import Account, LastAdmin, keeps_an_admin
from quarterturn_domain.identity.attempts import PATIENCE, Attempts, TooManyAttempts
from quarterturn_domain.identity.membership import LastOwner, Membership, keeps_an_owner
from quarterturn_domain.identity.role import Role, VendorRole
from quarterturn_domain.identity.vendor import PayoutAccount, Vendor
from quarterturn_domain.kernel.errors import DomainError, Invalid
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.testing import samples

Try = Callable[[], object]

AT: Final = samples.START
UNWRITTEN: Final = "text without NUL and lone surrogates"
ADMIN: Final = samples.an_account(1).grant({Role.ADMIN})
MEMBER: Final = Membership(samples.vendor_id(1), samples.account_id(1), VendorRole.OWNER, AT)


def register(email: str = "ada@example.org", name: str = "Ada") -> Try:
    """Register an account."""
    return lambda: Account.register(samples.account_id(1), email=email, name=name, at=AT)


def apply(name: str = "Iron", country: str = "DE") -> Try:
    """Apply as a vendor."""
    return lambda: Vendor.apply(samples.vendor_id(1), owner_id=None, name=name, country=country, at=AT)


def address(**change: Any) -> Try:
    """Check an address."""
    return attrs.evolve(samples.an_address(1), **change).checked


def locked() -> Attempts:
    """Attempts after which an address has just been locked."""
    attempts = Attempts.none("digest", AT)
    for _ in range(PATIENCE):
        attempts = attempts.counted(AT)
    return attempts


LINES: Final = "1 to 4, such as the street with its number"

REFUSED: Final[list[tuple[str, Try, DomainError]]] = [
    ("an account with a long name", register(name="x" * 121), Invalid("a name of 121 characters", "at most 120")),
    ("an account with NUL in its name", register(name="A\0"), Invalid("a name with the character U+0000", UNWRITTEN)),
    ("NUL in an address", register("a\0@b.org"), Invalid("an e-mail address with the character U+0000", UNWRITTEN)),
    ("half a character in an address", register("\udc00@b.org"), Invalid("an e-mail address with the character U+DC00", UNWRITTEN)),
    ("an account without a role", lambda: ADMIN.grant([]), Invalid("an account without a role", "one or more")),
    ("the last admin", lambda: keeps_an_admin([ADMIN], ADMIN, ADMIN.grant({Role.CLIENT})), LastAdmin(ADMIN.id)),
    (
        "a long reason to suspend",
        lambda: ADMIN.suspend(reason="x" * 501, at=AT),
        Invalid("a reason of 501 characters", "at most 500"),
    ),
    ("a vendor with a long name", apply(name="x" * 121), Invalid("a name of 121 characters", "at most 120")),
    ("a vendor with NUL in its name", apply(name="Iron\0"), Invalid("a name with the character U+0000", UNWRITTEN)),
    (
        "a long reason to decide",
        lambda: samples.a_vendor(1).move("suspend", at=AT, reason="x" * 501),
        Invalid("a reason of 501 characters", "at most 500"),
    ),
    (
        "NUL in what the provider says",
        lambda: samples.a_vendor(1).connect(PayoutAccount("acct\0"), at=AT),
        Invalid("a payout account with the character U+0000", UNWRITTEN),
    ),
    ("the last owner", lambda: keeps_an_owner([MEMBER], MEMBER), LastOwner(MEMBER.vendor_id)),
    ("a locked address", lambda: locked().counted(AT), TooManyAttempts(60)),
    ("a locked address, almost free", lambda: locked().counted(AT + timedelta(milliseconds=59_001)), TooManyAttempts(1)),
    (
        "a session that has ended is revoked",
        lambda: samples.a_session(1).move("end", "").move("revoke", ""),
        InvalidTransition("session", "ended", "revoke", ()),
    ),
    (
        "an address without a line",
        address(lines=(" ",)),
        Invalid("an address of 0 lines", LINES),
    ),
    ("of five lines", address(lines=("x",) * 5), Invalid("an address of 5 lines", LINES)),
    ("with a long line", address(lines=("x" * 121,)), Invalid("a line of 121 characters", "at most 120")),
    ("without a city", address(city=""), Invalid("an address without a name or a city", "both")),
    ("without a name", address(name=" "), Invalid("an address without a name or a city", "both")),
    ("in a country by name", address(country="Germany"), Invalid("a country that is none", 'an ISO 3166-1 code such as "DE"')),
    ("with a long postal code", address(postal_code="9" * 121), Invalid("a postal code of 121 characters", "at most 120")),
    ("with NUL in its phone", address(phone="\0"), Invalid("a phone with the character U+0000", UNWRITTEN)),
]


@pytest.mark.parametrize(("case", "attempt", "expected"), REFUSED, ids=[case for case, _, _ in REFUSED])
def test_refused(case: str, attempt: Try, expected: DomainError) -> None:
    """What was tried is refused with these facts."""
    with pytest.raises(type(expected)) as refused:
        attempt()
    assert expected == refused.value, case
    assert refused.value.message

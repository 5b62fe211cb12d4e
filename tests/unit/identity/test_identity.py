"""Accounts and vendors by example: who may come in, who may sell, who can be paid."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import attrs
import pytest

from quarterturn_domain.identity.account import Account, AccountStatus, email_address
from quarterturn_domain.identity.events import AccountReinstated, AccountSuspended, VendorStatusChanged
from quarterturn_domain.identity.vendor import PayoutAccount, Vendor, VendorStatus
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import AccountId, VendorId
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.testing.strategies import NOON

ACCOUNT, VENDOR = AccountId(UUID(int=1)), VendorId(UUID(int=2))


def applied() -> Vendor:
    """A vendor that has just applied."""
    return Vendor.apply(VENDOR, owner_id=None, name=" Iron Works ", country="DE", at=NOON)[0]


@pytest.mark.parametrize(
    ("case", "text", "address"),
    [
        ("as it is", "name@example.org", "name@example.org"),
        ("blanks and capitals", " Name@Example.ORG\n", "name@example.org"),
        ("a tag and a subdomain", "a.b+c@mail.example.co.uk", "a.b+c@mail.example.co.uk"),
        ("the longest local part", "a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address_is_kept_in_lower_case(case: str, text: str, address: str) -> None:
    """However it was typed, an address is one address."""
    assert address == email_address(text), case


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("nothing", ""),
        ("no at sign", "example.org"),
        ("two at signs", "a@b@example.org"),
        ("no name", "@example.org"),
        ("no dot", "name@localhost"),
        ("an empty label", "name@example..org"),
        ("a blank inside", "na me@example.org"),
        ("a name too long", "a" * 65 + "@example.org"),
        ("too long", "a@" + "b" * 250 + ".org"),
    ],
)
def test_what_cannot_be_an_address_is_refused(case: str, text: str) -> None:
    """The refusal repeats what was typed."""
    with pytest.raises(Invalid) as refused:
        email_address(text)
    assert Invalid(f"the e-mail address {text!r}", "one such as name@example.org") == refused.value, case


def test_an_account_is_suspended_and_reinstated() -> None:
    """Each act once: the table refuses a second suspension."""
    account, _ = Account.register(ACCOUNT, email="Name@example.org", name=" Somebody ", at=NOON)
    assert ("name@example.org", "Somebody", AccountStatus.ACTIVE) == (account.email, account.name, account.status)
    shut, fact = account.suspend(reason="chargebacks", at=NOON)
    assert AccountSuspended(account_id=ACCOUNT, reason="chargebacks", at=NOON) == fact
    with pytest.raises(InvalidTransition, match="cannot suspend; it allows reinstate"):
        shut.suspend(reason="again", at=NOON)
    assert (account, AccountReinstated(account_id=ACCOUNT, at=NOON)) == shut.reinstate(at=NOON)


def test_a_vendor_sells_while_it_is_approved() -> None:
    """Not before, and not while it is suspended."""
    vendor, may_sell = applied(), []
    for act in ("approve", "suspend", "reinstate", "close"):
        vendor, fact = vendor.move(act, at=NOON, reason="review")
        assert VendorStatusChanged(vendor_id=VENDOR, act=act, status=vendor.status.value, reason="review", at=NOON) == fact
        may_sell.append(vendor.may_sell)
    assert ("Iron Works", False) == (applied().name, applied().may_sell)
    assert [True, False, True, False] == may_sell


@pytest.mark.parametrize(
    ("case", "name", "country", "expected"),
    [
        ("no name", "  ", "DE", "a vendor without a name"),
        ("a country by name", "Iron Works", "Germany", "the country 'Germany'"),
        ("a country in lower case", "Iron Works", "de", "the country 'de'"),
    ],
)
def test_an_application_that_makes_no_sense_is_refused(case: str, name: str, country: str, expected: str) -> None:
    """A vendor has a name and a country."""
    with pytest.raises(Invalid, match=expected):
        Vendor.apply(VENDOR, owner_id=None, name=name, country=country, at=NOON)


@pytest.mark.parametrize(
    ("case", "acts", "account", "expected"),
    [
        ("not approved yet", [], PayoutAccount("acct_1", ready=True), "the vendor is applied"),
        ("rejected", ["reject"], PayoutAccount("acct_1", ready=True), "the vendor is rejected"),
        ("no account", ["approve"], None, "the vendor has no payout account"),
        ("an account that is not ready", ["approve"], PayoutAccount("acct_1"), "the payout account is not ready"),
        (
            "with what it lacks",
            ["approve"],
            PayoutAccount("acct_1", requirements=("iban", "passport")),
            "the payout account is not ready: iban, passport",
        ),
        ("ready", ["approve"], PayoutAccount("acct_1", ready=True), None),
        ("suspended, but owed", ["approve", "suspend"], PayoutAccount("acct_1", ready=True), None),
        ("closed, but owed", ["approve", "close"], PayoutAccount("acct_1", ready=True), None),
    ],
)
def test_why_a_vendor_cannot_be_paid(case: str, acts: Sequence[str], account: PayoutAccount | None, expected: str | None) -> None:
    """What was earned is paid even after selling was stopped, once there is an account to pay to."""
    vendor = applied()
    for act in acts:
        vendor, _ = vendor.move(act, at=NOON)
    if account is not None:
        vendor, fact = vendor.connect(account, at=NOON)
        assert (account.reference, account.ready) == (fact.reference, fact.ready)
    assert expected == vendor.not_payable, case


def test_a_rejected_vendor_may_apply_again() -> None:
    """A closed one may not."""
    rejected, _ = applied().move("reject", at=NOON)
    assert VendorStatus.APPLIED is rejected.move("reapply", at=NOON)[0].status
    closed = attrs.evolve(rejected, status=VendorStatus.CLOSED)
    with pytest.raises(InvalidTransition, match="it allows nothing more"):
        closed.move("reapply", at=NOON)

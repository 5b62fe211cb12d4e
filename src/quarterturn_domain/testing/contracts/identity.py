"""What the ports of identity promise: accounts and vendors."""

from __future__ import annotations

import attrs
import pytest

from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.ports import Accounts, IdentityWork, Vendors
from quarterturn_domain.identity.vendor import VENDOR, PayoutAccount, Vendor, VendorStatus
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import AccountId, VendorId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed
from quarterturn_domain.testing.contracts.repository import RepositoryContract


class AccountsContract(RepositoryContract[AccountId, Account]):
    """What `Accounts` promises."""

    def repository(self, work: IdentityWork) -> Accounts:
        """The accounts."""
        return work.accounts

    def new(self, n: int) -> Account:
        """A new account."""
        return samples.an_account(n)

    def changed(self, value: Account) -> Account:
        """The account, suspended."""
        return value.suspend(reason="a test", at=samples.moment(0))[0]

    def test_an_account_is_found_by_its_address(self, db: Begin[IdentityWork]) -> None:
        """`by_email` finds the one account with an address, or nothing."""
        accounts = [self.new(1), self.new(2)]
        self.added(db, accounts)
        with db() as work:
            assert [] == differences(accounts[1], work.accounts.by_email(accounts[1].email))
            assert work.accounts.by_email("nobody@example.org") is None

    def test_an_address_belongs_to_one_account(self, db: Begin[IdentityWork]) -> None:
        """Adding a second account with an address raises `Conflict`."""
        self.added(db, [self.new(1)])
        with pytest.raises(Conflict):
            self.added(db, [samples.an_account(2, email=self.new(1).email)])
        assert {} == self.found(db, [samples.account_id(2)])

    def test_an_address_is_not_taken_over(self, db: Begin[IdentityWork]) -> None:
        """Saving an account with the address of another raises `Conflict`."""
        one, other = self.new(1), self.new(2)
        self.added(db, [one, other])
        with pytest.raises(Conflict), db() as work:
            work.accounts.lock([other.id])
            work.accounts.save([attrs.evolve(other, email=one.email)])
        assert {other.id: other} == self.found(db, [other.id])

    def test_an_address_is_free_again_once_given_up(self, db: Begin[IdentityWork]) -> None:
        """An account that changes its address is found by the new one only, and another may have the old one."""
        one = self.new(1)
        self.added(db, [one])
        with db() as work:
            work.accounts.lock([one.id])
            work.accounts.save([attrs.evolve(one, email="new@example.org")])
        heir = samples.an_account(2, email=one.email)
        self.added(db, [heir])
        with db() as work:
            assert heir == work.accounts.by_email(one.email)
            assert attrs.evolve(one, email="new@example.org") == work.accounts.by_email("new@example.org")


class VendorsContract(RepositoryContract[VendorId, Vendor]):
    """What `Vendors` promises."""

    def furnish(self, work: IdentityWork) -> None:
        """Keep the accounts that own vendors."""
        work.accounts.add(samples.an_account(n) for n in range(1, samples.MANY + 1))

    def repository(self, work: IdentityWork) -> Vendors:
        """The vendors."""
        return work.vendors

    def new(self, n: int) -> Vendor:
        """A new vendor, approved, without an account at the provider."""
        return samples.a_vendor(n, connected=False)

    def changed(self, value: Vendor) -> Vendor:
        """The vendor with an account at the provider that cannot be paid yet."""
        return value.connect(PayoutAccount("acct_new", requirements=("iban", "tax_id")), at=samples.moment(0))[0]

    @pytest.mark.parametrize("acts", samples.VENDOR_STANDINGS, ids="-".join)
    def test_every_standing_comes_back(self, db: Begin[IdentityWork], acts: tuple[str, ...]) -> None:
        """A vendor comes back equal, whatever was decided about it."""
        vendor = samples.a_vendor(3, acts=acts)
        self.added(db, [vendor])
        assert [] == differences({vendor.id: vendor}, self.found(db, [vendor.id]))

    def test_an_account_at_the_provider_leads_to_its_vendor(self, db: Begin[IdentityWork]) -> None:
        """`by_payout_account` gives the vendors of those accounts that are known."""
        vendors = [self.new(n).connect(PayoutAccount(f"acct_{n}"), at=samples.moment(0))[0] for n in (1, 2)]
        self.added(db, [*vendors, self.new(3)])
        with db() as work:
            expected = {"acct_1": vendors[0].id, "acct_2": vendors[1].id}
            assert expected == work.vendors.by_payout_account(["acct_2", "acct_9", "acct_1"])
            assert {} == work.vendors.by_payout_account([])

    def test_pages_are_in_the_order_of_ids(self, db: Begin[IdentityWork]) -> None:
        """`page` gives up to `limit` vendors in the order of their ids, those after `after`; then an empty page."""
        vendors = [self.new(n) for n in range(1, 6)]
        self.added(db, reversed(vendors))
        with db() as work:
            assert vendors[:2] == list(work.vendors.page(None, 2))
            assert vendors[2:4] == list(work.vendors.page(vendors[1].id, 2))
            assert vendors[4:] == list(work.vendors.page(vendors[3].id, 2))
            assert [] == list(work.vendors.page(vendors[4].id, 2))
            assert vendors == list(work.vendors.page(None, 100))

    @pytest.mark.parametrize("limit", [1, 2, 100])
    @pytest.mark.parametrize("status", list(VENDOR.states))
    def test_pages_of_one_status(self, db: Begin[IdentityWork], limit: int, status: VendorStatus) -> None:
        """`page` gives only the vendors of one status, in the same order."""
        standings = (*samples.VENDOR_STANDINGS, ("approve",))
        vendors = [samples.a_vendor(n, acts=acts) for n, acts in enumerate(standings, start=1)]
        self.added(db, reversed(vendors))
        with db() as work:
            read = leafed(lambda after, size: work.vendors.page(after, size, status), lambda vendor: vendor.id, limit)
        assert [vendor for vendor in vendors if vendor.status is status] == read
        assert read

    def test_a_page_goes_on_after_a_vendor_that_is_not_there(self, db: Begin[IdentityWork]) -> None:
        """`after` is a place, not a vendor: a page goes on behind it even if nobody has that id."""
        vendors = [self.new(1), self.new(3)]
        self.added(db, vendors)
        with db() as work:
            assert vendors[1:] == list(work.vendors.page(samples.vendor_id(2), 5))

"""The transfer gateway on the sandbox."""

from __future__ import annotations

import re
from typing import Final

from quarterturn_adapters.sandbox.books import Books, found
from quarterturn_adapters.sandbox.payments import check_amount
from quarterturn_adapters.sandbox.provider import Sandbox
from quarterturn_adapters.sandbox.records import AccountRecord, PayoutRecord
from quarterturn_domain.identity.vendor import PayoutAccount
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefused
from quarterturn_domain.payouts.gateway import GatewayPayout, GatewayTransfer

_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class SandboxTransfers:
    """A `TransferGateway` with separate charges and transfers, as Stripe Connect has them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def open_account(self, vendor_id: VendorId, *, country: str, key: str) -> PayoutAccount:
        """An account that lacks everything until the vendor has visited its onboarding link."""

        def check(_: Books) -> None:
            if not _COUNTRY.fullmatch(country):
                raise GatewayRefused("country_unsupported", "a country is two capital letters")

        params = ("open_account", vendor_id.hex, country)
        return self._sandbox.change(key, params, check, lambda _: self._sandbox.paying.open_account(vendor_id, country).answer())

    def read_account(self, reference: str) -> PayoutAccount:
        """The account as it is now."""
        return self._sandbox.look("read_account", lambda books: _account(books, reference).answer())

    def onboarding_link(self, reference: str, *, return_url: str, refresh_url: str) -> str:
        """An address that `Sandbox.visit` opens, once and soon."""
        return self._sandbox.look(
            "onboarding_link",
            lambda books: self._sandbox.paying.link(_account(books, reference), return_url, refresh_url),
            *(reference, return_url, refresh_url),
        )

    def transfer(self, account: str, amount: Money, *, payout_id: PayoutId, source: str | None = None, key: str) -> GatewayTransfer:
        """Refused beyond the platform's available balance or the `source` charge, and while the account is not ready."""

        def check(books: Books) -> None:
            check_amount(amount)
            if account not in books.accounts:
                raise GatewayRefused("no_such_account", f"there is no account {account}")
            if source is not None and source not in books.charges:
                raise GatewayRefused("no_such_charge", f"there is no charge {source}")

        return self._sandbox.change(
            key,
            ("transfer", account, amount.minor, amount.currency.code, payout_id.hex, source),
            check,
            lambda _: self._sandbox.paying.transfer(account, amount, payout_id, source).answer(),
        )

    def find_transfer(self, payout_id: PayoutId) -> GatewayTransfer | None:
        """The newest transfer under our id."""

        def find(books: Books) -> GatewayTransfer | None:
            reference = books.transfer_of.get(payout_id)
            return None if reference is None else books.transfers[reference].answer()

        return self._sandbox.look("find_transfer", find)

    def reverse_transfer(self, reference: str, amount: Money, *, key: str) -> GatewayTransfer:
        """Refused beyond what is left of the transfer, and beyond what the account has."""

        def check(books: Books) -> None:
            check_amount(amount)
            transfer = found(books.transfers, reference, "transfer")
            if amount.currency is not transfer.amount.currency:
                raise GatewayRefused("currency_mismatch", f"the transfer is in {transfer.amount.currency.code}")

        return self._sandbox.change(
            key,
            ("reverse_transfer", reference, amount.minor, amount.currency.code),
            check,
            lambda books: self._sandbox.paying.reverse(books.transfers[reference], amount).answer(),
        )

    def pay_out(self, account: str, amount: Money, *, payout_id: PayoutId, key: str) -> GatewayPayout:
        """Refused beyond the account's available balance, and while it is not ready."""

        def check(books: Books) -> None:
            check_amount(amount)
            _account(books, account)

        return self._sandbox.change(
            key,
            ("pay_out", account, amount.minor, amount.currency.code, payout_id.hex),
            check,
            lambda books: self._sandbox.paying.pay_out(account, amount, payout_id, books.accounts[account].bank).answer(),
        )

    def read_payout(self, account: str, reference: str) -> GatewayPayout:
        """The payout as it is now; `NotFound` when it is another account's."""
        return self._sandbox.look("read_payout", lambda books: _payout(books, account, reference).answer())

    def find_payout(self, account: str, payout_id: PayoutId) -> GatewayPayout | None:
        """The newest payout of this account under our id."""

        def find(books: Books) -> GatewayPayout | None:
            reference = books.payout_of.get((account, payout_id))
            return None if reference is None else books.payouts[reference].answer()

        return self._sandbox.look("find_payout", find)


def _account(books: Books, reference: str) -> AccountRecord:
    return found(books.accounts, reference, "account")


def _payout(books: Books, account: str, reference: str) -> PayoutRecord:
    payout = found(books.payouts, reference, "payout")
    if payout.account != account:
        raise NotFound("payout", reference)
    return payout

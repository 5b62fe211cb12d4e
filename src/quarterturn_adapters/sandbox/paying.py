"""Paying vendors: connected accounts, transfers to them and back, and payouts from them to banks."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from quarterturn_adapters.sandbox.books import Books, found
from quarterturn_adapters.sandbox.cards import Bank
from quarterturn_adapters.sandbox.ledger import PLATFORM
from quarterturn_adapters.sandbox.records import AccountRecord, LinkRecord, PayoutRecord, TransferRecord
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefused, LineKind
from quarterturn_domain.payouts.gateway import GatewayPayoutStatus

ONBOARDING: Final = "https://onboarding.sandbox.invalid/"
"""Where onboarding links lead to: nowhere, unless whoever has the sandbox answers for it."""

REQUIREMENTS: Final = ("business_type", "external_account", "representative", "tos_acceptance")
"""What a new account lacks."""


class Paying:
    """What a provider does with vendors' money; every method is called at the books' `now`."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def open_account(self, vendor_id: VendorId, country: str) -> AccountRecord:
        """A new account that cannot be paid yet."""
        account = AccountRecord(self._books.name("acct"), vendor_id, country, REQUIREMENTS)
        self._books.accounts[account.reference] = account
        self._told(account)
        return account

    def require(self, account: AccountRecord, requirements: tuple[str, ...], bank: Bank | None = None) -> None:
        """Change what is missing of an account; with nothing missing it can be paid."""
        account.requirements = requirements
        account.bank = bank or account.bank
        self._told(account)

    def link(self, account: AccountRecord, return_url: str, refresh_url: str) -> str:
        """An address for one visit."""
        books = self._books
        address = f"{ONBOARDING}{books.secret(books.name('link'))}"
        books.links[address] = LinkRecord(account.reference, return_url, refresh_url, books.now + books.terms.link_lasts)
        return address

    def visit(self, address: str, bank: Bank) -> str:
        """The vendor opens a link and gives what is missing: where it is sent afterwards, for a new link if this one is spent."""
        link = found(self._books.links, address, "onboarding link")
        if link.visited or self._books.now >= link.expires_at:
            return link.refresh_url
        link.visited = True
        self.require(self._books.accounts[link.account], (), bank)
        return link.return_url

    def transfer(self, destination: str, amount: Money, payout_id: PayoutId, source: str | None) -> TransferRecord:
        """Move money to an account: out of what is available, or out of a charge and as soon as that is available."""
        books = self._books
        account = books.accounts[destination]
        if account.requirements:
            raise GatewayRefused("account_not_ready", f"the account {destination} still lacks {', '.join(account.requirements)}")
        available_at = books.now
        if source is None:
            self._bound(PLATFORM, amount)
        else:
            available_at = max(available_at, self._draw(source, amount))
        transfer = TransferRecord(
            books.name("tr"), payout_id, destination, amount, Money.zero(amount.currency), available_at, source
        )
        books.transfers[transfer.reference] = transfer
        books.transfer_of[payout_id] = transfer.reference
        self._shift(LineKind.TRANSFER, transfer, amount, available_at)
        books.tell("transfer.created", transfer.reference, "created")
        return transfer

    def reverse(self, transfer: TransferRecord, amount: Money) -> TransferRecord:
        """Take so much of a transfer back, bounded by what is left of it and by what the account has."""
        books = self._books
        left = transfer.amount - transfer.reversed
        if amount > left:
            raise GatewayRefused("reversal_too_large", f"{amount} is more than the {left} that are left of the transfer")
        available_at = max(books.now, transfer.available_at)
        if available_at > books.now:
            has = books.ledger.balance(transfer.account, amount.currency)
        else:
            has = books.ledger.spendable(transfer.account, amount.currency)
        if amount.minor > has:
            raise _short(amount, has)
        transfer.reversed += amount
        if transfer.source is not None:
            books.payments[books.charges[transfer.source]].transferred -= amount.minor
        self._shift(LineKind.TRANSFER_REVERSAL, transfer, -amount, available_at)
        books.tell("transfer.reversed", transfer.reference, "reversed")
        return transfer

    def pay_out(self, holder: str, amount: Money, payout_id: PayoutId | None, bank: Bank) -> PayoutRecord:
        """Send money from an account, or the platform's own, to its bank, which takes a while."""
        books = self._books
        if holder and (missing := books.accounts[holder].requirements):
            raise GatewayRefused("account_not_ready", f"the account {holder} still lacks {', '.join(missing)}")
        self._bound(holder, amount)
        payout = PayoutRecord(books.name("po"), payout_id, holder, amount)
        books.payouts[payout.reference] = payout
        if payout_id is not None:
            books.payout_of[holder, payout_id] = payout.reference
        self._spend(payout, LineKind.PAYOUT, -amount)
        books.tell("payout.created", payout.reference, payout.status, holder or None)
        act = "payout_fails" if bank is Bank.FAILS else "payout_arrives"
        books.at(books.now + books.terms.payout_takes, act, payout.reference)
        if bank is Bank.RETURNS:
            books.at(books.now + books.terms.payout_returns_after, "payout_returns", payout.reference)
        return payout

    def payout_arrives(self, reference: str) -> None:
        """The bank has the money."""
        self._end(reference, GatewayPayoutStatus.PAID, None)

    def payout_fails(self, reference: str) -> None:
        """The bank does not take it: the money is on the account again."""
        self._end(reference, GatewayPayoutStatus.FAILED, "account_closed")

    def payout_returns(self, reference: str) -> None:
        """The bank took it and sent it back: the money is on the account again."""
        self._end(reference, GatewayPayoutStatus.RETURNED, "could_not_process")

    def _end(self, reference: str, status: GatewayPayoutStatus, failure: str | None) -> None:
        payout = self._books.payouts[reference]
        payout.status, payout.failure = status, failure
        if failure is not None:
            self._spend(payout, LineKind.PAYOUT_FAILURE, payout.amount)
        self._books.tell(f"payout.{status}", reference, status, payout.account or None)

    def _draw(self, source: str, amount: Money) -> datetime:
        """Take from what a charge may still be transferred for; when it is available."""
        payment = self._books.payments[self._books.charges[source]]
        left = payment.captured - payment.transferred
        if payment.available_at is None or amount.currency is not payment.currency or amount.minor > left:
            has = Money(left, payment.currency)
            raise GatewayRefused("source_too_small", f"{amount} is more than the {has} that may be transferred of {source}")
        payment.transferred += amount.minor
        return payment.available_at

    def _bound(self, holder: str, amount: Money) -> None:
        has = self._books.ledger.spendable(holder, amount.currency)
        if amount.minor > has:
            raise _short(amount, has)

    def _shift(self, kind: LineKind, transfer: TransferRecord, amount: Money, available_at: datetime) -> None:
        """Move `amount` from the platform to the account, or back when it is negative."""
        books = self._books
        books.ledger.post(kind, transfer.reference, -amount, Money.zero(amount.currency), books.now, available_at)
        books.ledger.move(transfer.account, amount.minor, amount.currency, books.now, available_at)

    def _spend(self, payout: PayoutRecord, kind: LineKind, amount: Money) -> None:
        books = self._books
        if payout.account:
            books.ledger.move(payout.account, amount.minor, amount.currency, books.now, books.now)
        else:
            books.ledger.post(kind, payout.reference, amount, Money.zero(amount.currency), books.now, books.now)

    def _told(self, account: AccountRecord) -> None:
        status = "restricted" if account.requirements else "enabled"
        self._books.tell("account.updated", account.reference, status, account.reference)


def _short(amount: Money, has: int) -> GatewayRefused:
    return GatewayRefused("balance_insufficient", f"{amount} is more than the {Money(has, amount.currency)} that are available")

"""The transfer gateway on Stripe: connected accounts, transfers to them and back, and payouts from them to banks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from stripe import BalanceSettings, Payout, Transfer
from stripe.params import TransferCreateParams
from stripe.v2.core import Account, AccountLink

from quarterturn_adapters.stripe.accounts import account_of
from quarterturn_adapters.stripe.amounts import code, written
from quarterturn_adapters.stripe.client import Client
from quarterturn_adapters.stripe.mapping import PAYOUT_ID, VENDOR_ID, our_word, payout_of, transfer_of
from quarterturn_domain.identity.vendor import PayoutAccount
from quarterturn_domain.kernel.errors import Unavailable
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefused, OutcomeUnknown
from quarterturn_domain.payouts.gateway import GatewayPayout, GatewayTransfer

_T = TypeVar("_T", Transfer, Payout)

_LONGEST_PAGE: Final = 100
_FAILURE: Final = "failure_balance_transaction"


class StripeTransfers:
    """A `TransferGateway` of separate charges and transfers."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def open_account(self, vendor_id: VendorId, *, country: str, key: str) -> PayoutAccount:
        """A recipient with an Express dashboard, who is paid out when we ask for it and never by itself.

        That takes two requests. After the first alone the account is there, and asking again under the same key does the second.
        """
        client = self._client

        def ask() -> Account:
            return client.v2.core.accounts.create(
                {
                    "dashboard": "express",
                    "identity": {"country": country},
                    "configuration": {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}},
                    "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
                    "metadata": {VENDOR_ID: str(vendor_id)},
                    "include": ["configuration.recipient", "requirements"],
                },
                {"idempotency_key": key},
            )

        account = client.change("account", str(vendor_id), ask)

        def settle() -> BalanceSettings:
            # Done twice it is done once, so that it needs no key; and an error would be kept under one.
            return client.v1.balance_settings.update(
                {"payments": {"payouts": {"schedule": {"interval": "manual"}}}},
                {"stripe_account": account.id},
            )

        try:
            client.change("account", account.id, settle)
        except Unavailable as unfinished:
            raise OutcomeUnknown(f"Stripe's answer about the account {account.id}") from unfinished
        return account_of(account)

    def read_account(self, reference: str) -> PayoutAccount:
        """The account as it is now."""
        accounts = self._client.v2.core.accounts

        def ask() -> Account:
            return accounts.retrieve(reference, {"include": ["configuration.recipient", "requirements"]})

        return account_of(self._client.read("account", reference, ask))

    def onboarding_link(self, reference: str, *, return_url: str, refresh_url: str) -> str:
        """An address at Stripe, good for one visit and a few minutes."""
        links = self._client.v2.core.account_links

        def ask() -> AccountLink:
            # Every visit needs a link of its own, so none is asked for under a key of ours.
            return links.create(
                {
                    "account": reference,
                    "use_case": {
                        "type": "account_onboarding",
                        "account_onboarding": {
                            "return_url": return_url,
                            "refresh_url": refresh_url,
                        },
                    },
                }
            )

        return self._client.change("account", reference, ask).url

    def transfer(self, account: str, amount: Money, *, payout_id: PayoutId, source: str | None = None, key: str) -> GatewayTransfer:
        """Move `amount` out of the available balance, in a group of its own, by which it is found again.

        Out of a `source` charge it belongs to that charge's group, as Stripe wants it: what an earlier try made is looked for
        there.
        """
        asked, transfers = written(amount), self._client.v1.transfers
        if source is not None and (made := self._drawn(source, payout_id)) is not None:
            return self._same(transfer_of(made), account, amount)

        wanted: TransferCreateParams = {
            "amount": asked,
            "currency": code(amount.currency),
            "destination": account,
            "metadata": {PAYOUT_ID: str(payout_id)},
        }
        if source is None:
            wanted["transfer_group"] = _group(payout_id)
        else:
            wanted["source_transaction"] = source
        return transfer_of(self._client.change("account", account, lambda: transfers.create(wanted, {"idempotency_key": key})))

    def find_transfer(self, payout_id: PayoutId) -> GatewayTransfer | None:
        """The newest transfer of our id's group; one out of a `source` charge is found by asking for it again."""
        made = _ours(self._group_of(_group(payout_id)), payout_id)
        return None if made is None else transfer_of(made)

    def reverse_transfer(self, reference: str, amount: Money, *, key: str) -> GatewayTransfer:
        """Take `amount` back; the answer carries the transfer as it was right after that."""
        asked, reversals = written(amount), self._client.v1.transfers.reversals
        reversal = self._client.change(
            "transfer",
            reference,
            lambda: reversals.create(reference, {"amount": asked, "expand": ["transfer"]}, {"idempotency_key": key}),
        )
        whole = reversal.transfer
        assert isinstance(whole, Transfer), "it was asked for"
        return transfer_of(whole)

    def pay_out(self, account: str, amount: Money, *, payout_id: PayoutId, key: str) -> GatewayPayout:
        """Pay `amount` out, on behalf of the account, to its own bank."""
        asked, payouts = written(amount), self._client.v1.payouts

        def ask() -> Payout:
            return payouts.create(
                {
                    "amount": asked,
                    "currency": code(amount.currency),
                    "metadata": {PAYOUT_ID: str(payout_id)},
                    "expand": [_FAILURE],
                },
                {"stripe_account": account, "idempotency_key": key},
            )

        return payout_of(self._client.change("account", account, ask), account)

    def read_payout(self, account: str, reference: str) -> GatewayPayout:
        """The payout as it is now; `NotFound` when it is another account's."""
        client = self._client

        def ask() -> Payout:
            return client.v1.payouts.retrieve(reference, {"expand": [_FAILURE]}, {"stripe_account": account})

        return payout_of(client.read("payout", reference, ask), account)

    def find_payout(self, account: str, payout_id: PayoutId) -> GatewayPayout | None:
        """The newest payout of this account that has our id among its metadata."""
        client = self._client

        def ask() -> Payout | None:
            pages = client.v1.payouts.list({"limit": _LONGEST_PAGE, "expand": [f"data.{_FAILURE}"]}, {"stripe_account": account})
            return _ours(pages.auto_paging_iter(), payout_id)

        made = client.read("account", account, ask)
        return None if made is None else payout_of(made, account)

    def _drawn(self, source: str, payout_id: PayoutId) -> Transfer | None:
        """The transfer that was made out of a charge under our id."""
        client = self._client
        charge = client.read("charge", source, lambda: client.v1.charges.retrieve(source))
        return None if charge.transfer_group is None else _ours(self._group_of(charge.transfer_group), payout_id)

    def _group_of(self, group: str) -> list[Transfer]:
        client = self._client
        return client.read(
            "transfer",
            group,
            lambda: list(client.v1.transfers.list({"transfer_group": group, "limit": _LONGEST_PAGE}).auto_paging_iter()),
        )

    def _same(self, made: GatewayTransfer, account: str, amount: Money) -> GatewayTransfer:
        """A transfer that was made before, if it is the one that is asked for."""
        if (made.account, made.amount) != (account, amount):
            raise GatewayRefused("idempotency_error", f"{made.amount} went to {made.account} for this payout before")
        return made


def _ours(made: Iterable[_T], payout_id: PayoutId) -> _T | None:
    """The first, which is the newest, that has our id among its metadata."""
    return next((each for each in made if our_word(each.metadata, PAYOUT_ID) == str(payout_id)), None)


def _group(payout_id: PayoutId) -> str:
    return f"payout_{payout_id}"

"""The transfer gateway: what a provider must be able to do to pay vendors, with the same ways to say no as the payment gateway.

The platform's balance is transferred to a vendor's connected account, and paid out from there to the vendor's bank.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import attrs

from quarterturn_domain.identity.vendor import PayoutAccount
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money


@attrs.frozen
class GatewayTransfer:
    """Money that went from the platform to a connected account, and how much of it was reversed."""

    reference: str
    account: str
    amount: Money
    reversed: Money


class GatewayPayoutStatus(StrEnum):
    """What the provider says of a payout to a bank."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


@attrs.frozen
class GatewayPayout:
    """Money that went from a connected account to the vendor's bank; `failure` says why it did not arrive."""

    reference: str
    account: str
    amount: Money
    status: GatewayPayoutStatus
    failure: str | None = None


class TransferGateway(Protocol):
    """Pays vendors.

    Every method may raise `Unavailable` (nothing was done), `OutcomeUnknown` or `GatewayRefused`; reading what is not there raises
    `NotFound`.
    """

    def open_account(self, vendor_id: VendorId, *, country: str, key: str) -> PayoutAccount:
        """A connected account for a vendor."""
        ...

    def read_account(self, reference: str) -> PayoutAccount:
        """The connected account as it is now: whether it can be paid, and what is missing."""
        ...

    def onboarding_link(self, reference: str, *, return_url: str, refresh_url: str) -> str:
        """An address, good for one visit, at which the vendor gives the provider what it needs."""
        ...

    def transfer(self, account: str, amount: Money, *, payout_id: PayoutId, source: str | None = None, key: str) -> GatewayTransfer:
        """Move `amount` to a connected account; with a `source` charge it waits for that charge to settle."""
        ...

    def find_transfer(self, payout_id: PayoutId) -> GatewayTransfer | None:
        """The transfer that was made under our id, if the provider has it."""
        ...

    def reverse_transfer(self, reference: str, amount: Money, *, key: str) -> GatewayTransfer:
        """Take `amount` of a transfer back; refused when the connected account has not that much."""
        ...

    def pay_out(self, account: str, amount: Money, *, payout_id: PayoutId, key: str) -> GatewayPayout:
        """Pay `amount` from a connected account to its bank."""
        ...

    def read_payout(self, account: str, reference: str) -> GatewayPayout:
        """The payout as it is now."""
        ...

    def find_payout(self, account: str, payout_id: PayoutId) -> GatewayPayout | None:
        """The payout that was made under our id, if the provider has it."""
        ...


def reversed_to(gateway: TransferGateway, payout_id: PayoutId, until: Money) -> Money:
    """Take a payout's transfer back until `until` of it is reversed in all; how much is then, which may be more.

    What is reversed already is read from the provider, so that a try whose outcome was not known is not repeated.
    """
    made = gateway.find_transfer(payout_id)
    if made is None:
        raise NotFound("transfer", str(payout_id))
    if made.reversed >= until:
        return made.reversed
    key = f"payout:{payout_id}:reverse:{made.reversed.minor}:{until.minor}"
    return gateway.reverse_transfer(made.reference, until - made.reversed, key=key).reversed

"""Enrolling: a vendor gets an account at the payment provider, and the provider says whether money can go there."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.identity.onboarding import ConnectPayoutAccount, GovernVendors
from quarterturn_domain.identity.vendor import Vendor
from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payouts.gateway import TransferGateway
from quarterturn_domain.payouts.ports import PayoutsWork


class EnrolVendors:
    """Opens vendors' accounts at the provider, or reads how they stand: asked again, it only reads."""

    def __init__(self, work: Begin[PayoutsWork], gateway: TransferGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock
        self._govern = GovernVendors(work)

    def __call__(self, vendor_ids: Sequence[VendorId]) -> Sequence[Outcome[Vendor]]:
        """For each id its vendor with its payout account, or `NotFound`, `GatewayRefused`, `Unavailable`."""
        with self._work() as work:
            vendors = work.vendors.find(set(vendor_ids))

        def ask(vendor_id: VendorId) -> ConnectPayoutAccount:
            vendor = required(vendors, vendor_id, "vendor")
            if vendor.payout_account is None:
                account = self._gateway.open_account(vendor.id, country=vendor.country, key=f"vendor:{vendor.id}:account")
            else:
                account = self._gateway.read_account(vendor.payout_account.reference)
            return ConnectPayoutAccount(vendor_id=vendor.id, account=account, at=self._clock.now())

        answers = decide_each(vendor_ids, ask)
        connected = iter(self._govern([answer for answer in answers if not isinstance(answer, DomainError)]))
        return [answer if isinstance(answer, DomainError) else next(connected) for answer in answers]

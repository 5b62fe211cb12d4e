"""The chart of accounts: every account that money can be in, and what its balance means.

Debits are positive and credits negative. What the platform has (clearing, fees it paid) shows positive; what it owes or has earned
(vendors, taxes, customers, commission) shows negative. The sum over all accounts is zero in every currency.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.ids import VendorId


class AccountKind(StrEnum):
    """What an account is for."""

    PROCESSOR_CLEARING = "processor_clearing"
    VENDOR_PENDING = "vendor_pending"
    VENDOR_AVAILABLE = "vendor_available"
    VENDOR_RESERVE = "vendor_reserve"
    COMMISSION_REVENUE = "commission_revenue"
    COMMISSION_TAX = "commission_tax"
    SALES_TAX = "sales_tax"
    PLATFORM_DISCOUNTS = "platform_discounts"
    PROCESSOR_FEES = "processor_fees"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    PAYOUTS_IN_TRANSIT = "payouts_in_transit"
    WRITE_OFFS = "write_offs"


MEANING: Final = {
    AccountKind.PROCESSOR_CLEARING: "the platform's balance at the payment provider",
    AccountKind.VENDOR_PENDING: "earned by a vendor, not yet to be had: not delivered, or in its hold period",
    AccountKind.VENDOR_AVAILABLE: "a vendor's, to be paid out; positive when the vendor owes the platform",
    AccountKind.VENDOR_RESERVE: "a vendor's, kept back: a rolling reserve, or held for a dispute",
    AccountKind.COMMISSION_REVENUE: "what vendors were charged",
    AccountKind.COMMISSION_TAX: "tax on commission, owed to the tax office",
    AccountKind.SALES_TAX: "tax on sales that the platform remits",
    AccountKind.PLATFORM_DISCOUNTS: "discounts that the platform paid for",
    AccountKind.PROCESSOR_FEES: "what the payment provider kept",
    AccountKind.REFUNDS: "owed to customers, not yet given back",
    AccountKind.DISPUTES: "taken back by customers' banks, not yet decided",
    AccountKind.PAYOUTS_IN_TRANSIT: "claimed for payouts that have not left the platform's balance",
    AccountKind.WRITE_OFFS: "what the platform will not get back",
}

OF_A_VENDOR: Final = frozenset({AccountKind.VENDOR_PENDING, AccountKind.VENDOR_AVAILABLE, AccountKind.VENDOR_RESERVE})
"""The accounts whose money belongs to a vendor."""


@attrs.frozen
class LedgerAccount:
    """An account: its kind and, where the figure is kept by vendor, whose. The currency is that of what is posted to it."""

    kind: AccountKind
    vendor_id: VendorId | None = None

    def __str__(self) -> str:
        return self.kind.value if self.vendor_id is None else f"{self.kind.value}:{self.vendor_id}"

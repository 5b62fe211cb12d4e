"""The vendor's statement: everything that happened to a vendor's money in a period, from an opening to a closing balance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind
from quarterturn_domain.settlement.journal import Booked, EntryKind


@attrs.frozen
class VendorLine:
    """One fact: what the vendor was charged and what it changed, as the vendor sees it (positive is good for the vendor).

    `net` changed the vendor's money, of which `available` can be paid out; `commission` and `commission_tax` were taken off before.
    """

    number: int
    at: datetime
    kind: EntryKind
    order_id: OrderId | None
    commission: Money
    commission_tax: Money
    net: Money
    available: Money


@attrs.frozen
class VendorStatement:
    """A vendor's money in one currency from `since` until `until`: `opening + sum of net == closing`."""

    vendor_id: VendorId
    currency: Currency
    since: datetime
    until: datetime
    opening: Money
    lines: tuple[VendorLine, ...]

    @property
    def closing(self) -> Money:
        """What the vendor's money is at the end."""
        return sum((line.net for line in self.lines), self.opening)

    @property
    def paid_out(self) -> Money:
        """What left for the vendor's bank in the period, less what came back."""
        payouts = {EntryKind.PAYOUT, EntryKind.PAYOUT_FAILED}
        return -sum((line.net for line in self.lines if line.kind in payouts), Money.zero(self.currency))


@attrs.frozen
class StatementPlace:
    """Where a statement goes on: the instant and the number of the last line read, and what the vendor's money was after it."""

    at: datetime
    number: int
    balance: Money


@attrs.frozen
class StatementPage:
    """Some lines of a statement, in the order of time: `opening` is the vendor's money before the first of them.

    `following` is where the next page begins; None when this one is the last.
    """

    opening: Money
    lines: tuple[VendorLine, ...]
    following: StatementPlace | None = None

    @property
    def balances(self) -> tuple[Money, ...]:
        """The vendor's money after each of the lines."""
        return tuple(accumulate((line.net for line in self.lines), initial=self.opening))[1:]

    @property
    def closing(self) -> Money:
        """The vendor's money after the last of the lines."""
        return sum((line.net for line in self.lines), self.opening)


def vendor_lines(vendor_id: VendorId, currency: Currency, booked: Iterable[Booked]) -> Sequence[VendorLine]:
    """The lines that entries make on a vendor's statement; entries that do not touch it make none."""
    lines = []
    for each in booked:
        sums = dict.fromkeys(AccountKind, 0)
        touched = False
        for posting in each.entry.postings:
            if posting.account.vendor_id == vendor_id and posting.amount.currency is currency:
                sums[posting.account.kind] -= posting.amount.minor
                touched = touched or posting.account.kind in OF_A_VENDOR
        if touched:
            lines.append(
                VendorLine(
                    each.number,
                    each.entry.at,
                    each.entry.kind,
                    each.entry.order_id,
                    Money(-sums[AccountKind.COMMISSION_REVENUE], currency),
                    Money(-sums[AccountKind.COMMISSION_TAX], currency),
                    Money(sum(sums[kind] for kind in OF_A_VENDOR), currency),
                    Money(sums[AccountKind.VENDOR_AVAILABLE], currency),
                )
            )
    return lines

"""Reading the books: a vendor's balance and statement, and the trial balance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.ports import SettlementWork
from quarterturn_domain.settlement.statement import VendorLine, VendorStatement, vendor_lines

_PAGE: Final = 1000


@attrs.frozen
class VendorBalance:
    """A vendor's money in one currency, as the vendor sees it; a negative `available` is what it owes."""

    pending: Money
    available: Money
    reserve: Money


class ReadBooks:
    """Answers what the books say."""

    def __init__(self, work: Begin[SettlementWork]) -> None:
        self._work = work

    def balance(self, vendor_id: VendorId) -> Mapping[Currency, VendorBalance]:
        """The vendor's money by currency."""
        kinds = (AccountKind.VENDOR_PENDING, AccountKind.VENDOR_AVAILABLE, AccountKind.VENDOR_RESERVE)
        with self._work() as work:
            found = work.journal.balances([LedgerAccount(kind, vendor_id) for kind in kinds])
        currencies = sorted({currency for _, currency in found}, key=lambda currency: currency.code)
        return {
            currency: VendorBalance(
                *(-found.get((LedgerAccount(kind, vendor_id), currency), Money.zero(currency)) for kind in kinds)
            )
            for currency in currencies
        }

    def statement(self, vendor_id: VendorId, currency: Currency, since: datetime, until: datetime) -> VendorStatement:
        """Everything that happened to the vendor's money in one currency with `since <= at < until`."""
        lines: list[VendorLine] = []
        after = 0
        with self._work() as work:
            opening = work.journal.vendor_balance(vendor_id, currency, since)
        while True:
            with self._work() as work:
                page = work.journal.of_vendor(vendor_id, since, until, after, _PAGE)
            lines += vendor_lines(vendor_id, currency, page)
            if len(page) < _PAGE:
                return VendorStatement(vendor_id, currency, since, until, opening, tuple(lines))
            after = page[-1].number

    def totals(self) -> Mapping[tuple[AccountKind, Currency], Money]:
        """The trial balance."""
        with self._work() as work:
            return work.journal.totals()

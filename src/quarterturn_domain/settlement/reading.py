"""Reading the books: a vendor's balance and statement, and the trial balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import Booked
from quarterturn_domain.settlement.ports import AccountPlace, Moment, SettlementWork
from quarterturn_domain.settlement.statement import StatementPage, StatementPlace, VendorStatement, vendor_lines

_PAGE: Final = 1000
_NUMBERS: Final = 2**62


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
        page = self.statement_page(vendor_id, currency, since, until)
        opening, lines = page.opening, list(page.lines)
        while page.following is not None:
            page = self.statement_page(vendor_id, currency, since, until, page.following)
            lines += page.lines
        return VendorStatement(vendor_id, currency, since, until, opening, tuple(lines))

    def statement_page(
        self,
        vendor_id: VendorId,
        currency: Currency,
        since: datetime,
        until: datetime,
        after: StatementPlace | None = None,
        limit: int = _PAGE,
    ) -> StatementPage:
        """Some lines of the same statement, of at most `limit` entries, those after `after`: a long one need never be held whole.

        A page may have fewer lines than there are behind it, as long as `following` says so: entries in other currencies are
        read past.
        """
        with self._work() as work:
            opening = work.journal.vendor_balance(vendor_id, currency, since) if after is None else after.balance
            place = None if after is None else (after.at, after.number)
            booked = work.journal.of_vendor(vendor_id, since, until, place, limit)
        page = StatementPage(opening, tuple(vendor_lines(vendor_id, currency, booked)))
        if len(booked) < limit:
            return page
        last = booked[-1]
        return attrs.evolve(page, following=StatementPlace(last.entry.at, last.number, page.closing))

    def entries(self, before: int | None, limit: int, *, kind: AccountKind | None = None) -> Sequence[Booked]:
        """Up to `limit` entries (with a posting to an account of this kind, if given), the last first, numbered below `before`."""
        with self._work() as work:
            return work.journal.latest(before, limit, kind)

    def entries_of_vendor(self, vendor_id: VendorId, after: Moment | None, limit: int) -> Sequence[Booked]:
        """Up to `limit` entries that touch this vendor's accounts, against the order of time, those after `after`."""
        with self._work() as work:
            return work.journal.latest_of_vendor(vendor_id, after, limit)

    def entries_of_order(self, order_id: OrderId) -> Sequence[Booked]:
        """The entries of one order, in the order of their numbers."""
        with self._work() as work:
            return work.journal.of_order(order_id)

    def entry(self, number: int) -> Booked:
        """The entry with this number, or `NotFound`."""
        with self._work() as work:
            found = work.journal.latest(number + 1, 1) if 0 < number < _NUMBERS else ()
        if not found or found[0].number != number:
            raise NotFound("journal entry", str(number))
        return found[0]

    def accounts(
        self, after: AccountPlace | None, limit: int, *, kind: AccountKind | None = None
    ) -> Sequence[tuple[LedgerAccount, Money]]:
        """Up to `limit` balances of all accounts (of one kind, if given): those of the platform, then those of vendors."""
        with self._work() as work:
            return work.journal.accounts(after, limit, kind)

    def totals(self) -> Mapping[tuple[AccountKind, Currency], Money]:
        """The trial balance."""
        with self._work() as work:
            return work.journal.totals()

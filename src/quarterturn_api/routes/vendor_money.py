"""Money of a vendor: its balance, its statement in JSON and CSV, its payouts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from quarterturn_api.bodies.money import BalanceBody, PayoutBody, StatementBody, StatementLineBody
from quarterturn_api.edge.access import needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Body, MoneyBody, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, cursor, page, place
from quarterturn_api.edge.times import Instant, instant
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import PayoutId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.settlement.statement import StatementPage, StatementPlace

TAGS: Final = ["vendor money"]

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When a statement begins unless somebody says: before everything."""

_COLUMNS: Final = ("number", "at", "kind", "orderId", "currency", "commission", "commissionTax", "net", "available", "balance")

Code = Annotated[str, QueryParameter(pattern="^[A-Z]{3}$", description="ISO 4217.")]
Since = Annotated[datetime | None, QueryParameter(description="The first instant, with an offset; without it, the beginning.")]
Until = Annotated[datetime | None, QueryParameter(description="The first instant after it, with an offset; without it, now.")]

_Minor = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]


class BalancesBody(Body):
    """The vendor's money, by currency."""

    items: list[BalanceBody]


@get("/vendor/balance", summary="Read my balance", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_MONEY))
def read_balance(request: Ask) -> BalancesBody:
    """What is pending, can be paid out, and is kept in reserve, in every currency that there was anything in."""
    found = request.service.application.read_books.balance(request.vendor_id)
    return BalancesBody(items=[BalanceBody.of(each) for each in found.values()])


@get("/vendor/statement", summary="Read my statement", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_MONEY))
def read_statement(
    request: Ask, currency: Code, since: Since = None, until: Until = None, limit: Limit = DEFAULT, cursor: Cursor = None
) -> StatementBody:
    """Everything that happened to the vendor's money in one currency, in the order of time."""
    unit, begins, ends = _asked(request, currency, since, until)
    after = place(cursor, tuple[Instant, _Minor, _Minor])
    found = request.service.application.read_books.statement_page(
        request.vendor_id,
        unit,
        begins,
        ends,
        None if after is None else StatementPlace(after[0], after[1], Money(after[2], unit)),
        limit,
    )
    return StatementBody(
        currency=unit.code,
        since=begins,
        until=ends,
        opening=MoneyBody.of(found.opening),
        closing=MoneyBody.of(found.closing),
        items=[StatementLineBody.of(line, balance) for line, balance in zip(found.lines, found.balances, strict=True)],
        next_cursor=_following(found),
    )


@get(
    "/vendor/statement.csv",
    summary="Download my statement as CSV",
    tags=TAGS,
    media_type="text/csv",
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_MONEY, streamed=True),
)
def download_statement(request: Ask, currency: Code, since: Since = None, until: Until = None) -> Stream:
    """The same lines, all of them, sent as they are read."""
    unit, begins, ends = _asked(request, currency, since, until)
    books, vendor_id = request.service.application.read_books, request.vendor_id
    first = books.statement_page(vendor_id, unit, begins, ends)

    def pages() -> Iterator[StatementPage]:
        found = first
        yield found
        while found.following is not None:
            found = books.statement_page(vendor_id, unit, begins, ends, found.following)
            yield found

    headers = {"Content-Disposition": f'attachment; filename="statement-{unit.code}.csv"'}
    return Stream(_written(pages()), media_type="text/csv; charset=utf-8", headers=headers)


@get("/vendor/payouts", summary="List my payouts", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_MONEY))
def list_own_payouts(
    request: Ask,
    status: Annotated[PayoutStatus | None, QueryParameter(description="Only those of this status.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[PayoutBody]:
    """The latest first."""
    after = place(cursor, tuple[Instant, UUID])
    found = request.service.application.read_payouts.of_vendor(
        request.vendor_id, (after[0], PayoutId(after[1])) if after else None, limit + 1, status=status
    )
    return page(found, limit, PayoutBody.of, lambda payout: (payout.scheduled_at, payout.id))


@get(
    "/vendor/payouts/{payout_id:uuid}",
    summary="Read one of my payouts",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_MONEY),
)
def read_own_payout(request: Ask, payout_id: FromPath[UUID]) -> PayoutBody:
    """The payout; 404 when it is another vendor's."""
    return PayoutBody.of(request.service.application.read_payouts.payout_of_vendor(request.vendor_id, PayoutId(payout_id)))


def _asked(request: Ask, code: str, since: datetime | None, until: datetime | None) -> tuple[Currency, datetime, datetime]:
    unit = Currency.of(code)
    # An amount in a unit of account such as gold has no minor unit, and nobody is paid in it.
    Money.of("0", unit)
    return unit, BEGINNING if since is None else instant(since), request.now if until is None else instant(until)


def _following(found: StatementPage) -> str | None:
    there = found.following
    return None if there is None else cursor((there.at, there.number, there.balance.minor))


def _written(pages: Iterator[StatementPage]) -> Iterator[str]:
    """A statement as CSV (RFC 4180), a page at a time."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for found in pages:
        for line, balance in zip(found.lines, found.balances, strict=True):
            amounts = (line.commission, line.commission_tax, line.net, line.available, balance)
            order, code = line.order_id or "", line.net.currency.code
            table.writerow((line.number, line.at.isoformat(), line.kind.value, order, code, *(each.amount for each in amounts)))
        yield text.getvalue()
        text.seek(0)
        text.truncate()


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_balance, read_statement, download_statement, list_own_payouts, read_own_payout)

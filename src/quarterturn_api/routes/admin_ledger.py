"""The books: what is in every account, and every entry."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from quarterturn_api.bodies.money import EntryBody, LedgerBalanceBody
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Body, CurrencyCode, MoneyBody, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.edge.times import Instant
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import Booked

TAGS: Final = ["admin ledger"]

Kind = Annotated[AccountKind | None, QueryParameter(description="Only accounts of this kind.")]

_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]


class TotalBody(Body):
    """The sum over all accounts of a kind in one currency."""

    kind: AccountKind
    balance: MoneyBody


class TotalsBody(Body):
    """The trial balance: in each currency it sums to zero."""

    items: list[TotalBody]


@get(
    "/admin/ledger/totals", summary="Read the trial balance", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_LEDGER)
)
def read_totals(request: Ask) -> TotalsBody:
    """The sums by kind of account and currency."""
    totals = request.service.application.read_books.totals()
    return TotalsBody(items=[TotalBody(kind=kind, balance=MoneyBody.of(balance)) for (kind, _), balance in totals.items()])


@get("/admin/ledger/accounts", summary="List accounts", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_LEDGER))
def list_accounts(request: Ask, kind: Kind = None, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[LedgerBalanceBody]:
    """Balances by account and currency: those of the platform first, then those of vendors."""
    after = place(cursor, tuple[AccountKind, UUID | None, CurrencyCode])
    found = request.service.application.read_books.accounts(
        None if after is None else (LedgerAccount(after[0], VendorId(after[1]) if after[1] else None), after[2]),
        limit + 1,
        kind=kind,
    )
    return page(found, limit, LedgerBalanceBody.of, lambda each: (each[0].kind, each[0].vendor_id, each[1].currency.code))


@get("/admin/ledger/entries", summary="List entries", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_LEDGER))
def list_entries(
    request: Ask,
    kind: Kind = None,
    vendor_id: Annotated[UUID | None, QueryParameter(name="vendorId", description="Only those on accounts of this vendor.")] = None,
    order_id: Annotated[UUID | None, QueryParameter(name="orderId", description="Only those of this order.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[EntryBody]:
    """The latest first; one of the filters at a time."""
    if sum(each is not None for each in (kind, vendor_id, order_id)) > 1:
        raise Invalid("several filters of entries", "one of kind, vendorId and orderId")
    read = request.service.application.read_books
    after = place(cursor, tuple[Instant, _Number])
    found: list[Booked]
    if order_id is not None:
        known = reversed(read.entries_of_order(OrderId(order_id)))
        found = [each for each in known if after is None or each.number < after[1]][: limit + 1]
    elif vendor_id is not None:
        found = list(read.entries_of_vendor(VendorId(vendor_id), after, limit + 1))
    else:
        found = list(read.entries(None if after is None else after[1], limit + 1, kind=kind))
    return page(found, limit, EntryBody.of, lambda booked: (booked.entry.at, booked.number))


@get(
    "/admin/ledger/entries/{number:int}",
    summary="Read an entry",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_LEDGER),
)
def read_entry(request: Ask, number: FromPath[int]) -> EntryBody:
    """The entry with this number."""
    return EntryBody.of(request.service.application.read_books.entry(number))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_totals, list_accounts, list_entries, read_entry)

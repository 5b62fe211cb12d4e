"""The doctor: every law is checked on the data as it stands, in one snapshot, and each violation is named with its rows.

It only reads, and says so to the server: a read-only connection or a standby will do. What a query can check is in `checks`; the
rest, the chain of seals and orders of which something was given back, is read and computed again with the domain's own code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import attrs
import psycopg
from psycopg import Connection, IsolationLevel

from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.postgres.checks import CHECKS
from quarterturn_adapters.postgres.database import PostgresDatabase, libpq_url, place
from quarterturn_adapters.postgres.pricing import Bound
from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_adapters.postgres.unfit import unfit
from quarterturn_adapters.postgres.work import PostgresWork
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.payments.parcels import arrived
from quarterturn_domain.settlement.chain import Seal, verify
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind

SHOWN: Final = 20
"""So many rows of a violation are kept; the others are counted."""

_PAGE: Final = 1_000

_TOUCHED: Final = """
SELECT order_id FROM (
    SELECT order_id FROM order_lines
    WHERE refunded_goods > 0 OR refunded_shipping > 0 OR (goods_paid = 0 AND cancelled + returned > 0)
    UNION SELECT order_id FROM payments WHERE in_parts) touched
WHERE order_id > %s ORDER BY order_id LIMIT %s"""

_BOOKED: Final = """
SELECT e.order_id, p.vendor_id, p.account, sum(p.amount)::bigint
FROM journal_entries e JOIN postings p ON p.entry = e.number
WHERE e.order_id = ANY(%s::uuid[]) AND p.vendor_id IS NOT NULL GROUP BY 1, 2, 3"""

_CAPTURED: Final = "SELECT DISTINCT order_id FROM journal_entries WHERE kind = 'capture' AND order_id = ANY(%s::uuid[])"


@attrs.frozen
class Finding:
    """A law that does not hold: how many `rows` break it, and the first of them as pairs of column and value."""

    check: str
    law: str
    count: int
    rows: tuple[tuple[tuple[str, str], ...], ...]


@attrs.frozen
class Report:
    """What was examined: which checks were made, when, and what was found."""

    checks: tuple[str, ...]
    at: datetime
    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether every law holds."""
        return not self.findings


def examine(url: str, progress: Callable[[str, int, int], None] | None = None) -> Report:
    """Check every law on the database at `url`; `progress` is told each check's name, its number, and how many there are.

    Raises `DatabaseUnfit` when the database cannot be read.
    """
    names = (*(check.name for check in CHECKS), "orders-refunded", "chain")
    findings: list[Finding] = []
    PostgresDatabase(url).check(writing=False)
    try:
        with psycopg.connect(libpq_url(url), application_name="quarterturn doctor", connect_timeout=5) as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            # A check may take as long as the data are many; what it must not do is disturb.
            connection.execute("SET LOCAL statement_timeout = 0")
            at = connection.execute("SELECT now()").fetchone()
            assert at is not None
            for number, check in enumerate(CHECKS, start=1):
                if progress is not None:
                    progress(check.name, number, len(names))
                findings += _queried(connection, check.name, check.law, check.query)
            work = PostgresWork(Statements(connection), SystemIds(), Bound())
            for number, (name, law, look) in enumerate(_COMPUTED, start=len(CHECKS) + 1):
                if progress is not None:
                    progress(name, number, len(names))
                findings += _collected(name, law, look(connection, work))
    except psycopg.Error as error:
        raise unfit(error, place(libpq_url(url))) from None
    return Report(names, at[0], tuple(findings))


def _queried(connection: Connection[Row], name: str, law: str, query: str) -> Iterator[Finding]:
    cursor = connection.execute(f"SELECT *, count(*) OVER () FROM ({query}) broken LIMIT {SHOWN}".encode())  # noqa: S608
    rows = cursor.fetchall()
    if rows:
        assert cursor.description is not None
        columns = [column.name for column in cursor.description[:-1]]
        shown = tuple(tuple((column, str(value)) for column, value in zip(columns, row, strict=False)) for row in rows)
        yield Finding(name, law, rows[0][-1], shown)


def _collected(name: str, law: str, broken: Iterator[dict[str, object]]) -> Iterator[Finding]:
    shown: list[tuple[tuple[str, str], ...]] = []
    count = 0
    for row in _readable(broken):
        count += 1
        if len(shown) < SHOWN:
            shown.append(tuple((column, str(value)) for column, value in row.items()))
    if count:
        yield Finding(name, law, count, tuple(shown))


def _readable(broken: Iterator[dict[str, object]]) -> Iterator[dict[str, object]]:
    """The rows of a check, and where data are so broken that they cannot be read any further, that."""
    try:
        yield from broken
    except (AssertionError, DomainError, KeyError, ValueError) as unreadable:
        yield {"cannot be read": f"{type(unreadable).__name__}: {unreadable}"}


def _refunded_orders(connection: Connection[Row], work: PostgresWork) -> Iterator[dict[str, object]]:
    """Orders of which something was given back: what everybody has left of them by the lines, and by the journal."""
    after = UUID(int=0)
    while True:
        ids = [row[0] for row in connection.execute(_TOUCHED, (after, _PAGE)).fetchall()]
        if not ids:
            return
        captured = {row[0] for row in connection.execute(_CAPTURED, (ids,)).fetchall()}
        booked: dict[tuple[OrderId, VendorId], dict[AccountKind, int]] = {}
        for order_id, vendor_id, account, amount in connection.execute(_BOOKED, (ids,)).fetchall():
            booked.setdefault((order_id, vendor_id), {})[AccountKind(account)] = -amount
        for order in work.orders.find(ids).values():
            if order.id not in captured:
                continue
            # What is authorised and not captured yet is nobody's.
            for part in arrived(order, work.payments.of_order(order.id)).vendor_orders:
                sums = booked.get((order.id, part.vendor_id), {})
                try:
                    split = part.split
                except AssertionError:
                    yield {"order_id": order.id, "vendor_id": part.vendor_id, "by the lines": "they contradict themselves"}
                    continue
                by_lines = (split.earning.minor, split.commission.minor, split.commission_tax.minor, split.tax_kept.minor)
                by_journal = (
                    sum(sums.get(kind, 0) for kind in OF_A_VENDOR),
                    sums.get(AccountKind.COMMISSION_REVENUE, 0) + sums.get(AccountKind.PLATFORM_DISCOUNTS, 0),
                    sums.get(AccountKind.COMMISSION_TAX, 0),
                    sums.get(AccountKind.SALES_TAX, 0),
                )
                if by_lines != by_journal:
                    names = ("order_id", "vendor_id", "by the lines", "by the journal")
                    yield dict(zip(names, (order.id, part.vendor_id, by_lines, by_journal), strict=True))
        after = ids[-1]


def _chain(_: Connection[Row], work: PostgresWork) -> Iterator[dict[str, object]]:
    """The first break of the chain, if there is one."""
    last: Seal | None = None
    while page := work.journal.chain(0 if last is None else last.position, _PAGE):
        broken = verify(page, last)
        if broken is not None:
            yield {"position": broken.position, "reason": broken.reason}
            return
        last = page[-1][0]


_Look = Callable[[Connection[Any], PostgresWork], Iterator[dict[str, object]]]

_COMPUTED: Final[Sequence[tuple[str, str, _Look]]] = (
    (
        "orders-refunded",
        "What everybody has left of an order, after what was given back, is what the journal says.",
        _refunded_orders,
    ),
    ("chain", "Every seal follows from its entry and the seal before.", _chain),
)
"""The checks that are computed with the domain's own code."""

"""What each vendor earned with each vendor order, kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row
from quarterturn_adapters.postgres.tables.settlement import EARNINGS
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.earning import Earning


class PostgresEarnings(PostgresRepository[tuple[OrderId, VendorId], Earning]):
    """What each vendor earned with each vendor order."""

    writing = Writing.of(EARNINGS)

    @staticmethod
    def key(value: Earning) -> tuple[OrderId, VendorId]:
        """The order and the vendor."""
        return value.key

    @staticmethod
    def row(value: Earning) -> Row:
        """An earning as a row."""
        amounts = (value.pending.minor, value.reserved.minor, value.pending.currency.code)
        return (value.order_id, value.vendor_id, *amounts, value.due_at, value.released_at, value.reserve_until)

    @staticmethod
    def value(row: Row) -> Earning:
        """A row as an earning."""
        order_id, vendor_id, pending, reserved, code, *times = row
        unit = Currency.of(code)
        return Earning(order_id, vendor_id, Money(pending, unit), Money(reserved, unit), *times)

    def due(self, at: datetime, limit: int, /) -> Sequence[Earning]:
        """Up to `limit` unreleased earnings that can be released at `at`, the longest due first; locked, others' left out."""
        return self.select(
            "WHERE due_at IS NOT NULL AND released_at IS NULL AND due_at <= %s ORDER BY due_at, order_id, vendor_id "
            "LIMIT %s FOR UPDATE SKIP LOCKED",
            *(at, limit),
        )

    def reserves_due(self, at: datetime, limit: int, /) -> Sequence[Earning]:
        """Up to `limit` earnings of which the reserve can be released at `at`; locked, those locked by others left out."""
        return self.select(
            "WHERE reserved <> 0 AND reserve_until IS NOT NULL AND reserve_until <= %s "
            "ORDER BY reserve_until, order_id, vendor_id LIMIT %s FOR UPDATE SKIP LOCKED",
            *(at, limit),
        )

    def reserved_of(self, vendor_id: VendorId, currency: Currency, /) -> Sequence[Earning]:
        """A vendor's earnings of which something is kept in reserve, the soonest to be released first; locked."""
        return self.select(
            "WHERE vendor_id = %s AND currency = %s AND reserved <> 0 AND reserve_until IS NOT NULL "
            "ORDER BY reserve_until, order_id, vendor_id FOR UPDATE",
            *(vendor_id, currency.code),
        )

"""Payments, refunds and disputes, kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from quarterturn_adapters.codec import dumps
from quarterturn_adapters.postgres.arrays import texts, uuids
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row
from quarterturn_adapters.postgres.tables.payments import DISPUTES, OPEN_REFUNDS, PAYMENTS, REFUNDS, SETTLED
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.dispute import Dispute, DisputeStatus
from quarterturn_domain.payments.payment import CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.refund import LineRefund, Refund, RefundStatus

# Words of our own lifecycles, spelled out so that the partial indexes are found.
_IS_SETTLED: Final = f"status IN ({', '.join(repr(status.value) for status in SETTLED)})"
_IS_OPEN: Final = f"status IN ({', '.join(repr(status.value) for status in OPEN_REFUNDS)})"


class PostgresPayments(PostgresRepository[PaymentId, Payment]):
    """Every payment; a provider's reference belongs to one of them, else `add` and `save` raise `Conflict`."""

    writing = Writing.of(PAYMENTS)

    @staticmethod
    def key(value: Payment) -> PaymentId:
        """The payment's id."""
        return value.id

    @staticmethod
    def row(value: Payment) -> Row:
        """A payment as a row."""
        amounts = (value.captured.minor, value.released.minor, value.refunded.minor, value.lost.minor, value.fee.minor)
        said = (value.reference, value.charge, value.failure, value.quarantine)
        head = (value.id, value.order_id, value.amount.minor, value.capture_method)
        return (*head, *amounts, value.amount.currency.code, value.opened_at, value.status, *said)

    @staticmethod
    def value(row: Row) -> Payment:
        """A row as a payment."""
        payment_id, order_id, amount, method, captured, released, refunded, lost, fee, code, opened_at, status, *said = row
        unit = Currency.of(code)
        return Payment(
            id=payment_id,
            order_id=order_id,
            amount=Money(amount, unit),
            capture_method=CaptureMethod(method),
            captured=Money(captured, unit),
            released=Money(released, unit),
            refunded=Money(refunded, unit),
            lost=Money(lost, unit),
            fee=Money(fee, unit),
            opened_at=opened_at,
            status=PaymentStatus(status),
            reference=said[0],
            charge=said[1],
            failure=said[2],
            quarantine=said[3],
        )

    def of_orders(self, order_ids: Iterable[OrderId], /) -> Mapping[OrderId, Sequence[Payment]]:
        """The payments of these orders, in the order of opening, locked in key order; an order without one is left out."""
        wanted = list(dict.fromkeys(order_ids))
        found: dict[OrderId, list[Payment]] = {}
        if wanted:
            for payment in self.select("WHERE order_id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE", uuids(wanted)):
                found.setdefault(payment.order_id, []).append(payment)
        return {order_id: sorted(each, key=lambda payment: (payment.opened_at, payment.id)) for order_id, each in found.items()}

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these references at the provider; no lock."""
        wanted = list(dict.fromkeys(references))
        if not wanted:
            return {}
        found = self._statements.rows("SELECT reference, id FROM payments WHERE reference = ANY(%s::text[])", texts(wanted))
        return {str(reference): payment_id for reference, payment_id in found}

    def unsettled(self, opened_before: datetime, limit: int, /) -> Sequence[PaymentId]:
        """Up to `limit` payments, opened before an instant, of which the provider may know more: oldest first, no lock."""
        found = self._statements.rows(
            f"SELECT id FROM payments WHERE NOT ({_IS_SETTLED}) AND opened_at < %s ORDER BY opened_at, id LIMIT %s",  # noqa: S608
            opened_before,
            limit,
        )
        return [each for (each,) in found]


class PostgresRefunds(PostgresRepository[RefundId, Refund]):
    """Every refund."""

    writing = Writing.of(REFUNDS)

    @staticmethod
    def key(value: Refund) -> RefundId:
        """The refund's id."""
        return value.id

    @staticmethod
    def row(value: Refund) -> Row:
        """A refund as a row."""
        head = (value.id, value.payment_id, value.order_id, value.amount.minor, value.amount.currency.code)
        tail = (value.reason, value.requested_at, value.status, value.reference, value.failure, value.attempt)
        return (*head, _lines_document(value.lines), *tail)

    @staticmethod
    def value(row: Row) -> Refund:
        """A row as a refund."""
        refund_id, payment_id, order_id, amount, code, lines, reason, requested_at, status, reference, failure, attempt = row
        unit = Currency.of(code)
        return Refund(
            id=refund_id,
            payment_id=payment_id,
            order_id=order_id,
            amount=Money(amount, unit),
            lines=_lines(lines),
            reason=reason,
            requested_at=requested_at,
            status=RefundStatus(status),
            reference=reference,
            failure=failure,
            attempt=attempt,
        )

    def of_order(self, order_id: OrderId, /) -> Sequence[Refund]:
        """The refunds of one order, in the order of requesting."""
        return self.select("WHERE order_id = %s ORDER BY requested_at, id", order_id)

    def open(self, limit: int, /) -> Sequence[RefundId]:
        """Up to `limit` refunds that are requested or sent, oldest first; no lock."""
        sql = f"SELECT id FROM refunds WHERE {_IS_OPEN} ORDER BY requested_at, id LIMIT %s"  # noqa: S608
        return [each for (each,) in self._statements.rows(sql, limit)]


class PostgresDisputes(PostgresRepository[DisputeId, Dispute]):
    """Every dispute."""

    writing = Writing.of(DISPUTES)

    @staticmethod
    def key(value: Dispute) -> DisputeId:
        """The dispute's id."""
        return value.id

    @staticmethod
    def row(value: Dispute) -> Row:
        """A dispute as a row."""
        head = (value.id, value.payment_id, value.order_id, value.reference, value.amount.minor, value.fee.minor)
        tail = (value.opened_at, value.evidence_due_at, value.status)
        return (*head, value.amount.currency.code, _lines_document(value.lines), *tail)

    @staticmethod
    def value(row: Row) -> Dispute:
        """A row as a dispute."""
        dispute_id, payment_id, order_id, reference, amount, fee, code, lines, opened_at, due_at, status = row
        unit = Currency.of(code)
        return Dispute(
            id=dispute_id,
            payment_id=payment_id,
            order_id=order_id,
            reference=reference,
            amount=Money(amount, unit),
            fee=Money(fee, unit),
            lines=_lines(lines),
            opened_at=opened_at,
            evidence_due_at=due_at,
            status=DisputeStatus(status),
        )

    def of_order(self, order_id: OrderId, /) -> Sequence[Dispute]:
        """The disputes of one order, in the order of opening."""
        return self.select("WHERE order_id = %s ORDER BY opened_at, id", order_id)


def _lines_document(lines: Iterable[LineRefund]) -> str:
    return dumps([(each.line, each.goods.minor, each.shipping.minor, each.goods.currency.code) for each in lines])


def _lines(documents: Iterable[Sequence[Any]]) -> tuple[LineRefund, ...]:
    return tuple(
        LineRefund(line, Money(goods, Currency.of(code)), Money(shipping, Currency.of(code)))
        for line, goods, shipping, code in documents
    )

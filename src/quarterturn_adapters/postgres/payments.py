"""Payments, refunds and disputes, kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from quarterturn_adapters.codec import dumps
from quarterturn_adapters.postgres.arrays import instants, integers, texts, uuids
from quarterturn_adapters.postgres.pages import latest_first
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row
from quarterturn_adapters.postgres.tables.payments import DISPUTES, OPEN_REFUNDS, PAYMENTS, REFUNDS, SETTLED, WEBHOOKS
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import DisputeId, OrderId, PaymentId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.dispute import Dispute, DisputeStatus
from quarterturn_domain.payments.payment import CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.refund import LineRefund, Refund, RefundStatus
from quarterturn_domain.payments.waiting import Waiting
from quarterturn_domain.payments.webhook import Hint, HintKind, Webhook, WebhookStatus

# Words of our own lifecycles, spelled out so that the partial indexes are found.
_IS_UNSETTLED: Final = f"status NOT IN ({', '.join(repr(status.value) for status in SETTLED)}) OR in_parts"
_IS_OPEN: Final = f"status IN ({', '.join(repr(status.value) for status in OPEN_REFUNDS)})"

_ADD_TO_VENDORS: Final = """INSERT INTO vendor_refunds (vendor_id, requested_at, refund_id)
SELECT DISTINCT l.vendor_id, v.requested_at, v.refund_id
FROM unnest(%s::uuid[], %s::smallint[], %s::uuid[], %s::timestamptz[]) AS v (order_id, number, refund_id, requested_at)
    JOIN order_lines l ON l.order_id = v.order_id AND l.number = v.number"""


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
        parts = (value.captures, value.in_parts, _waiting_document(value.waiting), _waiting_document(value.asked))
        head = (value.id, value.order_id, value.amount.minor, value.capture_method)
        return (*head, *amounts, value.amount.currency.code, value.opened_at, value.status, *said, *parts)

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
            captures=said[4],
            in_parts=said[5],
            waiting=_waiting(said[6], unit),
            asked=_waiting(said[7], unit),
        )

    def of_orders(self, order_ids: Iterable[OrderId], /) -> Mapping[OrderId, Sequence[Payment]]:
        """The payments of these orders, in the order of opening, locked in key order; an order without one is left out."""
        wanted = list(dict.fromkeys(order_ids))
        found: dict[OrderId, list[Payment]] = {}
        if wanted:
            for payment in self.select("WHERE order_id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE", uuids(wanted)):
                found.setdefault(payment.order_id, []).append(payment)
        return {order_id: sorted(each, key=lambda payment: (payment.opened_at, payment.id)) for order_id, each in found.items()}

    def of_order(self, order_id: OrderId, /) -> Sequence[Payment]:
        """The payments of one order, in the order of opening; no lock."""
        return self.select("WHERE order_id = %s ORDER BY opened_at, id", order_id)

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these references at the provider; no lock."""
        wanted = list(dict.fromkeys(references))
        if not wanted:
            return {}
        found = self._statements.rows("SELECT reference, id FROM payments WHERE reference = ANY(%s::text[])", texts(wanted))
        return {str(reference): payment_id for reference, payment_id in found}

    def by_charge(self, charges: Iterable[str], /) -> Mapping[str, PaymentId]:
        """Which payments have these charges at the provider; no lock."""
        wanted = list(dict.fromkeys(charges))
        if not wanted:
            return {}
        return dict(self._statements.rows("SELECT charge, id FROM payments WHERE charge = ANY(%s::text[])", texts(wanted)))

    def quarantined(self, after: tuple[datetime, PaymentId] | None, limit: int, /) -> Sequence[Payment]:
        """Up to `limit` payments that wait for a person, the latest first, those after `after` in that order; no lock."""
        behind, place = ("", ()) if after is None else (" AND (opened_at, id) < (%s, %s)", after)
        return self.select(f"WHERE quarantine IS NOT NULL{behind} ORDER BY opened_at DESC, id DESC LIMIT %s", *place, limit)

    def unsettled(
        self, opened_before: datetime, limit: int, /, *, after: tuple[datetime, PaymentId] | None = None
    ) -> Sequence[PaymentId]:
        """Up to `limit` payments, opened before an instant, of which the provider may know more: oldest first, no lock."""
        behind, place = _behind("opened_at", after)
        found = self._statements.rows(
            f"SELECT id FROM payments WHERE ({_IS_UNSETTLED}) AND opened_at < %s{behind} ORDER BY opened_at, id LIMIT %s",  # noqa: S608
            *(opened_before, *place, limit),
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
        return (*head, _lines_document(value.lines), *tail, value.bounces, dumps(value.former))

    @staticmethod
    def value(row: Row) -> Refund:
        """A row as a refund."""
        refund_id, payment_id, order_id, amount, code, lines, reason, requested_at, status, *told = row
        reference, failure, attempt, bounces, former = told
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
            bounces=bounces,
            former=tuple(former),
        )

    def add(self, values: Iterable[Refund], /) -> None:
        """Keep new refunds, each known by the vendors of its lines; raises `Conflict` when one of them exists already."""
        refunds = list(values)
        super().add(refunds)
        lines = [(refund.order_id, each.line, refund.id, refund.requested_at) for refund in refunds for each in refund.lines]
        if lines:
            order_ids, numbers, refund_ids, times = zip(*lines, strict=True)
            self._statements.later(_ADD_TO_VENDORS, uuids(order_ids), integers(numbers), uuids(refund_ids), instants(times))

    def of_order(self, order_id: OrderId, /) -> Sequence[Refund]:
        """The refunds of one order, in the order of requesting."""
        return self.select("WHERE order_id = %s ORDER BY requested_at, id", order_id)

    def of_vendor(self, vendor_id: VendorId, after: tuple[datetime, RefundId] | None, limit: int, /) -> Sequence[Refund]:
        """Up to `limit` refunds of lines of this vendor, the latest first, those after `after` in that order; no lock."""
        behind, place = ("", ()) if after is None else (" AND (requested_at, refund_id) < (%s, %s)", after)
        sql = (
            f"SELECT refund_id FROM vendor_refunds WHERE vendor_id = %s{behind} "  # noqa: S608
            "ORDER BY requested_at DESC, refund_id DESC LIMIT %s"
        )
        chosen = [each for (each,) in self._statements.rows(sql, vendor_id, *place, limit)]
        refunds = self.find(chosen)
        return [refunds[each] for each in chosen]

    def page(self, after: tuple[datetime, RefundId] | None, limit: int, /) -> Sequence[Refund]:
        """Up to `limit` refunds, the latest first, those after `after` in that order; no lock."""
        rest, parameters = latest_first("requested_at", after, limit)
        return self.select(rest, *parameters)

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, RefundId]:
        """Which refunds have, or had before they were sent anew, these references at the provider; no lock."""
        wanted = list(dict.fromkeys(references))
        if not wanted:
            return {}
        found = self._statements.rows(
            "SELECT former ->> 0, id, former FROM refunds WHERE former <> '[]' AND former ?| %s::text[] "
            "UNION ALL SELECT reference, id, NULL FROM refunds WHERE reference = ANY(%s::text[])",
            *(texts(wanted), texts(wanted)),
        )
        known = {reference: refund_id for first, refund_id, former in found for reference in former or [first]}
        return {reference: known[reference] for reference in wanted if reference in known}

    def open(self, limit: int, /, *, after: tuple[datetime, RefundId] | None = None) -> Sequence[RefundId]:
        """Up to `limit` refunds that are requested or sent, oldest first, after `after`; no lock."""
        behind, place = _behind("requested_at", after)
        sql = f"SELECT id FROM refunds WHERE {_IS_OPEN}{behind} ORDER BY requested_at, id LIMIT %s"  # noqa: S608
        return [each for (each,) in self._statements.rows(sql, *place, limit)]


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
        tail = (value.opened_at, value.evidence_due_at, value.status, value.reminded_at)
        return (*head, value.amount.currency.code, _lines_document(value.lines), *tail)

    @staticmethod
    def value(row: Row) -> Dispute:
        """A row as a dispute."""
        dispute_id, payment_id, order_id, reference, amount, fee, code, lines, *told = row
        opened_at, due_at, status, reminded_at = told
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
            reminded_at=reminded_at,
        )

    def evidence_due(self, before: datetime, limit: int, /) -> Sequence[DisputeId]:
        """Up to `limit` open disputes whose evidence is due before an instant, unless that was told; the soonest first."""
        sql = (
            "SELECT id FROM disputes WHERE status = 'open' AND reminded_at IS NULL AND evidence_due_at < %s "
            "ORDER BY evidence_due_at, id LIMIT %s"
        )
        return [each for (each,) in self._statements.rows(sql, before, limit)]

    def of_order(self, order_id: OrderId, /) -> Sequence[Dispute]:
        """The disputes of one order, in the order of opening."""
        return self.select("WHERE order_id = %s ORDER BY opened_at, id", order_id)

    def page(
        self, after: tuple[datetime, DisputeId] | None, limit: int, /, status: DisputeStatus | None = None
    ) -> Sequence[Dispute]:
        """Up to `limit` disputes (of one status, if given), the latest first, those after `after` in that order; no lock."""
        rest, parameters = latest_first("opened_at", after, limit, status=status)
        return self.select(rest, *parameters)


class PostgresWebhooks(PostgresRepository[tuple[str, str], Webhook]):
    """Everything that providers told of."""

    writing = Writing.of(WEBHOOKS)

    @staticmethod
    def key(value: Webhook) -> tuple[str, str]:
        """The provider and its id of the event."""
        return value.key

    @staticmethod
    def row(value: Webhook) -> Row:
        """A webhook as a row."""
        hint = value.hint
        said = (hint.type, hint.kind, hint.reference, hint.account, hint.created_at)
        tail = (value.status, value.tries, value.failure, value.handled_at)
        return (*value.key, *said, value.digest, value.received_at, value.due_at, *tail)

    @staticmethod
    def value(row: Row) -> Webhook:
        """A row as a webhook."""
        provider, event_id, said, kind, reference, account, created_at, digest, received_at, due_at, *tail = row
        status, tries, failure, handled_at = tail
        return Webhook(
            provider=provider,
            hint=Hint(event_id, said, HintKind(kind), reference, created_at, account),
            digest=digest,
            received_at=received_at,
            due_at=due_at,
            status=WebhookStatus(status),
            tries=tries,
            failure=failure,
            handled_at=handled_at,
        )

    def waiting(self, at: datetime, limit: int, /) -> Sequence[tuple[str, str]]:
        """Up to `limit` webhooks that wait and are due at `at` or earlier, the longest due first; no lock."""
        sql = (
            "SELECT provider, event_id FROM webhooks WHERE status = 'waiting' AND due_at <= %s "
            "ORDER BY due_at, provider, event_id LIMIT %s"
        )
        return [(provider, event_id) for provider, event_id in self._statements.rows(sql, at, limit)]

    def tally(self) -> Mapping[tuple[str, str, WebhookStatus], int]:
        """How many there are, by provider, type in the provider's words, and status."""
        found = self._statements.rows("SELECT provider, type, status, count(*) FROM webhooks GROUP BY 1, 2, 3")
        return {(provider, said, WebhookStatus(status)): number for provider, said, status, number in found}


def _behind(column: str, after: tuple[datetime, Any] | None) -> tuple[str, tuple[Any, ...]]:
    """The condition that a row comes after the end of the page before, and its parameters."""
    return ("", ()) if after is None else (f" AND ({column}, id) > (%s, %s)", after)


def _waiting_document(waiting: Iterable[Waiting]) -> str:
    return dumps([(each.line, each.units, each.goods.minor, each.shipping.minor) for each in waiting])


def _waiting(documents: Iterable[Sequence[int]], unit: Currency) -> tuple[Waiting, ...]:
    return tuple(Waiting(line, units, Money(goods, unit), Money(shipping, unit)) for line, units, goods, shipping in documents)


def _lines_document(lines: Iterable[LineRefund]) -> str:
    return dumps([(each.line, each.goods.minor, each.shipping.minor, each.goods.currency.code) for each in lines])


def _lines(documents: Iterable[Sequence[Any]]) -> tuple[LineRefund, ...]:
    return tuple(
        LineRefund(line, Money(goods, Currency.of(code)), Money(shipping, Currency.of(code)))
        for line, goods, shipping, code in documents
    )

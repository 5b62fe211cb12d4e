"""The tables of payments, refunds and disputes."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint, or_
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from quarterturn_adapters.postgres.tables.columns import (
    count,
    currency,
    document,
    identity,
    instant,
    law,
    metadata,
    minor,
    one_of,
    text,
)
from quarterturn_domain.payments.dispute import DISPUTE
from quarterturn_domain.payments.payment import PAYMENT, TAKEN, CaptureMethod, PaymentStatus
from quarterturn_domain.payments.refund import REFUND, RefundStatus
from quarterturn_domain.payments.webhook import WEBHOOK, HintKind

SETTLED: Final = sorted(TAKEN | {PaymentStatus.CANCELLED})
OPEN_REFUNDS: Final = sorted({RefundStatus.REQUESTED, RefundStatus.SENT})

PAYMENTS: Final = Table(
    "payments",
    metadata,
    identity("id", primary_key=True),
    identity("order_id"),
    minor("amount"),
    text("capture_method"),
    minor("captured"),
    minor("released"),
    minor("refunded"),
    minor("lost"),
    minor("fee"),
    currency(),
    instant("opened_at"),
    text("status"),
    text("reference", nullable=True),
    text("charge", nullable=True),
    text("failure", nullable=True),
    text("quarantine", nullable=True),
    # How often something has arrived; and of what is captured in parts, what waits and what was asked for, line by line.
    Column("captures", Integer(), nullable=False, server_default="0"),
    Column("in_parts", Boolean(), nullable=False, server_default="false"),
    Column("waiting", JSONB(none_as_null=True), nullable=False, server_default="[]"),
    Column("asked", JSONB(none_as_null=True), nullable=False, server_default="[]"),
    UniqueConstraint("reference", name="payments_reference_key"),
    one_of("status", PAYMENT.states),
    one_of("capture_method", CaptureMethod),
    law("captures", "captures >= 0"),
    law("amounts", "captured >= 0 AND released >= 0 AND 0 <= refunded AND 0 <= lost AND refunded + lost <= captured"),
)
Index("payments_charge_idx", PAYMENTS.c.charge, postgresql_where=PAYMENTS.c.charge.is_not(None))
Index("payments_order_idx", PAYMENTS.c.order_id)
Index("payments_quarantined_idx", PAYMENTS.c.opened_at, PAYMENTS.c.id, postgresql_where=PAYMENTS.c.quarantine.is_not(None))
Index(
    "payments_unsettled_idx",
    PAYMENTS.c.opened_at,
    PAYMENTS.c.id,
    postgresql_where=or_(PAYMENTS.c.status.not_in(SETTLED), PAYMENTS.c.in_parts),
)

REFUNDS: Final = Table(
    "refunds",
    metadata,
    identity("id", primary_key=True),
    identity("payment_id"),
    identity("order_id"),
    minor("amount"),
    currency(),
    document("lines"),
    text("reason"),
    instant("requested_at"),
    text("status"),
    text("reference", nullable=True),
    text("failure", nullable=True),
    count("attempt"),
    # How often it has come back from the customer's bank, and the references that it had before it was sent anew.
    Column("bounces", Integer(), nullable=False, server_default="0"),
    Column("former", JSONB(none_as_null=True), nullable=False, server_default="[]"),
    one_of("status", REFUND.states),
    law("amount", "amount >= 0"),
    law("attempt", "attempt >= 1"),
    law("bounces", "bounces >= 0"),
)
Index("refunds_order_idx", REFUNDS.c.order_id)
Index("refunds_reference_idx", REFUNDS.c.reference, postgresql_where=REFUNDS.c.reference.is_not(None))
Index("refunds_former_idx", REFUNDS.c.id, postgresql_where=sql("former <> '[]'"))
Index("refunds_latest_idx", REFUNDS.c.requested_at, REFUNDS.c.id)
Index("refunds_open_idx", REFUNDS.c.requested_at, REFUNDS.c.id, postgresql_where=REFUNDS.c.status.in_(OPEN_REFUNDS))

VENDOR_REFUNDS: Final = Table(
    "vendor_refunds",
    metadata,
    # Which vendors' lines a refund is of, kept with it, so that a vendor's refunds are found from the vendor.
    identity("vendor_id", primary_key=True),
    Column("requested_at", TIMESTAMP(timezone=True), primary_key=True),
    identity("refund_id", primary_key=True),
)

DISPUTES: Final = Table(
    "disputes",
    metadata,
    identity("id", primary_key=True),
    identity("payment_id"),
    identity("order_id"),
    text("reference"),
    minor("amount"),
    minor("fee"),
    currency(),
    document("lines"),
    instant("opened_at"),
    instant("evidence_due_at", nullable=True),
    text("status"),
    instant("reminded_at", nullable=True),
    one_of("status", DISPUTE.states),
)
Index(
    "disputes_unreminded_idx",
    DISPUTES.c.evidence_due_at,
    DISPUTES.c.id,
    postgresql_where=sql("status = 'open' AND reminded_at IS NULL"),
)
Index("disputes_order_idx", DISPUTES.c.order_id)
Index("disputes_latest_idx", DISPUTES.c.opened_at, DISPUTES.c.id)
Index("disputes_status_idx", DISPUTES.c.status, DISPUTES.c.opened_at, DISPUTES.c.id)

WEBHOOKS: Final = Table(
    "webhooks",
    metadata,
    text("provider", primary_key=True),
    text("event_id", primary_key=True),
    text("type"),
    text("kind"),
    text("reference"),
    text("account", nullable=True),
    instant("created_at"),
    text("digest"),
    instant("received_at"),
    instant("due_at"),
    text("status"),
    count("tries"),
    text("failure", nullable=True),
    instant("handled_at", nullable=True),
    one_of("status", WEBHOOK.states),
    one_of("kind", HintKind),
    law("tries", "tries >= 0"),
)
Index(
    "webhooks_waiting_idx",
    WEBHOOKS.c.due_at,
    WEBHOOKS.c.provider,
    WEBHOOKS.c.event_id,
    postgresql_where=WEBHOOKS.c.status == "waiting",
)

"""The outbox after Debezium's outbox event router, the inbox, and the first answers to idempotency keys."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Identity, Index, SmallInteger, Table
from sqlalchemy import text as text_of
from sqlalchemy.dialects.postgresql import TIMESTAMP

from quarterturn_adapters.postgres.tables.columns import document, identity, instant, metadata, text

OUTBOX: Final = Table(
    "outbox",
    metadata,
    identity("id", primary_key=True),
    text("aggregatetype"),
    text("aggregateid"),
    text("type"),
    document("payload"),
    Column("version", SmallInteger(), nullable=False),
    document("headers"),
    instant("timestamp"),
    Column("sequence", BigInteger(), Identity(always=True), nullable=False),
    instant("delivered_at", nullable=True),
)
# Only what waits is in this index: finding it costs the same however much was delivered.
Index("outbox_waiting_idx", OUTBOX.c.sequence, postgresql_where=OUTBOX.c.delivered_at.is_(None))
Index("outbox_delivered_idx", OUTBOX.c.delivered_at, postgresql_where=OUTBOX.c.delivered_at.is_not(None))

INBOX: Final = Table(
    "inbox",
    metadata,
    text("subscriber", primary_key=True),
    identity("id", primary_key=True),
    Column("at", TIMESTAMP(timezone=True), nullable=False, server_default=text_of("now()")),
)
Index("inbox_at_idx", INBOX.c.at)

ANSWERS: Final = Table(
    "answers",
    metadata,
    text("key", primary_key=True),
    text("fingerprint"),
    text("text"),
    instant("at"),
)
Index("answers_at_idx", ANSWERS.c.at)

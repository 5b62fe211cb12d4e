"""The outbox after Debezium's outbox event router, what is on its way from it, the inbox, and the first answers to keys."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Identity, Index, SmallInteger, Table
from sqlalchemy import text as text_of
from sqlalchemy.dialects.postgresql import TIMESTAMP

from quarterturn_adapters.postgres.tables.columns import (
    FILLFACTOR,
    count,
    document,
    identity,
    instant,
    law,
    metadata,
    one_of,
    text,
)
from quarterturn_domain.kernel.dispatch import DISPATCH

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

OUTBOX_ARCHIVE: Final = Table(
    "outbox_archive",
    metadata,
    identity("id", primary_key=True),
    text("aggregatetype"),
    text("aggregateid"),
    text("type"),
    document("payload"),
    Column("version", SmallInteger(), nullable=False),
    document("headers"),
    instant("timestamp"),
    Column("sequence", BigInteger(), nullable=False),
    instant("delivered_at"),
)
# Rows come in the order of time and go in it: a summary of each range of pages is enough.
Index("outbox_archive_delivered_idx", OUTBOX_ARCHIVE.c.delivered_at, postgresql_using="brin")

DISPATCHES: Final = Table(
    "dispatches",
    metadata,
    text("subscription", primary_key=True),
    identity("message_id", primary_key=True),
    Column("sequence", BigInteger(), nullable=False),
    text("about"),
    text("status"),
    count("attempts"),
    instant("due_at"),
    identity("leased_by", nullable=True),
    instant("leased_until", nullable=True),
    document("failures"),
    one_of("status", DISPATCH.states),
    law("attempts", "attempts >= 0"),
    law("lease", "(leased_by IS NULL) = (leased_until IS NULL)"),
    # Room for the version of each row that says to whom it is leased: no index has to hear of that then.
    info={FILLFACTOR: 50},
)
Index("dispatches_waiting_idx", DISPATCHES.c.subscription, DISPATCHES.c.sequence, postgresql_where=text_of("status = 'waiting'"))
Index("dispatches_dead_idx", DISPATCHES.c.sequence, postgresql_where=text_of("status = 'dead'"))
Index("dispatches_about_idx", DISPATCHES.c.subscription, DISPATCHES.c.about, DISPATCHES.c.sequence)
Index("dispatches_message_idx", DISPATCHES.c.message_id)

SCHEDULES: Final = Table(
    "schedules",
    metadata,
    text("name", primary_key=True),
    instant("due_at"),
    instant("began_at"),
    instant("ended_at"),
    text("failure", nullable=True),
)

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

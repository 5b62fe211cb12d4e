"""Events on their way out, what subscribers have handled, and first answers, in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from quarterturn_adapters.codec import decode_event, encode_event
from quarterturn_adapters.postgres.arrays import texts, uuids
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_adapters.postgres.tables.kernel import ANSWERS, OUTBOX
from quarterturn_domain.kernel.dispatch import Forwarded, Message
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.idempotency import Answer
from quarterturn_domain.kernel.ids import Ids

_OUTBOX: Final = Writing.of(OUTBOX, without=["sequence", "delivered_at"])

_FORWARD: Final = """WITH heard AS MATERIALIZED (SELECT * FROM unnest(%s::text[], %s::text[]) AS heard (type, name)),
waiting AS MATERIALIZED (
    SELECT id, sequence, type, aggregatetype || ':' || aggregateid AS about FROM outbox
    WHERE delivered_at IS NULL AND id <> ALL(%s::uuid[]) ORDER BY sequence LIMIT %s FOR UPDATE SKIP LOCKED),
fresh AS (
    INSERT INTO dispatches (subscription, message_id, sequence, about, status, attempts, due_at, failures)
    SELECT h.name, w.id, w.sequence, w.about, 'waiting', 0, %s, '[]' FROM waiting w JOIN heard h ON h.type = w.type
    ON CONFLICT DO NOTHING RETURNING subscription),
marked AS (UPDATE outbox o SET delivered_at = now() FROM waiting w WHERE o.id = w.id)
SELECT 'fresh', subscription, count(*) FROM fresh GROUP BY 2
UNION ALL SELECT 'all', '', count(*) FROM waiting
UNION ALL SELECT 'unheard', '', count(*) FROM waiting w WHERE NOT EXISTS (SELECT FROM heard h WHERE h.type = w.type)"""

_ARCHIVE: Final = """WITH gone AS (
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox o WHERE delivered_at < %s AND NOT EXISTS (SELECT FROM dispatches d WHERE d.message_id = o.id)
        ORDER BY delivered_at LIMIT %s)
    RETURNING *)
INSERT INTO outbox_archive (id, aggregatetype, aggregateid, type, payload, version, headers, timestamp, sequence, delivered_at)
SELECT id, aggregatetype, aggregateid, type, payload, version, headers, timestamp, sequence, delivered_at FROM gone RETURNING 1"""


class PostgresOutbox:
    """The messages that nobody has delivered yet; delivered ones stay until they are forgotten, out of the way."""

    def __init__(self, statements: Statements, ids: Ids) -> None:
        self._statements = statements
        self._ids = ids
        self._appended: list[Event] = []
        self._own: list[UUID] = []

    def append(self, events: Iterable[Event], /) -> None:
        """Keep `events`, in this order; they become visible to others with the commit."""
        fresh = list(events)
        if not fresh:
            return
        ids = [self._ids.new() for _ in fresh]
        rows = [
            (each, event.aggregate_type, event.aggregate_id, event.tag, encode_event(event), event.version, "{}", event.at)
            for each, event in zip(ids, fresh, strict=True)
        ]
        _OUTBOX.add(self._statements, rows)
        self._appended += fresh
        self._own += ids

    def appended(self) -> Sequence[Event]:
        """The events of this unit of work so far, in order."""
        return tuple(self._appended)

    def pending(self, limit: int, /, *, after: int = 0) -> Sequence[Message]:
        """Committed messages that are not delivered, oldest first; those that another transaction has claimed are left out."""
        found = self._statements.rows(
            "SELECT sequence, id, type, version, payload FROM outbox WHERE delivered_at IS NULL AND sequence > %s "
            "AND id <> ALL(%s::uuid[]) ORDER BY sequence LIMIT %s FOR UPDATE SKIP LOCKED",
            *(after, uuids(self._own), limit),
        )
        return [Message(sequence, each, decode_event(tag, version, payload)) for sequence, each, tag, version, payload in found]

    def waiting(self) -> tuple[int, datetime | None]:
        """How many committed messages are not delivered, and when the oldest of their events happened."""
        sql = "SELECT count(*), min(timestamp) FROM outbox WHERE delivered_at IS NULL AND id <> ALL(%s::uuid[])"
        ((count, oldest_at),) = self._statements.rows(sql, uuids(self._own))
        return count, oldest_at

    def delivered(self, ids: Iterable[UUID], /) -> None:
        """Mark messages as delivered; what is unknown or already delivered is passed over."""
        wanted = list(ids)
        if wanted:
            self._statements.later(
                "UPDATE outbox SET delivered_at = coalesce(delivered_at, now()) WHERE id = ANY(%s::uuid[])", uuids(wanted)
            )

    def forward(self, heard: Mapping[str, Sequence[str]], limit: int, /, *, at: datetime) -> Forwarded:
        """Make dispatches of up to `limit` pending messages, and mark those as delivered; no event is read for it."""
        self._statements.lightly()
        pairs = [(tag, name) for tag, names in heard.items() for name in names]
        tags, names = texts([tag for tag, _ in pairs]), texts([name for _, name in pairs])
        counted = {
            (what, name): count for what, name, count in self._statements.rows(_FORWARD, tags, names, uuids(self._own), at, limit)
        }
        fresh = {name: count for (what, name), count in counted.items() if what == "fresh"}
        return Forwarded(counted["all", ""], counted["unheard", ""], fresh)

    def archive(self, before: datetime, limit: int, /) -> int:
        """Put away up to `limit` messages that were delivered before an instant and that nobody has still to handle."""
        return len(self._statements.rows(_ARCHIVE, before, limit))

    def forget(self, before: datetime, /) -> int:
        """Drop the archived messages that were delivered before an instant; returns how many."""
        return len(self._statements.rows("DELETE FROM outbox_archive WHERE delivered_at < %s RETURNING 1", before))


class PostgresInbox:
    """Which messages each subscriber has handled."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def admit(self, subscriber: str, ids: Iterable[UUID], /) -> Sequence[UUID]:
        """Those of `ids` that `subscriber` sees for the first time, in order, noted from now on."""
        asked = list(dict.fromkeys(ids))
        if not asked:
            return []
        # In key order, so that two that admit the same messages wait for each other and never in a circle.
        found = self._statements.rows(
            "INSERT INTO inbox (subscriber, id) SELECT %s, id FROM unnest(%s::uuid[]) AS asked (id) ORDER BY id "
            "ON CONFLICT DO NOTHING RETURNING id",
            subscriber,
            uuids(asked),
        )
        fresh = {each for (each,) in found}
        return [each for each in asked if each in fresh]

    def forget(self, before: datetime, /) -> int:
        """Drop what was noted before an instant; returns how many notes."""
        return len(self._statements.rows("DELETE FROM inbox WHERE at < %s RETURNING 1", before))


class PostgresAnswers(PostgresRepository[str, Answer]):
    """The first answer to every idempotency key."""

    writing = Writing.of(ANSWERS)

    @staticmethod
    def key(value: Answer) -> str:
        """The idempotency key."""
        return value.key

    @staticmethod
    def row(value: Answer) -> Row:
        """An answer as a row."""
        return (value.key, value.fingerprint, value.text, value.at)

    @staticmethod
    def value(row: Row) -> Answer:
        """A row as an answer."""
        return Answer(*row)

    def forget(self, before: datetime, /) -> int:
        """Drop the answers that are older than `before`; returns how many."""
        return len(self._statements.rows("DELETE FROM answers WHERE at < %s RETURNING 1", before))

"""What is on its way from the outbox to its subscriptions; a lease, and no transaction, says that somebody is at work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from json import dumps
from typing import Any, Final
from uuid import UUID

from quarterturn_adapters.codec import decode_event, instant
from quarterturn_adapters.postgres.arrays import instants, integers, texts, uuids
from quarterturn_adapters.postgres.statements import Statements
from quarterturn_domain.kernel.dispatch import ENOUGH, Depth, Dispatch, DispatchStatus, Failure, Key, Message, Place

_LAST: Final = 2**63 - 1

_COLUMNS: Final = (
    "d.subscription, d.sequence, d.message_id, d.due_at, d.attempts, d.failures, d.status, o.type, o.version, o.payload"
)

# An event that is not forwarded yet may be one that another relay has in hand at this moment: it counts as an earlier one, too.
_IN_ORDER: Final = """AND NOT EXISTS (
        SELECT FROM dispatches e WHERE e.subscription = d.subscription AND e.about = d.about AND e.sequence < d.sequence)
    AND NOT EXISTS (
        SELECT FROM outbox w WHERE w.delivered_at IS NULL AND w.sequence < d.sequence
        AND w.aggregatetype || ':' || w.aggregateid = d.about)"""

_CLAIM: Final = f"""WITH chosen AS MATERIALIZED (
    SELECT d.subscription, d.message_id FROM dispatches d
    WHERE d.subscription = %s AND d.status = 'waiting' AND d.message_id <> ALL(%s::uuid[])
    AND (%s OR (d.due_at <= %s AND (d.leased_until IS NULL OR d.leased_until <= %s))) {{in_order}}
    ORDER BY d.sequence LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE dispatches d SET leased_by = %s, leased_until = %s FROM chosen c JOIN outbox o ON o.id = c.message_id
WHERE (d.subscription, d.message_id) = (c.subscription, c.message_id) RETURNING {_COLUMNS}"""  # noqa: S608

_DONE: Final = """DELETE FROM dispatches d USING unnest(%s::text[], %s::uuid[]) AS k (subscription, message_id)
WHERE (d.subscription, d.message_id) = (k.subscription, k.message_id)"""

# From one subscription to the next by the index: the cost is that of what is counted, and not of all that waits.
_DUE: Final = """WITH RECURSIVE names AS (
    (SELECT subscription FROM dispatches WHERE status = 'waiting' ORDER BY subscription FETCH FIRST ROW ONLY)
    UNION ALL SELECT (
        SELECT d.subscription FROM dispatches d WHERE d.status = 'waiting' AND d.subscription > n.subscription
        ORDER BY d.subscription FETCH FIRST ROW ONLY)
    FROM names n WHERE n.subscription IS NOT NULL)
SELECT n.subscription, due.count FROM names n CROSS JOIN LATERAL (
    SELECT count(*) FROM (
        SELECT FROM dispatches d WHERE d.subscription = n.subscription AND d.status = 'waiting' AND d.due_at <= %s
        AND (d.leased_until IS NULL OR d.leased_until <= %s) LIMIT %s) AS found) AS due
WHERE n.subscription IS NOT NULL AND due.count > 0"""

_SAVE: Final = """UPDATE dispatches d
SET status = s.status, attempts = s.attempts, due_at = s.due_at, failures = s.failures, leased_by = NULL, leased_until = NULL
FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::integer[], %s::timestamptz[], %s::jsonb[])
    AS s (subscription, message_id, status, attempts, due_at, failures)
WHERE (d.subscription, d.message_id) = (s.subscription, s.message_id)"""

_OF: Final = f"SELECT {_COLUMNS} FROM dispatches d JOIN outbox o ON o.id = d.message_id"  # noqa: S608


class PostgresDispatches:
    """What is on its way."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def claim(
        self,
        subscription: str,
        limit: int,
        /,
        *,
        at: datetime,
        until: datetime,
        by: UUID,
        in_order: bool = False,
        early: bool = False,
        without: Iterable[UUID] = (),
    ) -> Sequence[Dispatch]:
        """Up to `limit` dispatches that wait and are due, the oldest first, leased to `by`."""
        self._statements.lightly()
        sql = _CLAIM.format(in_order=_IN_ORDER if in_order else "")
        found = self._statements.rows(sql, subscription, uuids(without), early, at, at, by, until, limit)
        return sorted((_dispatch(*row) for row in found), key=lambda dispatch: dispatch.message.sequence)

    def done(self, keys: Iterable[Key], /) -> int:
        """Drop what is handled, or given up."""
        asked = _arrays(keys)
        if asked is None:
            return 0
        return len(self._statements.rows(f"{_DONE} RETURNING 1", *asked))

    def settle(self, by: UUID, handled: Iterable[Key], failed: Iterable[Dispatch], /) -> None:
        """Note what became of what `by` has claimed."""
        self._statements.lightly()
        asked = _arrays(handled)
        if asked is not None:
            self._statements.later(_DONE, *asked)
        rows = _rows(failed)
        if rows is not None:
            self._statements.later(f"{_SAVE} AND d.leased_by = %s", *rows, by)

    def save(self, dispatches: Iterable[Dispatch], /) -> None:
        """Keep what became of dispatches, and end their leases."""
        rows = _rows(dispatches)
        if rows is not None:
            self._statements.later(_SAVE, *rows)

    def renew(self, by: UUID, until: datetime, /) -> int:
        """Let all leases of `by` last until `until`."""
        sql = "UPDATE dispatches SET leased_until = %s WHERE leased_by = %s AND status = 'waiting' RETURNING 1"
        return len(self._statements.rows(sql, until, by))

    def due(self, at: datetime, /, *, most: int = ENOUGH) -> Mapping[str, int]:
        """How many dispatches are due, and leased to nobody, by subscription."""
        return dict(self._statements.rows(_DUE, at, at, most))

    def depths(self) -> Mapping[str, Depth]:
        """How much there is, by subscription."""
        sql = (
            "SELECT d.subscription, count(*) FILTER (WHERE d.status = 'waiting'), "
            "min(o.timestamp) FILTER (WHERE d.status = 'waiting'), count(*) FILTER (WHERE d.status = 'dead') "
            "FROM dispatches d JOIN outbox o ON o.id = d.message_id GROUP BY 1"
        )
        return {name: Depth(waiting, oldest_at, dead) for name, waiting, oldest_at, dead in self._statements.rows(sql)}

    def find(self, keys: Iterable[Key], /) -> Mapping[Key, Dispatch]:
        """Those of the dispatches that there are."""
        return self._found(keys, "")

    def lock(self, keys: Iterable[Key], /) -> Mapping[Key, Dispatch]:
        """The same, locked."""
        return self._found(keys, " ORDER BY d.subscription, d.message_id FOR UPDATE OF d")

    def dead(self, after: Place | None, limit: int, /, subscription: str | None = None) -> Sequence[Dispatch]:
        """Up to `limit` dead letters, the latest event first."""
        of = "" if subscription is None else " AND d.subscription = %s"
        sql = (
            f"{_OF} WHERE d.status = 'dead' AND d.sequence <= %s AND (d.sequence < %s OR d.subscription > %s){of} "
            "ORDER BY d.sequence DESC, d.subscription LIMIT %s"
        )
        sequence, name = (_LAST, "") if after is None else after
        given = [sequence, sequence, name, *([] if subscription is None else [subscription]), limit]
        return [_dispatch(*row) for row in self._statements.rows(sql, *given)]

    def _found(self, keys: Iterable[Key], locked: str) -> Mapping[Key, Dispatch]:
        asked = _arrays(keys)
        if asked is None:
            return {}
        sql = f"{_OF} JOIN unnest(%s::text[], %s::uuid[]) AS k (subscription, message_id) USING (subscription, message_id){locked}"
        return {dispatch.key: dispatch for dispatch in (_dispatch(*row) for row in self._statements.rows(sql, *asked))}


def _arrays(keys: Iterable[Key]) -> tuple[str, str] | None:
    asked = sorted(set(keys))
    return (texts([name for name, _ in asked]), uuids([message_id for _, message_id in asked])) if asked else None


def _rows(dispatches: Iterable[Dispatch]) -> Sequence[str] | None:
    rows = sorted(dispatches, key=lambda dispatch: dispatch.key)
    if not rows:
        return None
    return (
        texts([each.subscription for each in rows]),
        uuids([each.message.id for each in rows]),
        texts([each.status for each in rows]),
        integers([each.attempts for each in rows]),
        instants([each.due_at for each in rows]),
        texts([dumps([[instant(failure.at), failure.what] for failure in each.failures]) for each in rows]),
    )


def _dispatch(
    subscription: str,
    sequence: int,
    message_id: UUID,
    due_at: datetime,
    attempts: int,
    failures: Sequence[tuple[str, str]],
    status: str,
    tag: str,
    version: int,
    payload: Any,  # noqa: ANN401
) -> Dispatch:
    return Dispatch(
        subscription=subscription,
        message=Message(sequence, message_id, decode_event(tag, version, payload)),
        due_at=due_at,
        attempts=attempts,
        failures=tuple(Failure(datetime.fromisoformat(at), what) for at, what in failures),
        status=DispatchStatus(status),
    )

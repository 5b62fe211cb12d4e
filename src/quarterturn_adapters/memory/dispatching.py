"""What is on its way from the outbox to its subscriptions, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

import attrs

from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.kernel.dispatch import ENOUGH, Depth, Dispatch, DispatchStatus, Key, Place


@attrs.frozen
class _Row:
    """A dispatch, and to whom it is leased, until when."""

    dispatch: Dispatch
    by: UUID | None = None
    until: datetime | None = None

    @property
    def sequence(self) -> int:
        """The place of its message in the outbox."""
        return self.dispatch.message.sequence

    @property
    def waits(self) -> bool:
        """Whether anybody still tries."""
        return self.dispatch.status is DispatchStatus.WAITING

    def free(self, at: datetime) -> bool:
        """Whether it is due at an instant, and leased to nobody then."""
        return self.dispatch.due_at <= at and (self.until is None or self.until <= at)


class MemoryDispatches:
    """What is on its way."""

    def __init__(self, transactions: Transactions) -> None:
        self._rows: Table[Key, _Row] = Table(transactions, "dispatch", lambda row: row.dispatch.key)
        self._waiting = self._rows.sorted(lambda row: (row.sequence,), lambda row: row.dispatch.subscription if row.waits else None)
        self._about = self._rows.sorted(lambda row: (row.sequence,), lambda row: (row.dispatch.subscription, row.dispatch.about))
        self._dead = self._rows.sorted(
            lambda row: (-row.sequence, row.dispatch.subscription), lambda row: None if row.waits else "dead"
        )

    def add(self, dispatches: Iterable[Dispatch]) -> None:
        """Keep new dispatches; those that are there already stay as they are."""
        self._rows.put(_Row(each) for each in dispatches if self._rows.get(each.key) is None)

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
        left_out = set(without)
        chosen: list[_Row] = []
        for row in self._waiting.rows(subscription):
            if len(chosen) == limit:
                break
            if row.dispatch.message.id in left_out or not (early or row.free(at)):
                continue
            if not in_order or next(iter(self._about.rows((subscription, row.dispatch.about)))) == row:
                chosen.append(row)
        self._rows.put(attrs.evolve(row, by=by, until=until) for row in chosen)
        return [row.dispatch for row in chosen]

    def done(self, keys: Iterable[Key], /) -> int:
        """Drop what is handled, or given up."""
        return self._rows.drop([key for key in dict.fromkeys(keys) if self._rows.get(key) is not None])

    def settle(self, by: UUID, handled: Iterable[Key], failed: Iterable[Dispatch], /) -> None:
        """Note what became of what `by` has claimed."""
        self.done(handled)
        kept = list(failed)
        rows = self._rows.find(each.key for each in kept)
        self.save(each for each in kept if each.key in rows and rows[each.key].by == by)

    def save(self, dispatches: Iterable[Dispatch], /) -> None:
        """Keep what became of dispatches, and end their leases."""
        self._rows.put(_Row(each) for each in dispatches if self._rows.get(each.key) is not None)

    def renew(self, by: UUID, until: datetime, /) -> int:
        """Let all leases of `by` last until `until`."""
        mine = [row for row in self._rows.all().values() if row.by == by and row.waits]
        self._rows.put(attrs.evolve(row, until=until) for row in mine)
        return len(mine)

    def due(self, at: datetime, /, *, most: int = ENOUGH) -> Mapping[str, int]:
        """How many dispatches are due, and leased to nobody, by subscription."""
        found: dict[str, int] = {}
        for row in self._rows.all().values():
            if row.waits and row.free(at):
                found[row.dispatch.subscription] = min(found.get(row.dispatch.subscription, 0) + 1, most)
        return found

    def depths(self) -> Mapping[str, Depth]:
        """How much there is, by subscription."""
        rows: dict[str, list[_Row]] = {}
        for row in self._rows.all().values():
            rows.setdefault(row.dispatch.subscription, []).append(row)
        return {name: _depth(each) for name, each in rows.items()}

    def find(self, keys: Iterable[Key], /) -> Mapping[Key, Dispatch]:
        """Those of the dispatches that there are."""
        return {key: row.dispatch for key, row in self._rows.find(keys).items()}

    def lock(self, keys: Iterable[Key], /) -> Mapping[Key, Dispatch]:
        """The same; one transaction runs at a time."""
        return self.find(keys)

    def dead(self, after: Place | None, limit: int, /, subscription: str | None = None) -> Sequence[Dispatch]:
        """Up to `limit` dead letters, the latest event first."""
        place = None if after is None else (-after[0], after[1])
        found = (
            row.dispatch
            for row in self._dead.rows("dead")
            if (place is None or place < (-row.sequence, row.dispatch.subscription))
            and subscription in {None, row.dispatch.subscription}
        )
        return list(islice(found, limit))


def _depth(rows: Sequence[_Row]) -> Depth:
    waiting = [row.dispatch.message.event.at for row in rows if row.waits]
    return Depth(len(waiting), min(waiting, default=None), len(rows) - len(waiting))

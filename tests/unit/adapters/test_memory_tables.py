"""Tables in memory: indexes say what a full scan says, and a transaction that fails was never there."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_adapters.memory.ordered import Ordered
from quarterturn_adapters.memory.tables import Counter, Table, Transactions
from quarterturn_domain.kernel.errors import Conflict


@attrs.frozen
class Row:
    """Something with a key, a group, a rank in it, and perhaps a badge that nobody else may have."""

    key: int
    group: str | None
    rank: int
    badge: int | None = None


class Rows:
    """A table of rows with an index of every kind."""

    def __init__(self) -> None:
        self.transactions = Transactions()
        self.table: Table[int, Row] = Table(self.transactions, "row", lambda row: row.key)
        self.grouped = self.table.grouped(lambda row: row.group)
        self.sorted = self.table.sorted(lambda row: (row.rank,), by=lambda row: row.group)
        self.badges = self.table.unique(lambda row: row.badge, "the badge is taken")

    def seen(self) -> object:
        """Everything that the table and its indexes say."""
        return (
            self.table.all(),
            {group: sorted(self.grouped.of(group), key=lambda row: row.key) for group in "abc"},
            {group: list(self.sorted.rows(group)) for group in "abc"},
            [self.badges.get(badge) for badge in range(4)],
        )


def scanned(rows: dict[int, Row]) -> object:
    """What a full scan says."""
    by_key = sorted(rows.values(), key=lambda row: row.key)
    by_rank = sorted(by_key, key=lambda row: row.rank)
    return (
        rows,
        {group: [row for row in by_key if row.group == group] for group in "abc"},
        {group: [row for row in by_rank if row.group == group] for group in "abc"},
        [next((row for row in by_key if row.badge == badge), None) for badge in range(4)],
    )


KEYS = st.integers(0, 7)
ROWS = st.builds(Row, KEYS, st.sampled_from([None, "a", "b", "c"]), st.integers(0, 3), st.none() | st.integers(0, 3))
CHANGES = st.tuples(st.sampled_from(["add", "save", "drop"]), st.lists(ROWS, max_size=3))


@given(transactions=st.lists(st.tuples(st.lists(CHANGES, max_size=4), st.booleans()), max_size=8))
def test_indexes_agree_with_a_full_scan(transactions: list[tuple[list[tuple[str, list[Row]]], bool]]) -> None:
    """After any transactions, some of them failed, every index says what a scan of the committed rows says."""
    rows, committed = Rows(), dict[int, Row]()
    for changes, fails in transactions:
        model = dict(committed)
        try:
            with rows.transactions.one():
                for act, values in changes:
                    model = changed(rows, model, act, values)
                    assert scanned(model) == rows.seen()
                if fails:
                    raise KeyboardInterrupt
            committed = model
        except KeyboardInterrupt:
            pass
        with rows.transactions.one():
            assert scanned(committed) == rows.seen()


def changed(rows: Rows, model: dict[int, Row], act: str, values: list[Row]) -> dict[int, Row]:
    """The rows after a change of the table, by the rules as the model knows them."""
    keys = [row.key for row in values]
    if act == "drop":
        assert len(set(keys) & set(model)) == rows.table.drop(keys)
        return {key: row for key, row in model.items() if key not in keys}
    if act == "save":
        values = [row for row in values if row.key in model]
    after = model | {row.key: row for row in values}
    badges = [row.badge for row in after.values() if row.badge is not None]
    if (act == "add" and (len(set(keys)) < len(keys) or set(keys) & set(model))) or len(set(badges)) < len(badges):
        with pytest.raises(Conflict):
            (rows.table.add if act == "add" else rows.table.save)(values)
        return model
    (rows.table.add if act == "add" else rows.table.save)(values)
    return after


@given(ranks=st.lists(st.integers(0, 5), max_size=12), after=st.none() | st.integers(-1, 6), limit=st.integers(0, 6))
def test_a_page_goes_on_after_the_place(ranks: list[int], after: int | None, limit: int) -> None:
    """A page holds the first rows of its group whose order comes after the place, and no more than its limit."""
    rows = Rows()
    with rows.transactions.one():
        rows.table.add(Row(key, "a" if key % 3 else "b", rank) for key, rank in enumerate(ranks))
        found = rows.sorted.page(None if after is None else (after,), limit, of="a")
    expected = sorted(rank for key, rank in enumerate(ranks) if key % 3 and (after is None or rank > after))
    assert expected[:limit] == [row.rank for row in found]


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=300), start=st.integers(-1, 41))
def test_ordered_is_a_sorted_set(short_lists: None, steps: list[tuple[bool, int]], start: int) -> None:
    """Whatever is added and dropped, the entries come out once each, in order, from any place on."""
    ordered, model = Ordered(), set[tuple[int]]()
    for add, number in steps:
        (ordered.add if add else ordered.discard)((number,))
        (model.add if add else model.discard)((number,))
    assert sorted(model) == list(ordered)
    assert sorted(entry for entry in model if entry >= (start,)) == list(ordered.since((start,)))
    assert bool(model) == bool(ordered)


@pytest.fixture(scope="module")
def short_lists() -> object:
    """Lists so short that they are split and emptied often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quarterturn_adapters.memory.ordered._FULL", 4)
        yield


def test_numbers_of_a_failed_transaction_are_given_again() -> None:
    """Numbers have no gaps: what a failed transaction took is taken back."""
    transactions = Transactions()
    numbers = Counter(transactions)
    with transactions.one():
        assert [1, 2] == list(numbers.take(2))
    taken: list[int] = []
    with pytest.raises(RuntimeError), transactions.one():
        raise RuntimeError(*map(taken.append, numbers.take(3)))
    assert [3, 4, 5] == taken
    with transactions.one():
        assert [3] == list(numbers.take(1))


@pytest.mark.parametrize(("case", "fails"), [("the transaction goes on", False), ("the transaction fails", True)])
def test_a_row_that_an_index_cannot_place_leaves_no_trace(case: str, fails: bool) -> None:
    """A row whose order compares with no other's is refused, and every index stays as it was."""
    rows = Rows()
    kept = {1: Row(1, "a", 1, 1), 2: Row(2, "a", 2, 2)}
    unplaceable: Any = "neither more nor less than a number"
    with rows.transactions.one():
        rows.table.add(kept.values())
    with suppress(KeyboardInterrupt), rows.transactions.one():
        with pytest.raises(TypeError):
            rows.table.save([Row(1, "a", unplaceable, 3)])
        with pytest.raises(TypeError):
            rows.table.add([Row(3, "a", unplaceable, 3)])
        assert scanned(kept) == rows.seen(), case
        if fails:
            raise KeyboardInterrupt
    with rows.transactions.one():
        assert scanned(kept) == rows.seen(), case


def test_what_was_never_added_cannot_be_saved() -> None:
    """Saving an unknown row is a bug, not a way to add it."""
    rows = Rows()
    with rows.transactions.one(), pytest.raises(AssertionError, match="never added"):
        rows.table.save([Row(1, None, 0)])


def test_a_table_belongs_to_the_thread_in_the_transaction() -> None:
    """Outside of a transaction, and in that of another thread, a table refuses to be read or written."""
    rows = Rows()
    with pytest.raises(AssertionError, match="over"):
        rows.table.all()
    entered, done = Event(), Event()

    def hold() -> None:
        with rows.transactions.one():
            entered.set()
            assert done.wait(10)

    holder = Thread(target=hold)
    holder.start()
    assert entered.wait(10)
    with pytest.raises(AssertionError, match="another thread"):
        rows.table.put([Row(1, None, 0)])
    done.set()
    holder.join(10)
    with rows.transactions.one():
        assert {} == rows.table.all()

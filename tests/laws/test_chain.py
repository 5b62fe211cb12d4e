"""The chain: whoever edits, removes, swaps or inserts a sealed entry is found, at its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeAlias
from uuid import UUID

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chain import Break, Seal, canonical, seal, verify
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import Booked, Entry, EntryKind, Posting
from quarterturn_domain.settlement.sealing import SealJournal, VerifyChain
from quarterturn_domain.testing.strategies import NOON, currencies

Chain: TypeAlias = Sequence[tuple[Seal, Entry]]

_ACCOUNTS: Final = [LedgerAccount(kind, VendorId(UUID(int=7)) if kind.value.startswith("vendor") else None) for kind in AccountKind]


@st.composite
def journals(draw: st.DrawFn, min_size: int = 1) -> list[Entry]:
    """Entries of two postings each, no two for one fact."""
    entries = []
    for number in range(draw(st.integers(min_size, 12))):
        amount = Money(draw(st.integers(1, 10**6)), draw(currencies()))
        debit, credit = draw(st.lists(st.sampled_from(_ACCOUNTS), min_size=2, max_size=2, unique=True))
        kind, at = draw(st.sampled_from(EntryKind)), NOON + timedelta(microseconds=draw(st.integers(0, 10**9)))
        order = draw(st.none() | st.integers(1, 3).map(lambda each: OrderId(UUID(int=each))))
        entries.append(Entry.of(f"fact:{number}", kind, [(debit, amount), (credit, -amount)], at=at, order_id=order))
    return entries


def chained(entries: Sequence[Entry]) -> list[tuple[Seal, Entry]]:
    """The chain of these entries, whose numbers have gaps."""
    booked = [Booked(3 * number, entry) for number, entry in enumerate(entries, start=1)]
    return list(zip(seal(None, booked), entries, strict=True))


@given(journals(min_size=0), st.data())
def test_an_untouched_chain_is_whole_however_it_is_sealed_and_read(entries: list[Entry], data: st.DataObject) -> None:
    """Sealed in two goes it is the chain that is sealed in one; verified page by page it is as whole as verified at once."""
    chain = chained(entries)
    cut = data.draw(st.integers(0, len(entries)))
    first = seal(None, [Booked(mark.number, entry) for mark, entry in chain[:cut]])
    rest = seal(first[-1] if first else None, [Booked(mark.number, entry) for mark, entry in chain[cut:]])
    assert [mark for mark, _ in chain] == [*first, *rest]
    assert verify(chain) is None
    assert verify(chain[:cut]) is None
    assert verify(chain[cut:], chain[cut - 1][0] if cut else None) is None


def _edit(entry: Entry, draw: Callable[[st.SearchStrategy[int]], int]) -> Entry:
    way = draw(st.integers(0, 6))
    first, *others = entry.postings
    if way == 0:
        return attrs.evolve(entry, fact=entry.fact + " ")
    if way == 1:
        return attrs.evolve(entry, kind=EntryKind.REVERSAL if entry.kind is not EntryKind.REVERSAL else EntryKind.REFUND)
    if way == 2:
        return attrs.evolve(entry, at=entry.at + timedelta(microseconds=1))
    if way == 3:
        return attrs.evolve(entry, order_id=OrderId(UUID(int=99)))
    if way == 4:
        return attrs.evolve(entry, postings=(Posting(first.account, first.amount + Money(1, first.amount.currency)), *others))
    if way == 5:
        return attrs.evolve(
            entry, postings=(Posting(LedgerAccount(first.account.kind, VendorId(UUID(int=8))), first.amount), *others)
        )
    return attrs.evolve(entry, postings=(*others, first))


@given(journals(), st.data())
def test_an_edited_entry_is_found_at_its_place(entries: list[Entry], data: st.DataObject) -> None:
    """Any change of any field of an entry, also of the order of its postings, breaks the chain right there, for every reader."""
    chain = chained(entries)
    place = data.draw(st.integers(0, len(chain) - 1))
    mark, entry = chain[place]
    chain[place] = (mark, _edit(entry, data.draw))
    reason = f"the hash of the entry for {chain[place][1].fact} does not follow from it and the one before"
    assert Break(place + 1, reason) == verify(chain)
    assert found_by_pages(chain, data.draw(st.integers(1, 4))) == verify(chain)


@given(journals(), st.data())
def test_an_edited_seal_is_found_at_its_place(entries: list[Entry], data: st.DataObject) -> None:
    """A hash that was changed, or a position, does not follow from what was before."""
    chain = chained(entries)
    place = data.draw(st.integers(0, len(chain) - 1))
    mark, entry = chain[place]
    forged = attrs.evolve(mark, hash="0" * 64) if data.draw(st.booleans()) else attrs.evolve(mark, position=mark.position + 1)
    chain[place] = (forged, entry)
    found = verify(chain)
    assert found is not None
    assert place + 1 == found.position


@given(journals(min_size=2), st.data())
def test_a_removed_entry_is_found_at_its_place(entries: list[Entry], data: st.DataObject) -> None:
    """With its seal or without; only the end can be cut off unseen, for which the last seal is kept elsewhere."""
    chain = chained(entries)
    place = data.draw(st.integers(0, len(chain) - 2))
    without_both = [*chain[:place], *chain[place + 1 :]]
    found = verify(without_both)
    assert found is not None
    assert place + 1 == found.position
    marks = [mark for mark, _ in chain][:-1]
    shifted = list(zip(marks, [entry for _, entry in without_both], strict=True))
    found = verify(shifted)
    assert found is not None
    assert place + 1 == found.position


@given(journals(min_size=2), st.data())
def test_swapped_entries_are_found_at_the_first_of_them(entries: list[Entry], data: st.DataObject) -> None:
    """With their seals or without them."""
    chain = chained(entries)
    one, other = sorted(data.draw(st.lists(st.integers(0, len(chain) - 1), min_size=2, max_size=2, unique=True)))
    assume(canonical(entries[one]) != canonical(entries[other]))
    with_seals = list(chain)
    with_seals[one], with_seals[other] = chain[other], chain[one]
    without = list(chain)
    without[one], without[other] = (chain[one][0], entries[other]), (chain[other][0], entries[one])
    for forged in (with_seals, without):
        found = verify(forged)
        assert found is not None
        assert one + 1 == found.position


@given(journals(min_size=2), st.data())
def test_an_inserted_entry_is_found_at_its_place_or_the_next(entries: list[Entry], data: st.DataObject) -> None:
    """Even one that is sealed as it should be: the one after it no longer follows."""
    *entries, intruder = entries
    chain = chained(entries)
    place = data.draw(st.integers(0, len(chain) - 1))
    unsealed = [*chain[:place], (chain[place][0], intruder), *chain[place:]]
    found = verify(unsealed)
    assert found is not None
    assert place + 1 == found.position
    (mark,) = seal(chain[place - 1][0] if place else None, [Booked(1_000, intruder)])
    sealed = [*chain[:place], (mark, intruder), *chain[place:]]
    found = verify(sealed)
    assert found is not None
    assert place + 2 == found.position


def found_by_pages(chain: Chain, size: int) -> Break | None:
    """What a reader finds who verifies page by page."""
    last: Seal | None = None
    for start in range(0, len(chain), size):
        page = chain[start : start + size]
        if (found := verify(page, last)) is not None:
            return found
        last = page[-1][0]
    return None


@given(journals(min_size=0), st.integers(1, 5))
def test_the_journal_is_sealed_and_verified_in_pages(entries: list[Entry], limit: int) -> None:
    """What `SealJournal` seals in pages of any size is one chain, which `VerifyChain` finds whole; sealing again seals nothing."""
    database = MemoryDatabase()
    with database.begin() as work:
        work.journal.append(entries)
    sealer = SealJournal(database.begin)
    while sealer(limit) == limit:
        pass
    assert sealer(limit) == 0
    assert VerifyChain(database.begin)() is None
    with database.begin() as work:
        chain = work.journal.chain(0, 100)
    assert entries == [entry for _, entry in chain]
    assert found_by_pages(chain, limit) is None


@pytest.mark.slow
def test_a_long_chain_is_verified_over_many_pages() -> None:
    """More entries than a page of the verifier has; and one that does not follow, far behind, is found."""
    database = MemoryDatabase()
    amount = Money.of("1.00", "EUR")
    postings = [(_ACCOUNTS[0], amount), (_ACCOUNTS[1], -amount)]
    with database.begin() as work:
        work.journal.append(Entry.of(f"fact:{n}", EntryKind.REFUND, postings, at=NOON) for n in range(2_500))
    assert SealJournal(database.begin)(2_400) == 2_400
    assert VerifyChain(database.begin)() is None
    with database.begin() as work:
        (waiting, *_) = work.journal.unsealed(1)
        work.journal.seal([Seal(2_401, waiting.number, "f" * 64)])
    found = VerifyChain(database.begin)()
    assert found is not None
    assert found.position == 2_401

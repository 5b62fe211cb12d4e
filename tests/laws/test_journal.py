"""The journal: every entry balances by construction, its reversal takes it back, and balances are the sums of postings."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chart import MEANING, AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import Entry, EntryKind
from quarterturn_domain.testing.strategies import COMMON, NOON

ACCOUNTS = [LedgerAccount(AccountKind.PROCESSOR_CLEARING), LedgerAccount(AccountKind.REFUNDS)] + [
    LedgerAccount(kind, VendorId(UUID(int=number)))
    for number in (1, 2)
    for kind in (AccountKind.VENDOR_AVAILABLE, AccountKind.VENDOR_PENDING)
]


@st.composite
def postings(draw: st.DrawFn) -> list[tuple[LedgerAccount, Money]]:
    """Amounts to accounts in several currencies, which balance; accounts may come twice and amounts may be nothing."""
    made: list[tuple[LedgerAccount, Money]] = []
    for currency in draw(st.lists(st.sampled_from(COMMON), min_size=1, max_size=2, unique=True)):
        amounts = draw(st.lists(st.integers(-1_000, 1_000), max_size=5))
        made += [(draw(st.sampled_from(ACCOUNTS)), Money(minor, currency)) for minor in (*amounts, -sum(amounts))]
    return made


@given(postings())
def test_an_entry_adds_up_what_goes_to_one_account(made: list[tuple[LedgerAccount, Money]]) -> None:
    """One posting for each account and currency, none of nothing; together they are zero in every currency."""
    entry = Entry.of("fact", EntryKind.CAPTURE, made, at=NOON)
    sums: Counter[tuple[LedgerAccount, Currency]] = Counter()
    for account, money in made:
        sums[account, money.currency] += money.minor
    assert {key: minor for key, minor in sums.items() if minor} == {
        (posting.account, posting.amount.currency): posting.amount.minor for posting in entry.postings
    }
    for currency in {money.currency for _, money in made}:
        assert sum(each.amount.minor for each in entry.postings if each.amount.currency is currency) == 0


@given(postings(), st.integers(0, 10), st.integers(1, 5))
def test_an_entry_that_does_not_balance_cannot_be_made(made: list[tuple[LedgerAccount, Money]], place: int, wrong: int) -> None:
    """One minor unit too much anywhere is a bug, and crashes."""
    account, money = made[place % len(made)]
    with pytest.raises(AssertionError, match="does not balance"):
        Entry.of("fact", EntryKind.CAPTURE, [*made, (account, Money(wrong, money.currency))], at=NOON)


@given(st.lists(postings(), max_size=6), st.data())
def test_balances_are_sums_and_reversals_take_back(journal: list[list[tuple[LedgerAccount, Money]]], data: st.DataObject) -> None:
    """The trial balance is zero after any entries; with all of them reversed every account is zero."""
    database = MemoryDatabase()
    entries = [Entry.of(f"fact:{number}", EntryKind.CAPTURE, each, at=NOON) for number, each in enumerate(journal)]
    with database.begin() as work:
        work.journal.append(entries)
    sums: Counter[tuple[LedgerAccount, Currency]] = Counter()
    for account, money in (each for made in journal for each in made):
        sums[account, money.currency] += money.minor
    with database.begin() as work:
        balances = work.journal.balances(ACCOUNTS)
        assert {key: minor for key, minor in sums.items() if minor} == {
            key: money.minor for key, money in balances.items() if money
        }
        trial: Counter[Currency] = Counter()
        for (_, currency), money in work.journal.totals().items():
            trial[currency] += money.minor
        assert not any(trial.values())
    with database.begin() as work:
        work.journal.append(entry.reversal(at=NOON) for entry in data.draw(st.permutations(entries)))
        assert not any(work.journal.balances(ACCOUNTS).values())


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_a_fact_is_booked_once_and_with_it_all_or_nothing(facts: list[int]) -> None:
    """Entries of which one is for a fact that is booked are a conflict, and none of them is booked."""
    database = MemoryDatabase()
    amount = Money.of("1.00", "EUR")
    with database.begin() as work:
        work.journal.append([Entry.of("fact:0", EntryKind.CAPTURE, [(ACCOUNTS[0], amount), (ACCOUNTS[1], -amount)], at=NOON)])
    fresh = [Entry.of(f"fact:{n}", EntryKind.REFUND, [(ACCOUNTS[1], amount), (ACCOUNTS[0], -amount)], at=NOON) for n in facts]
    if 0 in facts or len(set(facts)) < len(facts):
        with pytest.raises(Conflict), database.begin() as work:
            work.journal.append(fresh)
        booked = {"fact:0"}
    else:
        with database.begin() as work:
            work.journal.append(fresh)
        booked = {"fact:0", *(each.fact for each in fresh)}
    with database.begin() as work:
        assert booked == {each.entry.fact for each in work.journal.entries(0, 100)}


def test_every_account_has_a_meaning() -> None:
    """The chart says of each kind of account what its balance means."""
    assert set(AccountKind) == set(MEANING)

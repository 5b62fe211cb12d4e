"""What the journal promises: entries booked once, in order, for good; balances that are their sums; a chain of seals."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from quarterturn_domain.kernel.currency import EUR, Currency
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.settlement.chain import Seal, seal, verify
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import Booked, Entry, EntryKind
from quarterturn_domain.settlement.ports import Moment, SettlementWork
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import (
    PATIENCE_SECONDS,
    DatabaseContract,
    Undone,
    another_thread,
    moment_for_others,
    undo,
)
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed

CLEARING = LedgerAccount(AccountKind.PROCESSOR_CLEARING)
TICK = timedelta(microseconds=1)
YEN, DINAR = Currency.of("JPY"), Currency.of("BHD")


class JournalContract(DatabaseContract):
    """What `Journal` promises."""

    def furnish(self, work: SettlementWork) -> None:
        """Keep vendors and orders."""
        samples.furnish_orders(work)

    def book(self, db: Begin[SettlementWork], *entries: Entry) -> None:
        """Book entries in a unit of work of their own."""
        with db() as work:
            work.journal.append(entries)

    def test_entries_come_back_equal_and_in_order(self, db: Begin[SettlementWork]) -> None:
        """`entries` gives what was booked, field by field and posting by posting, in growing numbers from 1 on or later."""
        entries = [samples.an_entry(n) for n in (3, 1, 2)]
        bare = available("bare", 1, Money(5, EUR))
        self.book(db, *entries)
        self.book(db, bare)
        with db() as work:
            booked = list(work.journal.entries(0, 100))
        assert [] == differences([*entries, bare], [each.entry for each in booked])
        numbers = [each.number for each in booked]
        assert sorted(set(numbers)) == numbers
        assert numbers[0] > 0

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_entries_are_read_page_by_page(self, db: Begin[SettlementWork], limit: int) -> None:
        """Pages of any size give every entry once, in the order of booking."""
        entries = [samples.an_entry(n) for n in (5, 1, 4, 2)]
        self.book(db, *entries)
        with db() as work:
            read = leafed(lambda after, size: work.journal.entries(after or 0, size), lambda each: each.number, limit)
        assert entries == [each.entry for each in read]

    def test_a_fact_is_booked_once(self, db: Begin[SettlementWork]) -> None:
        """A batch with a fact that is booked raises `Conflict` and books nothing, whatever the entry says."""
        self.book(db, samples.an_entry(1))
        other = attrs.evolve(samples.an_entry(2), fact=samples.an_entry(1).fact)
        with pytest.raises(Conflict):
            self.book(db, samples.an_entry(3), other)
        with db() as work:
            assert [samples.an_entry(1)] == [each.entry for each in work.journal.entries(0, 10)]
            assert Money.zero(other.postings[0].amount.currency) == sum(
                (money for (_, unit), money in work.journal.totals().items() if unit is other.postings[0].amount.currency),
                Money.zero(other.postings[0].amount.currency),
            )

    def test_one_fact_twice_in_a_batch_is_a_conflict(self, db: Begin[SettlementWork]) -> None:
        """Booking one fact twice at once raises `Conflict` and books neither."""
        with pytest.raises(Conflict):
            self.book(db, samples.an_entry(1), samples.an_entry(1))
        with db() as work:
            assert [] == list(work.journal.entries(0, 10))

    def test_booked_facts_are_known(self, db: Begin[SettlementWork]) -> None:
        """`booked` gives those of the facts that are booked."""
        self.book(db, samples.an_entry(1), samples.an_entry(2))
        with db() as work:
            facts = [samples.an_entry(n).fact for n in (1, 2)]
            assert frozenset(facts) == work.journal.booked([*facts, "payment:unknown"])
            assert frozenset() == work.journal.booked([])
            work.journal.append([])

    def test_facts_lead_to_their_entries(self, db: Begin[SettlementWork]) -> None:
        """`of_facts` gives the entries of those facts that are booked."""
        entries = [samples.an_entry(n) for n in (1, 2, 3)]
        self.book(db, *entries)
        wanted = [entries[2].fact, "never", entries[0].fact]
        with db() as work:
            found = work.journal.of_facts(wanted)
            assert [] == differences({each.fact: each for each in (entries[2], entries[0])}, {f: b.entry for f, b in found.items()})
            assert {} == work.journal.of_facts([])

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_entries_within_a_time(self, db: Begin[SettlementWork], limit: int) -> None:
        """`between` gives the entries of a period in the order of their numbers, those numbered above `after`."""
        entries = [attrs.evolve(samples.an_entry(n), at=samples.moment(at)) for n, at in enumerate((4, 1, 3, 2, 5), start=1)]
        self.book(db, *entries)
        read: list[Booked] = []
        with db() as work:
            while page := work.journal.between(samples.moment(2), samples.moment(5), read[-1].number if read else 0, limit):
                read += page
                assert len(page) <= limit
        assert [] == differences([entries[n] for n in (0, 2, 3)], [each.entry for each in read])

    def test_what_is_rolled_back_is_not_booked(self, db: Begin[SettlementWork]) -> None:
        """Of a unit of work that failed neither entries nor balances are left, and its facts can be booked."""
        with pytest.raises(Undone), db() as work:
            work.journal.append([samples.an_entry(1)])
            assert work.journal.totals()
            undo()
        with db() as work:
            assert [] == list(work.journal.entries(0, 10))
            assert not any(work.journal.totals().values())
        self.book(db, samples.an_entry(1))

    def test_balances_are_sums_of_postings(self, db: Begin[SettlementWork]) -> None:
        """`balances` gives for each account, in every currency ever posted to it, the sum of the postings; also one of zero."""
        entries = [samples.an_entry(n) for n in range(1, 7)]
        self.book(db, *entries)
        self.book(db, entries[0].reversal(at=samples.moment(9)))
        postings = [posting for entry in (*entries, entries[0].reversal(at=samples.moment(9))) for posting in entry.postings]
        expected: dict[tuple[LedgerAccount, Currency], Money] = {}
        for posting in postings:
            key = (posting.account, posting.amount.currency)
            expected[key] = expected.get(key, Money.zero(key[1])) + posting.amount
        with db() as work:
            accounts = {posting.account for posting in postings}
            assert [] == differences(expected, dict(work.journal.balances(accounts)))
            assert {} == work.journal.balances([LedgerAccount(AccountKind.WRITE_OFFS)])
            assert {} == work.journal.balances([])

    def test_balances_are_kept_apart_by_currency_and_vendor(self, db: Begin[SettlementWork]) -> None:
        """One account has a balance in each currency, and two vendors' accounts of one kind are two."""
        self.book(
            db,
            available("a", 1, Money(5, EUR)),
            available("b", 1, Money(7, YEN)),
            available("c", 2, Money(11, EUR)),
            available("d", 1, Money(-2, EUR)),
        )
        with db() as work:
            one, two = (LedgerAccount(AccountKind.VENDOR_AVAILABLE, samples.vendor_id(n)) for n in (1, 2))
            expected = {(one, EUR): Money(-3, EUR), (one, YEN): Money(-7, YEN), (two, EUR): Money(-11, EUR)}
            assert [] == differences(expected, dict(work.journal.balances([two, one])))

    def test_the_trial_balance_sums_to_zero(self, db: Begin[SettlementWork]) -> None:
        """`totals` gives the sum over all accounts of each kind, by currency, and in each currency they sum to zero."""
        entries = [samples.an_entry(n) for n in range(1, 7)]
        self.book(db, *entries)
        expected: dict[tuple[AccountKind, Currency], Money] = {}
        for posting in (posting for entry in entries for posting in entry.postings):
            key = (posting.account.kind, posting.amount.currency)
            expected[key] = expected.get(key, Money.zero(key[1])) + posting.amount
        with db() as work:
            totals = dict(work.journal.totals())
        assert [] == differences(expected, {key: totals[key] for key in totals if totals[key] or key in expected})
        for unit in samples.CURRENCIES:
            assert 0 == sum(money.minor for (_, currency), money in totals.items() if currency is unit)

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_owing_is_in_the_order_of_vendor_and_currency(self, db: Begin[SettlementWork], limit: int) -> None:
        """`owing` gives available balances that are not zero, positive for the vendor's money, by vendor and currency code."""
        self.book(
            db,
            available("a", 2, Money(5, YEN)),
            available("b", 2, Money(-6, EUR)),
            available("c", 2, Money(7, DINAR)),
            available("d", 1, Money(8, EUR)),
            available("e", 3, Money(9, EUR)),
            available("f", 3, Money(-9, EUR)),
            samples.an_entry(4),
        )
        one, two = samples.vendor_id(1), samples.vendor_id(2)
        expected = [(one, Money(8, EUR)), (two, Money(7, DINAR)), (two, Money(-6, EUR)), (two, Money(5, YEN))]
        with db() as work:
            read = leafed(work.journal.owing, lambda owed: (owed[0], owed[1].currency.code), limit)
        assert [] == differences(expected, read)

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_owed_is_what_vendors_owe(self, db: Begin[SettlementWork], limit: int) -> None:
        """`owed` gives only negative available balances, in the same order; as soon as one is covered, it is left out."""
        self.book(
            db,
            available("a", 3, Money(-5, YEN)),
            available("b", 2, Money(6, EUR)),
            available("c", 3, Money(-7, DINAR)),
            available("d", 1, Money(-8, EUR)),
            available("e", 2, Money(-9, DINAR)),
            available("f", 2, Money(-4, YEN)),
            available("g", 2, Money(4, YEN)),
            _moved("h", LedgerAccount(AccountKind.VENDOR_RESERVE, samples.vendor_id(4)), Money(-3, EUR), 0),
        )
        one, two, three = (samples.vendor_id(n) for n in (1, 2, 3))
        expected = [(one, Money(-8, EUR)), (two, Money(-9, DINAR)), (three, Money(-7, DINAR)), (three, Money(-5, YEN))]
        with db() as work:
            assert [] == differences(expected, leafed(work.journal.owed, lambda owed: (owed[0], owed[1].currency.code), limit))
            work.journal.append(
                [available("i", 1, Money(8, EUR)), available("j", 2, Money(10, DINAR)), available("k", 2, -Money(7, EUR))]
            )
            expected[:2] = [(two, Money(-1, EUR))]
            assert [] == differences(expected, leafed(work.journal.owed, lambda owed: (owed[0], owed[1].currency.code), limit))

    def test_the_entries_of_an_order(self, db: Begin[SettlementWork]) -> None:
        """`of_order` gives the entries of one order in the order of their numbers."""
        second = attrs.evolve(available("second", 1, Money(5, EUR)), order_id=samples.order_id(1))
        self.book(db, samples.an_entry(1), samples.an_entry(2), second, available("none", 1, Money(5, EUR)))
        with db() as work:
            assert [samples.an_entry(1), second] == [each.entry for each in work.journal.of_order(samples.order_id(1))]
            assert [] == list(work.journal.of_order(samples.order_id(9)))

    def test_the_orders_that_have_entries(self, db: Begin[SettlementWork]) -> None:
        """`orders` gives those of the orders that are asked for, and no others."""
        self.book(db, samples.an_entry(1), samples.an_entry(2), available("none", 1, Money(5, EUR)))
        booked = samples.an_entry(1).order_id
        assert booked is not None
        with db() as work:
            assert frozenset({booked}) == work.journal.orders([booked, samples.order_id(9), booked])
            assert frozenset() == work.journal.orders([])

    def test_the_entries_of_a_vendor_within_a_time(self, db: Begin[SettlementWork]) -> None:
        """`of_vendor` gives entries touching a vendor's accounts with `since <= at < until`, after `after`, by time and number."""
        entries = [available(f"fact {n}", 1 + n % 2, Money(n, EUR), n) for n in (5, 1, 3, 7, 2)]
        self.book(db, *entries)
        vendor = samples.vendor_id(2)

        def read(since: int, until: int, after: Moment | None = None, limit: int = 100) -> list[Booked]:
            with db() as work:
                return list(work.journal.of_vendor(vendor, samples.moment(since), samples.moment(until), after, limit))

        assert ["fact 1", "fact 3", "fact 5", "fact 7"] == [each.entry.fact for each in read(0, 100)]
        assert ["fact 3", "fact 5"] == [each.entry.fact for each in read(3, 7)]
        first = read(0, 100, limit=1)
        assert ["fact 1"] == [each.entry.fact for each in first]
        assert ["fact 3", "fact 5"] == [each.entry.fact for each in read(0, 100, after=_moment(first[0]), limit=2)]
        assert ["fact 5"] == [each.entry.fact for each in read(5, 7, after=_moment(first[0]))]
        assert [] == read(3, 3)

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_a_vendor_in_and_against_the_order_of_time(self, db: Begin[SettlementWork], limit: int) -> None:
        """`of_vendor` and `latest_of_vendor` give every entry of a vendor once, in and against the order of time and number."""
        times = [5, 1, 3, 3, 1, 3]
        entries = [available(f"fact {n}", 2, Money(n + 1, EUR), at) for n, at in enumerate(times)]
        # An entry with several postings to a vendor's accounts is one.
        both = [LedgerAccount(kind, samples.vendor_id(2)) for kind in (AccountKind.VENDOR_PENDING, AccountKind.VENDOR_AVAILABLE)]
        amounts = zip(both, (Money(9, EUR), Money(-9, EUR)), strict=True)
        entries.append(Entry.of("twice", EntryKind.RELEASE, amounts, at=samples.moment(4)))
        self.book(db, *entries, available("other", 1, Money(5, EUR), 3))
        vendor, since, until = samples.vendor_id(2), samples.moment(0), samples.moment(100)
        with db() as work:
            read = leafed(lambda after, size: work.journal.of_vendor(vendor, since, until, after, size), _moment, limit)
            back = leafed(lambda after, size: work.journal.latest_of_vendor(vendor, after, size), _moment, limit)
        expected = [f"fact {n}" for n in (1, 4, 2, 3, 5)] + ["twice", "fact 0"]
        assert expected == [each.entry.fact for each in read]
        assert read == back[::-1]

    @pytest.mark.parametrize("limit", [1, 2, 100])
    @pytest.mark.parametrize("kind", [None, AccountKind.PROCESSOR_CLEARING, AccountKind.VENDOR_AVAILABLE, AccountKind.WRITE_OFFS])
    def test_the_latest_entries(self, db: Begin[SettlementWork], limit: int, kind: AccountKind | None) -> None:
        """`latest` gives every entry once, or those with a posting to an account of a kind, from the last number to the first."""
        self.book(db, samples.an_entry(1), available("a", 1, Money(5, EUR)), samples.an_entry(2), available("b", 2, Money(7, EUR)))
        with db() as work:
            every = list(work.journal.entries(0, 100))
            read = leafed(lambda before, size: work.journal.latest(before, size, kind), lambda each: each.number, limit)
        touching = [each for each in every if kind is None or any(part.account.kind is kind for part in each.entry.postings)]
        assert touching[::-1] == read
        assert (kind is AccountKind.WRITE_OFFS) == (not read)

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    @pytest.mark.parametrize("kind", [None, AccountKind.PROCESSOR_CLEARING, AccountKind.VENDOR_AVAILABLE])
    def test_the_balances_of_all_accounts(self, db: Begin[SettlementWork], limit: int, kind: AccountKind | None) -> None:
        """`accounts` gives every balance once: those of the platform, then those of vendors, by kind, vendor and currency."""
        self.book(db, *(samples.an_entry(n) for n in (1, 2, 3)), available("a", 2, Money(5, EUR)), available("b", 1, Money(7, YEN)))
        with db() as work:
            touched = {posting.account for each in work.journal.entries(0, 100) for posting in each.entry.postings}
            every = {key: money for key, money in work.journal.balances(touched).items() if kind in {None, key[0].kind}}
            read = leafed(
                lambda after, size: work.journal.accounts(after, size, kind), lambda each: (each[0], each[1].currency.code), limit
            )
        assert every == {(account, money.currency): money for account, money in read}
        assert len(every) == len(read)
        places = [
            (account.vendor_id is not None, account.kind.value, account.vendor_id and account.vendor_id.int, money.currency.code)
            for account, money in read
        ]
        assert sorted(places) == places

    def test_the_balance_of_a_vendor_before_an_instant(self, db: Begin[SettlementWork]) -> None:
        """`vendor_balance` sums pending, available and reserve in one currency, of what was booked for before an instant."""
        vendor = samples.vendor_id(1)
        kinds = sorted(OF_A_VENDOR)
        entries = [_moved(f"fact {n}", LedgerAccount(kind, vendor), Money(10**n, EUR), n) for n, kind in enumerate(kinds)]
        commission = _moved("commission", LedgerAccount(AccountKind.COMMISSION_REVENUE, vendor), Money(5_000, EUR), 0)
        self.book(db, *reversed(entries), commission, available("yen", 1, Money(7, YEN)), available("other", 2, Money(9, EUR)))
        with db() as work:
            at = samples.moment(2)
            assert Money(11, EUR) == work.journal.vendor_balance(vendor, EUR, at)
            assert Money(111, EUR) == work.journal.vendor_balance(vendor, EUR, at + TICK)
            assert [] == differences(Money.zero(EUR), work.journal.vendor_balance(vendor, EUR, samples.moment(0)))
            assert [] == differences(Money.zero(DINAR), work.journal.vendor_balance(vendor, DINAR, at))

    def test_seals_chain_every_entry(self, db: Begin[SettlementWork]) -> None:
        """`unsealed`, `seal`, `last_seal` and `chain` make one chain of all entries that verifies, sealed bit by bit."""
        entries = [samples.an_entry(n) for n in range(1, 6)]
        self.book(db, *entries)
        with db() as work:
            assert work.journal.last_seal() is None
        for size in (2, 1, 9):
            with db() as work:
                waiting = work.journal.unsealed(size)
                work.journal.seal(seal(work.journal.last_seal(), waiting))
        with db() as work:
            assert [] == list(work.journal.unsealed(10))
            chain = leafed(lambda after, limit: work.journal.chain(after or 0, limit), lambda link: link[0].position, 2)
            assert [] == differences(entries, [entry for _, entry in chain])
            assert verify(chain) is None
            assert [] == differences(chain[-1][0], work.journal.last_seal())
            assert [1, 2, 3, 4, 5] == [mark.position for mark, _ in chain]

    def test_an_entry_is_sealed_once(self, db: Begin[SettlementWork]) -> None:
        """A second seal for an entry, or at a position that is taken, is refused and leaves the chain as it was."""
        self.book(db, samples.an_entry(1), samples.an_entry(2))
        with db() as work:
            (first, _) = seals = seal(None, work.journal.unsealed(10))
            work.journal.seal(seals)
        with pytest.raises(Conflict), db() as work:
            work.journal.seal([Seal(3, first.number, "0" * 64)])
        with db() as work:
            assert list(seals) == [mark for mark, _ in work.journal.chain(0, 10)]

    def test_one_sealer_at_a_time(self, db: Begin[SettlementWork]) -> None:
        """Who asks for what is unsealed while another seals waits for it, and gets nothing that has a seal by then."""
        self.book(db, *(samples.an_entry(n) for n in range(1, 4)))

        def waiting() -> list[Booked]:
            with db() as work:
                return list(work.journal.unsealed(10))

        with another_thread() as run:
            with db() as work:
                mine = work.journal.unsealed(2)
                other = run(waiting)
                moment_for_others(other)
                work.journal.seal(seal(work.journal.last_seal(), mine))
            assert [samples.an_entry(3)] == [each.entry for each in other.result(PATIENCE_SECONDS)]

    def test_two_cannot_book_one_fact(self, db: Begin[SettlementWork]) -> None:
        """Of two units of work that book one fact at the same time one succeeds, and the other gets a `Conflict`."""

        def book() -> bool:
            try:
                self.book(db, samples.an_entry(1))
            except Conflict:
                return False
            return True

        with another_thread() as run:
            with db() as work:
                work.journal.append([samples.an_entry(1)])
                other = run(book)
                moment_for_others(other)
            assert not other.result(PATIENCE_SECONDS)


def available(fact: str, vendor: int, amount: Money, n: int = 0) -> Entry:
    """An entry by which so much more is a vendor's to have."""
    return _moved(fact, LedgerAccount(AccountKind.VENDOR_AVAILABLE, samples.vendor_id(vendor)), amount, n)


def _moved(fact: str, account: LedgerAccount, amount: Money, n: int) -> Entry:
    return Entry.of(fact, EntryKind.RELEASE, [(account, -amount), (CLEARING, amount)], at=samples.moment(n))


def _moment(booked: Booked) -> Moment:
    return (booked.entry.at, booked.number)

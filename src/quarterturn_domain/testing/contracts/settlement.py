"""What the earnings promise: each can be had when it is due, by one at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.ports import Earnings, SettlementWork
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import PATIENCE_SECONDS, another_thread, moment_for_others
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.repository import RepositoryContract

TICK = timedelta(microseconds=1)


class EarningsContract(RepositoryContract[tuple[OrderId, VendorId], Earning]):
    """What `Earnings` promises."""

    def furnish(self, work: SettlementWork) -> None:
        """Keep orders."""
        samples.furnish_orders(work)

    def repository(self, work: SettlementWork) -> Earnings:
        """The earnings."""
        return work.earnings

    def new(self, n: int) -> Earning:
        """A new earning: two of each order."""
        return samples.an_earning((n + 1) // 2, part=n % 2)

    def changed(self, value: Earning) -> Earning:
        """The earning, released in part."""
        part, at = Money(3, value.pending.currency), samples.moment(7)
        return value.delivered(at).release(reserved=part, reserve_until=at + TICK, at=at)[0]

    def key(self, value: Earning) -> tuple[OrderId, VendorId]:
        """Its order and vendor."""
        return value.key

    def test_a_negative_earning_comes_back_equal(self, db: Begin[SettlementWork]) -> None:
        """What was given back may be more than was earned: a pending amount below zero comes back equal."""
        value = self.new(1)
        value = value.change(-value.pending - value.pending)
        self.added(db, [value])
        assert [] == differences({value.key: value}, self.found(db, [value.key]))

    def test_a_released_reserve_comes_back_equal(self, db: Begin[SettlementWork]) -> None:
        """An earning whose reserve was released as well comes back equal, and is due for nothing."""
        value, _ = self.changed(self.new(1)).release_reserve()
        self.added(db, [value])
        assert [] == differences({value.key: value}, self.found(db, [value.key]))
        with db() as work:
            assert [] == list(work.earnings.due(samples.moment(999), 10))
            assert [] == list(work.earnings.reserves_due(samples.moment(999), 10))
            assert [] == list(work.earnings.reserved_of(value.vendor_id, value.pending.currency))

    def test_earnings_that_are_due(self, db: Begin[SettlementWork]) -> None:
        """`due` gives unreleased earnings with `due_at` at `at` or before, the longest due first, at most `limit`."""
        due = [self.new(n).delivered(samples.moment(20 - n)) for n in (1, 2, 3)]
        self.added(db, [*due, self.new(4), self.changed(self.new(5))])
        with db() as work:
            assert [due[2], due[1], due[0]] == list(work.earnings.due(samples.moment(999), 10))
            assert [due[2], due[1]] == list(work.earnings.due(samples.moment(18), 10))
            assert [due[2]] == list(work.earnings.due(samples.moment(18) - TICK, 10))
            assert [due[2]] == list(work.earnings.due(samples.moment(999), 1))

    def test_reserves_that_are_due(self, db: Begin[SettlementWork]) -> None:
        """`reserves_due` gives earnings whose reserve can be released at `at`, at most `limit`."""
        kept = [_keeping(self.new(n), samples.moment(20 - n)) for n in (1, 2, 3)]
        self.added(db, [*kept, self.new(4).delivered(samples.moment(0))])
        with db() as work:
            read = {earning.key: earning for earning in work.earnings.reserves_due(samples.moment(18), 10)}
            assert {earning.key: earning for earning in kept[1:]} == read
            assert 1 == len(work.earnings.reserves_due(samples.moment(18), 1))
            assert [] == list(work.earnings.reserves_due(samples.moment(17) - TICK, 10))

    def test_reserves_of_a_vendor(self, db: Begin[SettlementWork]) -> None:
        """`reserved_of` gives a vendor's earnings that keep something in a currency, the soonest to be released first."""
        # One vendor's parts of three orders in one currency.
        mine = [samples.an_earning(order, part=part) for order, part in ((1, 2), (4, 1), (7, 0))]
        whose, unit = mine[0].vendor_id, mine[0].pending.currency
        kept = [_keeping(earning, samples.moment(20 - n)) for n, earning in enumerate(mine)]
        other = _keeping(samples.an_earning(2), samples.moment(1))
        self.added(db, [*kept, other])
        with db() as work:
            assert kept[::-1] == list(work.earnings.reserved_of(whose, unit))
            assert [] == list(work.earnings.reserved_of(whose, samples.currency(2)))

    @pytest.mark.parametrize("kind", ["due", "reserves_due"])
    def test_two_never_get_the_same(self, db: Begin[SettlementWork], kind: str) -> None:
        """What one unit of work got and released, another that asks meanwhile does not get."""
        at = samples.moment(1)
        values = [self.new(n).delivered(at) if kind == "due" else _keeping(self.new(n), at) for n in (1, 2, 3, 4)]
        self.added(db, values)

        def ask(work: SettlementWork) -> list[Earning]:
            read: Callable[[datetime, int], object] = getattr(work.earnings, kind)
            return list(read(at, 2))  # type: ignore[call-overload, no-any-return]

        def others() -> set[tuple[OrderId, VendorId]]:
            with db() as work:
                return {earning.key for earning in ask(work)}

        with another_thread() as run:
            with db() as work:
                mine = ask(work)
                assert 2 == len(mine)
                other = run(others)
                moment_for_others(other)
                work.earnings.save(_released(earning, at) for earning in mine)
            assert {value.key for value in values} - {earning.key for earning in mine} == other.result(PATIENCE_SECONDS)


def _keeping(earning: Earning, until: datetime) -> Earning:
    """`earning`, released, with something kept in reserve until then."""
    at = samples.moment(0)
    return earning.delivered(at).release(reserved=Money(2, earning.pending.currency), reserve_until=until, at=at)[0]


def _released(earning: Earning, at: datetime) -> Earning:
    if earning.released_at is not None:
        return earning.release_reserve()[0]
    return earning.release(reserved=Money.zero(earning.pending.currency), reserve_until=None, at=at)[0]

"""Payouts: a debt is never covered beyond what is owed or there, in the operator's order and times; a schedule keeps its days."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payouts.recovery import Recovery, RecoveryStep, waterfall
from quarterturn_domain.payouts.schedule import PayoutTerms, Rhythm, Schedule
from quarterturn_domain.testing.strategies import COMMON, NOON, currencies

DAYS = st.integers(0, 400).map(lambda days: timedelta(days=days))
AMOUNTS = st.integers(0, 2_000)


def policies() -> st.SearchStrategy[Recovery]:
    """Any steps in any order, and any times."""
    steps = st.permutations(list(RecoveryStep)).flatmap(lambda every: st.integers(0, 4).map(lambda count: tuple(every[:count])))
    return st.builds(Recovery, steps=steps, patience=DAYS, give_up=DAYS)


@given(policies(), currencies(), st.integers(1, 2_000), AMOUNTS, AMOUNTS, DAYS)
def test_a_debt_is_covered_in_order_and_never_beyond(
    policy: Recovery, unit: Currency, owed: int, reversible: int, reserved: int, age: timedelta
) -> None:
    """Never more than is owed or there; each step takes all it can before the next takes anything; nothing while it is netted."""
    taken = waterfall(
        Money(owed, unit),
        policy,
        since=NOON,
        at=NOON + age,
        reversible=Money(reversible, unit),
        reserved=Money(reserved, unit),
    )
    amounts = {each.step: each.amount.minor for each in taken}
    assert len(amounts) == len(taken)
    assert RecoveryStep.NET not in amounts
    assert sum(amounts.values()) <= owed
    assert all(minor > 0 for minor in amounts.values())
    assert amounts.get(RecoveryStep.REVERSE, 0) <= reversible
    assert amounts.get(RecoveryStep.RESERVE, 0) <= reserved
    # By hand, step after step.
    left, expected = owed, {}
    for step in policy.steps:
        if step is RecoveryStep.NET and age < policy.patience:
            break
        there = {
            RecoveryStep.NET: 0,
            RecoveryStep.REVERSE: reversible,
            RecoveryStep.RESERVE: reserved,
            RecoveryStep.WRITE_OFF: owed if age >= policy.give_up else 0,
        }[step]
        if take := min(left, there):
            expected[step] = take
            left -= take
    assert expected == amounts
    assert [step for step in policy.steps if step in amounts] == [each.step for each in taken]


@given(st.dates(date(2023, 1, 1), date(2030, 12, 31)), st.integers(0, 6), st.integers(1, 31))
def test_a_schedule_keeps_its_days(day: date, weekday: int, monthday: int) -> None:
    """Weekly on its weekday; monthly once in every month, on its day or on the last where the month is too short; by hand never."""
    assert Schedule(Rhythm.DAILY).due_on(day)
    assert not Schedule(Rhythm.MANUAL).due_on(day)
    assert (calendar.day_name[day.weekday()] == calendar.day_name[weekday]) == Schedule(Rhythm.WEEKLY, weekday).due_on(day)
    month = [each for each in _days_of(day.year, day.month) if Schedule(Rhythm.MONTHLY, monthday).due_on(each)]
    naive = [each for each in _days_of(day.year, day.month) if each.day == monthday] or _days_of(day.year, day.month)[-1:]
    assert naive == month


def _days_of(year: int, month: int) -> list[date]:
    first = date(year, month, 1)
    return [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == month]


@given(st.integers(0, 500))
def test_a_minimum_is_at_least_one_minor_unit(minor: int) -> None:
    """What the terms say for a currency, never nothing; one minor unit in a currency of which they say nothing."""
    euro, yen = COMMON[0], COMMON[1]
    terms = PayoutTerms(minimum=(Money(minor, euro),))
    assert Money(max(minor, 1), euro) == terms.minimum_in(Money(7, euro))
    assert Money(1, yen) == terms.minimum_in(Money(7, yen))


@given(st.integers(max_value=-1))
def test_a_minimum_is_not_negative(minor: int) -> None:
    """Nor are there two of one currency."""
    euro = COMMON[0]
    for minimum in ((Money(minor, euro),), (Money(1, euro), Money(2, euro))):
        with pytest.raises(Invalid, match="one amount of zero or more per currency"):
            PayoutTerms(minimum=minimum)

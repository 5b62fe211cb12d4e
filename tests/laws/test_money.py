"""Money is exact: it adds, compares, is written and is split without losing a minor unit or mixing currencies."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.currency import EUR, JPY, Currency
from quarterturn_domain.kernel.money import CurrencyMismatch, Money, total
from quarterturn_domain.testing.strategies import currencies, money, weights

ANY = money(currencies(every=True))


@given(ANY, weights())
def test_allocation_loses_nothing(amount: Money, parts: list[int]) -> None:
    """For any amount, currency, sign and weights, the shares add up to the amount, one for each weight."""
    shares = amount.allocate(parts)
    assert len(parts) == len(shares)
    assert amount == total(shares, amount.currency)


@given(ANY, weights())
def test_a_share_is_less_than_one_unit_off(amount: Money, parts: list[int]) -> None:
    """Every share is its exact fraction rounded down or up; so what weighs nothing gets nothing."""
    for share, weight in zip(amount.allocate(parts), parts, strict=True):
        assert abs(share.minor - Fraction(amount.minor * weight, sum(parts))) < 1


@given(money(EUR, min_minor=0, max_minor=10**4), weights(max_size=6, max_weight=50))
def test_allocation_is_by_largest_remainder(amount: Money, parts: list[int]) -> None:
    """The units left over by rounding down go one by one to the largest remainder, and among equal ones to the earliest share."""
    exact = [Fraction(amount.minor * weight, sum(parts)) for weight in parts]
    expected = [int(fraction) for fraction in exact]
    remainders = [fraction - down for fraction, down in zip(exact, expected, strict=True)]
    for _ in range(amount.minor - sum(expected)):
        first = remainders.index(max(remainders))
        expected[first] += 1
        remainders[first] = Fraction(-1)
    assert expected == [share.minor for share in amount.allocate(parts)]


@given(ANY, weights())
def test_a_negative_amount_splits_as_the_mirror(amount: Money, parts: list[int]) -> None:
    """What is taken back is split exactly as what was given."""
    assert [-share for share in amount.allocate(parts)] == list((-amount).allocate(parts))


@given(ANY, weights(max_weight=10**6), st.integers(1, 1_000))
def test_only_proportions_matter(amount: Money, parts: list[int], factor: int) -> None:
    """Weights in another unit give the same shares."""
    assert amount.allocate(parts) == amount.allocate([weight * factor for weight in parts])


@given(ANY)
def test_an_amount_is_written_and_read_back(amount: Money) -> None:
    """`Money.of` reads what `amount` writes, in every currency; `decimal` says the same number."""
    assert amount == Money.of(amount.amount, amount.currency)
    assert amount == Money.of(amount.amount, amount.currency.code)
    assert amount.minor == Fraction(amount.decimal) * amount.currency.minor_unit


@given(ANY)
def test_an_amount_is_written_with_all_decimals_of_its_currency(amount: Money) -> None:
    """A yen has no decimal point, a dinar has three decimals, always."""
    _, point, decimals = amount.amount.partition(".")
    assert amount.currency.exponent == len(decimals)
    assert bool(decimals) == bool(point)


@given(currencies().flatmap(lambda unit: st.tuples(money(unit), money(unit), money(unit))))
def test_money_of_one_currency_is_a_group_with_an_order(amounts: tuple[Money, Money, Money]) -> None:
    """Addition is associative and commutative, subtraction undoes it, and the order is that of the minor units."""
    one, two, three = amounts
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one == one + two - two
    assert Money.zero(one.currency) == one + -one
    assert (one < two, one <= two, one > two, one >= two) == (
        one.minor < two.minor,
        one.minor <= two.minor,
        one.minor > two.minor,
        one.minor >= two.minor,
    )
    assert abs(one) == max(one, -one)


@given(money(), st.integers(0, 50))
def test_multiplying_is_adding_often(amount: Money, count: int) -> None:
    """`amount * count` and `count * amount` are the sum of as many amounts."""
    added = total([amount] * count, amount.currency)
    assert added == amount * count
    assert added == count * amount


@given(st.tuples(currencies(every=True), currencies(every=True)).filter(lambda pair: pair[0] is not pair[1]), st.data())
def test_currencies_never_mix(pair: tuple[Currency, Currency], data: st.DataObject) -> None:
    """Adding, subtracting and comparing amounts of two currencies is refused, even where both are zero; they are never equal."""
    one, two = data.draw(money(pair[0])), data.draw(money(pair[1]))
    refused: list[Callable[[Any, Any], object]] = [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge]
    for act in refused:
        with pytest.raises(CurrencyMismatch):
            act(one, two)
    with pytest.raises(CurrencyMismatch):
        total([two], one.currency)
    assert one != two
    assert Money.zero(pair[0]) != Money.zero(pair[1])


@given(ANY, ANY)
def test_equal_money_has_equal_hashes(one: Money, two: Money) -> None:
    """Amounts are keys: equal ones are one key, and a second object with the same content is equal."""
    again = Money(one.minor, one.currency)
    assert one == again
    assert {one} == {one, again}
    assert (one == two) == ((one.minor, one.currency) == (two.minor, two.currency))


def test_money_is_not_multiplied_by_fractions() -> None:
    """A float, a bool or a string as a factor is a bug."""
    for factor in (0.5, True, "2"):
        with pytest.raises(AssertionError):
            Money(100, EUR) * factor  # type: ignore[operator]


def test_zero_is_false() -> None:
    """An amount is true unless it is nothing."""
    assert (False, True, True) == (bool(Money(0, JPY)), bool(Money(1, JPY)), bool(Money(-1, JPY)))

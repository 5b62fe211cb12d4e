"""A rate is an exact fraction, and applying it rounds once, half up, the same way on both sides of zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate, half_up
from quarterturn_domain.testing.strategies import money, rates

ANY = st.integers(-(10**15), 10**15)


@given(ANY, st.integers(1, 10**9))
def test_half_up_is_the_nearest_integer(numerator: int, denominator: int) -> None:
    """The result is at most a half away, and exactly halfway it is the one further from zero."""
    rounded, exact = half_up(numerator, denominator), Fraction(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(ANY, st.integers(1, 10**9))
def test_half_up_is_symmetric(numerator: int, denominator: int) -> None:
    """Rounding a refund gives what rounding the sale gave."""
    assert -half_up(numerator, denominator) == half_up(-numerator, denominator)


@given(ANY, st.integers(0, 4))
def test_half_up_is_what_decimal_calls_so(numerator: int, places: int) -> None:
    """For decimal fractions it agrees with `ROUND_HALF_UP` of the standard library."""
    with localcontext(prec=40):
        expected = int(Decimal(numerator).scaleb(-places).to_integral_value(ROUND_HALF_UP))
    assert expected == half_up(numerator, 10**places)


@given(rates(), money())
def test_a_rate_is_applied_exactly_and_rounded_once(rate: Rate, amount: Money) -> None:
    """`rate.of(amount)` is the exact product, rounded once."""
    exact = Fraction(rate.numerator, rate.denominator) * amount.minor
    assert Money(half_up(exact.numerator, exact.denominator), amount.currency) == rate.of(amount)
    assert -rate.of(amount) == rate.of(-amount)


@given(rates(max_percent=300), money(min_minor=0))
def test_the_tax_inside_is_the_rate_of_the_rest(rate: Rate, gross: Money) -> None:
    """`within` takes out what, at the rate of the remaining net, makes the gross again: to the unit, as far as units can."""
    inside = rate.within(gross)
    net = gross - inside
    assert 0 <= inside.minor <= gross.minor
    assert -rate.within(gross) == rate.within(-gross)
    # One minor unit of rounding in the net is a rate's part of a unit in the tax, and the tax is rounded once more.
    exact = Fraction(rate.numerator, rate.denominator) * net.minor
    assert abs(exact - inside.minor) <= Fraction(1, 2) * (1 + Fraction(rate.numerator, rate.denominator))


@given(rates(), money(min_minor=0))
def test_what_was_added_on_top_lies_within(rate: Rate, net: Money) -> None:
    """A tax of up to 100 % that was added to a net price is found inside the gross price again, whatever was rounded."""
    tax = rate.of(net)
    assert tax == rate.within(net + tax)


@given(st.integers(-(10**8), 10**8), st.integers(0, 8))
def test_a_percentage_is_read_exactly(digits: int, places: int) -> None:
    """`percent` reads every decimal of its string, and `str` writes the same rate again."""
    text = f"{Decimal(digits).scaleb(-places):f}"
    assume(len(text.partition(".")[0].lstrip("-")) <= 6)
    rate = Rate.percent(text)
    assert Fraction(Decimal(text)) / 100 == Fraction(rate.numerator, rate.denominator)
    assert rate == Rate.percent(str(rate).removesuffix("%"))


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6), st.integers(1, 1_000))
def test_equal_fractions_are_equal_rates(numerator: int, denominator: int, factor: int) -> None:
    """A rate is kept in lowest terms, so equal fractions are equal, hash alike and read alike."""
    one, two = Rate(numerator, denominator), Rate(numerator * factor, denominator * factor)
    assert (one, hash(one), str(one)) == (two, hash(two), str(two))
    assert Fraction(numerator, denominator) == Fraction(one.numerator, one.denominator)
    assert bool(numerator) == bool(one)

"""Strategies for currencies, amounts, rates, weights, and for the partial refunds that an amount is given back in."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate

COMMON: Final = tuple(Currency.of(code) for code in ("EUR", "JPY", "BHD", "CLF"))
"""One currency for each number of decimals there is: 2, 0, 3 and 4."""

COUNTED: Final = tuple(currency for currency in Currency.all() if currency.exponent is not None)
"""Every currency that has a minor unit."""

LARGEST: Final = 10**12
"""The largest amount by default, in minor units: ten thousand million euros."""


def currencies(*, every: bool = False) -> SearchStrategy[Currency]:
    """A currency with a minor unit: one of `COMMON` or, with `every`, any of ISO 4217."""
    return st.sampled_from(COUNTED if every else COMMON)


@st.composite
def money(
    draw: DrawFn,
    currency: Currency | SearchStrategy[Currency] | None = None,
    *,
    min_minor: int = -LARGEST,
    max_minor: int = LARGEST,
) -> Money:
    """An amount between `min_minor` and `max_minor` minor units of `currency`; without one, of any common currency."""
    unit = currency if isinstance(currency, Currency) else draw(currencies() if currency is None else currency)
    return Money(draw(st.integers(min_minor, max_minor)), unit)


@st.composite
def rates(draw: DrawFn, max_percent: int = 100) -> Rate:
    """An exact rate from 0 % to `max_percent` %: round percentages, some with up to four decimals, odd fractions such as 1/3."""
    kind = draw(st.sampled_from(("whole", "decimal", "fraction")))
    if kind == "whole":
        return Rate(draw(st.integers(0, max_percent)), 100)
    if kind == "decimal":
        return Rate(draw(st.integers(0, max_percent * 10**4)), 10**6)
    denominator = draw(st.integers(1, 999))
    return Rate(draw(st.integers(0, denominator * max_percent // 100)), denominator)


@st.composite
def weights(draw: DrawFn, max_size: int = 12, max_weight: int = 10**9) -> list[int]:
    """Weights to share an amount by: non-negative integers, small and large, at least one of them positive."""
    weight = st.one_of(st.integers(0, 3), st.integers(0, max_weight))
    drawn = draw(st.lists(weight, min_size=1, max_size=max_size))
    if not any(drawn):
        drawn[draw(st.integers(0, len(drawn) - 1))] = draw(st.integers(1, max_weight))
    return drawn


@st.composite
def refund_sequences(draw: DrawFn, paid: Money, max_refunds: int = 8) -> list[Money]:
    """Partial refunds of `paid`, each of a minor unit or more, that end in the whole; of nothing there are none."""
    if paid.minor <= 0:
        return []
    inner = st.integers(1, paid.minor - 1) if paid.minor > 1 else st.nothing()
    cuts = sorted(draw(st.sets(inner, max_size=min(max_refunds, paid.minor) - 1)) if paid.minor > 1 else ())
    return [Money(after - before, paid.currency) for before, after in zip([0, *cuts], [*cuts, paid.minor], strict=True)]

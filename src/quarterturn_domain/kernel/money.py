"""Money: integer minor units of one ISO 4217 currency, added and split without losing a cent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Final

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid

_AMOUNT: Final = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
_MOST_DIGITS: Final = 15


@attrs.frozen(eq=False)
class CurrencyMismatch(Invalid):
    """Two amounts of different currencies met in one calculation."""


@attrs.frozen(repr=False, eq=False)
class Money:
    """An exact amount: `minor` units (cents, yen, mils) of `currency`.

    >>> Money.of("19.99", "EUR") * 3
    Money('59.97 EUR')
    >>> Money.of("100.00", "EUR").allocate([1, 1, 1])
    (Money('33.34 EUR'), Money('33.33 EUR'), Money('33.33 EUR'))
    """

    minor: int
    currency: Currency

    @classmethod
    def of(cls, text: str, currency: Currency | str) -> Money:
        """The amount that a decimal string writes, such as `"12.50"`; raises `Invalid` for more decimals than the currency has.

        Floats are refused: they cannot say most cents exactly.
        """
        unit = Currency.of(currency) if isinstance(currency, str) else currency
        if unit.exponent is None:
            raise Invalid(f"an amount in {unit.code}", "a currency with a minor unit")
        match = _AMOUNT.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise Invalid(f"{text!r} as an amount", 'a decimal string such as "12.50"')
        sign, whole, decimals = match[1], match[2], match[3] or ""
        if len(whole) > _MOST_DIGITS:
            raise Invalid(f"{text!r} as an amount", f"at most {_MOST_DIGITS} digits before the point")
        if len(decimals) > unit.exponent:
            raise Invalid(f"{text} {unit.code} has {len(decimals)} decimals", f"at most {unit.exponent}")
        minor = int(whole + decimals.ljust(unit.exponent, "0"))
        return cls(-minor if sign == "-" else minor, unit)

    @classmethod
    def zero(cls, currency: Currency) -> Money:
        """Nothing, in `currency`."""
        return _zero(currency)

    def allocate(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Split into shares in proportion to `weights`, exactly: the largest remainder method, ties to the earlier share.

        The shares always sum to the amount; a negative amount splits as the mirror of the positive one.
        `weights` are non-negative integers of which at least one is positive, else `Invalid`.
        """
        if not weights or min(weights) < 0 or (total := sum(weights)) == 0:
            raise Invalid(f"weights {list(weights)}", "non-negative integers, at least one of them positive")
        currency = self.currency
        return tuple(Money(share, currency) for share in shares(self.minor, weights, total))

    @property
    def decimal(self) -> Decimal:
        """The amount as an exact decimal of major units."""
        return Decimal(self.minor).scaleb(-(self.currency.exponent or 0))

    @property
    def amount(self) -> str:
        """The amount as a decimal string of major units, such as `"12.50"`."""
        places = self.currency.exponent or 0
        sign, digits = ("-" if self.minor < 0 else ""), str(abs(self.minor)).rjust(places + 1, "0")
        return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"

    def __add__(self, other: Money) -> Money:
        if self.currency is not other.currency:
            raise _mixed(self, other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        if self.currency is not other.currency:
            raise _mixed(self, other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, count: int) -> Money:
        assert type(count) is int, "money is multiplied by counts; use Rate for fractions"
        return Money(self.minor * count, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor == other.minor and self.currency is other.currency

    def __hash__(self) -> int:
        return hash((self.minor, self.currency.code))

    def __lt__(self, other: Money) -> bool:
        if self.currency is not other.currency:
            raise _mixed(self, other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        if self.currency is not other.currency:
            raise _mixed(self, other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def __str__(self) -> str:
        return f"{self.amount} {self.currency.code}"

    def __repr__(self) -> str:
        return f"Money('{self}')"


@cache
def _zero(currency: Currency) -> Money:
    """Nothing is the most frequent amount, and the same one every time."""
    return Money(0, currency)


def total(amounts: Iterable[Money], currency: Currency) -> Money:
    """The sum of `amounts`, all of them in `currency`; nothing at all is zero."""
    minor = 0
    for money in amounts:
        if money.currency is not currency:
            raise _mixed(Money.zero(currency), money)
        minor += money.minor
    return Money(minor, currency)


def shares(amount: int, weights: Sequence[int], weight: int) -> list[int]:
    """`amount` split by largest remainder over `weights` that sum to `weight > 0`; ties to the earlier share."""
    assert weight > 0
    size = abs(amount)
    parts = [size * each // weight for each in weights]
    left = size - sum(parts)
    if left:
        # `sorted` is stable, so equal remainders keep the earlier share first.
        by_remainder = sorted(range(len(parts)), key=lambda i: -(size * weights[i] % weight))
        for i in by_remainder[:left]:
            parts[i] += 1
    return parts if amount >= 0 else [-part for part in parts]


def _mixed(one: Money, other: Money) -> CurrencyMismatch:
    return CurrencyMismatch(f"{one.currency.code} and {other.currency.code} in one calculation", "one currency")

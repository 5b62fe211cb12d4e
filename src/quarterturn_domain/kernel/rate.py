"""Exact rates: a percentage is a fraction, and a rule rounds once, half up, here."""

from __future__ import annotations

import re
from math import gcd
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.money import Money

_PERCENT: Final = re.compile(r"[+-]?[0-9]{1,6}(\.[0-9]{1,12})?")


def half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded to the nearest integer, halves away from zero.

    Rounding is symmetric, so that what a refund takes back is what the sale gave.

    >>> half_up(5, 2), half_up(-5, 2), half_up(7, 3)
    (3, -3, 2)
    """
    assert denominator > 0
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


@attrs.frozen
class Rate:
    """An exact fraction such as a commission or a tax rate; never a float.

    >>> Rate.percent("7.25").of(Money.of("19.99", "EUR"))
    Money('1.45 EUR')
    """

    numerator: int
    denominator: int = 1

    def __attrs_post_init__(self) -> None:
        assert type(self.numerator) is int and type(self.denominator) is int, "a rate is made of integers"
        if self.denominator <= 0:
            raise Invalid(f"a rate over {self.denominator}", "a denominator of 1 or more")
        common = gcd(self.numerator, self.denominator)
        if common > 1:
            object.__setattr__(self, "numerator", self.numerator // common)
            object.__setattr__(self, "denominator", self.denominator // common)

    @classmethod
    def percent(cls, text: str) -> Rate:
        """The rate that a decimal string of percent writes, exactly: `"7.25"` is 29/400. Raises `Invalid`."""
        if not isinstance(text, str) or not _PERCENT.fullmatch(text):
            raise Invalid(f"{text!r} as a percentage", 'a decimal string such as "7.25"')
        whole, _, decimals = text.partition(".")
        return cls(int(whole + decimals), 100 * 10 ** len(decimals))

    def of(self, money: Money) -> Money:
        """This part of `money`, rounded once, half up (away from zero), to the minor unit."""
        return Money(half_up(money.minor * self.numerator, self.denominator), money.currency)

    def within(self, gross: Money) -> Money:
        """The part of `gross` that is this rate of the rest: the tax inside a price that includes it.

        >>> Rate.percent("19").within(Money.of("119.00", "EUR"))
        Money('19.00 EUR')
        """
        whole = self.denominator + self.numerator
        assert whole > 0
        return Money(half_up(gross.minor * self.numerator, whole), gross.currency)

    def __bool__(self) -> bool:
        return self.numerator != 0

    def __str__(self) -> str:
        scaled = self.numerator * 100
        if scaled % self.denominator == 0:
            return f"{scaled // self.denominator}%"
        for places in range(1, 13):
            if scaled * 10**places % self.denominator == 0:
                sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled) * 10**places // self.denominator)
                digits = digits.rjust(places + 1, "0")
                return f"{sign}{digits[:-places]}.{digits[-places:]}%"
        return f"{self.numerator}/{self.denominator}"


ZERO: Final = Rate(0)

"""The split: who gets which part of what the customer paid for one charge, and what each gives back of a refund.

`paid == earning + commission + commission_tax + tax_kept`, to the minor unit, for every charge; so it holds for every line, vendor
order and order too, which are sums of charges. A discount that the platform funds is `subsidy`: the customer does not pay it
and the platform does not keep it, so `commission` is what was charged to the vendor less the subsidy, and may be negative.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Rejected
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import half_up


@attrs.frozen(eq=False)
class RefundTooLarge(Rejected):
    """More was to be given back than is left of what was paid."""

    asked: Money
    left: Money

    @property
    def message(self) -> str:
        """How much was asked for, and how much is left."""
        return f"{self.asked} cannot be refunded; {self.left} is left of what was paid"


@attrs.frozen
class Split:
    """The parts of one charge, or of a sum of charges in one currency.

    >>> from quarterturn_domain.kernel.currency import EUR
    >>> from quarterturn_domain.kernel.rate import Rate
    >>> sold = Split.charge(Money(6000, EUR), commission=600)
    >>> sold.earning
    Money('54.00 EUR')
    >>> sold.given_back(Money(1500, EUR)).earning
    Money('13.50 EUR')
    """

    paid: Money
    earning: Money
    commission: Money
    commission_tax: Money
    tax_kept: Money
    subsidy: Money

    @classmethod
    def charge(cls, paid: Money, *, commission: int = 0, commission_tax: int = 0, tax_kept: int = 0, subsidy: int = 0) -> Split:
        """The split of a charge from the minor units that are taken of it; `commission` is what the vendor is charged."""
        unit = paid.currency
        earning = paid.minor + subsidy - commission - commission_tax - tax_kept
        assert min(paid.minor, earning, commission, commission_tax, tax_kept, subsidy) >= 0, "no part of a charge is negative"
        nothing = Money.zero(unit)
        return cls(
            paid,
            Money(earning, unit) if earning != paid.minor else paid,
            Money(commission - subsidy, unit) if commission != subsidy else nothing,
            Money(commission_tax, unit) if commission_tax else nothing,
            Money(tax_kept, unit) if tax_kept else nothing,
            Money(subsidy, unit) if subsidy else nothing,
        )

    @classmethod
    def nothing(cls, currency: Currency) -> Split:
        """A split of nothing."""
        zero = Money.zero(currency)
        return cls(zero, zero, zero, zero, zero, zero)

    @property
    def charged(self) -> Money:
        """The commission that the vendor was charged, before the platform paid for discounts."""
        return self.commission + self.subsidy

    @property
    def balanced(self) -> bool:
        """Whether the law of the split holds."""
        return self.paid == self.earning + self.commission + self.commission_tax + self.tax_kept

    def given_back(self, refunded: Money) -> Split:
        """What each party has given back once `refunded` of `paid` was refunded in all: computed cumulatively.

        The difference of two calls is what one refund takes from each party; so any sequence of refunds that ends in the whole
        returns every party exactly to zero. Shares are by Webster's method (Sainte-Laguë), under which no party's share shrinks
        when the refund grows. Nothing refunded is nothing given back; so what the customer did not pay for at all, because the
        platform funded it, is given back by units: `undone`. Raises `RefundTooLarge`.
        """
        if not 0 <= refunded.minor <= self.paid.minor:
            raise RefundTooLarge(refunded, self.paid)
        return self._part(refunded, refunded.minor, self.paid.minor) if refunded else Split.nothing(self.paid.currency)

    def undone(self, units: int, quantity: int) -> Split:
        """What each party has given back once `units` of `quantity` were undone in all, even if the customer paid nothing."""
        assert 0 <= units <= quantity > 0
        return self._part(Money(half_up(self.paid.minor * units, quantity), self.paid.currency), units, quantity)

    def _part(self, refunded: Money, numerator: int, denominator: int) -> Split:
        unit = refunded.currency
        subsidy = half_up(self.subsidy.minor * numerator, denominator)
        parts = (self.earning.minor, self.charged.minor, self.commission_tax.minor, self.tax_kept.minor)
        earning, charged, commission_tax, tax_kept = _webster(refunded.minor + subsidy, parts)
        return Split(
            refunded,
            Money(earning, unit),
            Money(charged - subsidy, unit),
            Money(commission_tax, unit),
            Money(tax_kept, unit),
            Money(subsidy, unit),
        )

    def __add__(self, other: Split) -> Split:
        return Split(
            self.paid + other.paid,
            self.earning + other.earning,
            self.commission + other.commission,
            self.commission_tax + other.commission_tax,
            self.tax_kept + other.tax_kept,
            self.subsidy + other.subsidy,
        )

    def __sub__(self, other: Split) -> Split:
        return self + -other

    def __neg__(self) -> Split:
        return Split(-self.paid, -self.earning, -self.commission, -self.commission_tax, -self.tax_kept, -self.subsidy)

    def __bool__(self) -> bool:
        return any((self.paid, self.earning, self.commission, self.commission_tax, self.tax_kept, self.subsidy))


def _webster(amount: int, parts: Sequence[int]) -> list[int]:
    """`amount` in proportion to `parts` (whose sum is at least `amount`) by the divisor method of Webster."""
    whole = sum(parts)
    assert 0 <= amount <= whole
    if not whole:
        return [0 for _ in parts]
    given = [half_up(amount * part, whole) for part in parts]
    while (left := amount - sum(given)) != 0:
        if left > 0:
            i = max(range(len(parts)), key=lambda i: _Quotient(parts[i], 2 * given[i] + 1, -i))
            given[i] += 1
        else:
            i = min((i for i in range(len(parts)) if given[i]), key=lambda i: _Quotient(parts[i], 2 * given[i] - 1, -i))
            given[i] -= 1
    return given


@attrs.frozen(order=False, eq=False)
class _Quotient:
    """`part / divisor`, compared exactly; of equal ones the earlier party ranks higher."""

    part: int
    divisor: int
    rank: int

    def __lt__(self, other: _Quotient) -> bool:
        mine, theirs = self.part * other.divisor, other.part * self.divisor
        return mine < theirs or (mine == theirs and self.rank < other.rank)

    def __gt__(self, other: _Quotient) -> bool:
        return other < self

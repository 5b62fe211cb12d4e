"""Waiting: units of an order line whose money is authorised and not captured yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import half_up


@attrs.frozen
class Waiting:
    """So many `units` of a line, and what the customer is to pay for them: `goods` and `shipping`."""

    line: int
    units: int
    goods: Money
    shipping: Money

    @property
    def amount(self) -> Money:
        """Both together."""
        return self.goods + self.shipping

    def take(self, units: int, *, shipping: bool = True) -> tuple[Waiting, Waiting]:
        """The part of so many of the units, and the rest; the last unit takes all that there is.

        Without `shipping` that of the units stays with the rest, even when no unit is left.
        """
        assert 0 <= units <= self.units
        kept = self.units - units

        def rest(amount: Money) -> Money:
            return Money(half_up(amount.minor * kept, self.units) if kept else 0, amount.currency)

        freight = rest(self.shipping) if shipping else self.shipping
        after = Waiting(self.line, kept, rest(self.goods), freight)
        return Waiting(self.line, units, self.goods - after.goods, self.shipping - freight), after

    def __add__(self, other: Waiting) -> Waiting:
        assert self.line == other.line
        return Waiting(self.line, self.units + other.units, self.goods + other.goods, self.shipping + other.shipping)

    def __bool__(self) -> bool:
        """Whether anything is to be paid: units that cost nothing wait for nobody."""
        return bool(self.goods or self.shipping)


def by_line(*groups: Iterable[Waiting]) -> Mapping[int, Waiting]:
    """What waits for each line, of all groups together."""
    found: dict[int, Waiting] = {}
    for each in (one for group in groups for one in group):
        found[each.line] = found[each.line] + each if each.line in found else each
    return found


def put(waiting: Iterable[Waiting], changed: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """`waiting` with each of `changed` in the place of what waited for its line, where anything is left to be paid."""
    found = {**by_line(waiting), **{each.line: each for each in changed}}
    return tuple(each for each in found.values() if each)

"""Steps: every rounding and every limit that a figure went through, frozen so that it can be computed again."""

from __future__ import annotations

from enum import StrEnum

import attrs

from quarterturn_domain.kernel.rate import half_up


class StepKind(StrEnum):
    """What was done in a step."""

    RATE = "rate"
    SHARE = "share"
    FLOOR = "floor"
    CAP = "cap"


class Charge(StrEnum):
    """Which of the two charges of a line a step or a tax belongs to."""

    GOODS = "goods"
    SHIPPING = "shipping"


class Figure(StrEnum):
    """Which figure of a charge a step contributes to, in the order in which they are decided."""

    DISCOUNT = "discount"
    FUNDED = "funded"
    ORDER_FEE = "order_fee"
    TAX = "tax"
    COMMISSION = "commission"
    FIXED_FEE = "fixed_fee"
    FLOOR = "floor"
    CAP = "cap"
    BEARABLE = "bearable"
    COMMISSION_TAX = "commission_tax"


@attrs.frozen
class Step:
    """`result` minor units of `what`, made from `basis` minor units.

    A `rate` is `basis * numerator / denominator`, rounded half up. A `share` is this line's part of an amount for several lines, by
    largest remainder: the fraction rounded down and, when `carried` is 1, one of the units that rounding down had left over. A
    `floor` or `cap` replaced `basis` by the limit, which is its `numerator`.
    """

    kind: StepKind
    figure: Figure
    what: str
    basis: int
    numerator: int
    denominator: int
    result: int
    charge: Charge = Charge.GOODS
    carried: int = 0

    @classmethod
    def share(cls, figure: Figure, what: str, amount: int, weight: int, weights: int, share: int) -> Step:
        """The step that gave a line of this `weight` (of `weights` in all) its `share` of `amount`."""
        return cls(StepKind.SHARE, figure, what, amount, weight, weights, share, carried=share - amount * weight // weights)

    @property
    def computed(self) -> int:
        """The result, computed again from the step's own numbers."""
        if self.kind is StepKind.RATE:
            return half_up(self.basis * self.numerator, self.denominator)
        if self.kind is StepKind.SHARE:
            return self.basis * self.numerator // self.denominator + self.carried
        if self.kind is StepKind.FLOOR:
            return max(self.basis, self.numerator)
        return min(self.basis, self.numerator)

    @property
    def holds(self) -> bool:
        """Whether the step is one that could have been made, and gives its result again."""
        if self.kind is StepKind.SHARE:
            remainder = self.basis * self.numerator % self.denominator
            if not (self.carried == 0 or (self.carried == 1 and remainder)):
                return False
        elif self.kind is not StepKind.RATE and self.basis == self.numerator:
            return False
        return self.computed == self.result

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


@attrs.frozen
class Step:
    """`result` minor units of `what`, made from `basis` minor units.

    A `rate` is `basis * numerator / denominator`, rounded half up. A `share` is this line's part of an amount for several lines, by
    largest remainder, and so less than one unit away from the exact fraction. A `floor` or `cap` replaced `basis` by the limit.
    """

    kind: StepKind
    what: str
    basis: int
    numerator: int
    denominator: int
    result: int

    @property
    def holds(self) -> bool:
        """Whether the step, computed again from its own numbers, gives its result."""
        if self.kind is StepKind.RATE:
            return half_up(self.basis * self.numerator, self.denominator) == self.result
        if self.kind is StepKind.SHARE:
            return abs(self.result * self.denominator - self.basis * self.numerator) < self.denominator
        if self.kind is StepKind.FLOOR:
            return self.result > self.basis and self.result == self.numerator
        return self.result < self.basis and self.result == self.numerator

"""Days: the instants that bound them; which instants those are is a matter of a time zone, and an adapter's."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from itertools import pairwise
from typing import Final

import attrs

from quarterturn_domain.kernel.clock import utc
from quarterturn_domain.kernel.errors import Invalid

MAX_DAYS: Final = 3_660
"""The longest time that is asked about: ten years."""


@attrs.frozen
class Days:
    """Days that follow each other: each begins at one of `bounds` and ends where the next one begins; the last bound is the end.

    Days are of 23, 24 or 25 hours where clocks are changed, and of any length otherwise.
    """

    bounds: tuple[datetime, ...]

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.bounds) - 1 <= MAX_DAYS:
            raise Invalid(f"a time of {max(len(self.bounds) - 1, 0)} days", f"1 to {MAX_DAYS} days")
        if any(utc(later) <= utc(earlier) for earlier, later in pairwise(self.bounds)):
            raise Invalid("days that do not follow each other", "each later than the one before")

    @property
    def since(self) -> datetime:
        """When the first day begins."""
        return self.bounds[0]

    @property
    def until(self) -> datetime:
        """When the last day is over."""
        return self.bounds[-1]

    def of(self, at: datetime) -> datetime:
        """When the day of an instant begins, which has to be one of these days."""
        assert self.since <= at < self.until
        return self.bounds[bisect_right(self.bounds, at) - 1]

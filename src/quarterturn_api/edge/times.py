"""Times: instants go over the wire with their offset from UTC, and lie in years that every database keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec

from quarterturn_domain.kernel.errors import Invalid

Instant = Annotated[datetime, msgspec.Meta(tz=True, description="RFC 3339, with an offset.", examples=["2026-03-02T09:00:00Z"])]
"""For bodies and cursors, which are read strictly; what a query says is read by `instant`."""

_YEARS: Final = range(1900, 3000)


def instant(given: datetime) -> datetime:
    """`given`, or `Invalid` for one without an offset or too far away."""
    if given.tzinfo is None or given.year not in _YEARS:
        raise Invalid(
            f"the time {given.isoformat()}", f"one with an offset, such as 2026-03-02T09:00:00Z, from {_YEARS[0]} to {_YEARS[-1]}"
        )
    return given

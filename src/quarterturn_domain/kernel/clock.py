"""Time as a port: the domain is told what time it is, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from quarterturn_domain.kernel.errors import Invalid


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present instant, with the time zone UTC."""
        ...


def utc(at: datetime) -> datetime:
    """`at` itself when it is an instant in UTC, else `Invalid`."""
    if at.utcoffset() != timedelta(0):
        raise Invalid(f"the time {at.isoformat()}", "an instant in UTC")
    return at

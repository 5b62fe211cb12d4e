"""Time zones: which instants bound the days of a place, by the IANA database of the machine."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quarterturn_domain.insights.days import MAX_DAYS, Days
from quarterturn_domain.kernel.errors import Invalid


def days_of(first: date, last: date, zone: str = "UTC") -> Days:
    """The days from `first` to `last`, both included, in a time zone such as `Europe/Berlin`; raises `Invalid`."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"the time zone {zone!r}", 'a name of the IANA database such as "Europe/Berlin"') from None
    count = (last - first).days + 1
    if not 1 <= count <= MAX_DAYS or last.year == date.max.year or first.year == date.min.year:
        raise Invalid(f"the days from {first} to {last}", f"1 to {MAX_DAYS} days, the first not after the last")
    begins = (datetime.combine(first + timedelta(days=n), time(), place).astimezone(UTC) for n in range(count + 1))
    # Where a whole day was skipped, as on islands that changed sides of the date line, two would begin at once.
    return Days(tuple(dict.fromkeys(begins)))

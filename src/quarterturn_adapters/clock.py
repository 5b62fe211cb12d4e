"""Clocks: the machine's own, and one that stands still until it is told to move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

from quarterturn_domain.kernel.clock import utc


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant in UTC, to the microsecond."""
        return datetime.now(UTC)


class ManualClock:
    """A clock for demonstrations, simulations and tests: time passes when somebody says so; safe to share among threads."""

    def __init__(self, at: datetime) -> None:
        """A clock that shows `at`; raises `Invalid` when that is not an instant in UTC."""
        self._at = utc(at)
        self._lock = Lock()

    def now(self) -> datetime:
        """The instant that the clock shows."""
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Let `by` pass, which is not negative; returns the instant afterwards."""
        assert by >= timedelta(0), "time does not run backwards; `set` puts a clock back"
        with self._lock:
            self._at += by
            return self._at

    def set(self, at: datetime) -> None:
        """Show `at` from now on, be it later or earlier; raises `Invalid` when that is not an instant in UTC."""
        instant = utc(at)
        with self._lock:
            self._at = instant

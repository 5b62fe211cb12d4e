"""Attempts to sign in: failures in a row for one address, and how long it is locked because of them.

An address is known by its digest, whether or not it has an account: a lock says nothing about who is registered here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Rejected

PATIENCE: Final = 5
"""How many failures in a row cost nothing but the time of trying."""

FIRST_LOCK: Final = timedelta(minutes=1)
LONGEST_LOCK: Final = timedelta(hours=1)

FORGOTTEN_AFTER: Final = timedelta(days=1)
"""When failures no longer count."""

_SECOND: Final = timedelta(seconds=1)


@attrs.frozen(eq=False)
class TooManyAttempts(Rejected):
    """Signing in failed too often; even the right password is refused for a while."""

    retry_after_seconds: int

    @property
    def message(self) -> str:
        """When to try again."""
        return f"Signing in failed too often; try again in {self.retry_after_seconds} s"


@attrs.frozen
class Attempts:
    """Attempts for the address with this digest: `failures` in a row, the last one at `last_at`, locked until `locked_until`."""

    address: str
    failures: int
    last_at: datetime
    locked_until: datetime | None = None

    @classmethod
    def none(cls, address: str, at: datetime) -> Attempts:
        """Of an address that nobody has tried."""
        return cls(address, 0, at)

    def counted(self, at: datetime) -> Attempts:
        """With one more attempt, which counts as failed until it has succeeded; `TooManyAttempts` while locked.

        It is counted before the password is looked at: so many guesses at once are so many attempts.
        """
        if self.locked_until is not None and at < self.locked_until:
            raise TooManyAttempts(-((at - self.locked_until) // _SECOND))
        failures = 1 if at - self.last_at >= FORGOTTEN_AFTER else self.failures + 1
        return Attempts(self.address, failures, at, None if failures < PATIENCE else at + _lock(failures))

    def succeeded(self, at: datetime) -> Attempts:
        """Forgotten, since somebody knew the password."""
        return Attempts.none(self.address, at)


def _lock(failures: int) -> timedelta:
    """One minute after the first failures that are too many, and twice as long after each further one, up to an hour.

    >>> [str(_lock(failures)) for failures in (5, 6, 7, 10, 11, 1_000)]
    ['0:01:00', '0:02:00', '0:04:00', '0:32:00', '1:00:00', '1:00:00']
    """
    doublings = min(failures - PATIENCE, 16)
    return min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)

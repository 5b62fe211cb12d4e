"""Identities that grow with time: UUIDv7, from the machine's clock and chance or repeatable under a seed.

The layout is that of RFC 9562, section 5.7. Within a process ids only ever grow: as its section 6.2 says (method 1), a counter of
42 bits stands between the time and the random tail, starts at chance in the lower half of its range with every new millisecond, and
counts on while the clock stands still or steps back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from threading import Lock
from time import time_ns
from typing import Final
from uuid import UUID

from quarterturn_domain.kernel.clock import Clock

_COUNTER_BITS: Final = 42
_TAIL_BITS: Final = 32
_LOW: Final = (1 << 30) - 1
_BLOCK_BYTES: Final = 4_096
_VERSION_7: Final = 7 << 76
_VARIANT: Final = 0b10 << 62
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Where nobody gives a clock, seeded ids begin here: any fixed instant would do.
_SEEDED_FROM: Final = 1_767_225_600_000


class GrowingIds:
    """UUIDs of version 7, each greater than every one before it; safe to share among threads."""

    def __init__(self, milliseconds: Callable[[], int], chance: Callable[[int], int]) -> None:
        """`milliseconds` tells the Unix time, `chance(bits)` a random number of so many bits."""
        self._milliseconds = milliseconds
        self._chance = chance
        self._lock = Lock()
        self._time = -1
        self._counter = 0

    def new(self) -> UUID:
        """The next id."""
        with self._lock:
            now = self._milliseconds()
            if now > self._time:
                self._restart(now)
            elif self._counter + 1 < 1 << _COUNTER_BITS:
                self._counter += 1
            else:
                # The counter is spent: borrow the next millisecond, as the RFC allows, rather than wait for it.
                self._restart(self._time + 1)
            time, counter, tail = self._time, self._counter, self._chance(_TAIL_BITS)
        return UUID(int=time << 80 | _VERSION_7 | counter >> 30 << 64 | _VARIANT | (counter & _LOW) << _TAIL_BITS | tail)

    def _restart(self, time: int) -> None:
        self._time = time
        self._counter = self._chance(_COUNTER_BITS - 1)


class SystemIds(GrowingIds):
    """Ids from the machine's clock and its source of secrets."""

    def __init__(self) -> None:
        super().__init__(lambda: time_ns() // 1_000_000, _Blocks().bits)


class _Blocks:
    """Random numbers from the machine's source of secrets, which is asked for many at a time.

    Asking lets other threads go first, and coming back may take longer than all the ids of a batch.
    """

    def __init__(self) -> None:
        self._block = b""
        self._used = 0
        self._process = os.getpid()

    def bits(self, bits: int) -> int:
        """A number of so many bits; for one thread at a time."""
        size = -(-bits // 8)
        end = self._used + size
        if end > len(self._block) or self._process != os.getpid():
            # A process that was forked off must not go on with the same numbers.
            self._process, self._block, end = os.getpid(), os.urandom(_BLOCK_BYTES), size
        number = int.from_bytes(self._block[end - size : end], "big")
        self._used = end
        return number >> (size * 8 - bits)


class SeededIds(GrowingIds):
    """The same ids in every run with the same `seed` and `clock`: for demonstrations and simulations, never for secrets."""

    def __init__(self, seed: int, clock: Clock | None = None) -> None:
        super().__init__(
            (lambda: _SEEDED_FROM) if clock is None else (lambda: _milliseconds(clock.now())),
            # Repeatable is what is wanted here.
            Random(seed).getrandbits,  # noqa: S311
        )


def _milliseconds(at: datetime) -> int:
    passed = at - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000 + passed.microseconds // 1_000

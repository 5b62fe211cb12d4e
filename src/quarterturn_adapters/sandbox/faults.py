"""Faults: calls that fail on purpose, one by one or by chance, the same under the same seed."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from quarterturn_domain.kernel.rate import Rate

ANY: Final = "*"
"""Every method."""

_DRAWS: Final = 1 << 64


class Fault(StrEnum):
    """How a call fails: refused before anything is done, or lost on its way there, or its answer lost on the way back."""

    UNAVAILABLE = "unavailable"
    LOST_REQUEST = "lost_request"
    LOST_ANSWER = "lost_answer"


class Faults:
    """What will fail, by the name of the port's method or for `ANY` of them."""

    __slots__ = ("_chances", "_draws", "_next", "_seed", "armed")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draws = 0
        self._next: dict[str, deque[Fault | None]] = {}
        self._chances: list[tuple[str, Fault, Rate]] = []
        self.armed = False

    def next(self, method: str, *faults: Fault | None) -> None:
        """Let the next calls of `method` fail so, in this order; None lets one pass."""
        self._next.setdefault(method, deque()).extend(faults)
        self.armed = True

    def chance(self, method: str, fault: Fault, rate: Rate) -> None:
        """Let calls of `method` fail so with this probability, 0 to 1."""
        assert 0 <= rate.numerator <= rate.denominator, "a probability is between 0 and 1"
        self._chances.append((method, fault, rate))
        self.armed = True

    def clear(self) -> None:
        """Let everything work again."""
        self._next.clear()
        self._chances.clear()
        self.armed = False

    def draw(self, method: str) -> Fault | None:
        """How this call of `method` fails, if it does."""
        for name in (method, ANY):
            planned = self._next.get(name)
            if planned:
                return planned.popleft()
        for name, fault, rate in self._chances:
            if name in {method, ANY} and self._roll() * rate.denominator < rate.numerator * _DRAWS:
                return fault
        return None

    def _roll(self) -> int:
        self._draws += 1
        return int.from_bytes(blake2b(f"{self._seed}:{self._draws}".encode(), digest_size=8).digest())

"""Faults: how requests go wrong on purpose, one by one, by their method and path."""

from __future__ import annotations

import re
from collections import deque
from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong, before the work or after it; an error that came instead of it is kept under the key, as one after it is."""

    DROPPED_BEFORE = "dropped_before"
    DROPPED_AFTER = "dropped_after"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    ERROR_INSTEAD = "error_instead"
    GARBLED_AFTER = "garbled_after"
    KEY_IN_USE = "key_in_use"
    TOO_MANY = "too_many"
    LOCKED = "locked"
    UNAUTHORIZED = "unauthorized"

    @property
    def breaks_off(self) -> bool:
        """Whether the connection breaks, which is noticed by a read only when it happens again."""
        return self in {Fault.DROPPED_BEFORE, Fault.DROPPED_AFTER}

    @property
    def does_it(self) -> bool:
        """Whether the work is done."""
        return self.value.endswith("_after")


class Faults:
    """What will go wrong next."""

    def __init__(self) -> None:
        self._planned: deque[tuple[str, re.Pattern[str], Fault]] = deque()
        self._counted: deque[Fault | None] = deque()

    def plan(self, method: str, path: str, fault: Fault, times: int = 1) -> None:
        """Let the next requests of this method, to a path that this pattern describes, go wrong so."""
        self._planned.extend([(method, re.compile(path), fault)] * times)

    def after(self, count: int, fault: Fault, times: int = 1) -> None:
        """Let so many requests through, whatever they are, and the next ones go wrong so."""
        self._counted = deque([*[None] * count, *[fault] * times])

    def clear(self) -> None:
        """Let everything work again."""
        self._planned.clear()
        self._counted.clear()

    def draw(self, method: str, path: str) -> Fault | None:
        """How this request goes wrong, if it does."""
        if self._counted:
            return self._counted.popleft()
        for position, (verb, pattern, fault) in enumerate(self._planned):
            if verb == method and pattern.fullmatch(path):
                del self._planned[position]
                return fault
        return None

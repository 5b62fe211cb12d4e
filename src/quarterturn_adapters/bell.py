"""The bell: whoever commits events rings it, and whoever forwards them wakes up; rung many times at once, it rings once."""

from __future__ import annotations

import threading


class Bell:
    """Wakes up whoever waits for it."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Wake up whoever waits, or comes to wait; costs nearly nothing."""
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most so long; whether it did, since the last time that somebody waited."""
        rung = self._rung.wait(seconds)
        self._rung.clear()
        return rung

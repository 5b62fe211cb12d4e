"""Forgetting: what signing in has left behind and nobody needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from quarterturn_domain.identity.attempts import FORGOTTEN_AFTER
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.work import Begin

KEPT: Final = timedelta(days=30)
"""How long a session or a letter is kept after it has expired, for whoever asks what happened."""


class ForgetSignIns:
    """Drops sessions and letters that have long expired, and attempts that no longer count; to be called now and then."""

    def __init__(self, work: Begin[IdentityWork], clock: Clock) -> None:
        self._work = work
        self._clock = clock

    def __call__(self) -> int:
        """How many rows were dropped."""
        now = self._clock.now()
        with self._work() as work:
            return work.sessions.forget(now - KEPT) + work.letters.forget(now - KEPT) + work.attempts.forget(now - FORGOTTEN_AFTER)

"""Sealing: booked entries are chained, and the chain is verified."""

from __future__ import annotations

from typing import Final

from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.settlement.chain import Break, Seal, seal, verify
from quarterturn_domain.settlement.ports import SettlementWork

_PAGE: Final = 1000


class SealJournal:
    """Seals what is booked and not sealed yet."""

    def __init__(self, work: Begin[SettlementWork]) -> None:
        self._work = work

    def __call__(self, limit: int = _PAGE) -> int:
        """How many entries were sealed, at most `limit`; fewer mean that none is left."""
        with self._work() as work:
            waiting = work.journal.unsealed(limit)
            if not waiting:
                return 0
            work.journal.seal(seal(work.journal.last_seal(), waiting))
        return len(waiting)


class VerifyChain:
    """Verifies the whole chain, page by page."""

    def __init__(self, work: Begin[SettlementWork]) -> None:
        self._work = work

    def __call__(self) -> Break | None:
        """The first break, or None when the chain is whole."""
        last: Seal | None = None
        while True:
            with self._work() as work:
                page = work.journal.chain(0 if last is None else last.position, _PAGE)
            if not page:
                return None
            broken = verify(page, last)
            if broken is not None:
                return broken
            last = page[-1][0]

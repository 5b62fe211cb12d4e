"""Reminding: whoever answers disputes hears in time that evidence is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.ids import DisputeId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.events import DisputeEvidenceDue
from quarterturn_domain.payments.ports import PaymentsWork

AHEAD: Final = timedelta(days=3)
"""How long before evidence is due it is told."""


class RemindOfEvidence:
    """Tells of open disputes whose evidence is due within `ahead`, of each once."""

    def __init__(self, work: Begin[PaymentsWork], clock: Clock, *, ahead: timedelta = AHEAD) -> None:
        self._work = work
        self._clock = clock
        self._ahead = ahead

    def __call__(self, limit: int = 100) -> Sequence[DisputeId]:
        """The disputes that were told of, at most `limit`, the soonest due first."""
        at = self._clock.now()
        with self._work() as work:
            ids = work.disputes.evidence_due(at + self._ahead, limit)
            told = []
            for dispute in work.disputes.lock(ids).values():
                due_at = dispute.evidence_due_at
                if dispute.status is not DisputeStatus.OPEN or dispute.reminded_at is not None or due_at is None:
                    continue
                work.disputes.save([attrs.evolve(dispute, reminded_at=at)])
                fact = DisputeEvidenceDue(
                    dispute_id=dispute.id,
                    payment_id=dispute.payment_id,
                    order_id=dispute.order_id,
                    amount=dispute.amount,
                    evidence_due_at=due_at,
                    at=at,
                )
                work.outbox.append([fact])
                told.append(dispute.id)
        return told

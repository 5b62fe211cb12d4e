"""Payout runs, whole: release what is due, read what became of earlier payouts, claim, send, recover debts, seal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID, uuid5

import attrs

from quarterturn_adapters.bootstrap import Application
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.payouts.claiming import Kept, PayoutRun, RunPayouts
from quarterturn_domain.payouts.payout import Payout, PayoutStatus

Watch: TypeAlias = Callable[[str, int, int], None]
"""Hears how it goes on: the stage, how much is done, and of how much."""

_PAGE: Final = 500
_SENT_AT_ONCE: Final = 20
_BY_SCHEDULE: Final = UUID("3a1c5f0e-7f0d-5a0b-8f55-0c7a1e6c2d41")


def scheduled_run(due_at: datetime) -> UUID:
    """The id of the run that was due at an instant: the same whoever starts it, and however often."""
    return uuid5(_BY_SCHEDULE, due_at.isoformat())


@attrs.frozen
class Ran:
    """What a run came to; `names` are those of its vendors."""

    run_id: UUID
    at: datetime
    dry: bool
    payouts: Sequence[Payout]
    kept: Sequence[Kept]
    refusals: Mapping[UUID, str]
    names: Mapping[VendorId, str]

    @property
    def troubled(self) -> bool:
        """Whether somebody has to look: a payout was not sent, or nobody knows."""
        return bool(self.refusals) or any(each.status in {PayoutStatus.FAILED, PayoutStatus.UNKNOWN} for each in self.payouts)


def pay(app: Application, command: RunPayouts, watch: Watch = lambda *_: None) -> Ran:
    """Do a run, batch by batch; a dry one only claims, and takes it back."""
    if not command.dry:
        while app.release_earnings(_PAGE) == _PAGE:
            pass
        _confirm(app, watch)
    claimed = app.claim_payouts(command)
    refusals: dict[UUID, str] = {}
    payouts = list(claimed.payouts)
    if not command.dry:
        payouts = _send(app, claimed, refusals, watch)
        app.recover_debts()
        while app.seal_journal(_PAGE) == _PAGE:
            pass
    vendor_ids = {each.vendor_id for each in payouts} | {each.vendor_id for each in claimed.kept}
    with app.begin() as work:
        names = {vendor.id: vendor.name for vendor in work.vendors.find(vendor_ids).values()}
    return Ran(command.run_id, command.at, command.dry, payouts, claimed.kept, refusals, names)


def _confirm(app: Application, watch: Watch) -> None:
    """Read what became of the payouts before: those that came back can be paid again now."""
    last = None
    read = 0
    while True:
        with app.begin() as work:
            ids = work.payouts.open(last, _PAGE)
        if not ids:
            return
        app.send_payouts(ids)
        app.confirm_payouts(ids)
        read += len(ids)
        watch("confirm", read, read)
        last = ids[-1]


def _send(app: Application, claimed: PayoutRun, refusals: dict[UUID, str], watch: Watch) -> list[Payout]:
    sent: list[Payout] = []
    for start in range(0, len(claimed.payouts), _SENT_AT_ONCE):
        batch = claimed.payouts[start : start + _SENT_AT_ONCE]
        for payout, outcome in zip(batch, app.send_payouts([each.id for each in batch]), strict=True):
            if isinstance(outcome, DomainError):
                refusals[payout.id] = outcome.message
            sent.append(payout if isinstance(outcome, DomainError) else outcome)
        watch("send", start + len(batch), len(claimed.payouts))
    return sent

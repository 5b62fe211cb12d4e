"""`quarterturn payouts run`: release what is due, claim what is available, send it, and say what was kept and why."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.garbage import settle
from quarterturn_api.commands.running import ask_for_database, instant, running
from quarterturn_api.commands.screen import Watch, complain, say_json, watching
from quarterturn_domain.kernel.errors import DomainError, Invalid
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.payouts.paying import Kept, PayoutRun, RunPayouts
from quarterturn_domain.payouts.payout import Payout, PayoutStatus

_PAGE: Final = 500
_SENT_AT_ONCE: Final = 20


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


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = "Pay vendors out."
    acts = parser.add_subparsers(title="acts", dest="act", metavar="ACT", required=True)
    own = acts.add_parser(
        "run",
        help="pay every vendor that is due",
        description=(
            "Release the earnings whose hold is over, claim each vendor's available balance per currency once, send it to the "
            "provider, and read what became of the payouts before. Balances that stay are listed with the reason. Run twice, it "
            "pays nobody twice."
        ),
    )
    own.add_argument("--dry-run", action="store_true", help="say what would be claimed and what would stay; change nothing")
    own.add_argument("--at", metavar="TIME", help="as of this day or instant, which is not to come (default: now)")
    own.add_argument("--run", metavar="ID", type=UUID, help="go on with a run that was broken off")
    own.add_argument("--json", action="store_true", help="print the run for a program")
    ask_for_database(own)


def run(options: argparse.Namespace) -> int:
    """0 when everything that was claimed was sent, 1 when a payout failed or nobody knows."""
    with running(options.database) as app, watching("payouts") as watch:
        now = app.clock.now()
        at = now if options.at is None else instant(options.at)
        if at > now:
            raise Invalid(f"the time {at.isoformat()}", "one that is not to come")
        settle()
        ran = pay(app, RunPayouts(run_id=options.run or app.ids.new(), dry=options.dry_run, at=at), watch)
    if options.json:
        say_json(said(ran))
    else:
        from quarterturn_api.commands.money import show_run  # noqa: PLC0415 (a program does not wait for it)

        show_run(ran)
    for payout_id, reason in ran.refusals.items():
        complain(f"payout {payout_id}: {reason}")
    return 1 if ran.troubled else 0


def pay(app: Application, command: RunPayouts, watch: Watch) -> Ran:
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


def said(ran: Ran) -> Mapping[str, object]:
    """A run as a program reads it."""
    return {
        "runId": str(ran.run_id),
        "at": ran.at.isoformat(),
        "dry": ran.dry,
        "payouts": [
            {
                "id": str(each.id),
                "vendorId": str(each.vendor_id),
                "vendor": ran.names.get(each.vendor_id),
                "amount": each.amount.amount,
                "currency": each.amount.currency.code,
                "status": each.status.value,
                "reason": ran.refusals.get(each.id, each.failure),
            }
            for each in ran.payouts
        ],
        "kept": [
            {
                "vendorId": str(each.vendor_id),
                "vendor": ran.names.get(each.vendor_id),
                "amount": each.amount.amount,
                "currency": each.amount.currency.code,
                "reason": each.reason,
            }
            for each in ran.kept
        ],
    }

"""`quarterturn payouts run`: release what is due, claim what is available, send it, and say what was kept and why."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from uuid import UUID

from quarterturn_adapters.garbage import settle
from quarterturn_adapters.payout_runs import Ran, pay
from quarterturn_api.commands.running import ask_for_database, instant, running
from quarterturn_api.commands.screen import complain, say_json, watching
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.payouts.claiming import RunPayouts


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

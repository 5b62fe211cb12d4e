"""Money on the screen: how a payout run, a reconciliation and an explanation look to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from quarterturn_adapters.demo import words
from quarterturn_api.commands.tables import Screen, journal, table
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.payouts.explaining import ExplainedOrder, ExplainedPayout
from quarterturn_domain.payouts.reconciliation import Difference, Reconciliation

if TYPE_CHECKING:
    from quarterturn_adapters.payout_runs import Ran


def show_run(ran: Ran) -> None:
    """What was claimed and sent, and what stays, with the reason."""
    console = Screen(highlight=False)
    title = f"Payout run {ran.run_id}{', which changes nothing' if ran.dry else ''}"
    paid = [
        (
            ran.names.get(each.vendor_id, ""),
            str(each.amount),
            "would be claimed" if ran.dry else each.status.value,
            each.failure or "",
        )
        for each in ran.payouts
    ]
    if paid:
        console.print(table(title, ("vendor", "amount", "status", "reason"), paid, figures=("amount",)))
    else:
        console.print(f"{title}: nobody is paid.")
    if ran.kept:
        kept = [(ran.names.get(each.vendor_id, ""), str(each.amount), each.reason) for each in ran.kept]
        console.print(table("Kept", ("vendor", "balance", "reason"), kept, figures=("balance",)))


def show_reconciliation(found: Reconciliation, most: int) -> None:
    """What was compared, what it came to, and each difference up to `most`."""
    console = Screen(highlight=False)
    rows = [("lines of the provider", f"{found.lines:,}"), ("entries of the journal", f"{found.entries:,}")]
    rows += [(words(what.value), f"{count:,}") for what, count in sorted(found.rows.items())]
    title = f"{found.since:%Y-%m-%d %H:%M} until {found.until:%Y-%m-%d %H:%M} UTC"
    console.print(table(title, ("", "count"), rows, figures=("count",)))
    codes = sorted({*found.there, *found.here})
    sums = [
        (what, *(amounts[code].amount if code in amounts else "0" for code in codes))
        for what, amounts in (
            ("the provider's balance changed by", found.there),
            ("of that the platform's own", found.own),
            ("by the journal", found.here),
        )
    ]
    if codes:
        console.print(table("Balance at the provider", ("", *codes), sums, figures=codes))
    if found.differences:
        shown = sorted(found.differences, key=lambda each: each.explained)[:most]
        console.print(
            table(
                "Differences", ("type", "subject", "here", "there", "because"), map(_difference, shown), figures=("here", "there")
            )
        )
        if len(found.differences) > most:
            console.print(f"... and {len(found.differences) - most:,} more")
    if found.unexplained:
        console.print(Text(f"{len(found.unexplained):,} differences are not explained.", "bold red"))
    else:
        console.print(Text("Every line is explained.", "bold green"))


def _difference(each: Difference) -> Sequence[str | Text]:
    kind = Text(words(each.kind.value), "yellow" if each.explained else "red")
    return (
        kind,
        each.subject,
        "" if each.here is None else str(each.here),
        "" if each.there is None else str(each.there),
        each.because,
    )


def show_order(found: ExplainedOrder, names: Mapping[VendorId, str]) -> None:
    """Every line with its figures, then what each vendor has, and the journal."""
    console = Screen(highlight=False)
    order = found.order
    console.print(f"Order {order.id}: {order.total}, {words(order.status.value)}", style="bold")
    console.print()
    for each in found.lines:
        line = each.line
        title = f"Line {line.number}: {line.quantity} x {line.sku}, of {names.get(each.vendor_id, each.vendor_id)}"
        rows = [(figure.figure, figure.amount.amount, figure.because, _holds(holds=figure.holds)) for figure in each.figures]
        console.print(table(title, ("figure", "amount", "because", "holds"), rows, figures=("amount",)))
    shares: list[Sequence[str | Text]] = [
        (
            names.get(each.vendor_id, str(each.vendor_id)),
            *(amount.amount for amount in (each.earning, each.commission, each.commission_tax, each.tax_kept, each.booked)),
            _holds(holds=each.holds),
        )
        for each in found.vendors
    ]
    columns = ("vendor", "earns", "commission", "tax on it", "tax kept", "in the journal", "holds")
    console.print(table("Vendors, after refunds", columns, shares, figures=columns[1:-1]))
    console.print(journal(found.entries, names))


def show_payout(found: ExplainedPayout, names: Mapping[VendorId, str]) -> None:
    """What a payout consists of, and what became of it."""
    console = Screen(highlight=False)
    payout = found.payout
    console.print(
        f"Payout {payout.id} to {names.get(payout.vendor_id, payout.vendor_id)}: {payout.amount}, {payout.status}", style="bold"
    )
    console.print()
    rows = [(str(each.number), words(each.kind), str(each.order_id or ""), each.amount.amount) for each in found.parts]
    rows.append(("", "together", "", sum((each.amount for each in found.parts), payout.amount - payout.amount).amount))
    console.print(
        table(
            "It consists of",
            ("no.", "entry", "order", payout.amount.currency.code),
            rows,
            figures=("no.", payout.amount.currency.code),
        )
    )
    console.print(journal(found.entries, names))
    console.print(_holds(holds=found.holds))


def _holds(*, holds: bool) -> Text:
    return Text("yes", "green") if holds else Text("NO", "bold red")

"""Tables: how figures, laws and journals look to a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from quarterturn_adapters.proof import Law
from quarterturn_adapters.replay import Figures


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Iterable[str] = ()) -> Table:
    """A table of which the columns named in `right` are figures."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    figures = set(right)
    for column in columns:
        made.add_column(column, justify="right" if column in figures else "left", no_wrap=column in figures)
    for row in rows:
        made.add_row(*row)
    return made


def laws(found: Iterable[Law]) -> Table:
    """Every law, whether it holds, and what was compared."""
    return table(
        "Proof",
        ("law", "holds", "seen"),
        [(law.name, Text("yes", "green") if law.holds else Text("NO", "bold red"), law.seen) for law in found],
    )


def show_replay(figures: Figures, folder: Path) -> None:
    """What a replay came to."""
    console = Console()
    proof = figures.proof
    console.print()
    console.print(
        table(
            f"Replay of {folder}",
            ("what", "count"),
            [
                ("orders", f"{proof.orders:,}"),
                ("vendor orders", f"{proof.vendor_orders:,}"),
                ("lines", f"{proof.lines:,}"),
                ("units", f"{proof.units:,}"),
                ("journal entries", f"{proof.journal_entries:,}"),
                ("refused", f"{figures.refused:,}"),
                ("seconds per 1,000 orders", f"{figures.seconds_per_thousand_orders:.2f}"),
            ],
            right=("count",),
        )
    )
    codes = [currency.code for currency in proof.sums]
    sums = list(proof.sums.values())
    console.print(
        table(
            "Money",
            ("what", *codes),
            [
                ("goods", *(f"{each.goods.decimal:,}" for each in sums)),
                ("shipping", *(f"{each.shipping.decimal:,}" for each in sums)),
                ("customers paid", *(f"{each.customer_paid.decimal:,}" for each in sums)),
                ("commission", *(f"{each.commission.decimal:,}" for each in sums)),
                ("vendors earned", *(f"{each.vendor_earnings.decimal:,}" for each in sums)),
                ("paid out", *(f"{each.paid_out.decimal:,}" for each in sums)),
            ],
            right=codes,
        )
    )
    console.print(laws(proof.laws))
    if figures.refused:
        console.print(
            f"Refused: {figures.refused:,} rows or orders; {figures.refused_orders:,} orders were not imported.", style="yellow"
        )

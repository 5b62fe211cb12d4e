"""Tables: how a story, figures, laws and journals look to a person."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console, ConsoleDimensions
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from quarterturn_adapters.demo import Step, Story, words
from quarterturn_adapters.proof import Law, Proof
from quarterturn_adapters.replay import Figures
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chart import LedgerAccount
from quarterturn_domain.settlement.journal import Booked

_INDENT = (0, 0, 1, 2)
_AS_WIDE_AS_IT_NEEDS: Final = 100_000
_WIDEST_FIGURE: Final = 20


class Screen(Console):
    """A console that leaves it to the command what to do when nobody reads any more.

    Where no terminal watches, and `COLUMNS` asks for no width, tables are as wide as they need: whoever searches or copies finds
    every name in one piece. `page` is the width of what is told in sentences.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.page = self.width
        if not (sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()):
            # Both: what is only told its width asks the surroundings all the same.
            self.size = ConsoleDimensions(_AS_WIDE_AS_IT_NEEDS, self.height)

    def on_broken_pipe(self) -> None:
        """Say so."""
        raise BrokenPipeError


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, figures: Iterable[str] = ()) -> Padding:
    """A table of which the columns named in `figures` are numbers; what has no room in its line goes on in the next one."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    numbers = set(figures)
    cells = [[_whole(cell) for cell in row] for row in rows]
    for number, column in enumerate(columns):
        widest = max((row[number].cell_len for row in cells), default=0)
        # A column that is not to be wrapped is made narrower last, and takes the room of those that are.
        kept = column in numbers and widest <= _WIDEST_FIGURE
        made.add_column(_whole(column), justify="right" if column in numbers else "left", no_wrap=kept)
    for row in cells:
        made.add_row(*row)
    return Padding(made, _INDENT, expand=False)


def _whole(cell: str | Text) -> Text:
    """A cell of which nothing is cut off, as it is written."""
    made = Text(cell) if isinstance(cell, str) else cell.copy()
    made.no_wrap, made.overflow = False, "fold"
    return made


def plain(value: object) -> Text:
    """What somebody else has written, as it is: neither markup nor what a terminal would obey."""
    return Text("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(value)))


def laws(proof: Proof) -> Padding:
    """Every law, whether it holds, and what was compared."""
    return table("Proof", ("law", "holds", "seen"), [(law.name, _holds(law), law.seen) for law in proof.laws])


def verdict(proof: Proof) -> Text:
    """The last line: whether everything balances."""
    return Text("Everything balances.", "bold green") if proof.balanced else Text("A law does not hold.", "bold red")


def journal(booked: Sequence[Booked], names: Mapping[VendorId, str]) -> Padding:
    """Entries as a bookkeeper writes them: debits left, credits right."""
    rows = []
    for each in booked:
        for position, posting in enumerate(each.entry.postings):
            number, kind = (str(each.number), words(each.entry.kind)) if position == 0 else ("", "")
            amount = posting.amount
            debit, credit = (amount.amount, "") if amount.minor > 0 else ("", (-amount).amount)
            rows.append((number, kind, _account(posting.account, names), debit, credit))
    return table("Journal", ("no.", "entry", "account", "debit", "credit"), rows, figures=("no.", "debit", "credit"))


def show_story(story: Story) -> None:
    """Every step, then the proof."""
    console = Screen(highlight=False)
    console.print()
    console.print("One order on a small fitness marketplace, from stock to payout.", style="bold")
    console.print()
    for number, step in enumerate(story.steps, start=1):
        _show(console, number, step, story.names)
    console.print(Rule("The end: who has the money, and does it balance", align="left", style="dim"), width=console.page)
    console.print()
    columns = ("", *(share.name for share in story.shares))
    rows = [
        ("customer paid", *(share.paid.amount for share in story.shares)),
        ("commission", *((-share.commission).amount for share in story.shares)),
        ("earned", *(share.earning.amount for share in story.shares)),
        ("given back", *((-share.given_back).amount for share in story.shares)),
        ("paid out", *(share.paid_out.amount for share in story.shares)),
    ]
    console.print(table(f"Vendors, in {story.customer_paid.currency.code}", columns, rows, figures=columns[1:]))
    balances = [(words(kind), total.amount) for (kind, _), total in story.totals.items() if total]
    balances.append(("together", sum((total for total in story.totals.values()), Money.zero(story.refunded.currency)).amount))
    console.print(table("Trial balance", ("accounts", "balance"), balances, figures=("balance",)))
    console.print(laws(story.proof))
    console.print(verdict(story.proof))


def show_replay(figures: Figures, folder: Path) -> None:
    """What a replay came to."""
    console = Screen(highlight=False)
    proof = figures.proof
    console.print()
    counts = [
        ("orders", proof.orders),
        ("vendor orders", proof.vendor_orders),
        ("lines", proof.lines),
        ("units", proof.units),
        ("journal entries", proof.journal_entries),
        ("refused", figures.refused),
    ]
    rows = [(what, f"{count:,}") for what, count in counts]
    rows.append(("seconds per 1,000 orders", f"{figures.seconds_per_thousand_orders:.2f}"))
    console.print(table(f"Replay of {folder}", ("", "count"), rows, figures=("count",)))
    codes = [currency.code for currency in proof.sums]
    sums = list(proof.sums.values())
    money = [
        ("goods", [each.goods for each in sums]),
        ("shipping", [each.shipping for each in sums]),
        ("customers paid", [each.customer_paid for each in sums]),
        ("commission", [each.commission for each in sums]),
        ("vendors earned", [each.vendor_earnings for each in sums]),
        ("paid out", [each.paid_out for each in sums]),
    ]
    rows_of_money = [(what, *(f"{amount.decimal:,}" for amount in amounts)) for what, amounts in money]
    console.print(table("Money, after refunds", ("", *codes), rows_of_money, figures=codes))
    console.print(laws(proof))
    if figures.refused:
        console.print(
            f"Refused: {figures.refused:,} (rows, and orders by a use case). Orders left out: {figures.refused_orders:,}.",
            style="yellow",
        )
    console.print(verdict(proof))


def _show(console: Screen, number: int, step: Step, names: Mapping[VendorId, str]) -> None:
    console.print(Rule(f"{number}  {step.title}", align="left", style="dim"), width=console.page)
    console.print(step.says, width=console.page)
    console.print()
    for each in step.grids:
        console.print(table(each.title, each.columns, each.rows, figures=each.figures))
    if step.booked:
        console.print(journal(step.booked, names))


def _account(account: LedgerAccount, names: Mapping[VendorId, str]) -> str:
    kind = words(account.kind)
    return kind if account.vendor_id is None else f"{kind}, {names[account.vendor_id]}"


def _holds(law: Law) -> Text:
    return Text("yes", "green") if law.holds else Text("NO", "bold red")

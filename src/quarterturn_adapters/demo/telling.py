"""Telling: what a step of the story shows, whoever draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from quarterturn_adapters.proof import Proof
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.settlement.journal import Booked


@attrs.frozen
class Grid:
    """A table: columns and rows of text; the columns named in `figures` are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: frozenset[str] = frozenset()


@attrs.frozen
class Step:
    """One step: its title, what happens in a sentence, what there is to see, and the journal entries that it made."""

    title: str
    says: str
    grids: tuple[Grid, ...]
    booked: tuple[Booked, ...] = ()


@attrs.frozen(kw_only=True)
class Share:
    """What one vendor came to: the customer's money for it, and who has it at the end."""

    name: str
    paid: Money
    commission: Money
    earning: Money
    given_back: Money
    paid_out: Money


@attrs.frozen(kw_only=True)
class Story:
    """Every step, what each vendor came to, and the proof."""

    steps: tuple[Step, ...]
    customer_paid: Money
    refunded: Money
    processor_fee: Money
    at_provider: Money
    shares: tuple[Share, ...]
    totals: Mapping[tuple[AccountKind, Currency], Money]
    proof: Proof
    names: Mapping[VendorId, str]

    def said(self) -> Mapping[str, object]:
        """The story's figures for a program; amounts are decimal strings."""
        return {
            "currency": self.customer_paid.currency.code,
            "customerPaid": self.customer_paid.amount,
            "refunded": self.refunded.amount,
            "processorFee": self.processor_fee.amount,
            "atProvider": self.at_provider.amount,
            "vendors": [
                {
                    "name": share.name,
                    "customerPaid": share.paid.amount,
                    "commission": share.commission.amount,
                    "earning": share.earning.amount,
                    "givenBack": share.given_back.amount,
                    "paidOut": share.paid_out.amount,
                }
                for share in self.shares
            ],
            "journal": [
                {
                    "number": booked.number,
                    "kind": booked.entry.kind.value,
                    "at": booked.entry.at.isoformat(),
                    "postings": [
                        {
                            "account": posting.account.kind.value,
                            "vendor": None if posting.account.vendor_id is None else self.names[posting.account.vendor_id],
                            "amount": posting.amount.amount,
                        }
                        for posting in booked.entry.postings
                    ],
                }
                for step in self.steps
                for booked in step.booked
            ],
            "trialBalance": {kind.value: total.amount for (kind, _), total in self.totals.items()},
            "proof": [{"law": law.name, "holds": law.holds, "seen": law.seen} for law in self.proof.laws],
            "balanced": self.proof.balanced,
        }


def grid(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, figures: Sequence[str] = ()) -> Grid:
    """A table of whatever says itself as text."""
    return Grid(title, tuple(columns), tuple(tuple(str(cell) for cell in row) for row in rows), frozenset(figures))


def words(name: str) -> str:
    """A name in code as a person reads it."""
    return name.replace("_", " ")

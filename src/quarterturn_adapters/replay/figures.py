"""Figures: what a replay came to, by the marketplace's own books, as a program reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import attrs

from quarterturn_adapters.proof import Proof, Sums
from quarterturn_adapters.replay.living import Refused
from quarterturn_adapters.replay.rows import Problem
from quarterturn_domain.kernel.money import Money

Amount: TypeAlias = str | Mapping[str, str]
"""A decimal string; where there are several currencies, one for each by its code."""


@attrs.frozen
class Figures:
    """A replay: the proof, what was refused, and how long it took from the first byte read to the last sum."""

    proof: Proof
    problems: Sequence[Problem]
    refused_orders: int
    refusals: Sequence[Refused]
    refused: int
    seconds: float
    troubles: Mapping[str, int] | None = None

    @property
    def seconds_per_thousand_orders(self) -> float:
        """How long a thousand orders took."""
        return self.seconds * 1_000 / self.proof.orders if self.proof.orders else 0.0

    def said(self) -> Mapping[str, object]:
        """The figures under the names that programs know."""
        proof = self.proof
        return {
            "orders": proof.orders,
            "vendorOrders": proof.vendor_orders,
            "lines": proof.lines,
            "units": proof.units,
            "goods": self._amount(lambda sums: sums.goods),
            "shipping": self._amount(lambda sums: sums.shipping),
            "customerPaid": self._amount(lambda sums: sums.customer_paid),
            "commission": self._amount(lambda sums: sums.commission),
            "vendorEarnings": self._amount(lambda sums: sums.vendor_earnings),
            "paidOut": self._amount(lambda sums: sums.paid_out),
            "journalEntries": proof.journal_entries,
            "balanced": proof.balanced,
            "refused": self.refused,
            "secondsPerThousandOrders": round(self.seconds_per_thousand_orders, 3),
            **({} if self.troubles is None else {"troubles": dict(self.troubles)}),
        }

    def _amount(self, which: Callable[[Sums], Money]) -> Amount:
        amounts = {currency.code: which(sums).amount for currency, sums in self.proof.sums.items()}
        if len(amounts) == 1:
            return next(iter(amounts.values()))
        return amounts or "0"

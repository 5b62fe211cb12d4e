"""The ledger: the platform's statement line by line, and what each account has, available and still to come."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import LineKind, StatementLine

PLATFORM: Final = ""
"""The holder of the platform's own balance."""


class Ledger:
    """Balances by holder and currency, in minor units; the platform's change by a statement line only."""

    __slots__ = ("_index", "_later", "_name", "available", "lines", "pending")

    def __init__(self, name: Callable[[str], str], later: Callable[..., None]) -> None:
        """`name` makes references; `later(at, act, *what)` calls `release` when money becomes available."""
        self._name = name
        self._later = later
        self.lines: list[StatementLine] = []
        self._index: dict[str, int] = {}
        self.available: dict[tuple[str, str], int] = {}
        self.pending: dict[tuple[str, str], int] = {}

    def post(self, kind: LineKind, source: str, amount: Money, fee: Money, at: datetime, available_at: datetime) -> None:
        """Write a line of the platform's statement and change its balance by `amount - fee`."""
        assert not self.lines or self.lines[-1].at <= at, "a statement is written in the order of time"
        line = StatementLine(self._name("txn"), kind, source, amount, fee, at, available_at)
        self._index[line.reference] = len(self.lines)
        self.lines.append(line)
        self.move(PLATFORM, amount.minor - fee.minor, amount.currency, at, available_at)

    def move(self, holder: str, minor: int, currency: Currency, at: datetime, available_at: datetime) -> None:
        """Change a holder's balance, now or as something to come."""
        where = (holder, currency.code)
        if available_at <= at:
            self.available[where] = self.available.get(where, 0) + minor
        else:
            self.pending[where] = self.pending.get(where, 0) + minor
            self._later(available_at, "release", holder, currency.code, minor)

    def release(self, holder: str, code: str, minor: int) -> None:
        """What was to come is available."""
        where = (holder, code)
        self.pending[where] -= minor
        self.available[where] = self.available.get(where, 0) + minor

    def spendable(self, holder: str, currency: Currency) -> int:
        """What a holder can spend now."""
        return self.available.get((holder, currency.code), 0)

    def balance(self, holder: str, currency: Currency) -> int:
        """What a holder has, what is to come included."""
        where = (holder, currency.code)
        return self.available.get(where, 0) + self.pending.get(where, 0)

    def statement(self, since: datetime, until: datetime, after: str | None, limit: int) -> Sequence[StatementLine]:
        """A page of the platform's statement; `Invalid` for a line that is not there."""
        first = bisect_left(self.lines, since, key=lambda line: line.at)
        if after is not None:
            position = self._index.get(after)
            if position is None:
                raise Invalid(f"the statement line {after}", "the reference of a line of this statement")
            first = max(first, position + 1)
        last = bisect_left(self.lines, until, key=lambda line: line.at)
        return tuple(self.lines[first : min(last, first + limit)])

    def reset(self, lines: Sequence[StatementLine]) -> None:
        """Take a kept statement up again."""
        self.lines = list(lines)
        self._index = {line.reference: position for position, line in enumerate(lines)}

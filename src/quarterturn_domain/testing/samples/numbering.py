"""Numbering: what is made up is made up from small numbers, the same every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money

START: Final = datetime(2026, 3, 1, 12, 30, 15, 123_456, tzinfo=UTC)
"""When the samples begin; its microseconds show whether an adapter keeps them."""

CURRENCIES: Final = tuple(Currency.of(code) for code in ("EUR", "JPY", "BHD"))
"""Currencies with two, no and three decimals; samples take turns."""

LARGE: Final = 12
"""How many vendors, categories and products a furnished marketplace has."""

MANY: Final = 40
"""How many accounts, offers and orders it has."""


def moment(n: int) -> datetime:
    """An instant that grows with `n`, by a minute and a microsecond each."""
    return START + n * timedelta(minutes=1, microseconds=1)


def currency(n: int) -> Currency:
    """The currency of the `n`-th thing."""
    return CURRENCIES[n % len(CURRENCIES)]


def numbered(kind: int, n: int) -> UUID:
    """The id of the `n`-th thing of a `kind`; ids of one kind grow with `n`."""
    return UUID(int=(kind << 112) | (n << 8) | 0x5A)


def amount(n: int, of: int) -> Money:
    """`n` minor units in the currency of the `of`-th thing."""
    return Money(n, currency(of))

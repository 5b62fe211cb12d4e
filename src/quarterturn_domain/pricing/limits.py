"""Limits: how large the numbers and how long the texts of the terms may be, so that whatever follows from them can be kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from quarterturn_domain.catalog.offer import MAX_PRICE
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.texts import short

MAX_NAME: Final = 200
MAX_POSITION: Final = 1_000_000
MAX_VERSION: Final = 32_767
"""The last version that a rule can have."""
MAX_TIERS: Final = 100


def bounded(what: str, amounts: Iterable[Money] = (), *, position: int = 0, **texts: str | None) -> None:
    """Refuse, as `Invalid` that says `what` they are of, an amount above `MAX_PRICE`, a position or a text too far or too long."""
    for amount in amounts:
        if amount.minor > MAX_PRICE:
            raise Invalid(f"an amount of {amount} of {what}", f"at most {Money(MAX_PRICE, amount.currency)}")
    if abs(position) > MAX_POSITION:
        raise Invalid(f"a position of {position} of {what}", f"-{MAX_POSITION} to {MAX_POSITION}")
    short(MAX_NAME, **texts)

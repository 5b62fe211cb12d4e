"""Bodies: what goes over the wire, in camelCase, exact in both directions.

Structs of msgspec, which Litestar itself decodes with: one pass in C from bytes to a checked value, and a schema for OpenAPI. A
field that is not known is refused, so that a misspelt one is not silently without effect. An amount of money is a decimal text,
never a float: `{"amount": "12.50", "currency": "EUR"}`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final, Generic, TypeVar

import msgspec

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money

T = TypeVar("T")

MAX_PAGE: Final = 100


class Body(msgspec.Struct, kw_only=True, rename="camel"):
    """What is answered."""


class Asked(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is asked for."""


Amount = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^-?\d{1,15}(\.\d{1,4})?$",
        description="An exact decimal with at most 15 digits before the point, and after it at most as many as the currency has.",
        examples=["12.50"],
    ),
]
CurrencyCode = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]
Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["DE"])]
SkuText = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/+-]{0,63}$", examples=["ROWER-01"])]
Count = Annotated[int, msgspec.Meta(ge=1, le=10_000, examples=[2])]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, msgspec.Meta(max_length=10_000, pattern=r"^[^\x00]*$")]


class MoneyBody(Asked):
    """An amount of money, exact."""

    amount: Amount
    currency: CurrencyCode

    @classmethod
    def of(cls, money: Money) -> MoneyBody:
        """`money` as it goes over the wire."""
        return _money(money.minor, money.currency)

    def money(self) -> Money:
        """The amount; raises `Invalid` for an unknown currency or more digits than it has."""
        return Money.of(self.amount, self.currency)


@lru_cache(8_192)
def _money(minor: int, currency: Currency) -> MoneyBody:
    # The same amounts come again and again: an order has four for every line.
    return MoneyBody(amount=Money(minor, currency).amount, currency=currency.code)


class Page(Body, Generic[T]):
    """One page of a list; `nextCursor` is absent on the last one."""

    items: list[T]
    next_cursor: str | None = None

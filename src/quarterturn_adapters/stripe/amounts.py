"""Amounts as Stripe writes them: an integer of its own smallest unit, which is not the standard's for a few currencies.

Source: docs.stripe.com/currencies#zero-decimal and #special-cases.
"""

from __future__ import annotations

from typing import Final

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefused

_DECIMALS: Final = {"ISK": 2, "MGA": 0, "UGX": 2}
"""Where Stripe's decimals differ from those of ISO 4217: kept for old integrations, or never had."""


def written(amount: Money) -> int:
    """The integer that Stripe is sent for an amount; `GatewayRefused` when Stripe cannot say it."""
    standard = amount.currency.exponent
    if standard is None:
        raise GatewayRefused("currency_unsupported", f"{amount.currency.code} has no minor unit")
    theirs, rest = divmod(amount.minor * _unit(_decimals(amount.currency)), _unit(standard))
    if rest:
        raise GatewayRefused("amount_invalid", f"Stripe has no fractions of {amount.currency.code}, as in {amount}")
    return theirs


def code(currency: Currency) -> str:
    """A currency as Stripe writes it."""
    return currency.code.lower()


def money(theirs: int, currency: str) -> Money:
    """The amount that Stripe's integer says, in the currency that it writes in small letters."""
    unit = Currency.of(currency.upper())
    minor, rest = divmod(theirs * _unit(unit.exponent or 0), _unit(_decimals(unit)))
    if rest:
        raise Invalid(f"{theirs} of Stripe's smallest unit of {unit.code}", "an amount that ISO 4217 can say")
    return Money(minor, unit)


def _decimals(currency: Currency) -> int:
    return _DECIMALS.get(currency.code, currency.exponent or 0)


def _unit(decimals: int) -> int:
    return int(10**decimals)

"""Fields: the text of one field as an id, a whole number, a currency, an amount, an instant; or why it is none."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

import attrs

from quarterturn_adapters.replay.rows import Row, shown
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.money import Money

LARGEST_ORDER: Final = 99_999_999_999
"""The most that a payment takes, in minor units: eleven digits."""

OF_TEXT: Final = UUID("b7f0a3c2-54ab-5d0e-8f43-2d9c1e6a7b10")
"""The namespace of ids that are not 32 hex digits in the files."""

_HEX: Final = re.compile(r"[0-9a-f]{32}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_MEASURE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})")
_YEARS: Final = range(1971, 2200)


@attrs.frozen
class Wrong(Exception):
    """A field makes no sense."""

    column: str
    what: str
    expected: str


def identity(text: str) -> UUID:
    """The id that a text in the files stands for: itself where it is 32 hex digits, else one that follows from it."""
    return UUID(hex=text) if _HEX.fullmatch(text) else uuid5(OF_TEXT, text)


def an_id(row: Row, column: str) -> str:
    """A text that names something."""
    text = row.fields[column]
    if not text or text != text.strip() or not text.isprintable():
        raise Wrong(column, f"{shown(text)} as an id", "printable characters without spaces around them")
    return text


def a_whole(row: Row, column: str, most: int) -> int:
    """A whole number from 1 to `most`."""
    text = row.fields[column]
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= most:
        raise Wrong(column, f"{shown(text)} as a {column}", f"a whole number from 1 to {most:,}")
    return int(text)


def a_currency(row: Row) -> Currency:
    """A currency that amounts can be in."""
    try:
        currency = Currency.of(row.fields["currency"])
    except Invalid as invalid:
        raise Wrong("currency", f"{shown(row.fields['currency'])} as a currency", invalid.expected) from None
    if currency.exponent is None:
        raise Wrong("currency", f"amounts in {currency.code}", "a currency with a minor unit")
    return currency


def an_amount(row: Row, column: str, currency: Currency) -> Money:
    """An amount of zero or more."""
    text = row.fields[column]
    try:
        amount = Money.of(text, currency)
    except Invalid as invalid:
        what = f"{shown(text)} as an amount in {currency.code}"
        decimals = "no decimals" if currency.exponent == 0 else f"at most {currency.exponent} decimals"
        raise Wrong(column, what, f"a decimal string of zero or more with {decimals}, such as {_example(currency)}") from invalid
    if amount.minor < 0 or text[0] in "+-":
        raise Wrong(
            column, f"{shown(text)} as an amount", f"an amount of zero or more, without a sign, such as {_example(currency)}"
        )
    if amount.minor > LARGEST_ORDER:
        raise Wrong(column, f"{shown(text)} as an amount", f"at most {Money(LARGEST_ORDER, currency)}")
    return amount


def _example(currency: Currency) -> str:
    return f'"{Money(1250 if currency.exponent else 1300, currency).amount}"'


def an_instant(row: Row, column: str) -> datetime:
    """An instant, in UTC."""
    text = row.fields[column]
    expected = 'an instant with its offset from UTC, such as "2018-01-18T14:48:00Z"'
    if not _INSTANT.fullmatch(text):
        raise Wrong(column, f"{shown(text)} as an instant", expected)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as invalid:
        raise Wrong(column, f"{shown(text)} as an instant ({invalid})", expected) from None
    if at.year not in _YEARS:
        raise Wrong(column, f"{shown(text)} as an instant", f"a year from {_YEARS[0]} to {_YEARS[-1]}")
    return at.astimezone(UTC)


def a_country(row: Row) -> str:
    """A country's code."""
    text = row.fields["country"]
    if not _COUNTRY.fullmatch(text):
        raise Wrong("country", f"{shown(text)} as a country", 'an ISO 3166-1 code such as "BR"')
    return text


def a_measure(row: Row, column: str) -> int | None:
    """A measure in whole units, if it is known."""
    text = row.fields[column]
    if text and not _MEASURE.fullmatch(text):
        raise Wrong(column, f"{shown(text)} as a measure", "a number of zero or more, or nothing when it is not known")
    return int(text.partition(".")[0]) if text else None

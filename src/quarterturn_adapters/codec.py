"""Events and values as JSON and back, exactly: amounts in minor units, rates as fractions, times to the microsecond.

| value | JSON |
| --- | --- |
| `Money` | `{"minor": 1999, "currency": "EUR"}` |
| `Currency` | `"EUR"` |
| `Rate` | `"29/400"` |
| id | `"01890a5d-ac96-774b-bcce-b302099a8057"` |
| instant | `"2026-03-01T12:00:00+00:00"` |
| time span | microseconds, as an integer |
| enumeration | its value |
| a frozen value | an object of its fields |

What an event says is fixed by its version; reading one that nobody has registered is a bug.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final, TypeVar
from uuid import UUID

import cattrs

from quarterturn_domain.catalog import events as _catalog
from quarterturn_domain.identity import events as _identity
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.events import Event, registered
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.operations import events as _operations
from quarterturn_domain.ordering import events as _ordering
from quarterturn_domain.ordering.events import OrderPlaced
from quarterturn_domain.payments import events as _payments
from quarterturn_domain.payouts import events as _payouts
from quarterturn_domain.pricing import events as _pricing
from quarterturn_domain.search import events as _search
from quarterturn_domain.settlement import events as _settlement
from quarterturn_domain.stock import events as _stock
from quarterturn_domain.webhooks import events as _webhooks

T = TypeVar("T")

# Importing them is what registers their events.
CONTEXTS: Final = (
    _catalog,
    _identity,
    _operations,
    _ordering,
    _payments,
    _payouts,
    _pricing,
    _search,
    _settlement,
    _stock,
    _webhooks,
)

_MICROSECOND: Final = timedelta(microseconds=1)

dumps: Final[Callable[[Any], str]] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Plain values as compact JSON."""


def encode_event(event: Event) -> str:
    """What an event says, as JSON; its tag and version are kept beside it."""
    if type(event) is OrderPlaced:
        return _order_placed(event)
    return dumps(_CONVERTER.unstructure(event))


def decode_event(tag: str, version: int, content: object) -> Event:
    """The event with this tag and version, from its parsed JSON."""
    kind = registered().get((tag, version))
    assert kind is not None, f"nobody has registered {tag} in version {version}"
    return structure(content, kind)


def encode(value: object) -> str:
    """Any value of the domain as JSON."""
    return dumps(_CONVERTER.unstructure(value))


def unstructure(value: object) -> object:
    """Any value of the domain as plain values that JSON can say."""
    return _CONVERTER.unstructure(value)


def structure(content: object, kind: type[T]) -> T:
    """The value of this kind, from its parsed JSON."""
    return _CONVERTER.structure(content, kind)


def instant(at: datetime) -> str:
    """An instant as text, in its own time zone; one in UTC that many share is written once, since it takes two microseconds."""
    return _in_utc(at) if at.tzinfo is UTC else at.isoformat()


@lru_cache(maxsize=1024)
def _in_utc(at: datetime) -> str:
    return at.isoformat()


def _order_placed(event: OrderPlaced) -> str:
    """The same JSON as the converter's, written at once: every checkout makes one."""
    # Ids, amounts and instants hold nothing that JSON would have to escape.
    parts = ",".join(
        [
            f'{{"vendor_id":"{each.vendor_id}","total":{_money(each.total)},"items":['
            + ",".join([f"[{encode_basestring(sku)},{quantity}]" for sku, quantity in each.items])
            + "]}"
            for each in event.vendor_orders
        ]
    )
    buyer = "null" if event.buyer_id is None else f'"{event.buyer_id}"'
    cart = "null" if event.cart_id is None else f'"{event.cart_id}"'
    return (
        f'{{"order_id":"{event.order_id}","buyer_id":{buyer},"cart_id":{cart},"total":{_money(event.total)},'
        f'"vendor_orders":[{parts}],"deadline":"{instant(event.deadline)}","at":"{instant(event.at)}"}}'
    )


def _money(amount: Money) -> str:
    return f'{{"minor":{amount.minor},"currency":"{amount.currency.code}"}}'


def _rate(text: str, _: object) -> Rate:
    numerator, _, denominator = text.partition("/")
    return Rate(int(numerator), int(denominator))


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=False)
    hooks: list[tuple[type[Any], Callable[[Any], Any], Callable[[Any, Any], Any]]] = [
        (
            Money,
            lambda money: {"minor": money.minor, "currency": money.currency.code},
            lambda content, _: Money(content["minor"], Currency.of(content["currency"])),
        ),
        (Currency, lambda currency: currency.code, lambda code, _: Currency.of(code)),
        (Rate, lambda rate: f"{rate.numerator}/{rate.denominator}", _rate),
        (UUID, str, lambda text, _: UUID(text)),
        (datetime, datetime.isoformat, lambda text, _: datetime.fromisoformat(text)),
        (timedelta, lambda span: span // _MICROSECOND, lambda count, _: count * _MICROSECOND),
    ]
    for kind, write, read in hooks:
        converter.register_unstructure_hook(kind, write)
        converter.register_structure_hook(kind, read)
    return converter


_CONVERTER: Final = _converter()

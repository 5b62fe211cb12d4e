"""Facts: an event of every kind there is, made from the types of its fields."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from importlib import import_module
from typing import Any, Final
from uuid import UUID

import attrs

from quarterturn_domain.kernel.events import Event, registered
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.testing.samples.numbering import currency, moment, numbered

_CONTEXTS: Final = (
    "identity",
    "catalog",
    "stock",
    "pricing",
    "ordering",
    "payments",
    "settlement",
    "payouts",
    "search",
    "webhooks",
    "operations",
)


def a_fact(kind: type[Event], n: int = 1) -> Event:
    """The `n`-th event of a kind, every field filled; every second has nothing where it may have nothing."""
    made: Event = _made(kind, n)
    return made


def every_fact() -> list[Event]:
    """Two events of every kind that the domain knows, in the order of their tags."""
    for context in _CONTEXTS:
        import_module(f"quarterturn_domain.{context}.events")
    kinds = sorted((kind for kind in registered().values() if kind.__module__.startswith("quarterturn_domain.")), key=_tag)
    return [a_fact(kind, n) for kind in kinds for n in (1, 2)]


def _tag(kind: type[Event]) -> str:
    return f"{kind.tag} {kind.version}"


def _made(kind: Any, n: int) -> Any:  # noqa: ANN401 - a type of any shape, and a value of it.
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, typing.NewType):
        return _made(kind.__supertype__, n)
    if origin in {typing.Union, types.UnionType}:
        return None if n % 2 == 0 and types.NoneType in inside else _made(inside[0], n)
    if origin is tuple:
        return tuple(_parts(inside, n))
    if kind is Money:
        return Money(1_000_003 * n, currency(n))
    plain = {
        UUID: numbered(0xF1, n),
        str: f"„wörd“ {n}\n",
        bool: n % 2 == 0,
        int: 7 * n,
        datetime: moment(n),
    }
    if kind in plain:
        return plain[kind]
    if issubclass(kind, Enum):
        return list(kind)[n % len(kind)]
    hints = typing.get_type_hints(kind)
    return kind(**{field.alias: _made(hints[field.name], n) for field in attrs.fields(kind)})


def _parts(inside: tuple[Any, ...], n: int) -> Iterator[Any]:
    if inside[-1:] == (...,):
        return (_made(inside[0], n + each) for each in range(n % 3))
    return (_made(part, n + each) for each, part in enumerate(inside))

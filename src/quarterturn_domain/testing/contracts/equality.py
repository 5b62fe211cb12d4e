"""Equality field by field: what comes back from an adapter is the same value, down to the type of each part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import attrs

from quarterturn_domain.kernel.currency import Currency


def differences(expected: object, actual: object, path: str = "it") -> list[str]:
    """What tells `actual` from `expected`, each with the way to it; empty when they are the same.

    A plain string is not the enum member that equals it, a list is not a tuple, and of each currency there is one object.

    >>> differences((1, "a"), (1, "b"))
    ["it[1] is 'b', not 'a'"]
    """
    return list(_differences(expected, actual, path))


def _differences(expected: object, actual: object, path: str) -> Iterator[str]:
    if isinstance(expected, Currency):
        if actual is not expected:
            yield f"{path} is {actual!r}, not the object {expected!r}"
    elif type(actual) is not type(expected) and not isinstance(expected, Mapping):
        yield f"{path} is a {type(actual).__name__}, {actual!r}, not a {type(expected).__name__}, {expected!r}"
    elif isinstance(expected, datetime) and isinstance(actual, datetime):
        if actual != expected or actual.utcoffset() != timedelta(0):
            yield f"{path} is {actual.isoformat()}, not {expected.isoformat()}"
    elif attrs.has(kind := type(expected)):
        for field in attrs.fields(kind):
            yield from _differences(getattr(expected, field.name), getattr(actual, field.name), f"{path}.{field.name}")
    elif isinstance(expected, (tuple, list)) and isinstance(actual, (tuple, list)) and len(expected) == len(actual):
        for number, (left, right) in enumerate(zip(expected, actual, strict=True)):
            yield from _differences(left, right, f"{path}[{number}]")
    elif isinstance(expected, Mapping) and isinstance(actual, Mapping) and expected.keys() == actual.keys():
        for key, left in expected.items():
            yield from _differences(left, actual[key], f"{path}[{key!r}]")
    elif expected != actual:
        yield f"{path} is {actual!r}, not {expected!r}"

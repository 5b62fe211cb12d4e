"""Complaints: what msgspec objects to, as sentences for people, each with the place that it is about.

msgspec says which rule was broken, and not what would have been right: an enum has values, a pattern is meant for something, and
a name that nobody knows is often one letter away from one that somebody does.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import Enum
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

NEEDED: Final = "A JSON body is needed"

_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$\.?([^`]*)`\Z")
_INDEX: Final = re.compile(r"\[[^\]]*\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
_ENUM: Final = "Invalid enum value "
_PATTERN: Final = re.compile(r"Expected `str` matching regex ('.*'|\".*\")")
_NULL: Final = "got `null`"
_LONGEST_NAME: Final = 100
"""What is longer is like no name that there is."""

_MEANT: Final = {
    r"^[^\x00]*$": "Expected a text without the character 0",
    r"^[\x21-\x7e]+$": "Expected a text of visible ASCII characters, without blanks",
}
"""Patterns that are said in words."""


def of_body(wrong: msgspec.ValidationError, kind: Any) -> dict[str, str]:  # noqa: ANN401
    """What is wrong with a body that has to be of `kind`, and the path of the field that it is about."""
    said = str(wrong)
    found = _PLACE.search(said)
    message, path = (said[: found.start()], found[1]) if found else (said, "")
    if not path and message.endswith(_NULL):
        return {"key": "", "message": f"{NEEDED}, {_NULL}"}
    kinds = _at(_told(kind), path)
    if unknown := _UNKNOWN.fullmatch(message):
        known = [field.encode_name for each in kinds for field in _fields(each)]
        return {"key": _below(path, unknown[1]), "message": no_such("field", unknown[1], known)}
    if missing := _MISSING.fullmatch(message):
        return {"key": _below(path, missing[1]), "message": "Expected this field, and it is missing"}
    return {"key": path, "message": _sentence(message, kinds)}


def of_parameter(message: str, kind: Any, description: str | None) -> str:  # noqa: ANN401
    """What msgspec says of a parameter of `kind`, as a sentence."""
    return _sentence(message, [inspect.Metadata(_told(kind), extra_json_schema={"description": description or ""})])


def no_such(what: str, name: str, known: Collection[str]) -> str:
    """That there is no `what` of this name: with the one that is probably meant, or else with all that there are."""
    if len(name) <= _LONGEST_NAME and (like := get_close_matches(name, known, n=1)):
        return f"There is no {what} `{name}`; did you mean `{like[0]}`?"
    return f"There is no {what} `{name}`: there are {_listed(sorted(known)) or 'none'}"


def _sentence(message: str, kinds: Iterable[inspect.Type]) -> str:
    parts = [part for kind in kinds for part in _parts(kind)]
    if message.startswith(_ENUM) and (values := [value for part in parts for value in _values(part)]):
        return f"Expected one of {_listed(values)}, got {message.removeprefix(_ENUM)}"
    if written := _PATTERN.fullmatch(message):
        pattern = literal_eval(written[1])
        return _MEANT.get(pattern) or _form(pattern, parts)
    return message


def _form(pattern: str, parts: Iterable[inspect.Type]) -> str:
    """What a text is meant to be, as far as it is described: by its first sentence, and by an example."""
    described: Mapping[str, Any] = {}
    for part in parts:
        if isinstance(part, inspect.Metadata) and part.extra_json_schema:
            described = part.extra_json_schema
    first = described.get("description", "").partition(". ")[0].rstrip(".")
    hints = [first] if first else []
    hints += [f"for example {each}" for each in described.get("examples", ())[:1]]
    return f"Expected a text that matches {pattern}" + (f" ({', '.join(hints)})" if hints else "")


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(f"`{each}`" for each in values)


def _values(kind: inspect.Type) -> Iterator[Any]:
    if isinstance(kind, inspect.EnumType):
        members: Iterable[Enum] = kind.cls
        yield from (each.value for each in members)
    elif isinstance(kind, inspect.LiteralType):
        yield from kind.values


@cache
def _told(kind: Any) -> inspect.Type:  # noqa: ANN401
    return inspect.type_info(kind)


def _at(kind: inspect.Type, path: str) -> list[inspect.Type]:
    """What may stand at a path of msgspec's, such as `lines[0].price`."""
    kinds = [kind]
    for name in filter(None, _INDEX.sub("", path).split(".")):
        kinds = [field.type for each in kinds for field in _fields(each) if field.encode_name == name]
    return kinds


def _fields(kind: inspect.Type) -> Iterator[inspect.Field]:
    return (field for part in _parts(kind) if isinstance(part, inspect.StructType) for field in part.fields)


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    """`kind`, and what a value of it may be or be full of."""
    yield kind
    inner: Iterable[inspect.Type] = ()
    if isinstance(kind, inspect.UnionType):
        inner = kind.types
    elif isinstance(kind, inspect.Metadata):
        inner = (kind.type,)
    elif isinstance(kind, inspect.CollectionType):
        inner = (kind.item_type,)
    elif isinstance(kind, inspect.DictType):
        inner = (kind.key_type, kind.value_type)
    for each in inner:
        yield from _parts(each)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name

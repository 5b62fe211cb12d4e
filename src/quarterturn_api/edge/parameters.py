"""Parameters: what queries and headers say is read strictly, and complained of by the name that it was sent under.

Litestar reads a query leniently: to it `null` is a parameter that is not there, `1.0` a whole number, and `0` a time in 1970.
Whoever sends that has a bug, and would be answered with something else than they asked for. So would be who misspells a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from litestar.enums import ParamType
from litestar.exceptions import ValidationException
from litestar.handlers.base import BaseRouteHandler
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition

from quarterturn_api.edge.complaints import no_such, of_parameter
from quarterturn_api.edge.repeating import FIELDS, choice, chooses, chosen

_LITERAL: Final = (int, float, bool)
"""What is written as in JSON, and of which a text is another spelling."""

_REMEMBERED: Final = 1_024
_NAMED: Final = 10
"""So many unknown names are told of at most: a query has room for thousands."""

BY_HAND: Final = "described"
"""The option of a route whose handler reads the request itself."""

_OURS: Final = "/api/v1"
"""Whatever is asked for below this is asked for by who knows the description."""


def read_strictly(handler: BaseRouteHandler, query: bytes) -> None:
    """Refuse a query that says a parameter twice, or one that there is none of, or says what is none of its values.

    One that is merely too large is read on.
    """
    if query and (wrong := _wrong(handler, query)):
        raise ValidationException(extra=[{"key": name, "message": message} for name, message in wrong])


@lru_cache(_REMEMBERED)
def _wrong(handler: BaseRouteHandler, query: bytes) -> tuple[tuple[str, str], ...]:
    known = kinds(handler)
    told: dict[str, list[str]] = {}
    for name, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        told.setdefault(name, []).append(text)
    found = [(name, _misfit(known[name], texts)) for name, texts in told.items() if name in known]
    wrong = [(name, message) for name, message in found if message is not None]
    return (*wrong, *islice(_unknown(handler, told), _NAMED))


def _unknown(handler: BaseRouteHandler, told: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """The parameters that the handler has none of, and the fields that its answer has none of."""
    if not knows_all(handler):
        return
    known = {*kinds(handler), *((FIELDS,) if chooses(handler) else ())}
    yield from ((name, no_such("parameter", name, known)) for name in told if name not in known)
    if chooses(handler) and (fields := choice(handler)):
        yield from ((FIELDS, no_such("field", name, fields)) for name in chosen(told.get(FIELDS, ())) if name not in fields)


@cache
def knows_all(handler: BaseRouteHandler) -> bool:
    """Whether a parameter that the handler does not know is refused."""
    if not isinstance(handler, HTTPRouteHandler) or BY_HAND in handler.opt or "OPTIONS" in handler.http_methods:
        return False
    return any(getattr(layer, "path", None) == _OURS for layer in handler.ownership_layers)


def _misfit(kind: Any, texts: list[str]) -> str | None:  # noqa: ANN401
    """Why `texts` are no value of `kind`, if they are none."""
    if get_origin(kind) in {list, tuple}:
        return next((why for text in texts if (why := _misfit(get_args(kind)[0], [text])) is not None), None)
    if len(texts) > 1:
        return "Expected it once"
    (text,) = texts
    try:
        if kind not in _LITERAL:
            msgspec.convert(text, kind)
        elif text != text.strip():
            return f"Expected `{kind.__name__}` without blanks around it"
        else:
            msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as wrong:
        return of_parameter(str(wrong), kind, None)
    except (msgspec.DecodeError, UnicodeError):
        return f"Expected `{kind.__name__}`, got `str`"
    return None


@cache
def kinds(handler: BaseRouteHandler) -> Mapping[str, Any]:
    """What each parameter of the query is when it is said, by the name that it is sent under."""
    return {sent(field): _said(field.annotation) for field, told in _parameters(handler) if told.param_type is ParamType.QUERY}


def _said(kind: Any) -> Any:  # noqa: ANN401
    """`kind` without what it is when it is not said, and without what bounds it."""
    if get_origin(kind) is Annotated:
        return _said(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
        return _said(kind)
    return kind


def complaint(handler: BaseRouteHandler, name: str, message: str) -> tuple[str, str]:
    """What msgspec says of the parameter that the handler calls `name`: the name that it is sent under, and a sentence."""
    for field, told in _parameters(handler):
        if field.name == name:
            return sent(field), of_parameter(message, _said(field.annotation), told.description)
    return name, message


def sent(field: FieldDefinition) -> str:
    """The name that a parameter is sent under."""
    told = field.kwarg_definition
    assert isinstance(told, ParameterKwarg)
    return told.name or told.query or told.header or field.name


def _parameters(handler: BaseRouteHandler) -> Iterator[tuple[FieldDefinition, ParameterKwarg]]:
    """Those of the handler, and of what it depends on."""
    made = handler.resolve_dependencies()
    for signature in (handler.parsed_fn_signature, *(each.parsed_fn_signature for each in made.values())):
        for field in signature.parameters.values():
            if isinstance(field.kwarg_definition, ParameterKwarg) and field.name not in made:
                yield field, field.kwarg_definition

"""The contract: Stripe's OpenAPI document, against which requests, answers and events are held.

The document lies beside the repository and is not copied into it. Where it is absent the double works without it: then behaviour
is tested, and words are not.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import attrs
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012

Json: TypeAlias = dict[str, Any]

ROOT: Final = Path(__file__).parents[3]
_URN: Final = "urn:stripe"
_REFERENCE: Final = "#/components/schemas/"
_LITERAL: Final = frozenset({"example", "default", "enum"})


def published() -> Contract | None:
    """The contract of the version that the adapter speaks, or None where nobody has it."""
    folder = Path(os.environ.get("QUARTERTURN_CONTRACTS") or ROOT.parent / "shared" / "contracts") / "stripe"
    found = sorted(folder.glob("stripe-openapi-*.json"))
    return _read(found[-1]) if found else None


@cache
def _read(path: Path) -> Contract:
    return Contract(json.loads(path.read_text(encoding="utf-8")))


@attrs.frozen
class Operation:
    """A method and a path that there are: what it takes, what it answers."""

    method: str
    path: str
    spec: Json
    pattern: re.Pattern[str]

    @property
    def is_json(self) -> bool:
        """Whether its body is JSON; everything before API v2 is a form."""
        return self.path.startswith("/v2/")


class Contract:
    """What may be asked and answered."""

    def __init__(self, document: Json) -> None:
        self.version: str = document["info"]["version"]
        self._schemas: Json = document["components"]["schemas"]
        operations = [
            Operation(method.upper(), path, spec, re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))))
            for path, methods in document["paths"].items()
            for method, spec in methods.items()
            if method in {"get", "post", "delete"}
        ]
        # What is spelt out comes before what is only a place for an id.
        self._operations = sorted(operations, key=lambda each: each.path.count("{"))
        whole = {"$defs": {name: _current(schema) for name, schema in self._schemas.items()}}
        self._registry: Registry[Any] = Registry().with_resource(_URN, DRAFT202012.create_resource(whole))
        self._validators: dict[tuple[str, str, str], Draft202012Validator] = {}

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that a request asks for, if there is one."""
        return next((each for each in self._operations if each.method == method and each.pattern.fullmatch(path)), None)

    def wrong_in_request(self, operation: Operation, params: Json) -> Sequence[str]:
        """What is wrong with the parameters of a request, which of a form are texts."""
        if operation.method == "POST":
            content = operation.spec.get("requestBody", {}).get("content", {})
            schema = next((each["schema"] for each in content.values()), {"type": "object"})
        else:
            queries = [each for each in operation.spec.get("parameters", []) if each["in"] == "query"]
            schema = {
                "type": "object",
                "properties": {each["name"]: each["schema"] for each in queries},
                "required": [each["name"] for each in queries if each.get("required")],
            }
        closed = {"additionalProperties": False, **schema}
        return list(_said(self._validator("request", operation, closed), params if operation.is_json else typed(params, closed)))

    def wrong_in_answer(self, operation: Operation, status: int, answer: Json) -> Sequence[str]:
        """What is wrong with an answer; an error is held against the schema of errors."""
        kind = "200" if status < 400 else "default"
        schema = operation.spec["responses"][kind]["content"]["application/json"]["schema"]
        return [*_said(self._validator(kind, operation, schema), answer), *self._unheard_of(answer)]

    def wrong_in_event(self, event: Json) -> Sequence[str]:
        """What is wrong with an event, and with the object that it carries."""
        wrong = list(self._wrong(event["object"], event))
        if event["object"] == "event":
            thing = event["data"]["object"]
            wrong += [*self._wrong(thing["object"], thing), *self._unheard_of(thing)]
        return wrong

    def _wrong(self, name: str, thing: Json) -> Iterator[str]:
        key = ("object", name, "")
        if key not in self._validators:
            self._validators[key] = self._made({"$ref": f"{_REFERENCE}{name}"})
        return _said(self._validators[key], thing)

    def _unheard_of(self, answer: Json) -> Iterator[str]:
        """Members of objects that no schema knows: a slip of the double that an open schema would let through."""
        things = answer.get("data", [answer]) if answer.get("object", "list") in {"list", "search_result"} else [answer]
        for thing in things:
            known = self._schemas.get(thing.get("object", ""), {}).get("properties")
            if known is not None:
                yield from (f"{thing['object']} has no {name}" for name in sorted(set(thing) - set(known)))

    def _validator(self, part: str, operation: Operation, schema: Json) -> Draft202012Validator:
        key = (part, operation.method, operation.path)
        if key not in self._validators:
            self._validators[key] = self._made(schema)
        return self._validators[key]

    def _made(self, schema: Json) -> Draft202012Validator:
        return Draft202012Validator(_current(schema), registry=self._registry)


def _said(validator: Draft202012Validator, thing: object) -> Iterator[str]:
    for error in validator.iter_errors(thing):
        yield f"{'/'.join(str(step) for step in error.path) or 'all of it'}: {error.message[:200]}"


def _current(schema: Any) -> Any:  # noqa: ANN401 -- a schema is any JSON
    """A schema of OpenAPI 3.0 in today's JSON Schema: `nullable` is a type, and references lead into the registry."""
    if isinstance(schema, list):
        return [_current(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    now = {key: value if key in _LITERAL else _current(value) for key, value in schema.items()}
    if isinstance(now.get("$ref"), str):
        now["$ref"] = now["$ref"].replace(_REFERENCE, f"{_URN}#/$defs/")
    return {"anyOf": [now, {"type": "null"}]} if now.pop("nullable", False) else now


def decoded(text: str) -> Json:
    """A form or a query whose names are paths, such as `a[b][0]=c`, as nested objects and lists of texts."""
    root: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = [step.rstrip("]") for step in name.split("[")]
        steps, here = [head, *rest], root
        for step in steps[:-1]:
            here = here.setdefault(step, {})
        here[steps[-1]] = value
    whole: Json = {name: _lists(value) for name, value in root.items()}
    return whole


def _lists(thing: Any) -> Any:  # noqa: ANN401 -- a text, an object or a list
    if not isinstance(thing, dict):
        return thing
    if thing and all(key.isdigit() for key in thing):
        return [_lists(thing[key]) for key in sorted(thing, key=int)]
    return {key: _lists(value) for key, value in thing.items()}


def typed(value: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- a text, an object or a list
    """Texts of a form as the numbers and truths that the schema wants in their place, where they can be read as such."""
    if "anyOf" in schema:
        for choice in schema["anyOf"]:
            made = typed(value, choice)
            if Draft202012Validator(_current(choice)).is_valid(made):
                return made
        return value
    kind = schema.get("type")
    if isinstance(value, str):
        if kind == "integer" and re.fullmatch(r"-?\d+", value):
            return int(value)
        return value == "true" if kind == "boolean" and value in {"true", "false"} else value
    if isinstance(value, dict) and kind == "object":
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        rest = others if isinstance(others, dict) else {}
        return {name: typed(each, known.get(name, rest)) for name, each in value.items()}
    if isinstance(value, list) and kind == "array":
        return [typed(each, schema.get("items", {})) for each in value]
    return value

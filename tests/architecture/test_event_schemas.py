"""What the outbox says of an event is what its committed JSON Schema promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from quarterturn_adapters.codec import encode_event
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.testing.samples.facts import every_fact

SCHEMAS = Path(__file__).parents[2] / "docs" / "generated" / "events"
FACTS = every_fact()
KINDS: Mapping[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "object": dict,
    "string": str,
}
FORMATS: Mapping[str, Callable[[str], object]] = {"uuid": UUID, "date-time": datetime.fromisoformat}


def _schema(event: Event) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{event.tag}.v{event.version}.json").read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("event", FACTS, ids=lambda event: event.tag)
def test_an_event_is_as_its_schema_says(event: Event) -> None:
    """Whatever an event holds, its JSON breaks nothing of the schema of its tag and version."""
    schema = _schema(event)
    assert [] == list(broken(schema, json.loads(encode_event(event)), schema))


def test_there_is_a_schema_for_each_event_and_no_other() -> None:
    """The folder of schemas and the registry of events know the same."""
    assert {f"{event.tag}.v{event.version}.json" for event in FACTS} == {path.name for path in SCHEMAS.iterdir()}


@pytest.mark.parametrize(
    ("case", "change", "expected"),
    [
        ("a field that is missing", {"vendor_id": None}, "vendor_id: is missing"),
        ("a field that nobody knows", {"tip": 3}, "tip: nobody knows it"),
        ("an amount that is text", {"amount": "12.50"}, "amount: not of type object"),
        ("a currency that is none", {"amount": {"minor": 1, "currency": "euro"}}, "amount.currency: not like ^[A-Z]{3}$"),
        ("minor units with a fraction", {"amount": {"minor": 1.5, "currency": "EUR"}}, "amount.minor: not of type integer"),
        ("an id that is none", {"payout_id": "7"}, "payout_id: not a uuid"),
        ("an instant that is none", {"at": "yesterday"}, "at: not a date-time"),
    ],
)
def test_what_a_schema_refuses(case: str, change: dict[str, Any], expected: str) -> None:
    """A schema is not a formality: each way to say an event wrongly breaks it, in one place."""
    (event, _) = (each for each in FACTS if each.tag == "payout.scheduled")
    said = json.loads(encode_event(event)) | change
    said = {name: value for name, value in said.items() if value is not None}
    schema = _schema(event)
    assert [expected] == list(broken(schema, said, schema)), case


def broken(schema: Mapping[str, Any], value: object, root: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """What of `value` breaks `schema`: those words of JSON Schema that our schemas use, and no others."""
    words = set(schema) - {"$schema", "title", "description", "$defs", "$ref", "required", "additionalProperties"}
    assert words <= {"type", "properties", "anyOf", "items", "prefixItems", "enum", "pattern", "format"}, words
    if "$ref" in schema:
        yield from broken(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root, place)
        return
    if "anyOf" in schema:
        if all(list(broken(each, value, root, place)) for each in schema["anyOf"]):
            yield f"{place}: like none of what it may be"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: none of {schema['enum']}"
    if "type" in schema and (
        not isinstance(value, KINDS[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean")
    ):
        yield f"{place}: not of type {schema['type']}"
        return
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        yield f"{place}: not like {schema['pattern']}"
    if "format" in schema:
        try:
            FORMATS[schema["format"]](str(value))
        except ValueError:
            yield f"{place}: not a {schema['format']}"
    if isinstance(value, dict):
        yield from (f"{_below(place, name)}: is missing" for name in schema["required"] if name not in value)
        for name, part in value.items():
            if name in schema["properties"]:
                yield from broken(schema["properties"][name], part, root, _below(place, name))
            elif schema["additionalProperties"] is False:
                yield f"{_below(place, name)}: nobody knows it"
    if isinstance(value, list):
        fixed = schema.get("prefixItems")
        if fixed is not None and len(fixed) != len(value):
            yield f"{place}: {len(value)} parts, not {len(fixed)}"
        for number, part in enumerate(value):
            yield from broken(schema["items"] if fixed is None else fixed[number], part, root, _below(place, str(number)))


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name

"""Documents: the OpenAPI description, with what operations have in common said once.

Handlers say their summary, their bodies and what is special; the errors that may come, and the parameters that the edge itself
reads, follow from how a route is reached. What bodies look like is told by msgspec, which reads and writes them: Litestar's own
schemas forget what the items of a list have to be, and that a field which is not known is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar._openapi.plugin import OpenAPIPlugin
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from quarterturn_api.edge.access import KEY, VENDOR_HEADER, Access
from quarterturn_api.edge.explorers import PinnedScalar, PinnedSwagger
from quarterturn_api.edge.parameters import BY_HAND, knows_all
from quarterturn_api.edge.repeating import FIELDS, answered, chooses, is_struct

ERROR: Final = "Error"
_COMPONENT: Final = "#/components/schemas/"
_RESPONSE: Final = "#/components/responses/"

_ABOUT: Final = """The core of a multi-vendor marketplace: one checkout takes goods from many vendors, one payment is split to the
cent.

Amounts are exact decimals in text. Lists are paginated: `limit`, and `cursor` from `nextCursor` of the page before. `fields` asks
for some fields only. A name that is not known, of a parameter or of a field, is refused. Every error has one body; its `code` names
what went wrong, its `details` are the facts.
"""

_SENTENCES: Final = {
    HTTPStatus.BAD_REQUEST: "The request is malformed",
    HTTPStatus.UNAUTHORIZED: "Nobody says who asks, or what they say is not accepted",
    HTTPStatus.FORBIDDEN: "Whoever asks may not do this",
    HTTPStatus.NOT_FOUND: "There is no such thing, or it is not yours",
    HTTPStatus.CONFLICT: "The state of things forbids it",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not JSON",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The values are invalid",
    HTTPStatus.TOO_MANY_REQUESTS: "Asked too often",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now; ask again",
}

_SCHEMA: Final = {
    "title": "Error",
    "type": "object",
    "description": "Every refusal has this body.",
    "required": ["statusCode", "error", "code", "message", "details", "timestamp", "path", "correlationId"],
    "properties": {
        "statusCode": {"type": "integer"},
        "error": {"type": "string"},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "details": {"type": "object"},
        "timestamp": {"type": ["string", "null"], "format": "date-time"},
        "path": {"type": "string"},
        "correlationId": {"type": "string"},
    },
    "examples": [
        {
            "statusCode": 409,
            "error": "Conflict",
            "code": "stock_short",
            "message": "Only 2 of ROWER-01 are available; 3 were asked for",
            "details": {"sku": "ROWER-01", "wanted": 3, "available": 2},
            "timestamp": "2026-03-02T09:00:00Z",
            "path": "/api/v1/orders",
            "correlationId": "6f0a3e0e-8f0e-4c0e-9a5e-2f5d3a3b8c11",
        }
    ],
}


def described(rule: Mapping[str, Any], **by_hand: Any) -> dict[str, Any]:
    """The rule of a route whose handler reads the request itself, with what OpenAPI says of it: `requestBody`, `parameters`."""
    return {**rule, "opt": {**rule["opt"], BY_HAND: by_hand}}


def documented() -> OpenAPIConfig:
    """What the description says of the whole."""
    return OpenAPIConfig(
        title="QuarterTurn",
        version=version("quarterturn"),
        description=_ABOUT,
        path="/schema",
        render_plugins=[PinnedScalar(), PinnedSwagger()],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT", description="An access token."),
                "apiKey": SecurityScheme(type="http", scheme="bearer", description="An API key, which begins with qt_."),
            }
        ),
    )


def describe(app: Litestar) -> None:
    """Complete the description of every operation of `app`."""
    schema = app.plugins.get(OpenAPIPlugin).provide_openapi_schema()
    operations = [(path, method, handler, schema["paths"][path][method]) for path, method, handler in _operations(app)]
    schema["components"]["schemas"] = _bodies(operations, schema["components"].get("schemas", {}))
    schema["components"]["responses"] = {
        _name(status): {
            "description": sentence,
            "content": {"application/json": {"schema": {"$ref": f"{_COMPONENT}{ERROR}"}}},
        }
        for status, sentence in _SENTENCES.items()
    }
    for path, method, handler, operation in operations:
        access: Access = handler.opt[KEY]
        assert operation.get("summary"), f"{method} {path} has no summary"
        # Litestar describes a validation error of its own, which is never answered.
        operation["responses"].pop("400", None)
        for status in _errors(path, method, access, handler, operation):
            operation["responses"][str(int(status))] = {"$ref": f"{_RESPONSE}{_name(status)}"}
        given = [_sendable(each) for each in operation.get("parameters", [])]
        own: dict[str, Any] = handler.opt.get(BY_HAND, {})
        known = {each["name"] for each in own.get("parameters", ())}
        given = [each for each in given if each["name"] not in known]
        operation["parameters"] = [*given, *_parameters(access, handler), *own.get("parameters", ())]
        if "requestBody" in own:
            operation["requestBody"] = own["requestBody"]
        if chooses(handler):
            operation["responses"]["304"] = {"description": "Nothing has changed since the answer with this ETag"}


def _name(status: HTTPStatus) -> str:
    """What an answer that many operations share is called; not by its phrase, which is another one from Python 3.13 on."""
    return f"{ERROR}{int(status)}"


def _bodies(operations: list[tuple[str, str, HTTPRouteHandler, dict[str, Any]]], known: dict[str, Any]) -> dict[str, Any]:
    """The schemas of all bodies; lets the operations refer to them. Of those that are `known`, what parameters need is kept."""
    places: list[tuple[dict[str, Any], Any]] = []
    for _, _, handler, operation in operations:
        data = handler.parsed_fn_signature.parameters.get("data")
        if data is not None:
            places += [(each, data.annotation) for each in operation["requestBody"]["content"].values()]
        if is_struct(answer := answered(handler)):
            good = [response for status, response in operation["responses"].items() if status.startswith("2")]
            places += [(each, answer) for response in good for each in response.get("content", {}).values()]
    schemas, components = msgspec.json.schema_components([kind for _, kind in places], ref_template=f"{_COMPONENT}{{name}}")
    for (place, _), schema in zip(places, schemas, strict=True):
        place["schema"] = schema
    asked = str([operation.get("parameters") for *_, operation in operations])
    kept = {name: schema for name, schema in known.items() if f"'{_COMPONENT}{name}'" in asked}
    return {**kept, **components, ERROR: _SCHEMA}


def _sendable(parameter: dict[str, Any]) -> dict[str, Any]:
    """`parameter` as it can be sent: it may be absent, but neither a query nor a header says null; a list has items of one kind."""
    schema = _only(parameter["schema"])
    if "items" in schema:
        schema["items"] = _only(schema["items"])
    return {**parameter, "schema": schema}


def _only(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` without the choice of null, or of Litestar's schema of an ellipsis, which is anything."""
    choices = [each for each in schema.get("oneOf", ()) if each not in ({}, {"type": "null"})]
    assert len(choices) <= 1, "a parameter of several kinds"
    rest = {key: value for key, value in schema.items() if key != "oneOf"}
    return {**choices[0], **rest} if choices else rest


def _operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and handler.resolve_include_in_schema() and KEY in handler.opt:
                for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                    yield getattr(route, "path_format", route.path), method.lower(), handler


def _errors(path: str, method: str, access: Access, handler: HTTPRouteHandler, operation: dict[str, Any]) -> Iterator[HTTPStatus]:
    yield HTTPStatus.BAD_REQUEST
    # A token that is wrong is refused wherever it is shown.
    yield HTTPStatus.UNAUTHORIZED
    # Also where strangers are let in: a suspended account, a page of another origin, a signature that is wrong.
    if access.permission is not None or access.known is not None or method != "get":
        yield HTTPStatus.FORBIDDEN
    if "{" in path or access.of_vendor or method != "get" or operation.get("parameters"):
        yield HTTPStatus.NOT_FOUND
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    elif knows_all(handler):
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if method != "get":
        yield HTTPStatus.CONFLICT
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    yield HTTPStatus.TOO_MANY_REQUESTS
    yield HTTPStatus.SERVICE_UNAVAILABLE


def _parameters(access: Access, handler: HTTPRouteHandler) -> Iterator[dict[str, Any]]:
    if access.of_vendor:
        yield {
            "name": VENDOR_HEADER,
            "in": "header",
            "required": False,
            "description": "The vendor that the request is about; needed by who acts for several.",
            "schema": {"type": "string", "format": "uuid"},
        }
    if chooses(handler):
        yield {
            "name": FIELDS,
            "in": "query",
            "required": False,
            "description": "Names of fields, with commas between them: of the object, or of each item of a list, only these.",
            "schema": {"type": "string"},
        }
        yield {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "The ETag of an answer that you have; 304 when it is still the same.",
            "schema": {"type": "string"},
        }

"""Refusals: one table turns the class of a "no" into an HTTP status, and every error has the same body.

200 read or changed, 201 created, 204 nothing to say, 400 malformed, 401 who are you, 403 you may not, 404 there is none (or it is
not yours), 409 the state forbids it, 413 too large, 415 not JSON, 422 the values are invalid, 429 too many, 503 not now; 500
never on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import attrs
import structlog
from litestar import MediaType, Response
from litestar.enums import ParamType
from litestar.exceptions import HTTPException, NotAuthorizedException, ValidationException
from litestar.types import ExceptionHandlersMap

from quarterturn_api.edge.access import KEY, Access
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Body
from quarterturn_api.edge.complaints import NEEDED
from quarterturn_api.edge.parameters import complaint
from quarterturn_domain.identity.attempts import TooManyAttempts
from quarterturn_domain.identity.signing_in import SignInRefused
from quarterturn_domain.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    Rejected,
    Unavailable,
)
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.search.card import ENOUGH
from quarterturn_domain.stock.stock_item import StockShort

STATUS: Final[Mapping[type[DomainError], HTTPStatus]] = {
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    SignInRefused: HTTPStatus.UNAUTHORIZED,
    Rejected: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.CONFLICT,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Forbidden: HTTPStatus.FORBIDDEN,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The status of each branch of refusals; a leaf that is not named here has that of its branch."""

_CAMEL: Final = re.compile(r"_([a-z])")
_MISSING: Final = re.compile(r"Missing required (?P<kind>\w+) parameter '(?P<name>[^']+)'")
_OF_PARAMETERS: Final = frozenset({ParamType.QUERY, ParamType.HEADER, ParamType.COOKIE, ParamType.PATH})
_BODY: Final = "body"
"""Of a body Litestar itself finds one thing only: that there is none; what is in it is read by `Ask`."""
_log = structlog.stdlib.get_logger("quarterturn.edge")


class ErrorBody(Body):
    """Every "no", whatever it is about."""

    status_code: int
    error: str
    code: str
    message: str
    details: dict[str, Any]
    timestamp: datetime
    path: str
    correlation_id: str


def status_of(refusal: DomainError) -> HTTPStatus:
    """The status of a refusal: that of the nearest class in the table."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def camel(name: str) -> str:
    """`unit_price` as `unitPrice`."""
    return _CAMEL.sub(lambda found: found[1].upper(), name)


def plain(value: Any) -> Any:  # noqa: ANN401
    """A fact of a refusal as JSON can say it."""
    if isinstance(value, Money):
        return {"amount": value.amount, "currency": value.currency.code}
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, str, float)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {camel(str(key)): plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [plain(each) for each in value]
    if attrs.has(type(value)):
        return {camel(field.name): plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    return str(value)


def phrase(status: HTTPStatus) -> str:
    """What a status is called by RFC 9110, which Python has followed since 3.13 only."""
    return _PHRASES.get(status.value) or status.phrase


_PHRASES: Final = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}


def _answer(
    request: Ask, status: int, code: str, message: str, details: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response[ErrorBody]:
    body = ErrorBody(
        status_code=int(status),
        error=phrase(HTTPStatus(status)),
        code=code,
        message=message,
        details=dict(details),
        timestamp=request.service.clock.now(),
        path=request.scope["path"],
        correlation_id=request.correlation_id,
    )
    return Response(body, status_code=int(status), media_type=MediaType.JSON, headers=dict(headers or {}))


def refused(request: Ask, refusal: DomainError) -> Response[ErrorBody]:
    """The domain said no."""
    headers: dict[str, str] = {}
    if isinstance(refusal, (Unavailable, TooManyAttempts)):
        headers["Retry-After"] = str(refusal.retry_after_seconds or 1)
    if isinstance(refusal, SignInRefused):
        headers["WWW-Authenticate"] = "Bearer"
    message, facts = refusal.message, refusal.facts()
    if isinstance(refusal, StockShort) and refusal.available >= ENOUGH and not _keeps_stock(request):
        # As the shop window does: how much somebody else has is told of the last units only.
        message, facts = f"Fewer than {refusal.wanted} of {refusal.sku} are available", {**facts, "available": ENOUGH}
    return _answer(request, status_of(refusal), refusal.code, message, plain(facts), headers)


def _keeps_stock(request: Ask) -> bool:
    """Whether the request is a vendor's about its own stock, or the platform's."""
    access: Access = request.route_handler.opt[KEY]
    return access.of_vendor or (access.permission is not None and access.permission.value.startswith("admin."))


def misread(request: Ask, error: ValidationException) -> Response[ErrorBody]:
    """The values are not what the route takes: which, by the names that they are sent under, and why."""
    fields = [_objected(request, each) for each in error.extra or [] if isinstance(each, dict)]
    if missing := _MISSING.match(error.detail):
        fields.append({"field": missing["name"], "message": f"Expected this {missing['kind']}, and it is missing"})
    named = "; ".join(f"{each['field']}: {each['message']}" if each["field"] else each["message"] for each in fields)
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", named or error.detail, {"fields": fields})


def _objected(request: Ask, wrong: Mapping[str, Any]) -> dict[str, str]:
    """What a parameter, or a field of the body, that is wrong is called by whoever sent it, and why it is wrong."""
    name, message, source = wrong.get("key", ""), wrong.get("message", ""), wrong.get("source")
    # A field of the body is named as it is, and may be called like a parameter.
    if source in _OF_PARAMETERS:
        name, message = complaint(request.route_handler, name, message)
    elif source == _BODY:
        name, message = "", f"{NEEDED}, and there is none"
    return {"field": name, "message": message}


def failed(request: Ask, error: HTTPException) -> Response[ErrorBody]:
    """Litestar, or the edge itself, said no."""
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return crashed(request, error)
    code = phrase(status).lower().replace(" ", "_").replace("-", "_")
    details = error.extra if isinstance(error.extra, dict) else {}
    message = error.detail if error.detail and error.detail != status.phrase else _SENTENCES.get(status, phrase(status))
    headers = dict(error.headers or {})
    if isinstance(error, NotAuthorizedException):
        headers.setdefault("WWW-Authenticate", "Bearer")
    return _answer(request, status, code, message, details, headers)


def crashed(request: Ask, error: Exception) -> Response[ErrorBody]:
    """A bug: it is logged with its traceback, and the world hears nothing of it but where to ask."""
    _log.error("crashed", correlation_id=request.correlation_id, exc_info=error)
    message = "Something went wrong on our side; nothing is half done. Name the correlation id when you ask about it."
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message, {})


_SENTENCES: Final = {
    HTTPStatus.NOT_FOUND: "There is nothing at this path",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not take this method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.UNAUTHORIZED: "Say who you are: a bearer token or an API key",
    HTTPStatus.FORBIDDEN: "You may not do this",
}

HANDLERS: Final[ExceptionHandlersMap] = {
    DomainError: refused,  # type: ignore[dict-item]
    ValidationException: misread,  # type: ignore[dict-item]
    HTTPException: failed,  # type: ignore[dict-item]
    Exception: crashed,  # type: ignore[dict-item]
}

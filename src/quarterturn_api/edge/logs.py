"""Logs: one JSON line for whatever happens, with a correlation id, and without secrets or personal data."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import msgspec
import structlog

from quarterturn_adapters.redaction import REDACTED, redacted

_SECRET_NAMES: Final = frozenset(
    {"address", "api_key", "authorization", "body", "card", "client_secret", "cookie", "email", "name", "password", "phone"}
    | {"refresh_token", "secret", "token"}
)
# What we write ourselves, with every request: nothing of it comes from a person.
_HARMLESS: Final = frozenset({"correlation_id", "endpoint", "level", "method", "timestamp", "user_id"})
REQUEST: Final = "request"
"""The event of the line that every request has."""
_OF_REQUEST: Final = _HARMLESS | {"event", "response_time_ms", "status_code"}


def configure(level: str = "info") -> None:
    """Let structlog, and what libraries log, go to standard output as JSON lines from `level` on."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    rendered = structlog.processors.JSONRenderer(serializer=_json)
    structlog.configure(
        processors=[*shared, rendered],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, rendered]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets and personal data out of a log line, whether they have a telling name or look like one."""
    if event.get("event") == REQUEST and event.keys() <= _OF_REQUEST:
        return event
    for key, value in event.items():
        if key in _SECRET_NAMES:
            event[key] = REDACTED
        elif key not in _HARMLESS:
            event[key] = _cleaned(value)
    return event


def _cleaned(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return redact(None, "", dict(value))
    return [_cleaned(each) for each in value] if isinstance(value, (list, tuple, set, frozenset)) else value


def _json(event: Any, **_: Any) -> str:  # noqa: ANN401
    return msgspec.json.encode(event, enc_hook=str).decode()

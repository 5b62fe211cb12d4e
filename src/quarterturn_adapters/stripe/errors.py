"""What Stripe's errors mean: whether something was done, nothing was done, or nobody knows.

* nothing was sent, 429, a key that is not accepted: `Unavailable`
* no answer to a change, 5xx, 409 (the same is under way): `OutcomeUnknown`
* 404: `NotFound`; every other 4xx, a key used for something else among them: `GatewayRefused`

Source: docs.stripe.com/api/errors, docs.stripe.com/error-low-level.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from stripe import APIConnectionError, StripeError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from quarterturn_domain.kernel.errors import DomainError, NotFound, Unavailable
from quarterturn_domain.payments.gateway import GatewayRefused, OutcomeUnknown

_BUSY: Final = frozenset({"rate_limit", "lock_timeout"})
_NOT_OURS: Final = "account_invalid"
_NEVER_SENT: Final = (ConnectTimeoutError, NewConnectionError, ssl.SSLCertVerificationError)
_SECONDS: Final = re.compile(r"[0-9]{1,6}")


def refusal(error: StripeError, kind: str, key: str, *, changes: bool) -> DomainError:
    """What an error means for the `kind` with this `key`, when it answers something that `changes` it or that only reads it."""
    unknown: DomainError = OutcomeUnknown(f"Stripe's answer about the {kind} {key}") if changes else Unavailable("Stripe")
    if isinstance(error, APIConnectionError):
        return Unavailable("Stripe") if _was_never_sent(error) else unknown
    said, status = _said(error), error.http_status or 0
    code, wrong = said.get("code"), said.get("type")
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _BUSY:
        return Unavailable("Stripe", retry_after_seconds=_wait(error))
    # Another request with this key is under way: what comes of it is not known yet.
    if status == HTTPStatus.CONFLICT:
        return unknown
    if wrong == "idempotency_error":
        return GatewayRefused("idempotency_error", error.user_message or "")
    if status == HTTPStatus.NOT_FOUND or code == _NOT_OURS:
        return NotFound(kind, key)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Unavailable("Stripe, which does not accept the secret key for this,")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        reason = said.get("decline_code") or code or wrong or "refused"
        return GatewayRefused(str(reason), error.user_message or "")
    # A server's error is kept under the key like any other answer: what was begun may have been done. An answer that cannot be read
    # may have said so.
    return unknown


def _was_never_sent(error: APIConnectionError) -> bool:
    """Whether the connection failed before a request was written into it."""
    return any(isinstance(cause, _NEVER_SENT) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and everything that it was made of; the libraries beneath hide causes in their arguments."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def _said(error: StripeError) -> dict[str, Any]:
    body = error.json_body
    said = body.get("error") if isinstance(body, dict) else None
    return said if isinstance(said, dict) else {}


def _wait(error: StripeError) -> int | None:
    """For how long Stripe asks to be left alone, if it says so in whole seconds."""
    given = next((value for name, value in (error.headers or {}).items() if name.lower() == "retry-after"), "")
    return int(given) if _SECONDS.fullmatch(given) else None

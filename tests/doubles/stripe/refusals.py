"""Refusals: Stripe's errors, each with its status, its words, and whether it is kept under the idempotency key."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class StripeRefusal(Exception):
    """An error that is answered; one that is `kept` is answered again for the same key."""

    def __init__(self, status: int, said: Json, *, kept: bool) -> None:
        super().__init__(said)
        self.status = status
        self.body: Json = {"error": {name: value for name, value in said.items() if value is not None}}
        self.kept = kept


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeRefusal:
    """A request that makes no sense: nothing began, and nothing is kept."""
    said = {"type": "invalid_request_error", "message": message, "param": param, "code": code}
    return StripeRefusal(400, said, kept=False)


def refused(code: str | None, message: str) -> StripeRefusal:
    """A request that makes sense and that the state forbids."""
    return StripeRefusal(400, {"type": "invalid_request_error", "message": message, "code": code}, kept=True)


def missing(kind: str, name: str, *, param: str | None = None) -> StripeRefusal:
    """Something that is not there: the object of the address, or one that a parameter names."""
    said = {"type": "invalid_request_error", "code": "resource_missing", "message": f"No such {kind}: '{name}'", "param": param}
    return StripeRefusal(404 if param is None else 400, said, kept=False)


def declined(decline_code: str, charge: str, intent: Json) -> StripeRefusal:
    """A decline, which carries the payment as it is after it."""
    said = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": decline_code,
        "message": "Your card was declined.",
        "charge": charge,
        "payment_intent": intent,
    }
    return StripeRefusal(402, said, kept=True)

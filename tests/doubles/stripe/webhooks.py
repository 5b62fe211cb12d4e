"""Webhooks: events signed as Stripe signs them, delivered once, twice, late, in another order or never."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Final

from tests.doubles.stripe.books import Json

SECRETS: Final = ("whsec_of_the_platform",)


class Delivery(StrEnum):
    """How events are handed out."""

    ONCE = "once"
    TWICE = "twice"
    REORDERED = "reordered"
    LATE = "late"
    NEVER = "never"


def arranged(events: Sequence[Json], how: Delivery) -> tuple[Sequence[Json], Sequence[Json]]:
    """The events in the order in which they are handed out, and those that wait on."""
    if how is Delivery.NEVER:
        return (), ()
    if how is Delivery.TWICE:
        return [event for event in events for _ in range(2)], ()
    if how is Delivery.REORDERED:
        return list(reversed(events)), ()
    if how is Delivery.LATE:
        # The newest comes now, and all that was before it another time.
        return events[-1:], events[:-1]
    return events, ()


def letter(event: Json, at: int, secrets: Sequence[str] = SECRETS) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a webhook that is sent at this instant, signed with every secret that is valid."""
    body = json.dumps(event, indent=2).encode()
    marks = [f"v1={_mark(secret, at, body)}" for secret in secrets]
    # The old scheme of the test mode is there to be ignored.
    header = ",".join([f"t={at}", *marks, f"v0={_mark('of old', at, body)}"])
    return {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": header}, body


def _mark(secret: str, at: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()

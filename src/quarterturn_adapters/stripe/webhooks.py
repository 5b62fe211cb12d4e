"""Webhooks: whether one is really from Stripe, and which object it asks us to read again.

The signature is `t=<unix seconds>,v1=<hex HMAC-SHA256 over "{t}.{body}">`, one `v1` for every secret that is valid; other schemes
are ignored. Events of API v1 carry the object, thin events of v2 only name it; either way the object is read again.
Source: docs.stripe.com/webhooks#verify-manually.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from quarterturn_adapters.stripe.mapping import moment
from quarterturn_domain.kernel.errors import Forbidden, Invalid
from quarterturn_domain.payments.gateway import Hint, HintKind

SIGNATURE_HEADER: Final = "Stripe-Signature"
TOLERANCE: Final = timedelta(seconds=300)

_SECONDS: Final = re.compile(r"[0-9]{1,11}")
_KINDS: Final = {
    "payment_intent": HintKind.PAYMENT,
    "refund": HintKind.REFUND,
    "dispute": HintKind.DISPUTE,
    "account": HintKind.ACCOUNT,
    "v2.core.account": HintKind.ACCOUNT,
    "transfer": HintKind.TRANSFER,
    "payout": HintKind.PAYOUT,
}
"""What an event is about, by the kind of its object."""

_INQUIRIES: Final = ("warning_", "prevented")
"""Statuses of disputes that are none: a bank that only asks. That it takes the money after all is told by an event of its own."""

_OWNERS: Final = {"charge": ("payment_intent", HintKind.PAYMENT), "capability": ("account", HintKind.ACCOUNT)}
"""Objects that belong to another one, which is read in their place."""


def verified(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], at: datetime) -> Hint:
    """What a genuine webhook is about; `Forbidden` when its signature is wrong, or more than `TOLERANCE` away from `at`."""
    stamp, signatures = _parts(next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER.lower()), ""))
    ours = [hmac.new(secret.encode(), stamp.encode() + b"." + body, sha256).hexdigest().encode() for secret in secrets]
    # No pair is left out once another fits, so that how long it takes says nothing.
    if not sum(hmac.compare_digest(one, other) for one in ours for other in signatures):
        raise Forbidden("the webhook's signature is not one of ours")
    if abs(at - moment(int(stamp))) > TOLERANCE:
        raise Forbidden("the webhook was signed too long ago, or in the future")
    try:
        return _hint(json.loads(body))
    except (AttributeError, ValueError, KeyError, TypeError, OverflowError) as unreadable:
        raise Invalid("a signed webhook that is no event of Stripe's", "an object with id, type and created") from unreadable


def _parts(header: str) -> tuple[str, Sequence[bytes]]:
    """The one time stamp of a signature, and every `v1` of it."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value.encode(errors="replace") for name, _, value in pairs if name == "v1"]
    if len(stamps) != 1 or not _SECONDS.fullmatch(stamps[0]) or not signatures:
        raise Forbidden("the webhook has no signature that can be read")
    return stamps[0], signatures


def _hint(event: Mapping[str, Any]) -> Hint:
    event_id, word = event["id"], event["type"]
    if not (isinstance(event_id, str) and event_id and isinstance(word, str)):
        raise TypeError("an event has an id and a type")
    if event.get("object") == "v2.core.event":
        related = event.get("related_object") or {}
        kind, reference = _KINDS.get(str(related.get("type"))), _id_of(related)
        created, account = datetime.fromisoformat(event["created"]).astimezone(UTC), event.get("context")
    else:
        kind, reference = _about(event["data"]["object"])
        created, account = moment(int(event["created"])), event.get("account")
    return Hint(
        event_id=event_id,
        type=word,
        # What names no object, or one that we do not read, is kept and counted.
        kind=kind if kind is not None and reference else HintKind.OTHER,
        reference=reference or event_id,
        created_at=created,
        account=None if account is None else str(account),
    )


def _about(thing: Mapping[str, Any]) -> tuple[HintKind | None, str]:
    """Which object to read, given the one that an event carries."""
    kind = str(thing["object"])
    if kind in _OWNERS:
        owner, known_as = _OWNERS[kind]
        return known_as, _id_of(thing.get(owner))
    if kind == "dispute" and str(thing.get("status", "")).startswith(_INQUIRIES):
        return HintKind.OTHER, _id_of(thing)
    return _KINDS.get(kind), _id_of(thing)


def _id_of(thing: object) -> str:
    """The id of an object that is given whole or by its name; empty where there is none, as on a balance."""
    return str((thing.get("id") or "") if isinstance(thing, Mapping) else (thing or ""))

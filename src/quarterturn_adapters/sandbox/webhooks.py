"""Webhooks: every change is told by a signed event, which may come once, twice, late, in another order or never.

The signature is Stripe's: `t=<unix seconds>,v1=<hex HMAC-SHA256 over "{t}.{body}">`, one `v1` for every secret that is valid.
"""

from __future__ import annotations

import hmac
import json
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b, sha256
from typing import Final, TypeAlias

import attrs

from quarterturn_domain.kernel.errors import Forbidden, Invalid
from quarterturn_domain.payments.gateway import Hint, HintKind

SIGNATURE_HEADER: Final = "Sandbox-Signature"
TOLERANCE: Final = timedelta(seconds=300)
LATE_BY: Final = timedelta(hours=1)
"""How old an event is before a late delivery hands it out."""

Handler: TypeAlias = Callable[[Mapping[str, str], bytes], object]
"""Receives the headers and the raw body of a webhook."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PRINTED: Final = re.compile(r"[\x20-\x7e]{1,255}")
_LAST: Final = 99_999_999_999
"""Seconds that eleven digits say, as in a signature."""
_SECONDS: Final = re.compile(r"[0-9]{1,11}")
_KINDS: Final = {kind.value: kind for kind in HintKind}


class Delivery(StrEnum):
    """How the events that wait are handed out; `late` keeps back those younger than `LATE_BY`, and `never` loses them all."""

    ONCE = "once"
    TWICE = "twice"
    LATE = "late"
    REORDERED = "reordered"
    NEVER = "never"


@attrs.frozen
class EventRecord:
    """Something that changed: `type` is `<kind>.<what>`, `reference` the object, `status` what it was then."""

    id: str
    type: str
    reference: str
    status: str
    at: datetime
    account: str | None = None

    def body(self) -> bytes:
        """The event as JSON."""
        kind = self.type.partition(".")[0]
        said: dict[str, object] = {
            "id": self.id,
            "object": "event",
            "type": self.type,
            "created": _seconds(self.at),
            "data": {"object": {"id": self.reference, "object": kind, "status": self.status}},
        }
        if self.account is not None:
            said["account"] = self.account
        return json.dumps(said, separators=(",", ":")).encode()


class Outgoing:
    """The events that wait for their delivery."""

    __slots__ = ("_seed", "waiting")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.waiting: deque[EventRecord] = deque()

    def take(self, how: Delivery, now: datetime) -> Sequence[EventRecord]:
        """The events to hand out now, which wait no longer."""
        if how is Delivery.LATE:
            ready = [event for event in self.waiting if now - event.at >= LATE_BY]
            self.waiting = deque(event for event in self.waiting if now - event.at < LATE_BY)
            return ready
        taken = list(self.waiting)
        self.waiting.clear()
        if how is Delivery.NEVER:
            return ()
        if how is Delivery.TWICE:
            return [event for event in taken for _ in range(2)]
        if how is Delivery.REORDERED:
            mixed = sorted(taken, key=self._chance)
            return mixed if mixed != taken else mixed[::-1]
        return taken

    def put_back(self, events: Sequence[EventRecord]) -> None:
        """Let events wait again, before all others; one that was to come twice waits once."""
        self.waiting.extendleft(reversed(dict.fromkeys(events)))

    def _chance(self, event: EventRecord) -> bytes:
        return blake2b(f"{self._seed}:{event.id}".encode(), digest_size=8).digest()


def signed(body: bytes, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a webhook that is sent at this instant."""
    seconds = str(_seconds(at))
    parts = [f"t={seconds}", *(f"v1={_signature(secret, seconds, body)}" for secret in secrets)]
    return {"Content-Type": "application/json", SIGNATURE_HEADER: ",".join(parts)}


def verified(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], at: datetime) -> Hint:
    """What a genuine webhook is about; `Forbidden` when its signature is wrong, or more than `TOLERANCE` away from `at`."""
    header = next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER.lower()), "")
    times: list[str] = []
    given: list[bytes] = []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            times.append(value)
        elif name == "v1":
            given.append(value.encode(errors="replace"))
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not given:
        raise Forbidden("the webhook has no readable signature")
    expected = [_signature(secret, times[0], body).encode() for secret in secrets]
    # Every pair is compared, each in constant time, so that how long it takes says nothing.
    if not sum(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise Forbidden("the webhook's signature is wrong")
    if abs(at - (_EPOCH + timedelta(seconds=int(times[0])))) > TOLERANCE:
        raise Forbidden("the webhook's signature is too old, or from the future")
    return _hint(body)


def _hint(body: bytes) -> Hint:
    try:
        said = json.loads(body)
        thing = said["data"]["object"]
        account = said.get("account")
        return Hint(
            event_id=_printed(said["id"]),
            type=_printed(said["type"]),
            kind=_KINDS.get(_printed(thing["object"]), HintKind.OTHER),
            reference=_printed(thing["id"]),
            created_at=_EPOCH + timedelta(seconds=_number(said["created"])),
            account=None if account is None else _printed(account),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as unreadable:
        raise Invalid("a webhook that is signed but is no event", "a JSON object with id, type, created and data") from unreadable


def _printed(text: object) -> str:
    if not isinstance(text, str) or not _PRINTED.fullmatch(text):
        raise ValueError(text)
    return text


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _LAST:
        raise ValueError(value)
    return value


def _signature(secret: str, seconds: str, body: bytes) -> str:
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, sha256).hexdigest()


def _seconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)

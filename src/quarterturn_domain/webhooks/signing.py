"""Signing by the specification Standard Webhooks: the receiver knows who says something, what, and when.

What is signed is the id of the message, the instant in Unix time and the body, with points between them, by HMAC-SHA256. While a
secret is rotated there is a signature for each one that is good. https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

PREFIX: Final = "whsec_"


@attrs.frozen
class SigningSecret:
    """A secret that an endpoint's owner knows, too, as text that begins with `whsec_`; good until `until`, or for good.

    It has to be known to sign with, so that it is kept as it is; it is shown once, when it is made.
    """

    id: UUID
    text: str = attrs.field(repr=False)
    until: datetime | None = None

    @classmethod
    def made(cls, secret_id: UUID, secret: str) -> SigningSecret:
        """A secret of what nobody can guess."""
        return cls(secret_id, PREFIX + base64.b64encode(secret.encode()).decode())

    def good(self, at: datetime) -> bool:
        """Whether it is signed with."""
        return self.until is None or at < self.until


def signature(secret: str, message_id: str, at: datetime, body: str) -> str:
    """The signature of a message by one secret, with the version of the scheme before it.

    >>> from datetime import UTC
    >>> at = datetime.fromtimestamp(1614265330, UTC)
    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{_seconds(at)}.{body}".encode()
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def headers(secrets: Iterable[SigningSecret], message_id: str, at: datetime, body: str) -> Mapping[str, str]:
    """What is said beside a body: which message it is, when it was sent, and a signature by each secret that is good then."""
    signatures = [signature(secret.text, message_id, at, body) for secret in secrets if secret.good(at)]
    return {"webhook-id": message_id, "webhook-timestamp": str(_seconds(at)), "webhook-signature": " ".join(signatures)}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())

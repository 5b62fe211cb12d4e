"""Idempotency keys: the same key of the same account names the same thing, so that what is asked twice is done once.

The id of what a request creates follows from its key (a UUID of version 5 of the account, the act and the key), and an id says
only one thing: the domain answers the same content with what it made the first time, and other content with `Conflict`. So the
key is kept with the change itself, in its transaction, and nothing has to be remembered beside it.

Where an order or money is at stake a request without a key is refused, since its repetition would cost somebody something.
Whatever else is made takes a key and does without one: then each request makes one more.
"""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID, uuid5

from litestar.params import HeaderParameter

from quarterturn_api.edge.asking import Ask
from quarterturn_domain.identity.asker import Asker

_NAMESPACE: Final = UUID("0b1d7c2e-51c3-5e0b-9f57-3a2f4f5a9d11")

_SAID: Final = (
    "A name that you make up for this request, such as a UUID. Repeated with the same body it answers the same and "
    "nothing is done twice; with another body it is refused with 409."
)


def _header(description: str) -> HeaderParameter:
    return HeaderParameter(name="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$", description=description)


IdempotencyKey = Annotated[str, _header(_SAID)]
"""For what costs somebody something if it is done twice: orders, cancellations, payments, refunds, payout runs."""

OptionalKey = Annotated[str | None, _header(f"{_SAID} Without it every request makes one more.")]
"""For whatever else is made."""

KeyOrBody = Annotated[str | None, _header("A name for this change. Without it the body is its name, so that it is done once.")]
"""For changes that say by themselves what they are."""


def named(asker: Asker, act: str, key: str) -> UUID:
    """The id of what `asker` creates by `act` under `key`: the same for the same three."""
    return uuid5(_NAMESPACE, f"{asker.account_id}:{act}:{key}")


def new_id(request: Ask, act: str, key: str | None) -> UUID:
    """The id of what is made: the one that its key names, or without a key one that nothing else has."""
    return request.service.ids.new() if key is None else named(request.asker, act, key)


def new_id_of_guest(request: Ask, whose: str, act: str, key: str | None) -> UUID:
    """The same for somebody without an account: `whose` tells one of them from the next."""
    return request.service.ids.new() if key is None else uuid5(_NAMESPACE, f"guest:{len(whose)}:{whose}:{act}:{key}")
